import Foundation

/// Runs `body` with a folder of its own, in memory where the system has such a place, and removes it.
public func withTemporaryFolder<Value>(_ body: (URL) async throws -> Value) async throws -> Value {
  let manager = FileManager.default
  let shared = URL(filePath: "/dev/shm", directoryHint: .isDirectory)
  let root = manager.isWritableFile(atPath: shared.path) ? shared : manager.temporaryDirectory
  let folder = root.appending(path: "sheaf-test-\(UUID().uuidString)", directoryHint: .isDirectory)
  try manager.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? manager.removeItem(at: folder) }
  return try await body(folder)
}
