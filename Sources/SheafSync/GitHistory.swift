import Foundation
import SheafModel

/// The main line of a git branch, oldest commit first, one commit at a time.
///
/// Two git processes do the work: one lists commits with what they changed, the other
/// answers objects one by one. Neither ever has more than a pipe's worth ahead of its
/// reader, so memory does not grow with the history (`Schemas/import.md`).
final class GitHistory {
  /// A commit and what it changed against its first parent.
  struct Commit {
    /// The commit's name, 40 or 64 hexadecimal digits.
    var name: String
    var firstParent: String?
    var author: String
    var time: Timestamp
    var message: String
    var changes: [Change]
  }

  /// What a commit did to one path.
  struct Change {
    /// What lies under a path after a commit.
    enum Content: Equatable {
      case file(object: String)
      case symbolicLink
      case submodule
      case nothing
    }

    /// The path as git has it: any bytes but NUL.
    var path: [UInt8]
    var content: Content
  }

  /// The commit that the branch points to.
  let tip: String
  /// How many commits are to be read.
  let count: Int
  private let list: GitProcess
  private let objects: GitProcess
  private var nextName: String?
  private var isFirst = true
  private let after: String?
  private let branch: String
  private static let lineLimit = 64 << 10
  private static let commitSizeLimit = 16 << 20

