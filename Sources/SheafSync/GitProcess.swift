import Foundation
import SheafModel

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// One running `git`, read from while it runs.
///
/// Started without a shell. Its errors go to a file and not a pipe, so that it can never
/// stop for a reader that waits for its output; what is written to it goes through a
/// socket, since a write to a closed pipe would end this process.
final class GitProcess {
  private let process: ChildProcess
  /// The exit code, once it has been waited for.
  private var exitCode: Int32?
  private let output: Int32
  private let errors: Int32
  private var input: Int32?
  private var buffer: [UInt8] = []
  private var start = 0
  private var isAtEnd = false
  private static let bufferSize = 64 << 10

  /// Starts `git` in a repository.
  ///
  /// - Throws: `GitError.missing` when it can't be started.
  init(_ arguments: [String], in repository: URL, takesInput: Bool = false) throws {
    // Variables that would lead git to another repository, or make it write, must not reach it.
    let strict = [
      "-u", "GIT_DIR", "-u", "GIT_WORK_TREE", "-u", "GIT_INDEX_FILE", "LC_ALL=C", "GIT_OPTIONAL_LOCKS=0",
      "GIT_TERMINAL_PROMPT=0", "GIT_NO_LAZY_FETCH=1", "GIT_NO_REPLACE_OBJECTS=1",
    ]
    let errors = try Self.unnamedFile()
    let results = try Self.streams()
    let questions =
      takesInput ? try Self.streams() : (ours: Int32(-1), child: open("/dev/null", O_RDONLY | O_CLOEXEC))
    let process = ChildProcess(
      ["/usr/bin/env"] + strict + ["git", "-C", repository.path] + arguments,
      streams: [questions.child, results.child, errors])
    close(results.child)
    close(questions.child)
    self.errors = errors
    output = results.ours
    if takesInput { input = questions.ours }
    guard let process else {
      close(results.ours)
      close(errors)
      if takesInput { close(questions.ours) }
      throw GitError.missing
    }
    self.process = process
  }

  /// Two ends of a stream that no other child inherits.
  private static func streams() throws -> (ours: Int32, child: Int32) {
    var ends: [Int32] = [-1, -1]
    #if canImport(Glibc)
      let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    #else
      let kind = SOCK_STREAM
    #endif
    guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
      throw GitError.failed(String(cString: strerror(errno)))
    }
    return (ends[0], ends[1])
  }

  deinit {
    if let input { close(input) }
    close(output)
    close(errors)
    // Ours alone, started above; it is of no use to anybody without us.
    if exitCode == nil { process.kill() }
  }

  /// The bytes up to a separator, which is taken too; `nil` at the end.
  func read(upTo separator: UInt8, limit: Int) throws -> [UInt8]? {
    var searched = start
    while true {
      if let end = buffer[searched...].firstIndex(of: separator) {
        defer { start = end + 1 }
        return Array(buffer[start..<end])
      }
      guard buffer.count - start <= limit else {
        throw GitError.unexpected("a line of more than \(limit) bytes")
      }
      let kept = buffer.count - start
      guard try fill() else {
        guard kept > 0 else { return nil }
        throw GitError.unexpected("it ends inside a line")
      }
      searched = start + kept
    }
  }

  /// Exactly `count` bytes.
  func read(count: Int) throws -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    try take(count) { bytes += $0 }
    return bytes
  }

  /// Reads bytes that nobody wants.
  func skip(count: Int) throws { try take(count) { _ in } }

  /// Writes to its input.
  func write(_ text: String) throws {
    guard let input else { preconditionFailure("this git takes no input") }
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { bytes in
        #if canImport(Glibc)
          Glibc.send(input, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
        #else
          Darwin.write(input, bytes.baseAddress, bytes.count)
        #endif
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw failure() }
      rest = rest.dropFirst(count)
    }
  }

  /// Closes its input and waits until it ends.
  ///
  /// - Throws: `GitError` with its own words when it did not end well.
  func finish() throws {
    if let input { close(input) }
    input = nil
    guard wait() == 0 else { throw failure() }
  }

  private func wait() -> Int32 {
    let code = exitCode ?? process.wait()
    exitCode = code
    return code
  }

  private func failure() -> GitError {
    // 127 is what env answers when there is no such program.
    if wait() == 127 { return .missing }
    var said = [UInt8](repeating: 0, count: 2_000)
    let count = said.withUnsafeMutableBytes { pread(errors, $0.baseAddress, $0.count, 0) }
    let text = String(decoding: said.prefix(max(0, count)), as: UTF8.self)
    return .failed(text.trimmingCharacters(in: .whitespacesAndNewlines))
  }

  /// Reads exactly `count` bytes, a few at a time.
  func take(_ count: Int, _ each: (ArraySlice<UInt8>) throws -> Void) throws {
    var left = count
    while left > 0 {
      if start == buffer.count, try !fill() { throw GitError.unexpected("it ends inside an object") }
      let some = buffer[start..<min(buffer.count, start + left)]
      try each(some)
      start += some.count
      left -= some.count
    }
  }

  private func fill() throws -> Bool {
    guard !isAtEnd else { return false }
    if start > 0 {
      buffer.removeFirst(start)
      start = 0
    }
    var bytes = [UInt8](repeating: 0, count: Self.bufferSize)
    while true {
      let count = bytes.withUnsafeMutableBytes { bytes in
        #if canImport(Glibc)
          Glibc.read(output, bytes.baseAddress, bytes.count)
        #else
          Darwin.read(output, bytes.baseAddress, bytes.count)
        #endif
      }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw GitError.unexpected(String(cString: strerror(errno))) }
      isAtEnd = count == 0
      buffer += bytes[..<count]
      return count > 0
    }
  }

  private static func unnamedFile() throws -> Int32 {
    var template = Array((FileManager.default.temporaryDirectory.path + "/sheaf-git-XXXXXX").utf8CString)
    let descriptor = mkstemp(&template)
    guard descriptor >= 0 else { throw GitError.failed(String(cString: strerror(errno))) }
    unlink(template)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    return descriptor
  }
}

/// Why a git history could not be read.
public enum GitError: SheafFailure, Equatable {
  /// There is no git on this computer.
  case missing
  /// The folder holds no git repository, in git's words.
  case noRepository(String, detail: String)
  /// The branch does not exist.
  case noBranch(String)
  /// What was imported before is not an ancestor of the branch.
  case anotherHistory(imported: String, branch: String)
  /// Git failed, in its own words.
  case failed(String)
  /// Git answered what it should not.
  case unexpected(String)

  public var problem: String {
    switch self {
    case .missing: "there is no git on this computer"
    case .noRepository(let place, let detail): "\(place) is not a git repository: \(detail)"
    case .noBranch(let branch): "the repository has no branch or commit \(branch)"
    case .anotherHistory(let imported, let branch):
      "the commit \(imported) that was imported last is not on the main line of \(branch)"
    case .failed(let words): "git failed: \(words.isEmpty ? "it said nothing" : words)"
    case .unexpected(let what): "git answered something unexpected: \(what)"
    }
  }
  public var unchanged: String { "change sets that were imported before stay, and nothing half done is left" }
  public var hint: String? {
    switch self {
    case .missing: "Install git, then run the command again."
    case .noRepository(let place, _):
      place.hasSuffix(".bundle")
        ? "Run `git clone --bare` on the bundle first, and import the clone."
        : "Name the folder of a repository."
    case .noBranch: "`git branch` in the repository shows what there is."
    case .anotherHistory: "Import the branch that the library was begun with."
    case .failed, .unexpected: "Run `git fsck` in the repository, then try again."
    }
  }
}
