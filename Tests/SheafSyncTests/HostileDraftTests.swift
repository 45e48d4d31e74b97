import Foundation
import SheafBundle
import SheafLog
import SheafModel
import SheafStore
import SheafTesting
import Testing

@testable import SheafSync

/// Drafts that no copy of ours would make; each is signed by its author, and all else about it is in order.
@Suite("Drafts that are signed and can't stand")
struct HostileDraftTests {
  /// Hands a draft over that takes `a.md` away, or merges it.
  private static func push(
    to publisher: Library, seen: ChangeSetNote.Position? = nil, verb: RevisionVerb = .delete
  ) async throws -> [DraftAnswer] {
    let authorSeed = [UInt8](repeating: 5, count: 32)
    let key = try SigningKey(name: "x", seed: authorSeed).verifierKey.publicKey
    let author = try SigningKey(name: ChangeSetNote.keyName(author: key), seed: authorSeed)
    let seed = try #require(Seed(bytes: [UInt8](repeating: 6, count: Seed.sizeInBytes)))
    let reason = Reason(by: "Eve", message: "Because").bytes
    let bytes = try await publisher.store.read { transaction in
      let position = try transaction.position()
      let content = SHA256Hash(hashing: Array("one\n".utf8))
      let line = RevisionLine(
        verb: verb, path: try DocumentPath("a.md"),
        base: verb == .merge
          ? .revisions([RevisionName(changeSet: 1, line: 1), RevisionName(changeSet: 2, line: 1)]) : .head,
        content: verb.hasContent
          ? .init(sizeInBytes: 4, commitment: Commitment(content: content, seed: seed, line: 1)) : nil)
      let fields = ChangeSetNote(
        library: publisher.id, author: key, time: Timestamp(seconds: 1_780_000_100),
        seen: seen ?? .init(size: position.size, root: position.root), after: nil,
        reason: Commitment(reason: SHA256Hash(hashing: reason), seed: seed), lineCount: 1,
        linesRoot: MerkleHash.root(ofLeafHashes: [MerkleHash.leaf(line.bytes)]))
      var bytes: [UInt8] = []
      let writer = try BundleWriter(
        header: BundleHeader(
          content: .drafts, library: publisher.id, from: position.size, known: position.size,
          to: position.size, subscription: .all, changeSetCount: 1, revisionCount: 1, bodyCount: 0,
          unpackedSizeInBytes: 0),
        seal: nil, sink: { bytes.append(contentsOf: $0) })
      var host = StoreBundleHost(
        transaction: transaction, size: position.size, subscription: .all, isPresent: true)
      try writer.append(
        OutgoingChangeSet(
          number: 0, note: try author.signedNote(text: fields.text), fields: fields, seed: seed,
          reason: reason, totalLines: 1,
          lines: [OutgoingLine(index: 0, line: line, content: verb.hasContent ? .hashOnly(content) : .none)],
          subsetProof: []),
        host: &host)
      _ = try writer.finish()
      return bytes
    }
    return try await publisher.receive(push: bytes, from: nil)
  }

  @Test("What its author says to have seen is a checkpoint of this log, to the root")
  func seen() async throws {
    for (size, isTrue) in [(UInt64(1), false), (2, false), (3, false), (1, true), (2, true)] {
      let world = try await SyncWorld()
      for text in ["one\n", "two\n"] { try await world.put(text, at: "a.md") }
      let root = try await world.publisher.store.read {
        try size == 1 ? $0.node(MerkleNodeID(level: 0, index: 0)) : $0.position().root
      }
      let seen = ChangeSetNote.Position(size: size, root: isTrue ? root : SHA256Hash(hashing: [9]))
      let answer = try #require(try await Self.push(to: world.publisher, seen: seen).first)
      if isTrue {
        #expect(answer.changeSet != nil && answer.refusal == nil)
      } else {
        #expect(answer.changeSet == nil)
        #expect(answer.refusal?.contains(SequencerRefusal.unknownPosition(size).problem) ?? false)
        #expect(try await world.text("a.md") == "two\n")
      }
    }
  }

  @Test("Nobody but the sequencer records a merge")
  func merge() async throws {
    let world = try await SyncWorld()
    for text in ["one\n", "two\n"] { try await world.put(text, at: "a.md") }
    let answer = try #require(try await Self.push(to: world.publisher, verb: .merge).first)
    #expect(answer.refusal?.contains(SequencerRefusal.reservedVerb("merge").problem) ?? false)
    #expect(try await world.text("a.md") == "two\n")
    let put = try #require(try await Self.push(to: world.publisher, verb: .put).first)
    #expect(put.changeSet != nil)
  }

  @Test("The first change set is the publisher's own")
  func first() async throws {
    let world = try await SyncWorld()
    let root = CompactRange().root
    let answers = try await Self.push(to: world.publisher, seen: .init(size: 0, root: root))
    #expect(answers.count == 1 && answers[0].refusal?.contains(LibraryError.empty.problem) ?? false)
    #expect(try await world.size() == 0)
  }

  /// Answers with true receipts and false numbers.
  private struct Misnumbering: RelayedRemote {
    let remote: any Remote

    func push(
      _ bundle: [UInt8], from member: MemberMark, sent: @escaping TransferProgress
    ) async throws -> PushAnswer {
      let answer = try await remote.push(bundle, from: member, sent: sent)
      guard case .answered(let answers) = answer else { return answer }
      return .answered(
        answers.map { answer in
          var answer = answer
          answer.changeSet = answer.changeSet.map { $0 + 1 }
          return answer
        })
    }
  }

  @Test("A draft is where its receipt says, and not where a remote says")
  func misnumbered() async throws {
    let world = try await SyncWorld()
    try await world.put("one\n", at: "a.md")
    let clinic = try await world.replica()
    _ = try await clinic.put(Array("two\n".utf8), at: DocumentPath("a.md"), reason: "r")
    let remote = MemoryRemote(service: world.publisher)
    await #expect(throws: ReceiptMismatch.self) {
      _ = try await clinic.sync(with: Misnumbering(remote: remote))
    }
    #expect(try await clinic.drafts().count == 1)
    _ = try await clinic.sync(with: remote)
    #expect(try await clinic.drafts().isEmpty)
  }
}
