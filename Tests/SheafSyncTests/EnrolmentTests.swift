import Foundation
import SheafLog
import SheafModel
import SheafTesting
import Testing

@testable import SheafSync

@Suite("Becoming a member")
struct EnrolmentTests {
  @Test(
    "A founder is the publisher, and an invited device a member with the invitation's name, role and collections"
  )
  func enrolled() async throws {
    let world = try await MembersWorld()
    #expect(try await world.size() == 1)
    try await world.put("one", "a/x.md")
    try await world.put("one", "b/x.md")
    let clinic = try await world.member("Hill", .contributor, only: ["a"])
    #expect(try await clinic.facts().member == "Hill")
    #expect(try await clinic.facts().subscription == .only([try CollectionName("a")]))
    let members = try await clinic.members()
    #expect(members.map(\.name) == ["Ana", "Hill"] && members.map(\.role) == ["publisher", "contributor"])
    #expect(members.map(\.isOwn) == [false, true] && members.last?.collections == ["a"])
    try await world.put("two", "a/x.md", in: clinic)
    #expect(try await clinic.sync(with: world.remote).refused == 0)
    #expect(try await world.text("a/x.md") == "two")
    await #expect(throws: LibraryError.notSubscribed("b/x.md")) {
      try await world.put("two", "b/x.md", in: clinic)
    }
    #expect(!FileManager.default.fileExists(atPath: clinic.keys.folder.appending(path: "enrolment").path))
    #expect(!FileManager.default.fileExists(atPath: world.folder.appending(".Hill.enrolment").path))
    #expect(try await clinic.verify(rebuild: true, activity: { _ in }).problems.isEmpty)
  }

  @Test("Who was not invited reads and drafts nothing", arguments: Depth.allCases)
  func uninvited(depth: Depth) async throws {
    let world = try await MembersWorld()
    try await world.put("one", "a/x.md")
    let stranger = try await world.clone("stranger", code: nil, depth: depth)
    await #expect(throws: AuthorityError(.notMember, at: nil)) {
      try await world.put("two", "a/x.md", in: stranger)
    }
    #expect(try await world.text("a/x.md", in: stranger) == "one")
  }

  @Test("A lost answer and a cut line cost nothing: the next attempt goes on with the same key")
  func lostAnswer() async throws {
    let world = try await MembersWorld()
    try await world.put("one", "a/x.md")
    let code = try await world.invite("Hill", .contributor)
    for request in [MemoryRemote.Request.enrol, .pull] {
      let remote = MemoryRemote(service: world.publisher, fault: { $0 == request ? .lostReply : nil })
      await #expect(throws: RemoteError.self) {
        _ = try await world.clone("Hill", code: code, remote: remote)
      }
      #expect(try await world.size() == 3)
    }
    let clinic = try await world.clone("Hill", code: code)
    #expect(try await world.size() == 3)
    #expect(try await clinic.members().map(\.name) == ["Ana", "Hill"])
  }

  private func refusal(_ world: MembersWorld, _ note: [UInt8]) async -> EnrolmentError? {
    do { _ = try await world.publisher.enrol(note) } catch { return error as? EnrolmentError }
    return nil
  }

  private func note(
    _ world: MembersWorld, _ code: InvitationCode, key: UInt8 = 9, library: LibraryID? = nil
  ) throws -> [UInt8] {
    let member = try KeyFolder.memberKey(seed: [UInt8](repeating: key, count: 32))
    return try EnrolmentRequest.note(
      with: code, library: library ?? world.publisher.id, member: member, time: Timestamp(seconds: 5)
    ).bytes
  }

  @Test("A code makes one key a member, and answers that key again")
  func once() async throws {
    let world = try await MembersWorld()
    let code = try await world.invite("Hill", .editor)
    let note = try note(world, code)
    let first = try await world.publisher.enrol(note)
    #expect(try await world.publisher.enrol(note) == first && first.changeSet == 2 && first.role == "editor")
    #expect(await refusal(world, try self.note(world, code, key: 8)) == .notInvited)
    let second = try await world.invite("Hill again", .editor)
    #expect(await refusal(world, try self.note(world, second)) == .isMember)
    #expect(try await world.size() == 2)
  }

  @Test("An invitation that was taken back makes nobody a member, and one that was used can't be")
  func withdrawn() async throws {
    let world = try await MembersWorld()
    let code = try await world.invite("Hill", .editor)
    let other = try await world.invite("Hill", .reader)
    let open = try await world.publisher.invitations()
    #expect(open.map(\.name) == ["Hill", "Hill"] && Set(open.map(\.role)) == ["editor", "reader"])
    await #expect(throws: LibraryError.noInvitation("Hill")) {
      _ = try await world.publisher.withdraw(invitation: "Hill")
    }
    let mark: String = try #require(open.first { $0.role == "editor" }?.mark)
    #expect(try await world.publisher.withdraw(invitation: mark).role == "editor")
    #expect(await refusal(world, try self.note(world, code)) == .notInvited)
    let note = try note(world, other)
    let member = try await world.publisher.enrol(note)
    #expect(try await world.publisher.invitations().isEmpty)
    await #expect(throws: LibraryError.noInvitation("Hill")) {
      _ = try await world.publisher.withdraw(invitation: "Hill")
    }
    #expect(try await world.publisher.enrol(note) == member)
  }

  @Test("False tries take an invitation from nobody; after its time it is void")
  func void() async throws {
    let world = try await MembersWorld()
    let code = try await world.invite("Hill", .editor)
    let wrong = InvitationCode(
      library: world.publisher.id, id: code.id, secret: [UInt8](repeating: 1, count: 16))
    for _ in 0..<20 { #expect(await refusal(world, try note(world, wrong)) == .notInvited) }
    #expect(await refusal(world, try note(world, code, key: 7)) == nil)
    // The clock goes on by seven seconds at each look: ten minutes pass.
    let late = try await world.invite("Late", .editor)
    let onStick = try await world.invite("On a stick", .editor, forStick: true)
    for _ in 0..<90 { _ = world.environment.clock() }
    #expect(await refusal(world, try note(world, late)) == .notInvited)
    #expect(await refusal(world, try note(world, onStick)) == nil)
    let unknown = InvitationCode(
      library: world.publisher.id, id: [9, 9, 9, 9], secret: [UInt8](repeating: 1, count: 16))
    #expect(await refusal(world, try note(world, unknown)) == .notInvited)
  }

  @Test("A request for another library, without the device's signature, or malformed is refused")
  func malformed() async throws {
    let world = try await MembersWorld()
    let code = try await world.invite("Hill", .editor)
    let other = LibraryID(name: "Other", logKey: [UInt8](repeating: 3, count: 32))
    let notes: [[UInt8]] = [
      [], Array("text\n\n".utf8), try note(world, code, library: other),
      [UInt8](repeating: 65, count: EnrolmentRequest.sizeLimitInBytes + 1),
    ]
    for note in notes {
      guard case .malformed? = await refusal(world, note) else {
        Issue.record("taken: \(note.prefix(40))")
        continue
      }
    }
    let whole = try SignedNote(parsing: try note(world, code), maximumSize: 4096, maximumSignatures: 2)
    let half = try SignedNote(text: whole.text, signatures: [try #require(whole.signatures.first)])
    guard case .malformed? = await refusal(world, half.bytes) else {
      Issue.record("a device that did not sign was taken")
      return
    }
    #expect(try await world.size() == 1)
  }

  @Test("A device names a key for cosignatures that it has, and that is nobody else's")
  func witnessKey() async throws {
    let world = try await MembersWorld()
    let code = try await world.invite("Hill", .contributor)
    let seed = [UInt8](repeating: 5, count: 32)
    func note(key: UInt8, code: InvitationCode) throws -> SignedNote {
      try EnrolmentRequest.note(
        with: code, library: world.publisher.id,
        member: try KeyFolder.memberKey(seed: [UInt8](repeating: key, count: 32)), witness: seed,
        time: Timestamp(seconds: 5))
    }
    let whole = try note(key: 9, code: code)
    let unproven = try SignedNote(text: whole.text, signatures: Array(whole.signatures.prefix(2)))
    guard case .malformed? = await refusal(world, unproven.bytes) else {
      Issue.record("a key was taken that did not sign")
      return
    }
    #expect(await refusal(world, whole.bytes) == nil)
    let second = try await world.invite("Bea", .contributor)
    guard case .malformed? = await refusal(world, try note(key: 8, code: second).bytes) else {
      Issue.record("one key became two witnesses")
      return
    }
    let clinic = try await world.member("Dale", .contributor)
    _ = try await clinic.sync(with: world.remote)
    let name = "\(world.publisher.id)/witness/\(clinic.memberMark)"
    #expect(try await world.publisher.times(ofChangeSet: 1).witness == name)
    _ = try await clinic.rotate(reason: "yearly")
    _ = try await clinic.sync(with: world.remote)
    _ = try await clinic.sync(with: world.remote)
    let rotated = "\(world.publisher.id)/witness/\(clinic.memberMark)"
    #expect(rotated != name)
    let size = try await world.size()
    #expect(try await world.publisher.times(ofChangeSet: size).witness == rotated)
  }

  @Test("On a stick one request that can't be read or judged keeps no other from being taken")
  func badFile() async throws {
    let world = try await MembersWorld()
    let stick = world.folder.appending("stick")
    let enrolments = stick.appending(path: "enrolments")
    for name in ["0000000000000000", "ffffffffffffffff"] {
      try FileManager.default.createDirectory(
        at: enrolments.appending(path: name).appending(path: "in"), withIntermediateDirectories: true)
    }
    let code = try await world.invite("Hill", .contributor, forStick: true)
    let note = try self.note(world, code)
    let mark = MemberMark(
      publicKey: try KeyFolder.memberKey(seed: [UInt8](repeating: 9, count: 32))
        .verifierKey.publicKey)
    try Data(note).write(to: enrolments.appending(path: mark.text))
    let report = try await world.publisher.exchange(with: FolderRemote(folder: stick))
    #expect(try await world.publisher.members(all: false).map(\.name) == ["Ana", "Hill"])
    #expect(
      try await world.publisher.exchange(with: FolderRemote(folder: stick)).problems.count
        <= report.problems.count)
  }

  @Test("A code for another library is found out before anything is asked")
  func wrongLibrary() async throws {
    let world = try await MembersWorld()
    let other = try await MembersWorld(seed: 2)
    let code = try await other.invite("Hill", .editor)
    await #expect(throws: WrongInvitation(library: world.publisher.id)) {
      _ = try await world.clone("Hill", code: code)
    }
    #expect(try await world.size() == 1)
  }

  @Test("On a stick the request waits, the copy reads meanwhile, and the next sync makes it a member's")
  func onStick() async throws {
    let world = try await MembersWorld()
    try await world.put("one", "a/x.md")
    let stick = world.folder.appending("stick")
    try FileManager.default.createDirectory(at: stick, withIntermediateDirectories: true)
    let remote = FolderRemote(folder: stick)
    _ = try await world.publisher.exchange(with: remote)
    let code = try await world.invite("Hill", .contributor, forStick: true)
    let clinic = try await world.clone("Hill", code: code, remote: remote)
    #expect(try await world.text("a/x.md", in: clinic) == "one")
    await #expect(throws: AuthorityError(.notMember, at: nil)) {
      try await world.put("two", "a/x.md", in: clinic)
    }
    // The stick is lost before the publisher sees it; another one does.
    try FileManager.default.removeItem(at: stick)
    try FileManager.default.createDirectory(at: stick, withIntermediateDirectories: true)
    _ = try await world.publisher.exchange(with: remote)
    _ = try await clinic.sync(with: remote)
    #expect(try await world.publisher.exchange(with: remote).problems.isEmpty)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: stick.appending(path: "enrolments").path).isEmpty)
    _ = try await clinic.sync(with: remote)
    #expect(try await clinic.facts().member == "Hill")
    try await world.put("two", "a/x.md", in: clinic)
    _ = try await clinic.sync(with: remote)
    _ = try await world.publisher.exchange(with: remote)
    #expect(try await world.text("a/x.md") == "two")
  }
}
