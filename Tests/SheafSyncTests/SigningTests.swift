import Foundation
import SheafModel
import SheafStore
import SheafTesting
import Synchronization
import Testing

@testable import SheafSync

/// `Schemas/signatures.md` over real copies: Ana publishes, Ben approves, Cy contributes.
@Suite("Electronic signatures")
struct SigningTests {
  private let path: DocumentPath

  init() throws { path = try DocumentPath("a/x.md") }

  private func sync(_ library: Library, _ world: MembersWorld) async throws {
    #expect(try await library.sync(with: world.remote).isSameAsPublisher)
  }

  private func signatures(_ library: Library) async throws -> [SignatureReport] {
    try await library.history(of: path).reversed().flatMap(\.signatures)
  }

  @Test(
    "A signature made on a replica is told by every copy that keeps the trail: name, role, times, meaning, remark"
  )
  func told() async throws {
    let world = try await MembersWorld()
    try await world.put("one", path.text)
    let ben = try await world.member("Ben", .approver)
    let cy = try await world.member("Cy", .contributor)
    let signed = try await ben.sign(path, as: .approved, remark: "Checked")
    #expect(signed.draft != nil && signed.revision == "2.1" && signed.meaning == "approved")
    // What is signed stays what is shown, and is no draft of the document.
    #expect(try await world.text(path.text, in: ben) == "one")
    #expect(try await ben.documents(in: nil).allSatisfy { !$0.hasDraft })
    try await sync(ben, world)
    try await sync(cy, world)
    let told = try await signatures(world.publisher)
    let only: SignatureReport = try #require(told.first)
    #expect(told.count == 1)
    #expect(only.by == "Ben" && only.role == "approver" && only.member == ben.memberMark.text)
    #expect(only.revision == "2.1" && only.meaning == "approved" && only.remark == "Checked")
    #expect(only.loggedBy != nil && !only.isAcceptance && only.supersededBy == nil)
    // Which times of the log a copy has got is its own matter.
    func untimed(_ signatures: [SignatureReport]) -> [SignatureReport] {
      signatures.map { signature in
        var signature = signature
        signature.loggedBy = nil
        return signature
      }
    }
    #expect(untimed(try await signatures(ben)) == untimed(told))
    #expect(untimed(try await signatures(cy)) == untimed(told))
    // A signature changes nothing that is current, and what follows from the log is the same made anew.
    for library in [world.publisher, ben, cy] {
      #expect(try await library.verify(rebuild: true, activity: { _ in }).problems.isEmpty)
      #expect(untimed(try await signatures(library)) == untimed(told))
    }
  }

  @Test("A later edit shows a signature as superseded, and has none until it is signed itself")
  func superseded() async throws {
    let world = try await MembersWorld()
    try await world.put("one", path.text)
    _ = try await world.publisher.sign(path, as: .approved, remark: "Good")
    try await world.put("two", path.text)
    let history = try await world.publisher.history(of: path)
    #expect(history.map(\.verb) == ["put", "sign-approved", "put"])
    #expect(history.first?.signatures.isEmpty == true)
    #expect(history.last?.signatures.map(\.supersededBy) == ["4.1"])
    _ = try await world.publisher.sign(path, as: .rejected, remark: "Not so good")
    #expect(try await world.publisher.history(of: path)[1].signatures.map(\.meaning) == ["rejected"])
    // The old one can still be signed by its name, and stays superseded.
    let first = RevisionName(changeSet: 2, line: 1)
    let old = try await world.publisher.sign(path, first, as: .reviewed, remark: "For the file")
    #expect(old.revision == "2.1")
    #expect(try await world.publisher.signatures(on: first).map(\.meaning) == ["approved", "reviewed"])
  }

