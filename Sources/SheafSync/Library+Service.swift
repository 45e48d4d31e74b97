import Foundation
import SheafLog
import SheafModel
import SheafStore

extension Library: LibraryService {
  public var name: String {
    get async throws { try await store.read { try $0.facts().name } }
  }

  public var pushedParts: URL { folder.appending(path: "incoming").appending(path: "pushed") }

  public func checkpointNote() async throws -> [UInt8] { try await newest().note }

  private func newest() async throws -> StoredCheckpoint {
    guard let newest = try await newestState().checkpoint else { throw LibraryError.empty }
    return newest
  }

  public func nothingNew(for request: PullRequest) async throws -> [UInt8]? {
    let newest = try await newest()
    let to = request.to ?? newest.size
    guard request.from > 0 else { return nil }
    if request.from == to, request.known == to { return newest.note }
    // The asker is ahead: it compares this checkpoint with its own and finds out.
    return request.to == nil && request.from <= request.known && request.known > to ? newest.note : nil
  }

  public func offer(_ request: PullRequest) async throws -> Offer {
    if let note = try await nothingNew(for: request) { return .unchanged(checkpoint: note) }
    let to = if let to = request.to { to } else { try await newest().size }
    guard request.from <= request.known, request.known <= to else {
      throw RemoteError.nothingFits(address: id.text, position: request.known)
    }
    var filled = request
    filled.to = to
    let wanted = filled
    let redacted = try await newestState().redacted
    await bundleCache.follow(redaction: redacted)
    let key =
      "\(redacted) \(id.text) \(wanted.from) \(wanted.known) \(to) \(wanted.depth.rawValue) \(wanted.subscription.text)"
      + (wanted.holdsCurrent ? " deeper" : "") + (wanted.holds.isEmpty ? "" : " holds \(wanted.holds)")
    return .bundle(
      try await bundleCache.bundle(for: key) {
        try await self.store.read { try $0.publishedSize(after: wanted.from, upTo: to) }
      } make: { file in
        let written = try await self.write(wanted, to: file, mayBeWhole: true)
        return (written.sizeInBytes, written.hash)
      })
  }

  public func asset(_ hash: SHA256Hash, in collections: Set<CollectionName>?) async throws -> ContentReading?
  {
    try await store.read { transaction in
      // Drafts and what waits in quarantine are nobody else's business yet.
      guard try transaction.isPublished(hash), let path = try transaction.path(of: hash, in: collections)
      else { return nil }
      if let bytes = try transaction.body(hash) {
        return ContentReading(
          DocumentContent(
            path: path, revision: nil, mediaType: .octetStream, bytes: bytes, isConflicted: false))
      }
      guard let size = try transaction.assetSize(hash) else { return nil }
      return ContentReading(
        path: path, revision: nil, mediaType: .octetStream, sizeInBytes: size, hash: hash,
        isConflicted: false,
        library: self)
    }
  }

  public func tile(_ path: String) async throws -> [UInt8]? {
    guard let tile = TilePath(parsing: "tile/" + path) else { return nil }
    return try await store.read { transaction in
      let size = try transaction.newestCheckpoint()?.size ?? 0
      guard let range = tile.range(inLogOf: size) else { return nil }
      if case .entries = tile.kind {
        let entries = try transaction.changeSets(from: range.lowerBound + 1, count: range.count).map(\.note)
        return try EntryBundle.encode(entries)
      }
      return try tile.hashes(size: size, nodes: transaction.node)
    }
  }

  public func figures() async throws -> ServiceFigures {
    let made = await bundleCache.makings
    return try await store.read { transaction in
      let counts = try transaction.counts()
      return ServiceFigures(
        changeSets: try transaction.position().size, documents: counts.documents, conflicts: counts.conflicts,
        quarantined: counts.quarantined, bundlesMade: made)
    }
  }
}
