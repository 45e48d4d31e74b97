import Foundation
import SheafModel

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Whether a disk has room for what is about to come: a full disk after hours on a bad line helps nobody.
enum DiskSpace {
  /// Smaller transfers are not looked at.
  static let leastInBytes: UInt64 = 16 << 20

  /// The free bytes for this user where a file is to lie; `nil` when nobody can say.
  static func free(at place: URL) -> UInt64? {
    var place = place
    var info = statvfs()
    while statvfs(place.path, &info) != 0 {
      let parent = place.deletingLastPathComponent()
      guard parent.path != place.path else { return nil }
      place = parent
    }
    let (bytes, overflows) = UInt64(info.f_bavail).multipliedReportingOverflow(by: UInt64(info.f_frsize))
    return overflows ? nil : bytes
  }

  /// Refuses a transfer that the disk has no room for.
  ///
  /// - Parameters:
  ///   - missing: The bytes that are still to come to a file.
  ///   - whole: The bytes that are then stored: once in the write-ahead log, and once in the library.
  ///   - free: What the disk has; `nil` lets the transfer try.
  /// - Throws: `DiskTooSmall`.
  static func check(missing: UInt64, whole: UInt64, at place: String, free: UInt64?) throws {
    guard whole >= leastInBytes, let free else { return }
    let twice = whole.multipliedReportingOverflow(by: 2)
    let needed = missing.addingReportingOverflow(twice.partialValue)
    guard !twice.overflow, !needed.overflow, needed.partialValue <= free else {
      throw DiskTooSmall(place: place, needed: needed.partialValue, free: free)
    }
  }
}

/// There is no room for what would come. Nothing was fetched.
public struct DiskTooSmall: SheafFailure, Equatable {
  public let place: String
  /// The bytes that receiving and storing take together.
  public let needed: UInt64
  /// The bytes that are free.
  public let free: UInt64

  public var problem: String {
    "receiving and storing this takes \(needed) bytes of disk, and there are \(free) free at \(place)"
  }
  public var unchanged: String { "the library is as it was, and what was received earlier is kept" }
  public var hint: String? {
    "Free some space, or take less: `--keep heads`, `--only COLLECTION`; `sheaf fetch --drop DOC` lets go of an asset."
  }
}
