import Foundation

/// A folder of its own for one test, gone when the value is.
public final class TestFolder: Sendable {
  /// Where it is.
  public let url: URL

  /// Makes an empty folder.
  public init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: "sheaf-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  /// The place of something in it.
  public func appending(_ path: String) -> URL { url.appending(path: path) }

  /// Writes a file, with the folders above it.
  public func write(_ text: String, to path: String) throws { try write(Array(text.utf8), to: path) }

  /// Writes a file, with the folders above it.
  public func write(_ bytes: [UInt8], to path: String) throws {
    let file = url.appending(path: path)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: file)
  }

  /// Takes a file or folder away.
  public func remove(_ path: String) throws {
    try FileManager.default.removeItem(at: url.appending(path: path))
  }
}
