import Foundation
import SheafModel
import SheafStore
import SheafSync
import SheafTesting
import Synchronization

/// A folder for one test with a publisher's library in it, a clock that a test sets and seeded randomness.
final class ReadingWorld: Sendable {
  let root: URL
  let library: Library
  let environment: LibraryEnvironment
  private let clock: ReadingClock

  init(seed: UInt64 = 1) async throws {
    root = FileManager.default.temporaryDirectory.appending(path: "sheaf-reading-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
    let clock = ReadingClock()
    let random = Mutex(SplitMix64(seed: seed))
    var options = LibraryStore.Options()
    options.durability = .none
    environment = LibraryEnvironment(
      clock: { clock.now }, random: { count in random.withLock { $0.bytes(count) } }, storeOptions: options)
    self.clock = clock
    library = try await Library.create(
      at: root.appending(path: "library"), name: "Test", member: "editor", environment: environment)
  }

  deinit { try? FileManager.default.removeItem(at: root) }

  /// Sets the clock, in seconds since 1970.
  func set(time: Int64) { clock.set(time) }

  /// Publishes a folder that holds just these files, deleting what is not among them.
  @discardableResult
  func publish(_ files: [String: String], reason: String = "a reason") async throws -> UInt64? {
    let folder = root.appending(path: "content-\(UUID().uuidString)")
    for (path, text) in files {
      let file = folder.appending(path: path)
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: file)
    }
    return try await library.publish(
      folder: folder, reason: reason, options: PublishOptions(isDryRun: false, prunes: true)
    ).changeSet
  }

  func path(_ text: String) throws -> DocumentPath { try DocumentPath(text) }

  /// The text of a document at a moment.
  func text(_ path: String, at moment: Moment = .now) async throws -> String {
    String(decoding: try await library.content(of: DocumentPath(path), at: moment).bytes, as: UTF8.self)
  }
}

/// A clock that stands where it is put.
final class ReadingClock: Sendable {
  private let seconds = Mutex<Int64>(1_700_000_000)

  var now: Timestamp { Timestamp(seconds: seconds.withLock { $0 }) }

  func set(_ time: Int64) { seconds.withLock { $0 = time } }
}