  @Test("A blame, a proposal and the log tell the signatures of what they are about")
  func shownElsewhere() async throws {
    let world = try await MembersWorld()
    try await world.put(#"{"format":1,"collections":{"a":{"review":"required"}}}"#, LibrarySettings.path)
    try await world.put("One sentence.\n", path.text)
    let ben = try await world.member("Ben", .approver)
    let cy = try await world.member("Cy", .contributor)
    try await world.put("Another sentence.\n", path.text, in: cy)
    try await sync(cy, world)
    try await sync(ben, world)
    let proposal: ProposalReport = try #require(try await ben.proposals(of: path).first)
    let name: RevisionName = try #require(RevisionName(parsing: proposal.revision ?? ""))
    _ = try await ben.sign(path, name, as: .reviewed, remark: "Looks right")
    try await sync(ben, world)
    #expect(try await world.publisher.proposals(of: path).first?.signatures.map(\.meaning) == ["reviewed"])
    let log = try await world.publisher.log(newest: 1, before: nil)
    #expect(log.first?.revisions.map(\.signs) == ["\(name)"])
    // What is accepted keeps what was said of it as a proposal; that it was taken did not supersede it.
    _ = try await world.publisher.accept(path, reason: "Good")
    let parts = try await world.publisher.blame(path, at: .now)
    #expect(parts.first?.signatures.map(\.by) == ["Ben"])
    #expect(parts.first?.signatures.map(\.supersededBy) == [nil])
  }

  @Test(
    "Who may not sign so, what is in conflict, what waits as a draft and what is not held is refused at once")
  func refused() async throws {
    let world = try await MembersWorld()
    try await world.put("one", path.text)
    let ben = try await world.member("Ben", .approver)
    let cy = try await world.member("Cy", .contributor)
    await #expect(throws: AuthorityError(.mayNotSign, at: path)) {
      _ = try await cy.sign(path, as: .approved, remark: "Me too")
    }
    _ = try await ben.sign(path, as: .approved, remark: "Good")
    // The same again, while the first still waits.
    await #expect(throws: LineageError(path: path, rule: .signedAlready)) {
      _ = try await ben.sign(path, as: .approved, remark: "Good")
    }
    try await world.put("mine", path.text, in: ben)
    await #expect(throws: LibraryError.draftInTheWay("a/x.md has a draft that is not in the log yet")) {
      _ = try await ben.sign(path, as: .reviewed, remark: "Good")
    }
    try await world.put("hers", path.text)
    try await sync(ben, world)
    await #expect(throws: LibraryError.conflictInTheWay("a/x.md")) {
      _ = try await ben.sign(path, as: .reviewed, remark: "Good")
    }
    // A copy that keeps the trail does not hold what was there once.
    try await sync(cy, world)
    _ = try await world.publisher.resolve(path, with: .content(Array("both".utf8)), reason: "Settled")
    let late = try await world.member("Late", .approver)
    await #expect(throws: LibraryError.notHeld("a/x.md at 2.1")) {
      _ = try await late.sign(path, RevisionName(changeSet: 2, line: 1), as: .reviewed, remark: "Unseen")
    }
    let few = try await world.clone("few", code: try await world.invite("Few", .approver), depth: .heads)
    await #expect(throws: LibraryError.needsDepth(.trail, what: "sign a/x.md")) {
      _ = try await few.sign(path, as: .approved, remark: "Good")
    }
  }

  @Test("An edit that follows a signature which waits goes on from the document, not from the signature")
  func editAfterSigning() async throws {
    let world = try await MembersWorld()
    try await world.put("one", path.text)
    let ben = try await world.member("Ben", .approver)
    try await world.put("two", path.text, in: ben)
    _ = try await ben.sign(path, RevisionName(changeSet: 2, line: 1), as: .reviewed, remark: "Good")
    try await world.put("three", path.text, in: ben)
    try await sync(ben, world)
    #expect(try await world.text(path.text) == "three")
    #expect(try await world.publisher.conflictList().isEmpty)
  }

  @Test("The status names what changed after it was signed, and counts what waits for an approval")
  func inStatus() async throws {
    let world = try await MembersWorld()
    try await world.put("one", path.text)
    let ben = try await world.member("Ben", .approver)
    _ = try await ben.sign(path, as: .approved, remark: "Good")
    try await sync(ben, world)
    #expect(try await world.publisher.status().changedSinceSigned.isEmpty)
    try await world.put("two", path.text)
    try await sync(ben, world)
    for library in [world.publisher, ben] {
      #expect(try await library.status().changedSinceSigned == ["a/x.md"])
    }
    try await world.put(#"{"format":1,"collections":{"a":{"review":"everyone"}}}"#, LibrarySettings.path)
    try await world.put("three", path.text)
    #expect(try await world.publisher.status().approvals == 1)
    try await sync(ben, world)
    _ = try await ben.accept(path, reason: "Good")
    try await sync(ben, world)
    let status = try await world.publisher.status()
    #expect(status.approvals == 0 && status.changedSinceSigned.isEmpty)
  }

  @Test("An audit's rows tell of a signature what it means, who signed, and the revision it is bound to")
  func inAudit() async throws {
    let world = try await MembersWorld()
    try await world.put("One.\n", path.text)
    let ben = try await world.member("Ben", .approver)
    _ = try await ben.sign(path, as: .reviewed, remark: "Read it")
    try await sync(ben, world)
    try await world.put(#"{"format":1,"collections":{"a":{"review":"everyone"}}}"#, LibrarySettings.path)
    try await world.put("Two.\n", path.text)
    try await sync(ben, world)
    _ = try await ben.accept(path, reason: "Right")
    try await sync(ben, world)
    let file = world.folder.appending("audit.ndjson")
    _ = try await world.publisher.audit(to: file, AuditOptions(format: .ndjson)) { _ in }
    let rows = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").compactMap { line in
      if case .object(let row) = try JSONReader.read(Array(line.utf8)) { row } else { nil }
    }
    func signed(_ action: JSONValue) throws -> [JSONValue?] {
      let row: JSONObject = try #require(rows.first { $0["document"] == "a/x.md" && $0["action"] == action })
      return ["meaning", "signer", "signedRevision", "reason"].map { row[$0] }
    }
    #expect(try signed("sign-reviewed") == ["reviewed", "Ben", "2.1", "Read it"])
    let accept: JSONObject = try #require(rows.first { $0["action"] == "accept" })
    #expect(try signed("accept") == ["approved", "Ben", accept["revision"], "Right"])
    // An edit is no signature.
    #expect(try signed("put") == [nil, nil, nil, "because"])
  }

  @Test("Each signature asks for the passphrase of the key again")
  func passphrase() async throws {
    let asked = Mutex(0)
    var environment = TestWorld(seed: 1).environment
    environment.scryptRounds = 1024
    let folder = try TestFolder()
    let made = try await Library.create(
      at: folder.appending("lib"), name: "Test", member: "Ana",
      founding: MemberTemplate(name: "Ana", role: .publisher), environment: environment)
    try await made.setPassphrase { "secret" }
    try await made.close()
    environment.passphrase = {
      asked.withLock { $0 += 1 }
      return "secret"
    }
    let library = try await Library.open(at: folder.appending("lib"), environment: environment)
    for text in ["one", "two"] { _ = try await library.put(Array(text.utf8), at: path, reason: "r") }
    #expect(asked.withLock { $0 } == 1)
    for meaning in [SignatureMeaning.approved, .reviewed] {
      _ = try await library.sign(path, as: meaning, remark: "Good")
    }
    #expect(asked.withLock { $0 } == 3)
  }
}
