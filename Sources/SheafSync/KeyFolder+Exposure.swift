import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A secret that others on this computer could read or replace.
public struct ExposedSecret: Hashable, Sendable {
  /// The file or folder, below the library's folder.
  public let path: String
  /// Whether it is closed now: some file systems, such as those of sticks, know no owners.
  public let isClosed: Bool

  /// What a person is told of it.
  public var sentence: String {
    isClosed
      ? "\(path) could be used by others on this computer until now; if somebody may have done so, let the key be revoked"
      : "\(path) can be used by whoever reads this disk: its file system keeps nothing from anybody"
  }
}

extension KeyFolder {
  /// Looks for secrets that more than their owner can use, and closes them where that is possible.
  func closeExposed() -> [ExposedSecret] {
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path) else { return [] }
    // The folder last, so that a race with somebody who looks in is over once it is said to be closed.
    return
      (names.sorted().map { (folder.appending(path: $0).path, "keys/" + $0, mode_t(0o600)) }
      + [(folder.path, "keys", mode_t(0o700))])
      .compactMap { file, path, wanted in
        guard let mode = Self.mode(of: file), mode & 0o077 != 0 else { return nil }
        _ = chmod(file, wanted)
        return ExposedSecret(path: path, isClosed: Self.mode(of: file).map { $0 & 0o077 == 0 } ?? false)
      }
  }

  /// The permissions of a file itself, `nil` when there is none; a link's are not its target's.
  private static func mode(of file: String) -> mode_t? {
    var facts = stat()
    guard lstat(file, &facts) == 0, facts.st_mode & S_IFMT != S_IFLNK else { return nil }
    return facts.st_mode & 0o777
  }
}
