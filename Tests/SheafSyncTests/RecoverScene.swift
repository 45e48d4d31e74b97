import Foundation
import SheafModel
import SheafStore
import SheafTesting

@testable import SheafSync

/// A publisher that made four change sets, is back at the first two, and a replica that has all.
struct RecoverScene {
  let world: SyncWorld
  let publisher: Library
  let replica: Library
  /// A replica that stopped one change set earlier.
  let behind: Library
  /// A folder that the publisher exchanged with before it was taken back, as a stick in a drawer.
  let stick: TestFolder

  /// - Parameters:
  ///   - keys: Whether the backup is of the whole folder, with the signer's record, as `cp -a` makes it.
  ///   - stateFolder: Whether the user has a folder in which programs keep their state.
  init(keys: Bool, depth: Depth = .full, stateFolder: Bool = false) async throws {
    let state = try TestFolder()
    var environment = TestWorld(seed: 1).environment
    if stateFolder { environment.stateFolder = state.url }
    self.state = state
    stick = try TestFolder()
    world = try await SyncWorld(environment: environment)
    try await Self.put("1", in: world.publisher)
    try await Self.put("2", at: "b.md", in: world.publisher)
    let home = world.folder.appending("publisher")
    let backup = world.folder.appending("backup")
    try await world.publisher.close()
    try Self.copy(home, to: backup, keys: keys)
    let later = try await Library.open(at: home, environment: environment)
    try await Self.put("3", in: later)
    behind = try await Library.clone(
      from: MemoryRemote(service: later), to: world.folder.appending("behind"),
      options: CloneOptions(depth: depth, member: "behind"), environment: environment
    ).library
    try await Self.put("4", at: "c.md", in: later)
    replica = try await Library.clone(
      from: MemoryRemote(service: later), to: world.folder.appending("replica"),
      options: CloneOptions(depth: depth, member: "clinic"), environment: environment
    ).library
    _ = try await later.exchange(with: FolderRemote(folder: stick.url))
    try await later.close()
    try Self.copy(backup, to: home, keys: keys)
    publisher = try await Library.open(at: home, environment: environment)
  }

  private let state: TestFolder

  /// The publisher's record outside its folder.
  var secondRecord: URL {
    get throws {
      let folder = state.url.appending(path: "signed")
      return folder.appending(path: try FileManager.default.contentsOfDirectory(atPath: folder.path)[0])
    }
  }

  private static func put(_ text: String, at path: String = "a.md", in library: Library) async throws {
    _ = try await library.put(Array(text.utf8), at: DocumentPath(path), reason: "r")
  }

  private static func copy(_ from: URL, to: URL, keys: Bool) throws {
    let manager = FileManager.default
    try manager.createDirectory(at: to, withIntermediateDirectories: true)
    for folder in [to, from] {
      for name in try manager.contentsOfDirectory(atPath: folder.path)
      where name.hasPrefix(LibraryStore.fileName) || (keys && name == "keys") {
        if folder == to {
          try manager.removeItem(at: to.appending(path: name))
        } else {
          try manager.copyItem(at: from.appending(path: name), to: to.appending(path: name))
        }
      }
    }
  }
}
