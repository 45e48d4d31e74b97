import Foundation
import SheafModel
import SheafTesting

@testable import SheafSync

/// A world whose library holds an asset, `media/film.bin`, and a small document.
struct AssetWorld {
  let world: SyncWorld
  private(set) var film: [UInt8]
  static let path = "media/film.bin"

  init(settings: String? = nil, count: Int = 1_300_000, seed: UInt64 = 1) async throws {
    world = try await SyncWorld(seed: seed)
    var random = SplitMix64(seed: seed)
    film = random.bytes(count)
    try world.content.write("about", to: "about.md")
    if let settings { try world.content.write(settings, to: LibrarySettings.path) }
    try await publish()
  }

  static func lazy(_ rule: String = "\"assets\": \"lazy\"") -> String {
    "{\"format\": 1, \"collections\": {\"media\": {\(rule)}}}"
  }

  var publisher: Library { world.publisher }
  var remote: MemoryRemote { MemoryRemote(service: world.publisher) }

  func publish() async throws {
    try world.content.write(film, to: Self.path)
    _ = try await world.publish()
  }

  /// Changes the asset's bytes and publishes it.
  mutating func change(_ body: (inout [UInt8]) -> Void) async throws {
    body(&film)
    try await publish()
  }

  func clone(_ name: String, depth: Depth = .trail) async throws -> Library {
    try await Library.clone(
      from: remote, to: world.folder.appending(name), options: CloneOptions(depth: depth, member: name),
      environment: world.environment
    ).library
  }

  /// What a copy shows of the asset, read in pieces.
  func shown(in library: Library, path: String = AssetWorld.path) async throws -> [UInt8] {
    let reading = try await library.open(try DocumentPath(path), at: .now)
    var bytes: [UInt8] = []
    while UInt64(bytes.count) < reading.sizeInBytes {
      let some = try await reading.bytes(from: UInt64(bytes.count), count: 100_000)
      if some.isEmpty { break }
      bytes += some
    }
    return bytes
  }

  func problems(_ library: Library) async throws -> [String] {
    try await library.verify(rebuild: false) { _ in }.problems.map { "\($0.place): \($0.problem)" }
  }
}
