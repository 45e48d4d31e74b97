import Foundation
import SheafBundle
import SheafLog
import SheafModel
import SheafTesting
import Testing

/// Makes the vectors `bundle-*` anew, for a format that has not been released yet.
///
/// Runs only when it is asked for by `SHEAF_MAKE_VECTORS`: an old vector proves that old data still opens.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["SHEAF_MAKE_VECTORS"] != nil))
struct BundleVectorMaker {
  private func write(
    _ name: String, outcome: String? = nil, bundle: [UInt8], history: SampleHistory, at size: UInt64?,
    subscription: Subscription = .all, holds: Bool = true, isDraft: Bool = false
  ) throws {
    var host = SampleHost(state: [:], contents: [:])
    var text = ""
    if let size {
      text += "log-key \(Hexadecimal.encode(history.logKey.verifierKey.publicKey))\n"
      text += "position \(size) \(history.ranges[Int(size)].nodes.map(\.hex).joined(separator: " "))\n"
      if holds {
        let whole = SampleHost(receiverOf: history, at: size, subscription: subscription)
        for (path, value) in whole.state.sorted(by: { $0.key < $1.key }) {
          guard let hash = value.first, let bytes = whole.contents[hash] else { continue }
          text += "holds \(path) \(Hexadecimal.encode(bytes))\n"
          host.state[path] = .content(hash)
          host.contents[hash] = bytes
        }
      }
    }
    for start in stride(from: 0, to: max(1, bundle.count), by: 50) {
      text += "bundle \(Hexadecimal.encode(Array(bundle[start..<min(bundle.count, start + 50)])))"
      text = text.hasSuffix(" ") ? String(text.dropLast()) + "\n" : text + "\n"
    }
    let context = BundleContext(
      library: nil, logKey: size.map { _ in history.logKey.verifierKey.publicKey },
      position: history.ranges[Int(size ?? 0)])
    do {
      let received = try receive(bundle, context, host: &host)
      #expect(outcome == nil, "\(name)")
      text = "gives\n" + text + received.lines.map { $0 + "\n" }.joined()
    } catch let error as BundleError {
      #expect(outcome == error.caseName, "\(name): \(error)")
      text = "refuses \(error.caseName)\n" + text
    }
    try Data(text.utf8).write(to: schemasFolder.appending(path: "vectors/\(name).txt"))
  }

