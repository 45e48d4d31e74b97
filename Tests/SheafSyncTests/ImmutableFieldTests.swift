import SheafModel
import SheafStore
import SheafTesting
import Testing

@testable import SheafSync

/// What is declared immutable stays as it is, whatever line brings the new content.
@Suite("Fields that never change")
struct ImmutableFieldTests {
  private static let schema =
    #"{"type": "object", "properties": {"id": {"type": "string", "x-merge": "immutable"}}}"#
  private let old: DocumentPath
  private let new: DocumentPath

  init() throws {
    old = try DocumentPath("t/old.json")
    new = try DocumentPath("t/new.json")
  }

  private func world(isReviewed: Bool) async throws -> (world: SyncWorld, clinic: Library) {
    let world = try await SyncWorld()
    let review = isReviewed ? #", "review": "required""# : ""
    try world.content.write(
      #"{"format":1,"collections":{"t":{"schema":"schemas/t.json"\#(review)}}}"#, to: "sheaf/settings.json")
    try world.content.write(Self.schema, to: "schemas/t.json")
    try world.content.write(#"{"id": "one"}"#, to: old.text)
    _ = try await world.publish()
    return (world, try await world.replica())
  }

  /// Makes a draft as another program might: nothing here is checked.
  private func draft(in clinic: Library, _ edits: @escaping @Sendable (inout EditDesk) throws -> Void)
    async throws
  {
    try await clinic.store.write(purpose: "test") { transaction in
      var desk = try EditDesk(transaction: transaction, library: clinic)
      try edits(&desk)
      _ = try desk.storeDraft(reason: "r")
    }
  }

  private static func edit(
    _ verb: RevisionVerb, _ path: DocumentPath, _ base: RevisionBase, _ text: String, _ desk: EditDesk
  ) throws -> Edit {
    let bytes = Array(text.utf8)
    let hash = SHA256Hash(hashing: bytes)
    try desk.transaction.storeBody(bytes, hash: hash)
    return Edit(
      verb: verb, path: path, base: base, content: .init(hash: hash, sizeInBytes: UInt64(bytes.count)),
      baseContent: nil)
  }

  @Test("A move that changes one is refused", arguments: [false, true])
  func moved(isReviewed: Bool) async throws {
    let (world, clinic) = try await world(isReviewed: isReviewed)
    let (old, new) = (old, new)
    try await draft(in: clinic) { desk in
      desk.add(try Self.edit(.move, new, .headOf(old), #"{"id": "two"}"#, desk))
      try desk.remove(old)
    }
    #expect(try await clinic.sync(with: MemoryRemote(service: world.publisher)).refused == 1)
    #expect(try await clinic.drafts().first?.refusal?.contains("/id") == true)
    #expect(try await world.text(old.text) == #"{"id": "one"}"#)
  }

  @Test("An edit of what was moved and waits for a decision is refused, here and by the publisher")
  func editedAfterAMove() async throws {
    let (world, clinic) = try await world(isReviewed: true)
    let (old, new) = (old, new)
    let remote = MemoryRemote(service: world.publisher)
    try await draft(in: clinic) { try $0.move(from: old, to: new) }
    #expect(try await clinic.sync(with: remote).refused == 0)
    #expect(try await world.publisher.proposals().count == 2)
    await #expect(throws: ContentRefusal.self) {
      _ = try await clinic.put(Array(#"{"id": "two"}"#.utf8), at: new, reason: "r")
    }
    try await draft(in: clinic) { $0.add(try Self.edit(.put, new, .draft, #"{"id": "two"}"#, $0)) }
    #expect(try await clinic.sync(with: remote).refused == 1)
    #expect(try await world.publisher.proposals().count == 2)
  }
}
