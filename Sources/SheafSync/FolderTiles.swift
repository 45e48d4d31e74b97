import SheafLog
import SheafModel
import SheafStore

extension Library {
  /// Leaves the log's tiles and entries in a folder that mirrors it (C2SP *tlog-tiles*).
  ///
  /// Only what the log gained is written: a tile that is there never changes. A partial tile goes
  /// once its full one is there.
  ///
  /// - Parameter isMade: Whether to begin with it; a folder without tiles is left alone otherwise.
  func leaveTiles(in remote: FolderRemote, isMade: Bool) async throws {
    let isWanted = try await Blocking.run {
      try FolderHandle(root: remote.folder).folder(FolderLayout.tiles, isMade: isMade) != nil
    }
    guard isWanted else { return }
    let size = try await store.read { try $0.newestCheckpoint()?.size ?? 0 }
    for tile in TilePath.tiles(from: 0, to: size) {
      let isThere = try await Blocking.run { try Self.handle(of: tile, in: remote, isMade: false) != nil }
      guard !isThere, let bytes = try await self.tile(String(tile.path.dropFirst(5))) else { continue }
      try await Blocking.run {
        guard let (folder, name) = try Self.place(of: tile, in: remote, isMade: true) else { return }
        try folder.write(bytes, to: name)
        guard tile.width == TilePath.fullWidth, let partial = try folder.folder(name + ".p", isMade: false)
        else { return }
        for width in try partial.names(limit: TilePath.fullWidth, where: { Int($0) != nil }) {
          try partial.remove(width)
        }
      }
    }
  }

  /// The file of a tile; `nil` when it is not there or has not the size it must have.
  private static func handle(
    of tile: TilePath, in remote: FolderRemote, isMade: Bool
  ) throws -> FolderFile? {
    guard let (folder, name) = try place(of: tile, in: remote, isMade: isMade),
      let file = try folder.file(name)
    else { return nil }
    // Entries differ in size; a file is written whole or not at all.
    if case .hashes = tile.kind, file.sizeInBytes != UInt64(tile.width * SHA256Hash.sizeInBytes) {
      return nil
    }
    return file
  }

  private static func place(
    of tile: TilePath, in remote: FolderRemote, isMade: Bool
  ) throws -> (folder: FolderHandle, name: String)? {
    var names = tile.path.split(separator: "/").map(String.init)
    guard let last = names.popLast() else { return nil }
    var folder = try FolderHandle(root: remote.folder)
    for name in names {
      guard let inner = try folder.folder(name, isMade: isMade) else { return nil }
      folder = inner
    }
    return (folder, last)
  }
}