  /// Opens a branch.
  ///
  /// - Parameter after: The commit that was read last; reading goes on after it.
  /// - Throws: `GitError`.
  init(repository: URL, branch: String, after: String?) throws {
    let place = repository.path
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: place, isDirectory: &isFolder), isFolder.boolValue else {
      throw GitError.noRepository(place, detail: "it is not a folder")
    }
    do {
      _ = try Self.answer(["rev-parse", "--git-dir"], in: repository)
    } catch GitError.failed(let words) {
      throw GitError.noRepository(place, detail: words)
    }
    let wanted = branch.isEmpty ? "HEAD" : branch
    let tip: String
    do {
      tip = try Self.answer(
        ["rev-parse", "--verify", "--quiet", "--end-of-options", wanted + "^{commit}"], in: repository)
    } catch GitError.failed {
      throw GitError.noBranch(wanted)
    }
    guard Self.isName(tip) else { throw GitError.unexpected("a commit named \(tip.prefix(80))") }
    self.tip = tip
    self.branch = wanted
    self.after = after
    if let after {
      guard Self.isName(after) else { throw GitError.anotherHistory(imported: after, branch: wanted) }
      do {
        _ = try Self.answer(["merge-base", "--is-ancestor", after, tip], in: repository)
      } catch GitError.failed {
        throw GitError.anotherHistory(imported: after, branch: wanted)
      }
    }
    let range = after.map { "\($0)..\(tip)" } ?? tip
    let number = try Self.answer(["rev-list", "--count", "--first-parent", range], in: repository)
    guard let count = Int(number) else { throw GitError.unexpected("a count of \(number.prefix(80))") }
    self.count = count
    list = try GitProcess(
      [
        "log", "--first-parent", "-m", "--root", "--raw", "-z", "--no-renames", "--no-abbrev", "--reverse",
        "--no-ext-diff", "--no-textconv", "--no-show-signature", "--no-notes", "--no-color",
        "--ignore-submodules=none", "--format=%H", range, "--",
      ], in: repository)
    objects = try GitProcess(["cat-file", "--batch"], in: repository, takesInput: true)
    nextName = try token().map { String(decoding: $0, as: UTF8.self) }
  }

  /// How many commits lie before the one that was read last, that one included.
  static func countOfImported(_ name: String, in repository: URL) throws -> Int {
    Int(try answer(["rev-list", "--count", "--first-parent", name], in: repository)) ?? 0
  }

  /// The next commit; `nil` after the newest, when both processes have ended well.
  func next() throws -> Commit? {
    guard let name = nextName else {
      try list.finish()
      try objects.finish()
      return nil
    }
    guard Self.isName(name) else { throw GitError.unexpected("a commit named \(name.prefix(80))") }
    nextName = nil
    var changes: [Change] = []
    while let token = try token() {
      guard token.first == UInt8(ascii: ":") else {
        nextName = String(decoding: token, as: UTF8.self)
        break
      }
      let fields = token.dropFirst().split(separator: UInt8(ascii: " ")).map {
        String(decoding: $0, as: UTF8.self)
      }
      guard fields.count == 5, let path = try list.read(upTo: 0, limit: Self.lineLimit) else {
        throw GitError.unexpected("a change that can't be read")
      }
      changes.append(Change(path: path, content: try Self.content(mode: fields[1], object: fields[3])))
    }
    let commit = try commit(name, changes: changes)
    if isFirst, let after, commit.firstParent != after {
      // An ancestor, but of a merged branch: what it changed is not what the main line changed.
      throw GitError.anotherHistory(imported: after, branch: branch)
    }
    isFirst = false
    return commit
  }

  /// Reads a file, a few bytes at a time.
  ///
  /// - Parameter piece: Told its bytes in order, unless they are more than `limit`.
  /// - Returns: Its size in bytes.
  func file(
    _ object: String, limit: UInt64, piece: (ArraySlice<UInt8>) throws -> Void
  ) throws -> UInt64 {
    let (kind, size) = try ask(object)
    guard kind == "blob" else { throw GitError.unexpected("a \(kind) where a file belongs") }
    if UInt64(size) <= limit {
      try objects.take(size, piece)
    } else {
      try objects.skip(count: size)
    }
    try objects.skip(count: 1)
    return UInt64(size)
  }

  // Between what is told of two commits git puts NULs and line feeds; a path is never read here.
  private func token() throws -> [UInt8]? {
    while let some = try list.read(upTo: 0, limit: Self.lineLimit) {
      let token = some.drop { $0 == UInt8(ascii: "\n") }
      if !token.isEmpty { return Array(token) }
    }
    return nil
  }

  private func ask(_ object: String) throws -> (kind: String, size: Int) {
    try objects.write(object + "\n")
    guard let line = try objects.read(upTo: UInt8(ascii: "\n"), limit: Self.lineLimit) else {
      try objects.finish()
      throw GitError.unexpected("no answer about \(object)")
    }
    let fields = String(decoding: line, as: UTF8.self).split(separator: " ")
    guard fields.count == 3, fields[0] == object, let size = Int(fields[2]), size >= 0 else {
      throw GitError.unexpected("the object \(object) is \(fields.last ?? "nothing")")
    }
    return (String(fields[1]), size)
  }

  private func commit(_ name: String, changes: [Change]) throws -> Commit {
    let (kind, size) = try ask(name)
    guard kind == "commit", size <= Self.commitSizeLimit else {
      throw GitError.unexpected("a \(kind) of \(size) bytes where a commit belongs")
    }
    let bytes = try objects.read(count: size)
    try objects.skip(count: 1)
    return Self.parse(bytes, name: name, changes: changes)
  }

  /// Reads a commit object: header lines, an empty line, the message.
  static func parse(_ bytes: [UInt8], name: String, changes: [Change]) -> Commit {
    var rest = bytes[...]
    var headers: [String: [UInt8]] = [:]
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
      let line = rest[..<end]
      rest = rest[(end + 1)...]
      if line.isEmpty { break }
      // A line that starts with a blank goes on with the header above it, such as a signature.
      guard line.first != UInt8(ascii: " "), let blank = line.firstIndex(of: UInt8(ascii: " ")) else {
        continue
      }
      let key = String(decoding: line[..<blank], as: UTF8.self)
      if headers[key] == nil { headers[key] = Array(line[(blank + 1)...]) }
    }
    let encoding = headers["encoding"].map { String(decoding: $0, as: UTF8.self).lowercased() }
    func text(_ bytes: ArraySlice<UInt8>) -> String {
      if encoding == "iso-8859-1" || encoding == "latin1" || encoding == "latin-1" {
        return String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
      }
      return String(decoding: bytes, as: UTF8.self)
    }
    let author = headers["author"] ?? []
    let nameEnd = author.lastIndex(of: UInt8(ascii: ">")).map { $0 + 1 } ?? author.count
    let seconds = String(decoding: author[nameEnd...], as: UTF8.self).split(separator: " ").first.flatMap {
      Int64($0)
    }
    return Commit(
      name: name, firstParent: headers["parent"].map { String(decoding: $0, as: UTF8.self) },
      author: text(author[..<nameEnd]), time: Timestamp(seconds: seconds ?? 0), message: text(rest),
      changes: changes)
  }

  private static func content(mode: String, object: String) throws -> Change.Content {
    switch mode {
    case "000000": return .nothing
    case "120000": return .symbolicLink
    case "160000": return .submodule
    default:
      guard mode.hasPrefix("100"), isName(object) else {
        throw GitError.unexpected("a file of mode \(mode.prefix(20))")
      }
      return .file(object: object)
    }
  }

  private static func isName(_ text: String) -> Bool {
    (text.utf8.count == 40 || text.utf8.count == 64) && Hexadecimal.decode(text) != nil
  }

  private static func answer(_ arguments: [String], in repository: URL) throws -> String {
    let git = try GitProcess(arguments, in: repository)
    let line = try git.read(upTo: UInt8(ascii: "\n"), limit: lineLimit)
    try git.finish()
    return String(decoding: line ?? [], as: UTF8.self)
  }
}
