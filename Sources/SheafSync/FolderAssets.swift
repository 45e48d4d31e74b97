import Foundation
import SheafModel
import SheafStore

extension FolderLayout {
  /// Assets that replicas asked for, each named by the 64 digits of its hash.
  static let assets = "assets"
  /// Which assets each replica asks for: one hash a line, in a file named by its mark.
  static let wishes = "wishes"
  /// The most wishes of one replica.
  static let wishLimit = 10_000

  static func wishes(_ bytes: [UInt8]) -> [SHA256Hash]? {
    guard let text = String(validating: bytes, as: UTF8.self), text.hasSuffix("\n") else { return nil }
    let lines = text.dropLast().split(separator: "\n", omittingEmptySubsequences: false)
    guard lines.count <= wishLimit else { return nil }
    let hashes = lines.compactMap { $0.utf8.count == 64 ? SHA256Hash(hex: $0) : nil }
    return hashes.count == lines.count ? hashes : nil
  }
}

extension FolderRemote {
  public func asset(
    _ hash: SHA256Hash, sizeInBytes: UInt64, into incoming: URL, progress: @escaping TransferProgress
  ) async throws -> (file: URL, transferredInBytes: UInt64)? {
    try await Blocking.run {
      guard let assets = try FolderHandle(root: folder).folder(FolderLayout.assets, isMade: false),
        let file = try assets.file(hash.hex)
      else { return nil }
      guard file.sizeInBytes == sizeInBytes else {
        throw AssetMismatch(path: "\(FolderLayout.assets)/\(hash.hex)")
      }
      let transfer = BundleTransfer(folder: incoming, key: hash.hex, address: address)
      return try transfer.copy(file, progress: progress)
    }
  }

  public func wishes(of member: MemberMark) async throws -> [SHA256Hash] {
    try await Blocking.run {
      let wishes = try FolderHandle(root: folder).folder(FolderLayout.wishes, isMade: false)
      let bytes = try? wishes?.read(member.text, maximum: FolderLayout.positionLimit)
      return bytes.flatMap(FolderLayout.wishes) ?? []
    }
  }

  public func leave(wishes: [SHA256Hash], from member: MemberMark) async throws {
    try await Blocking.run {
      let root = try FolderHandle(root: folder)
      guard !wishes.isEmpty else {
        try? root.folder(FolderLayout.wishes, isMade: false)?.remove(member.text)
        return
      }
      let lines = wishes.prefix(FolderLayout.wishLimit).map { $0.hex + "\n" }
      try root.folder(FolderLayout.wishes, isMade: true)?.write(Array(lines.joined().utf8), to: member.text)
    }
  }
}

extension Library {
  /// Leaves the assets that replicas asked for in a folder, and takes away what nobody asks for any more.
  ///
  /// One that finds no room, or does not read back as it was written, is named and keeps none of the others.
  ///
  /// - Returns: The bytes that were written.
  func leaveAssets(in remote: FolderRemote, problems: inout [String]) async throws -> UInt64 {
    let limit = FolderLayout.positionLimit
    let files = try await Blocking.run {
      guard let wishes = try FolderHandle(root: remote.folder).folder(FolderLayout.wishes, isMade: false)
      else { return [(String, [UInt8])]() }
      return try wishes.names(limit: FolderLayout.nameLimit) { MemberMark($0) != nil }.map { name in
        (name, (try? wishes.read(name, maximum: limit)) ?? [])
      }
    }
    var wanted: Set<SHA256Hash> = []
    for (name, bytes) in files {
      if let wishes = FolderLayout.wishes(bytes) {
        wanted.formUnion(wishes)
      } else {
        problems.append("\(FolderLayout.wishes)/\(name) names no assets")
      }
    }
    let hashes = wanted
    var chosen: [(hash: SHA256Hash, sizeInBytes: UInt64)] = try await store.read { transaction in
      try hashes.compactMap { hash in
        guard let size = try transaction.bodySize(hash), try transaction.isPublished(hash) else {
          return nil
        }
        return (hash, size)
      }
    }
    // The smallest first, so that one which finds no room takes none from others.
    chosen.sort { ($0.sizeInBytes, $0.hash) < ($1.sizeInBytes, $1.hash) }
    let wishes = chosen
    let (written, found) = try await Blocking.run { [store] in
      try Self.leave(wishes, wished: hashes, in: remote, from: store)
    }
    problems += found
    return written
  }

  /// Writes assets piece by piece, each piece read in a transaction of its own: a stick is slow, and
  /// a long read would keep the store's log from being cut.
  private static func leave(
    _ chosen: [(hash: SHA256Hash, sizeInBytes: UInt64)], wished: Set<SHA256Hash>, in remote: FolderRemote,
    from store: LibraryStore
  ) throws -> (written: UInt64, problems: [String]) {
    let root = try FolderHandle(root: remote.folder)
    guard let assets = try root.folder(FolderLayout.assets, isMade: !wished.isEmpty) else { return (0, []) }
    try assets.removeLeftovers()
    // What nobody wishes any more makes room first.
    for name in try assets.names(limit: FolderLayout.nameLimit, where: { _ in true }) {
      guard let hash = SHA256Hash(hex: name) else { continue }
      // Nor does what is wished and was destroyed meanwhile stay.
      guard try !wished.contains(hash) || !store.readBlocking({ try $0.isPublished(hash) }) else { continue }
      try assets.remove(name)
    }
    var written: UInt64 = 0
    var problems: [String] = []
    for (hash, size) in chosen {
      let name = hash.hex
      // A stick wears out: what lies there must still be what was left.
      if let lying = try assets.file(name), lying.sizeInBytes == size, (try? lying.uncached().hash()) == hash
      {
        continue
      }
      let place = "\(FolderLayout.assets)/\(name.prefix(16))…"
      do {
        try remote.checkRoom(for: size)
        try assets.write(to: name) { append in
          var offset: UInt64 = 0
          while offset < size {
            let piece = try store.readBlocking { try $0.bytes(of: hash, from: offset, count: 1 << 20) }
            guard let piece, !piece.isEmpty else { throw StoreError.damaged("asset \(hash)") }
            try append(piece)
            offset += UInt64(piece.count)
          }
        }
      } catch RemoteError.refused(_, let detail), RemoteError.full(_, let detail) {
        problems.append("\(place) has \(size) bytes and was not left: \(detail)")
        continue
      } catch RemoteError.fileTooLarge {
        problems.append(
          "\(place) has \(size) bytes and was not left: the disk's file system takes no file of that size")
        continue
      }
      guard let lying = try assets.file(name), try lying.uncached().hash() == hash else {
        try assets.remove(name)
        problems.append("\(place) does not read as it was written; use another disk")
        continue
      }
      written += size
    }
    return (written, problems)
  }
}
