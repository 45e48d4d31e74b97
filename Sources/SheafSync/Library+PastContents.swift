import Foundation
import SheafBundle
import SheafModel
import SheafStore

extension Library {
  /// What a copy with change sets may lack of one document's past, coded for the way (`Schemas/contents.md`).
  ///
  /// - Parameters:
  ///   - size: The asker's position: revisions behind it are not told of.
  ///   - before: Only revisions before this one.
  ///   - collections: Only what stood in these, which a member may be held to; `nil` for all.
  /// - Returns: `nil` when there is no such document, or this copy holds no change sets.
  public func pastContents(
    of path: DocumentPath, upTo size: UInt64, before: RevisionName?, in collections: Set<CollectionName>?
  ) async throws -> [UInt8]? {
    try await pastContents(
      of: path, upTo: size, before: before, in: collections, full: PastContents.fullInBytes)
  }

  /// - Parameter full: An answer takes no more once its contents have so many bytes.
  func pastContents(
    of path: DocumentPath, upTo size: UInt64, before: RevisionName?, in collections: Set<CollectionName>?,
    full: Int
  ) async throws -> [UInt8]? {
    typealias Content = (name: RevisionName, hash: SHA256Hash, bytes: [UInt8])
    typealias Found = (chosen: [Content], base: (hash: SHA256Hash, bytes: [UInt8])?, hasMore: Bool)
    let found = try await store.read { transaction -> Found? in
      let view = try MomentView(transaction)
      guard view.facts.depth >= .trail, let document = try transaction.existingDocumentRow(path) else {
        return nil
      }
      let shown = try transaction.heads(document, at: size).first?.content
      var seen = Set([shown].compactMap { $0 })
      var chosen: [Content] = []
      var total = 0
      var hasMore = false
      for revision in try view.lifeline(of: path) where revision.name.changeSet <= size {
        let isAllowed = collections?.contains(revision.path.collection) ?? true
        guard isAllowed || revision.path.collection.isAlwaysCarried else { continue }
        guard let hash = revision.content, seen.insert(hash).inserted,
          before.map({ revision.name < $0 }) ?? true,
          let bytes = try transaction.body(hash)
        else { continue }
        let isFull = total >= full || chosen.count == PastContents.mostContents
        // One above the size goes alone, so that an answer stays within its limit.
        if isFull || (!chosen.isEmpty && bytes.count > full) {
          hasMore = true
          break
        }
        chosen.append((revision.name, hash, bytes))
        total += bytes.count
      }
      let base = try shown.flatMap { hash in try transaction.body(hash).map { (hash, $0) } }
      return (chosen, base, hasMore)
    }
    guard let found else { return nil }
    defer { FreedMemory.giveBack() }
    // Coded when the read is over: others read meanwhile.
    return await Blocking.always {
      PastContents(found.chosen, base: found.base, hasMore: found.hasMore).bytes
    }
  }

  /// Gets the contents of a document's past that this copy knows of and does not hold.
  ///
  /// Each is compared with what the log of this copy says of it before it is stored. What a remote can't give
  /// together is asked for one by one, and a folder's publisher by a wish, as for assets.
  ///
  /// - Throws: `LibraryError.noDocument`, `.needsDepth` in a copy of heads, `RemoteError`, `BundleError`,
  ///   `DiskTooSmall`, `AssetMismatch`. What came before stays.
  public func fetchHistory(
    of path: DocumentPath, from remote: any Remote, activity: @escaping ActivitySink = { _ in }
  ) async throws -> FetchReport {
    try await introduceMember(to: remote)
    var report = FetchReport()
    let position = try await store.read { try $0.position().size }
    var missing = try await missingContents(of: path)
    if missing.isEmpty { report.alreadyHere = [path.text] }
    var before: RevisionName?
    while !missing.isEmpty,
      let answer = try await remote.pastContents(of: path, upTo: position, before: before)
    {
      let contents = try PastContents(parsing: answer)
      if let before, let first = contents.names.first, first >= before {
        throw RemoteError.notSheaf(address: remote.address, detail: "it sends the same contents again")
      }
      try await take(contents, of: path, at: position)
      report.transferredInBytes += UInt64(answer.count)
      before = contents.names.last
      let left = try await missingContents(of: path)
      let gone = missing.filter { content in !left.contains { $0.content == content.content } }
      report.sizeInBytes += gone.reduce(0) { $0 + $1.sizeInBytes }
      report.fetched += gone.map(\.revision)
      missing = left
      guard contents.hasMore, before != nil else { break }
    }
    let rest = missing.map {
      Wanted(content: $0.content, sizeInBytes: $0.sizeInBytes, paths: [path], name: $0.revision)
    }
    try await fetch(rest, from: remote, &report, activity)
    return report
  }

  private func take(_ contents: PastContents, of path: DocumentPath, at position: UInt64) async throws {
    try await store.write(purpose: "sheaf history --fetch") { transaction in
      let view = try MomentView(transaction)
      var known: [RevisionName: StoredRevision] = [:]
      for revision in try view.lifeline(of: path) { known[revision.name] = revision }
      let shown = try transaction.existingDocumentRow(path).flatMap {
        try transaction.heads($0, at: position).first?.content
      }
      let base = try shown.flatMap { hash in try transaction.body(hash).map { (hash, $0) } }
      try contents.decode(base: base) { name in
        guard let revision = known[name], let hash = revision.content, let size = revision.sizeInBytes,
          size <= UInt64(Limits.document)
        else {
          throw BundleError.malformed(what: "content of \(name), which is no revision of \(path)", offset: 0)
        }
        return (hash, Int(size))
      } take: { hash, bytes, base in
        try transaction.storeBody(bytes, hash: hash, base: base)
      }
    }
  }

  /// What is missing of a document's past, newest first, each content once.
  private func missingContents(
    of path: DocumentPath
  ) async throws -> [(revision: String, content: SHA256Hash, sizeInBytes: UInt64)] {
    try await store.read { transaction in
      let view = try MomentView(transaction)
      guard view.facts.subscription.holds(path.collection) else {
        throw LibraryError.notSubscribed(path.text)
      }
      try view.needHistory("fetch the history of \(path)")
      let revisions = try view.lifeline(of: path)
      guard !revisions.isEmpty else { throw LibraryError.noDocument(path.text) }
      var seen: Set<SHA256Hash> = []
      var missing: [(revision: String, content: SHA256Hash, sizeInBytes: UInt64)] = []
      for revision in revisions {
        guard let content = revision.content, seen.insert(content).inserted,
          try !transaction.holdsBody(content)
        else { continue }
        missing.append((revision.name.description, content, revision.sizeInBytes ?? 0))
      }
      return missing
    }
  }
}

extension MomentView {
  /// Whether this copy holds, or knows as assets, all contents of a document's past: it keeps them all, or they
  /// were fetched.
  func holdsPast(of path: DocumentPath) throws -> Bool {
    guard facts.depth >= .trail else { return false }
    return try lifeline(of: path).allSatisfy { revision in
      guard let content = revision.content else { return true }
      return try transaction.holdsBody(content) || transaction.absentSize(content) != nil
    }
  }
}
