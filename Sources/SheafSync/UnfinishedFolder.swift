import Foundation
import SheafStore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The folder of a copy while it is made; what a process leaves that dies meanwhile is no library.
///
/// The file `unfinished` is there before anything else, is locked while somebody works,
/// and goes last. A folder that still has it is begun anew by the next attempt, and is
/// never opened (`Schemas/store.md`).
final class UnfinishedFolder: Sendable {
  private static let markName = "unfinished"
  /// What a copy in the making consists of.
  private static let parts = [
    LibraryStore.fileName, LibraryStore.fileName + "-wal", LibraryStore.fileName + "-shm",
    LibraryStore.fileName + "-journal", "library.lock", "keys", "incoming", "cache",
  ]

  private let folder: URL
  private let descriptor: Int32
  private let wasThere: Bool

  /// Marks a folder that is empty, not there yet, or was left unfinished, and empties it.
  ///
  /// - Throws: `StoreError.alreadyThere` or `LibraryError.folderNotEmpty`; the folder is as it was then.
  init(_ folder: URL) throws {
    try Self.check(folder)
    wasThere = FileManager.default.fileExists(atPath: folder.path)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    self.folder = folder
    descriptor = try Self.lockMark(of: folder)
    removeParts()
  }

  /// Takes the mark: one that somebody left who died, or a new one in a folder that holds nothing else.
  private static func lockMark(of folder: URL) throws -> Int32 {
    let mark = folder.appending(path: markName)
    for _ in 0..<16 {
      var descriptor = open(mark.path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
      let isNew = descriptor >= 0
      if !isNew, errno == EEXIST { descriptor = open(mark.path, O_RDWR | O_CLOEXEC) }
      guard descriptor >= 0 else {
        // Taken away since it was seen: whoever made it has finished or given up.
        if errno == ENOENT { continue }
        throw KeyError.unwritable(mark.path, reason: String(cString: strerror(errno)))
      }
      guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
        close(descriptor)
        throw LibraryError.folderNotEmpty(folder.path)
      }
      // The lock may be on a file that its owner took away before letting go of it: a finished library's.
      var own = stat()
      var there = stat()
      guard fstat(descriptor, &own) == 0, own.st_nlink > 0, stat(mark.path, &there) == 0,
        own.st_ino == there.st_ino, own.st_dev == there.st_dev
      else {
        close(descriptor)
        continue
      }
      guard isNew else { return descriptor }
      // Where there was no mark a library may have been finished a moment ago; it is not ours to empty.
      let others = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0 != markName }
      guard others.isEmpty else {
        unlink(mark.path)
        close(descriptor)
        throw others.contains(LibraryStore.fileName)
          ? StoreError.alreadyThere(folder.path) : LibraryError.folderNotEmpty(folder.path)
      }
      return descriptor
    }
    throw LibraryError.folderNotEmpty(folder.path)
  }

  deinit { close(descriptor) }

  /// Whether a copy may be made in a folder.
  ///
  /// - Throws: `StoreError.alreadyThere` or `LibraryError.folderNotEmpty`.
  static func check(_ folder: URL) throws {
    let manager = FileManager.default
    guard manager.fileExists(atPath: folder.path) else { return }
    let content = try manager.contentsOfDirectory(atPath: folder.path)
    let isMarked = content.contains(markName)
    guard isMarked || !content.contains(LibraryStore.fileName) else {
      throw StoreError.alreadyThere(folder.path)
    }
    guard content.allSatisfy({ isMarked && ($0 == markName || parts.contains($0)) }) else {
      throw LibraryError.folderNotEmpty(folder.path)
    }
  }

  /// Whether what lies in a folder was never finished.
  static func isMarked(_ folder: URL) -> Bool {
    FileManager.default.fileExists(atPath: folder.appending(path: markName).path)
  }

  /// Makes it a library: surely, so that a power cut can't take back what is published in it.
  func finish() throws {
    let mark = folder.appending(path: Self.markName)
    guard unlink(mark.path) == 0 else {
      throw KeyError.unwritable(mark.path, reason: String(cString: strerror(errno)))
    }
    let handle = open(folder.path, O_RDONLY | O_CLOEXEC)
    if handle >= 0 {
      _ = fsync(handle)
      close(handle)
    }
  }

  /// Leaves the folder as it was found.
  func abandon() {
    removeParts()
    unlink(folder.appending(path: Self.markName).path)
    if !wasThere { rmdir(folder.path) }
  }

  private func removeParts() {
    for name in Self.parts { try? FileManager.default.removeItem(at: folder.appending(path: name)) }
  }
}
