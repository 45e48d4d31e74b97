import Foundation
import SheafModel
import SheafStore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What lies in a folder that is to be published: plain files only, by document path.
struct FolderScan: Sendable {
  /// A file found.
  struct File: Sendable, Hashable {
    var path: DocumentPath
    var location: String
    var sizeInBytes: UInt64
  }

  /// In byte order of their paths.
  private(set) var files: [File] = []
  /// Files and folders left out by name.
  private(set) var skipped: [String] = []
  private var problems: [FolderRefusal.Problem] = []

  /// Names that editors and operating systems leave behind and nobody means to publish.
  private static let skippedNames: Set<String> = [
    ".git", ".hg", ".svn", ".DS_Store", "Thumbs.db", "desktop.ini", ".Spotlight-V100", ".Trashes",
  ]

  /// Looks through a folder and everything below it.
  ///
  /// - Throws: `FolderRefusal` with everything that can't be published, all at once.
  init(_ folder: URL) throws {
    var info = stat()
    guard stat(folder.path, &info) == 0, info.st_mode & S_IFMT == S_IFDIR else {
      throw FolderRefusal(
        folder: folder.path, problems: [.init(path: folder.path, problem: "it is not a folder")])
    }
    walk(folder.path, prefix: [], depth: 0)
    guard problems.isEmpty else { throw FolderRefusal(folder: folder.path, problems: problems) }
    guard !files.isEmpty else {
      throw FolderRefusal(
        folder: folder.path, problems: [.init(path: folder.path, problem: "it holds no files")])
    }
    files.sort { $0.path < $1.path }
    skipped.sort()
  }

