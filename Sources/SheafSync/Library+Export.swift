import Foundation
import SheafModel
import SheafStore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

extension Library {
  /// Writes the library at a moment into a folder, every document byte for byte.
  ///
  /// The folder must be empty or not exist; a failed export takes away what it wrote.
  /// No symbolic link is followed, no file replaced.
  ///
  /// - Throws: `ExportError`, `LibraryError.notHeld`, `.noMoment`, `.needsDepth`.
  public func export(
    to folder: URL, at moment: Moment, activity: @escaping ActivitySink
  ) async throws -> ExportReport {
    try await store.read { transaction in
      let view = try MomentView(transaction)
      let size = try view.size(at: moment)
      var cursor = try StateCursor(view, size: size)
      var files = try ExportFolder(folder)
      var report = ExportReport(
        folder: folder.path, size: size ?? view.position, documents: 0, sizeInBytes: 0, conflicts: [])
      do {
        while let entry = try cursor.next() {
          if case .unknown = entry.shown.content {
            do { _ = try view.bytes(of: entry.shown, path: entry.path) } catch let error as LibraryError {
              guard case .redacted = error else { throw error }
              report.redacted.append(error.problem)
            }
            continue
          }
          try files.write(to: entry.path) { write in
            try view.forEachPiece(of: entry.shown, path: entry.path) { piece in
              try write(piece)
              report.sizeInBytes += UInt64(piece.count)
            }
          }
          report.documents += 1
          if entry.shown.isConflicted { report.conflicts.append(entry.path.text) }
          if report.documents % 100 == 0 { activity(.reading(done: report.documents, total: nil)) }
        }
      } catch {
        files.takeAway()
        throw error
      }
      return report
    }
  }
}

/// A folder that an export fills: it was empty, so everything in it is the export's own.
struct ExportFolder {
  private let root: String
  private let wasThere: Bool
  private var folders: Set<String> = []

  init(_ folder: URL) throws {
    root = folder.path
    var info = stat()
    wasThere = lstat(root, &info) == 0
    guard wasThere else {
      do {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      } catch {
        throw ExportError.unwritable(root, reason: error.localizedDescription)
      }
      return
    }
    guard info.st_mode & S_IFMT == S_IFDIR else { throw ExportError.notAFolder(root) }
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: root) else {
      throw ExportError.unwritable(root, reason: "it can't be read")
    }
    guard names.isEmpty else { throw LibraryError.folderNotEmpty(root) }
  }

  /// Writes a document.
  mutating func write(to path: DocumentPath, _ body: (([UInt8]) throws -> Void) throws -> Void) throws {
    try write(toFile: path.text, body)
  }

  /// Writes a file at a relative path whose segments hold no dots alone and no zero byte.
  mutating func write(toFile path: String, _ body: (([UInt8]) throws -> Void) throws -> Void) throws {
    let segments = path.split(separator: "/").map(String.init)
    var place = root
    for segment in segments.dropLast() {
      place += "/" + segment
      guard folders.insert(place).inserted else { continue }
      // A folder that is there though this export did not make it is another spelling of one it made.
      guard mkdir(place, 0o755) == 0 else { throw Self.failure(path, place) }
    }
    place += "/" + (segments.last ?? path)
    let descriptor = open(place, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw Self.failure(path, place) }
    let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    do {
      try body { try handle.write(contentsOf: Data($0)) }
      try handle.close()
    } catch let failure as any SheafFailure {
      throw failure
    } catch {
      throw ExportError.unwritable(place, reason: error.localizedDescription)
    }
  }

  func takeAway() {
    guard wasThere else {
      try? FileManager.default.removeItem(atPath: root)
      return
    }
    for name in (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? [] {
      try? FileManager.default.removeItem(atPath: root + "/" + name)
    }
  }

  private static func failure(_ path: String, _ place: String) -> ExportError {
    let code = errno
    if code == EEXIST || code == ENOTDIR { return .collision(path) }
    if code == ENAMETOOLONG { return .nameTooLong(path) }
    return .unwritable(place, reason: String(cString: strerror(code)))
  }
}

/// Why an export failed. What it had written was taken away again.
public enum ExportError: SheafFailure, Equatable {
  /// The target is a file or a symbolic link.
  case notAFolder(String)
  /// This document and one before it would be one file on the target's disk.
  case collision(String)
  /// This document's name, or its path below the target, is longer than the target's disk or system takes.
  case nameTooLong(String)
  /// A file or folder can't be written.
  case unwritable(String, reason: String)

  public var problem: String {
    switch self {
    case .notAFolder(let place): "\(place) is not a folder"
    case .collision(let path): "\(path) and another document would be one file on this disk"
    case .nameTooLong(let path): "the name of \(path) is too long to be written there"
    case .unwritable(let place, let reason): "\(place) can't be written: \(reason)"
    }
  }
  public var unchanged: String { "nothing was exported" }
  public var hint: String? {
    switch self {
    case .notAFolder: "Choose a folder that is empty or does not exist."
    case .collision: "Export to a disk that tells upper and lower case apart, or rename the document."
    case .nameTooLong: "Export to a folder with a shorter path, or to another disk."
    case .unwritable: "Check the folder's permissions and the free space."
    }
  }
}
