import Foundation
import SheafBundle
import SheafLog
import SheafModel
import SheafStore
import SheafTesting
import Testing

@testable import SheafSync

@Suite("A bundle that proves everything and carries nothing")
struct HollowBundleTests {
  @Test("It is refused, since its receiver could not go on from it", arguments: [Depth.trail, .full])
  func hollow(depth: Depth) async throws {
    let world = try await SyncWorld()
    try world.content.write("what a clinic needs", to: "a.md")
    _ = try await world.publish()
    let bytes = try await world.publisher.store.read {
      try Self.hollowBundle($0, depth: depth, withholding: 1...1)
    }
    let file = world.content.url.appending(path: "hollow.sheaf")
    try Data(bytes).write(to: file)
    let copy = world.content.url.appending(path: "copy")
    let path = try DocumentPath("a.md")
    await #expect(throws: BundleMisfit.missingBody(path)) {
      _ = try await Library.clone(
        fromBundle: file, to: copy, options: CloneOptions(depth: depth, member: "c"),
        environment: world.environment)
    }
    #expect(!FileManager.default.fileExists(atPath: copy.appending(path: LibraryStore.fileName).path))
  }

  /// What is current stands all the same, and so does every proof.
  @Test("Nor is one that leaves out what a full copy keeps of the past")
  func hollowPast() async throws {
    let world = try await SyncWorld()
    for text in ["what it said", "what it says"] {
      try world.content.write(text, to: "a.md")
      _ = try await world.publish()
    }
    for isHollow in [false, true] {
      let bytes = try await world.publisher.store.read {
        try Self.hollowBundle($0, depth: .full, withholding: isHollow ? 1...1 : nil)
      }
      let file = world.content.url.appending(path: "\(isHollow).sheaf")
      try Data(bytes).write(to: file)
      let copy = world.content.url.appending(path: "copy-\(isHollow)")
      let options = CloneOptions(depth: .full, member: "c")
      guard isHollow else {
        let (clinic, _) = try await Library.clone(
          fromBundle: file, to: copy, options: options, environment: world.environment)
        try await clinic.close()
        continue
      }
      await #expect(throws: BundleMisfit.missingBody(try DocumentPath("a.md"))) {
        _ = try await Library.clone(
          fromBundle: file, to: copy, options: options, environment: world.environment)
      }
      #expect(!FileManager.default.fileExists(atPath: copy.appending(path: LibraryStore.fileName).path))
    }
  }

  @Test("A document that it takes away must have been there", arguments: [UInt64(0), 1])
  func goneFromNowhere(from: UInt64) async throws {
    let world = try await SyncWorld()
    try world.content.write("what a clinic needs", to: "a.md")
    _ = try await world.publish()
    let clinic = try await Library.clone(
      from: MemoryRemote(service: world.publisher), to: world.folder.appending("clinic"),
      options: CloneOptions(depth: .heads, member: "c"), environment: world.environment
    ).library
    try world.content.write("and more", to: "a.md")
    _ = try await world.publish()
    let path = try DocumentPath("nowhere/z.md")
    let bytes = try await world.publisher.store.read { transaction in
      let request = PullRequest(from: from, known: 1, depth: .heads, subscription: .all)
      var header = try BundleMaker(
        transaction: transaction, facts: try transaction.facts(), request: request
      ).header()
      (header.revisionCount, header.bodyCount, header.unpackedSizeInBytes) = (1, 0, 0)
      var proof = from == 0 ? MerkleProof.extensionNodes(from: 0, to: 1) : []
      proof += MerkleProof.extensionNodes(from: 1, to: 2)
      var bytes: [UInt8] = []
      let writer = try BundleWriter(
        header: header, seal: try Self.seal(transaction), proof: try proof.map(transaction.node),
        sink: { bytes.append(contentsOf: $0) })
      var host = StoreBundleHost(transaction: transaction, size: from, subscription: .all)
      try writer.append(OutgoingStateChange(path: path, value: nil, bodies: []), host: &host)
      _ = try writer.finish()
      return bytes
    }
    let file = world.content.url.appending(path: "gone.sheaf")
    try Data(bytes).write(to: file)
    await #expect(throws: BundleMisfit.nothingThere(path)) {
      _ = try await clinic.apply(bundle: file, mayChangeDepth: true)
    }
    #expect(try await world.text("a.md", in: clinic) == "what a clinic needs")
    #expect(try await clinic.store.read { try $0.existingDocumentRow(path) } == nil)
  }

  private static func seal(_ transaction: StoreTransaction) throws -> BundleSeal {
    let checkpoint = try #require(try transaction.newestCheckpoint())
    let stateNote = try SignedNote(
      parsing: checkpoint.stateNote, maximumSize: Limits.checkpointNote, maximumSignatures: Limits.signatures)
    return BundleSeal(
      checkpoint: try SignedCheckpoint(parsing: checkpoint.note), stateNote: stateNote,
      stateRoot: try StateNote(parsing: stateNote.text).root)
  }

  /// The publisher's own bundle of everything, with a hash in the place of each body of some change sets.
  private static func hollowBundle(
    _ transaction: StoreTransaction, depth: Depth, withholding withheld: ClosedRange<UInt64>?
  ) throws -> [UInt8] {
    let request = PullRequest(from: 0, known: 0, depth: depth, subscription: .all)
    let header = try BundleMaker(
      transaction: transaction, facts: try transaction.facts(), request: request
    ).header()
    var bytes: [UInt8] = []
    let writer = try BundleWriter(
      header: header, seal: try seal(transaction), sink: { bytes.append(contentsOf: $0) })
    var host = StoreBundleHost(transaction: transaction, size: 0, subscription: .all)
    for number in 1...(try transaction.position().size) {
      let stored = try #require(try transaction.changeSet(number))
      let note = try SignedNote(
        parsing: stored.note, maximumSize: Limits.changeSetNote, maximumSignatures: Limits.signatures)
      let lines = try transaction.revisions(inChangeSet: number).map { revision in
        let content = try #require(revision.content)
        return OutgoingLine(
          index: Int(revision.name.line) - 1, line: try revision.line(seed: stored.seed),
          content: withheld?.contains(number) ?? false ? .hashOnly(content) : .body(content))
      }
      try writer.append(
        OutgoingChangeSet(
          number: number, note: note, fields: try ChangeSetNote(parsing: note.text), seed: stored.seed,
          reason: stored.reason, totalLines: lines.count, lines: lines, subsetProof: []),
        host: &host)
    }
    _ = try writer.finish()
    return bytes
  }
}
