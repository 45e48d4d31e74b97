import Foundation
import GRDB
import SheafModel

/// Why the store could not do its work. The library, where there is one, is as it was in every case.
public enum StoreError: SheafFailure, Equatable {
  /// There is no library in this folder.
  case noLibrary(String)
  /// There is already a library in this folder.
  case alreadyThere(String)
  /// The library was written by a newer Sheaf.
  case newerFormat(found: Int, supported: Int)
  /// Another process holds the lock; what it said of itself.
  case locked(holder: String)
  /// The disk is full.
  case diskFull
  /// A file would be larger than the file system, or a limit of the user's, allows.
  case fileTooLarge
  /// The file is damaged, at this place.
  case damaged(String)
  /// Something else that SQLite said.
  case sqlite(String)

  public var problem: String {
    switch self {
    case .noLibrary(let folder): "there is no library in \(folder)"
    case .alreadyThere(let folder): "there is already a library in \(folder)"
    case .newerFormat(let found, let supported):
      "the library has format \(found), and this Sheaf knows formats up to \(supported)"
    case .locked(let holder): "the library is being changed by another process: \(holder)"
    case .diskFull: "the disk is full"
    case .fileTooLarge: "the file system takes no file as large as this needs"
    case .damaged(let place): "the library's file is damaged: \(place)"
    case .sqlite(let message): "the library's file can't be used: \(message)"
    }
  }
  public var unchanged: String {
    switch self {
    case .noLibrary: "nothing was changed"
    // It may be met behind what was done already, as what a sync brought.
    case .damaged: "nothing was changed from there on"
    default: "the library is as it was"
    }
  }
  public var hint: String? {
    switch self {
    case .noLibrary: "Go to a library's folder, or name one with --library DIR."
    case .alreadyThere: "Choose another folder."
    case .newerFormat: "Use a newer version of Sheaf."
    case .locked: "Wait until it has finished, then try again."
    case .diskFull: "Free some space, then run the command again."
    case .fileTooLarge:
      "Use a disk with another file system (FAT32 takes no file of 4 GiB), or keep less: `--keep heads`, `--only COLLECTION`."
    case .damaged: "Keep the folder for examination and clone the library afresh."
    case .sqlite: nil
    }
  }
  public var kind: FailureKind {
    if case .damaged = self { .verification } else { .failed }
  }

  /// What it means for the disk that a file can't be written; `nil` where that is about this file alone.
  ///
  /// - Parameter code: The system's `errno`.
  public static func ofWriting(_ code: CInt) -> StoreError? {
    switch code {
    case ENOSPC, EDQUOT: .diskFull
    case EFBIG: .fileTooLarge
    default: nil
    }
  }

  /// Says what SQLite said in our words; other errors pass through.
  ///
  /// - Parameter systemError: The `errno` behind it, where it is known; else 0.
  static func translating(_ error: any Error, systemError: CInt = 0) -> any Error {
    guard let error = error as? DatabaseError else { return error }
    switch error.resultCode {
    case .SQLITE_FULL: return StoreError.diskFull
    case .SQLITE_IOERR where error.extendedResultCode == .SQLITE_IOERR_WRITE:
      return ofWriting(systemError) ?? StoreError.diskFull
    case .SQLITE_BUSY, .SQLITE_LOCKED: return StoreError.locked(holder: "unknown")
    case .SQLITE_CORRUPT, .SQLITE_NOTADB: return StoreError.damaged(error.message ?? "not a database")
    default: return StoreError.sqlite(error.message ?? "result code \(error.resultCode.rawValue)")
    }
  }
}
