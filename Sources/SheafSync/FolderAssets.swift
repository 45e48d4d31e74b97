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
    return try await store.read { transaction in
      let root = try FolderHandle(root: remote.folder)
      guard let assets = try root.folder(FolderLayout.assets, isMade: !hashes.isEmpty) else { return 0 }
      try assets.removeLeftovers()
      var written: UInt64 = 0
      for hash in hashes.sorted() {
        guard let size = try transaction.assetSize(hash), try transaction.isPublished(hash) else { continue }
        if try assets.file(hash.hex)?.sizeInBytes == size { continue }
        try assets.write(to: hash.hex) { append in
          _ = try transaction.forEachPiece(of: hash) { try append($0) }
        }
        written += size
      }
      for name in try assets.names(limit: FolderLayout.nameLimit, where: { _ in true }) {
        guard let hash = SHA256Hash(hex: name), !hashes.contains(hash) else { continue }
        try assets.remove(name)
      }
      return written
    }
  }
}
