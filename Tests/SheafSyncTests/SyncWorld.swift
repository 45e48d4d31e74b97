import Foundation
import SheafModel
import SheafSync
import SheafTesting

/// A publisher with a folder of content beside it, for one test.
struct SyncWorld {
  let folder: TestFolder
  let content: TestFolder
  let publisher: Library
  let environment: LibraryEnvironment

  init(seed: UInt64 = 1, environment: LibraryEnvironment? = nil) async throws {
    folder = try TestFolder()
    content = try TestFolder()
    self.environment = environment ?? TestWorld(seed: seed).environment
    publisher = try await Library.create(
      at: folder.appending("publisher"), name: "Test", member: "Ana", environment: self.environment)
  }

  func publish(
    _ reason: String = "because", prunes: Bool = false, isDryRun: Bool = false,
    activity: @escaping ActivitySink = { _ in }
  ) async throws -> PublishReport {
    try await publisher.publish(
      folder: content.url, reason: reason, options: PublishOptions(isDryRun: isDryRun, prunes: prunes),
      activity: activity)
  }

  /// Edits a document on the publisher's copy.
  func put(_ text: String, at path: String) async throws {
    _ = try await publisher.put(Array(text.utf8), at: try DocumentPath(path), reason: "because")
  }

  func replica(_ name: String = "clinic", only collection: String? = nil) async throws -> Library {
    var options = CloneOptions(member: name)
    if let collection { options.subscription = .only([try CollectionName(collection)]) }
    return try await Library.clone(
      from: MemoryRemote(service: publisher), to: folder.appending(name), options: options,
      environment: environment
    ).library
  }

  func text(_ path: String, in library: Library? = nil) async throws -> String? {
    let library = library ?? publisher
    guard let content = try await library.content(of: try DocumentPath(path)) else { return nil }
    return String(decoding: content.bytes, as: UTF8.self)
  }

  /// The number of change sets in the publisher's log.
  func size() async throws -> UInt64 { try await publisher.figures().changeSets }
}