  @Test("Every vector is made anew")
  func make() throws {
    let history = try SampleHistory(seed: 4, changeSetCount: 7, documentSize: 90)
    let full = try history.bundle(.full, from: 0).bytes
    try write("bundle-full-first", bundle: full, history: history, at: nil)
    try write(
      "bundle-full-first-deflated", bundle: try history.bundle(.full, from: 0) { $0.coder = .deflate }.bytes,
      history: history, at: nil)
    let trail = try history.bundle(.trail, from: 4, subscription: Subscription(parsing: "articles,trials"))
    try write(
      "bundle-trail-some-collections", bundle: trail.bytes, history: history, at: 4,
      subscription: Subscription(parsing: "articles,trials"))
    let step = try history.bundle(.heads, from: 5).bytes
    try write("bundle-heads-step", bundle: step, history: history, at: 5)
    try write(
      "bundle-heads-first", bundle: try history.bundle(.heads, from: 0).bytes, history: history, at: nil)
    try write(
      "bundle-nothing", bundle: try history.bundle(.heads, from: 7).bytes, history: history, at: 7,
      holds: false)
    try write("bundle-drafts", bundle: try drafts(history), history: history, at: nil)
    var reviewed = history
    try reviewed.addProposals()
    try write(
      "bundle-heads-proposals", bundle: try reviewed.bundle(.heads, from: 7).bytes, history: reviewed, at: 7)
    try write(
      "bundle-heads-first-proposals", bundle: try reviewed.bundle(.heads, from: 0).bytes, history: reviewed,
      at: nil)
    var redacted = history
    try redacted.addRedaction()
    try write(
      "bundle-full-redacted", bundle: try redacted.bundle(.full, from: 0).bytes, history: redacted, at: nil)
    var hiding = try redacted.seal(at: 8)
    hiding.redacted = 8
    try write(
      "bundle-heads-redacted", bundle: try redacted.bundle(.heads, from: 7, seal: hiding).bytes,
      history: redacted, at: 7, holds: false)
    try reviewed.addDecisions()
    try write(
      "bundle-full-decisions", bundle: try reviewed.bundle(.full, from: 8).bytes, history: reviewed, at: 8)

    func refused(
      _ name: String, _ outcome: String, _ bundle: [UInt8], at size: UInt64? = nil,
      of another: SampleHistory? = nil
    ) throws {
      try write(
        "bundle-refused-\(name)", outcome: outcome, bundle: bundle, history: another ?? history, at: size,
        holds: false)
    }
    try refused("empty", "truncated", [])
    try refused("magic", "notABundle", [0x50] + full[1..<40])
    try refused("newer-version", "newerVersion", full[..<3] + [0x02] + full[4..<40])
    try refused("coder", "unknownCoder", full[..<4] + [full[4] & 0x0f | 0xf0] + full[5..<40])
    try refused("truncated-header", "truncated", Array(full[..<60]))
    try refused("truncated-frame", "truncated", Array(full.dropLast(7)))
    try refused("trailing", "trailing", full + [0])
    let header = Int(try #require(history.bundle(.full, from: 0).summary.sizes[.header]))
    let seal = Int(try #require(history.bundle(.full, from: 0).summary.sizes[.seal]))
    // The last byte of the seal is of the state's signature.
    var signature = full
    signature[header + seal - 70] ^= 1
    try refused("checkpoint-signature", "badSignature", signature)
    let largeStream: [UInt8] = full[..<(header + seal)] + [0x81, 0x80, 0x80, 0x80, 0x80, 0x20]
    try refused("large-stream", "tooLarge", largeStream)
    var forged = history
    let last = forged.changeSets[6]
    var bad = last.note.signatures[0].signature
    bad[0] ^= 1
    let author = last.note.signatures[0]
    forged.changeSets[6].note = try SignedNote(
      text: last.note.text,
      signatures: [NoteSignature(name: author.name, keyID: author.keyID, signature: bad)])
    try refused("author-signature", "badSignature", try forged.bundle(.full, from: 0).bytes)
    var rewritten = history
    rewritten.ranges[4] = try SampleHistory(seed: 5, changeSetCount: 4, documentSize: 90).ranges[4]
    try refused("another-history", "rewritten", full, at: 4, of: rewritten)
    try refused("missing-base", "missingBase", step, at: 5)
  }

  private func drafts(_ history: SampleHistory) throws -> [UInt8] {
    var random = SplitMix64(seed: 6)
    let path = try DocumentPath("trials/draft.json")
    var drafts: [OutgoingChangeSet] = []
    var contents: [SHA256Hash: [UInt8]] = [:]
    for bytes in [#"{"enrolled": 0, "arms": ["placebo"]}"#, #"{"enrolled": 1, "arms": ["placebo"]}"#] {
      let bytes = Array(bytes.utf8)
      let hash = SHA256Hash(hashing: bytes)
      contents[hash] = bytes
      let seed = Seed(using: &random)
      let line = RevisionLine(
        verb: .put, path: path, base: drafts.isEmpty ? .none : .draft,
        content: RevisionLine.ContentReference(
          sizeInBytes: UInt64(bytes.count), commitment: Commitment(content: hash, seed: seed, line: 1)))
      let reason = Reason(by: "Clinic", message: "Enrolment").bytes
      let author = history.authors[0]
      let fields = ChangeSetNote(
        library: history.library, author: author.verifierKey.publicKey,
        time: Timestamp(seconds: 1_800_000_000),
        seen: ChangeSetNote.Position(size: 7, root: history.ranges[7].root),
        after: drafts.last.map { MerkleHash.leaf($0.note.bytes) },
        reason: Commitment(reason: SHA256Hash(hashing: reason), seed: seed), lineCount: 1,
        linesRoot: MerkleHash.root(ofLeafHashes: [MerkleHash.leaf(line.bytes)]))
      drafts.append(
        OutgoingChangeSet(
          number: 0, note: try author.signedNote(text: fields.text), fields: fields, seed: seed,
          reason: reason, totalLines: 1, lines: [OutgoingLine(index: 0, line: line, content: .body(hash))]))
    }
    var bundle: [UInt8] = []
    let writer = try BundleWriter(
      header: BundleHeader(
        content: .drafts, library: history.library, from: 7, known: 7, to: 7, subscription: .all,
        changeSetCount: 2, revisionCount: 2, bodyCount: 2, unpackedSizeInBytes: 100),
      seal: nil, sink: { bundle += $0 })
    var host = SampleHost(history: history, at: 7)
    host.contents = contents
    for draft in drafts { try writer.append(draft, host: &host) }
    _ = try writer.finish()
    return bundle
  }
}
