import SheafBundle
import SheafLog
import SheafModel
import SheafStore

/// Drafts as one bundle, as they are handed over (`Schemas/bundle.md`).
struct DraftsBundle {
  typealias Item = (draft: StoredDraft, lines: [StoredDraftLine])

  let library: LibraryID
  let drafts: [Item]
  /// How a line's content travels.
  var content: (SHA256Hash) -> OutgoingContent = { .body($0) }

  /// Makes the bundle out of what the store holds.
  func bytes(from transaction: StoreTransaction) throws -> [UInt8] {
    let outgoing = drafts.map { item in
      (
        draft: item.draft,
        lines: item.lines.enumerated().map { index, line in
          OutgoingLine(
            index: index, line: line.signedLine(seed: item.draft.seed),
            content: line.content.map(content) ?? .none)
        }
      )
    }
    let bodies = zip(drafts, outgoing).flatMap { zip($0.lines, $1.lines) }
      .filter { if case .body = $0.1.content { true } else { false } }.map(\.0.sizeInBytes)
    let position = try transaction.position().size
    var bytes: [UInt8] = []
    let writer = try BundleWriter(
      header: BundleHeader(
        content: .drafts, library: library, logKey: nil, from: position, known: position, to: position,
        subscription: .all, changeSetCount: UInt64(drafts.count),
        revisionCount: UInt64(drafts.reduce(0) { $0 + $1.lines.count }), bodyCount: UInt64(bodies.count),
        unpackedSizeInBytes: bodies.reduce(0, +)),
      seal: nil, proof: [], otherCollections: [], sink: { bytes.append(contentsOf: $0) })
    var host = StoreBundleHost(transaction: transaction, size: position, subscription: .all, isPresent: true)
    for (draft, lines) in outgoing {
      let note = try SignedNote(
        parsing: draft.note, maximumSize: Limits.changeSetNote, maximumSignatures: Limits.signatures)
      try writer.append(
        OutgoingChangeSet(
          number: 0, note: note, fields: try ChangeSetNote(parsing: note.text), seed: draft.seed,
          reason: draft.reason, totalLines: lines.count, lines: lines, subsetProof: []),
        host: &host)
    }
    _ = try writer.finish()
    return bytes
  }
}