  private mutating func walk(_ location: String, prefix: [UInt8], depth: Int) {
    guard problems.count < 100 else { return }
    // Any file this deep would be refused; a folder deeper still is not left out in silence.
    guard depth < 64 else {
      problems.append(
        .init(path: String(decoding: prefix, as: UTF8.self), problem: PathError.Rule.tooManySegments.rawValue)
      )
      return
    }
    guard let directory = opendir(location) else {
      problems.append(.init(path: location, problem: "it can't be read: \(String(cString: strerror(errno)))"))
      return
    }
    defer { closedir(directory) }
    while let entry = readdir(directory) {
      // Names are bytes on Linux: only what is UTF-8 becomes a path, the rest is named as a problem.
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: UInt8.self, capacity: 256) { bytes in
          Array(
            UnsafeBufferPointer(start: bytes, count: strnlen(UnsafePointer<CChar>(OpaquePointer(bytes)), 255))
          )
        }
      }
      if name == Array(".".utf8) || name == Array("..".utf8) { continue }
      look(at: name, in: location, prefix: prefix, depth: depth)
    }
  }

  private mutating func look(at name: [UInt8], in location: String, prefix: [UInt8], depth: Int) {
    let shown = String(decoding: prefix + name, as: UTF8.self)
    guard let text = String(validating: name, as: UTF8.self) else {
      problems.append(.init(path: shown, problem: "its name is not UTF-8"))
      return
    }
    let file = location + "/" + text
    if text == LibraryStore.fileName {
      let folder = prefix.isEmpty ? location : String(decoding: prefix.dropLast(), as: UTF8.self)
      problems.append(
        .init(path: folder, problem: "it is a Sheaf library, whose keys would be published with it"))
      return
    }
    if Self.skippedNames.contains(text) || text.hasSuffix("~") || text.hasPrefix("~$") || text.hasPrefix("._")
    {
      skipped.append(shown)
      return
    }
    var info = stat()
    guard lstat(file, &info) == 0 else {
      problems.append(.init(path: shown, problem: "it can't be read: \(String(cString: strerror(errno)))"))
      return
    }
    switch info.st_mode & S_IFMT {
    case S_IFDIR:
      walk(file, prefix: prefix + name + [UInt8(ascii: "/")], depth: depth + 1)
    case S_IFREG:
      do {
        let path = try DocumentPath(utf8: prefix + name)
        guard UInt64(clamping: info.st_size) <= Limits.asset else {
          problems.append(.init(path: shown, problem: AssetTooLarge().problem))
          return
        }
        files.append(File(path: path, location: file, sizeInBytes: UInt64(clamping: info.st_size)))
      } catch {
        problems.append(.init(path: error.shownPath, problem: error.rule.rawValue))
      }
    case S_IFLNK: problems.append(.init(path: shown, problem: "it is a symbolic link"))
    default: problems.append(.init(path: shown, problem: "it is not a plain file"))
    }
  }

  /// Reads a file of a document's size that must stay as it is meanwhile.
  ///
  /// - Throws: `FolderRefusal` when it can't be read, grew beyond the limit, or changed.
  static func read(_ file: File) throws -> [UInt8] {
    guard file.sizeInBytes <= UInt64(Limits.document) else {
      throw refusal(file, "it is larger than \(Limits.document >> 20) MiB")
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Int(file.sizeInBytes))
    try read(file) { piece in
      guard bytes.count + piece.count <= Limits.document else {
        throw refusal(file, "it is larger than \(Limits.document >> 20) MiB")
      }
      bytes.append(contentsOf: piece)
    }
    return bytes
  }

  /// Reads a file of any size, piece by piece, that must stay as it is meanwhile.
  ///
  /// - Throws: `FolderRefusal` when it can't be read or changed; what `piece` throws.
  static func read(_ file: File, piece: (UnsafeRawBufferPointer) throws -> Void) throws {
    let descriptor = open(file.location, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard descriptor >= 0 else {
      throw refusal(file, "it can't be read: \(String(cString: strerror(errno)))")
    }
    defer { close(descriptor) }
    var before = stat()
    guard fstat(descriptor, &before) == 0, before.st_mode & S_IFMT == S_IFREG else {
      throw refusal(file, "it is not a plain file any more")
    }
    // Small files are most files: they need no large buffer.
    let size = min(Self.pieceSizeInBytes, max(1, Int(before.st_size)))
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 16)
    defer { buffer.deallocate() }
    var total: Int64 = 0
    while true {
      let count = readSome(descriptor, buffer)
      guard count >= 0 else { throw refusal(file, "it can't be read: \(String(cString: strerror(errno)))") }
      if count == 0 { break }
      total += Int64(count)
      guard total <= before.st_size else { throw refusal(file, "it changed while it was read") }
      try piece(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    }
    var after = stat()
    guard total == before.st_size, fstat(descriptor, &after) == 0, Self.isSame(before, after) else {
      throw refusal(file, "it changed while it was read")
    }
  }

  /// The hash of a file, and whether its content is an asset.
  static func look(at file: File) throws -> (hash: SHA256Hash, isAsset: Bool) {
    var hasher = SHA256Hash.Hasher()
    var start: [UInt8] = []
    var size: UInt64 = 0
    try read(file) { piece in
      hasher.update(piece)
      size += UInt64(piece.count)
      let missing = AssetRule.startSizeInBytes - start.count
      if missing > 0 { start.append(contentsOf: piece.prefix(missing)) }
    }
    return (hasher.finalize(), AssetRule.isAsset(sizeInBytes: size, start: start))
  }

  private static let pieceSizeInBytes = 1 << 18

  private static func refusal(_ file: File, _ problem: String) -> FolderRefusal {
    FolderRefusal(folder: nil, problems: [.init(path: file.path.text, problem: problem)])
  }

  private static func isSame(_ one: stat, _ other: stat) -> Bool {
    #if canImport(Glibc)
      one.st_size == other.st_size && one.st_mtim.tv_sec == other.st_mtim.tv_sec
        && one.st_mtim.tv_nsec == other.st_mtim.tv_nsec
    #else
      one.st_size == other.st_size && one.st_mtimespec.tv_sec == other.st_mtimespec.tv_sec
        && one.st_mtimespec.tv_nsec == other.st_mtimespec.tv_nsec
    #endif
  }

  private static func readSome(_ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer) -> Int {
    #if canImport(Glibc)
      Glibc.read(descriptor, buffer.baseAddress, buffer.count)
    #else
      Darwin.read(descriptor, buffer.baseAddress, buffer.count)
    #endif
  }
}

/// Why a folder can't be published. Nothing was published.
public struct FolderRefusal: SheafFailure, Equatable {
  /// One file that stands in the way.
  public struct Problem: Sendable, Hashable {
    public let path: String
    public let problem: String

    public init(path: String, problem: String) {
      self.path = path
      self.problem = problem
    }
  }

  /// The folder, when the problem was found while looking through it.
  public let folder: String?
  public let problems: [Problem]

  public init(folder: String?, problems: [Problem]) {
    self.folder = folder
    self.problems = problems
  }

  public var problem: String {
    if problems.count == 1, let only = problems.first {
      return "\(only.path) can't be published: \(only.problem)"
    }
    let shown = problems.prefix(20).map { "\n  \($0.path): \($0.problem)" }.joined()
    let rest = problems.count > 20 ? "\n  and \(problems.count - 20) more" : ""
    return "\(problems.count) files can't be published:\(shown)\(rest)"
  }
  public var unchanged: String { "nothing was published" }
  public var hint: String? { "Take care of what is named, then run the command again." }
}
