import Foundation
import SheafLog
import SheafModel
import SheafTesting
import Testing

@testable import SheafSync

@Suite("Times, witnesses and freshness")
struct CosignatureTests {
  private let clock = SteadyClock()

  private func world(seed: UInt64 = 1) async throws -> SyncWorld {
    var environment = TestWorld(seed: seed).environment
    environment.clock = { [clock] in clock.now }
    return try await SyncWorld(seed: seed, environment: environment)
  }

  private func put(_ text: String, at path: String = "a.md", in library: Library) async throws {
    _ = try await library.put(Array(text.utf8), at: DocumentPath(path), reason: "r")
  }

  private func enrol(_ replica: Library, in world: SyncWorld) async throws {
    let publisher = Member(key: world.publisher.memberKey, name: "Ana", role: .publisher)
    let clinic = Member(
      key: replica.memberKey, name: "Clinic", role: .contributor, witness: try replica.witnessKey())
    for member in [publisher, clinic] {
      let path = try #require(Member.path(of: member.mark))
      _ = try await world.publisher.put(member.bytes, at: path, reason: "Members")
    }
  }

  /// What the newest checkpoint of a library bears besides the log's signature: names and times.
  private func cosigners(of library: Library) async throws -> [String] {
    let note = try SignedCheckpoint(parsing: try await library.cosignedCheckpoint()).note
    return note.signatures.dropFirst().map(\.name)
  }

  private func freshness(of library: Library) async throws -> Freshness? {
    try await library.status().freshness
  }

  @Test("A signed checkpoint bears the publisher's time, whose key the log's key vouches for")
  func timedCheckpoint() async throws {
    let world = try await world()
    try await put("1", in: world.publisher)
    let list = try CosignatureList(parsing: try await world.publisher.cosignatures(after: 0))
    let keyNote = try #require(list.keyNote)
    let key = try TimeKey(
      verifying: keyNote, by: world.publisher.logVerifier, origin: world.publisher.id.text
    ).key
    let note = try SignedCheckpoint(parsing: try await world.publisher.cosignedCheckpoint()).note
    #expect(key.cosignedTime(of: note) == UInt64(clock.now.seconds))
    #expect(list.entries.map(\.size) == [1])
    // The receipt carries it too, and the answer to a draft stays small.
    let receipt = try Receipt(parsing: Array(try await world.publisher.receipt(changeSet: 1).utf8))
    #expect(key.cosignedTime(of: receipt.checkpoint.note) != nil)
    // What bundles are made from does not change with time.
    let bare = try SignedCheckpoint(parsing: try await world.publisher.checkpointNote()).note
    #expect(bare.signatures.count == 1)
    let mode = try FileManager.default.attributesOfItem(
      atPath: world.publisher.folder.appending(path: "keys/time.key").path)[.posixPermissions]
    #expect(mode as? Int == 0o600)
    #expect(try await world.publisher.verify(rebuild: false, activity: { _ in }).problems.isEmpty)
  }

  @Test("A sync with nothing new is one request, and one more where the time held is a day old")
  func renewal() async throws {
    let world = try await world()
    try await put("1", in: world.publisher)
    let replica = try await world.replica()
    let first = try #require(try await freshness(of: replica))
    #expect(first.state == .fresh && first.newest == clock.now.description)
    let remote = MemoryRemote(service: world.publisher)
    _ = try await replica.sync(with: remote)
    #expect(remote.traffic.requests == 1)
    clock.advance(hours: 23)
    _ = try await replica.sync(with: remote)
    #expect(remote.traffic.requests == 2)
    clock.advance(hours: 2)
    let report = try await replica.sync(with: remote)
    #expect(remote.traffic.requests == 4)
    #expect(report.freshness?.newest == clock.now.description && report.problems.isEmpty)
    _ = try await replica.sync(with: remote)
    #expect(remote.traffic.requests == 5)
    // Of one checkpoint the first and the last time are kept, however often it was renewed.
    for _ in 0..<3 {
      clock.advance(days: 2)
      _ = try await replica.sync(with: remote)
    }
    let held = try await replica.store.read { try $0.cosignatures(size: 1).map(\.time) }
    #expect(held.count == 2 && held.last == UInt64(clock.now.seconds))
    #expect(try await replica.verify(rebuild: false, activity: { _ in }).problems.isEmpty)
  }

  @Test("A copy grows stale and expires by its settings; then it reads and drafts, and decides nothing")
  func expiry() async throws {
    let world = try await world()
    try await put(
      #"{"format": 1, "freshDays": 2, "staleDays": 5}"#, at: "sheaf/settings.json", in: world.publisher)
    try await put("1", in: world.publisher)
    let replica = try await world.replica()
    clock.advance(days: 2)
    #expect(try await freshness(of: replica)?.state == .fresh)
    clock.advance(hours: 1)
    #expect(try await freshness(of: replica)?.state == .stale)
    clock.advance(days: 3)
    let expired = try #require(try await freshness(of: replica))
    #expect(expired.state == .expired && !expired.mayDecide && expired.staleDays == 5)
    await #expect(throws: NotFresh.self) {
      try await replica.accept(DocumentPath("a.md"), reason: "r")
    }
    await #expect(throws: NotFresh.self) {
      try await replica.decline(DocumentPath("a.md"), reason: "r")
    }
    await #expect(throws: NotFresh.self) {
      try await replica.sign(DocumentPath("a.md"), as: .reviewed, remark: "r")
    }
    await #expect(throws: NotFresh.self) {
      try await replica.redact(
        [RedactionTarget(path: DocumentPath("a.md"), revisions: [])], ground: "g", reason: "r")
    }
    #expect(try await world.text("a.md", in: replica) == "1")
    try await put("2", in: replica)
    _ = try await replica.sync(with: MemoryRemote(service: world.publisher))
    #expect(try await freshness(of: replica)?.state == .fresh)
    await #expect(throws: LibraryError.self) { try await replica.accept(DocumentPath("a.md"), reason: "r") }
    #expect(try await freshness(of: world.publisher) == nil)
  }

  @Test("Freshness has its borders where the page says, and a floor under the local clock")
  func borders() {
    func state(_ age: Int64, floor: Int64? = nil) -> Freshness {
      Freshness(
        newest: Timestamp(seconds: 1_000_000), floor: floor.map { Timestamp(seconds: $0) },
        now: Timestamp(seconds: 1_000_000 + age), freshDays: 7, staleDays: 90)
    }
    #expect(state(7 * 86_400).state == .fresh && state(7 * 86_400 + 1).state == .stale)
    #expect(state(90 * 86_400).state == .stale && state(90 * 86_400 + 1).state == .expired)
    let behind = state(-500_000, floor: 1_000_000 + 8 * 86_400)
    #expect(behind.clockIsBehind && behind.state == .stale && behind.ageInSeconds == 8 * 86_400)
    // A time that is far ahead of this computer's clock keeps no copy fresh.
    #expect(state(-86_400).state == .fresh && state(-86_401, floor: 1_000_000).state == .stale)
    let unheard = Freshness(
      newest: nil, floor: nil, now: Timestamp(seconds: 0), freshDays: 9, staleDays: 3)
    #expect(unheard.state == .unknown && !unheard.mayDecide && unheard.staleDays == 9)
  }

  @Test(
    "A clock that is turned back signs no earlier time; a new key begins anew, and an old one never comes back"
  )
  func clockKeys() async throws {
    let world = try await world()
    try await put("1", in: world.publisher)
    let replica = try await world.replica()
    let old = try CosignatureList(parsing: try await world.publisher.cosignatures(after: 0))
    // Once, the publisher's clock was years ahead.
    clock.advance(days: 3650)
    try await put("2", in: world.publisher)
    let remote = MemoryRemote(service: world.publisher)
    _ = try await replica.sync(with: remote)
    clock.advance(days: -3640)
    try await put("3", in: world.publisher)
    _ = try await replica.sync(with: remote)
    #expect(try await world.publisher.store.read { try $0.cosignatures(size: 3) }.isEmpty)
    let held = try #require(try await freshness(of: replica))
    #expect(held.state == .stale && held.clockIsBehind)
    // Its owner makes another key.
    try FileManager.default.removeItem(at: world.publisher.folder.appending(path: "keys/time.key"))
    try await put("4", in: world.publisher)
    _ = try await replica.sync(with: remote)
    let again = try #require(try await freshness(of: replica))
    #expect(again.state == .fresh && !again.clockIsBehind && again.newest == clock.now.description)
    let note = try await replica.store.read { try $0.timeKeyNote() }
    #expect(try await replica.take(old, isHanded: false) == 0)
    #expect(try await replica.store.read { try $0.timeKeyNote() } == note)
    #expect(try await freshness(of: replica)?.newest == again.newest)
  }

  @Test("A witness hands over its word once for each checkpoint, and it reaches others")
  func witness() async throws {
    let world = try await world()
    try await put("1", in: world.publisher)
    let clinic = try await world.replica("clinic")
    try await enrol(clinic, in: world)
    let remote = MemoryRemote(service: world.publisher)
    _ = try await clinic.sync(with: remote)
    let name = "\(world.publisher.id)/witness/\(clinic.memberMark)"
    #expect(try await cosigners(of: world.publisher) == ["\(world.publisher.id)/time", name])
    let before = remote.traffic.requests
    _ = try await clinic.sync(with: remote)
    #expect(remote.traffic.requests == before + 1)
    let other = try await world.replica("other")
    #expect(try await cosigners(of: other).contains(name))
    #expect(try await other.times(ofChangeSet: 1).witness == name)
    for library in [world.publisher, clinic, other] {
      #expect(try await library.verify(rebuild: false, activity: { _ in }).problems.isEmpty)
    }
    // Who is no witness says nothing, even with a key.
    _ = try other.witnessKey()
    try await put("2", in: world.publisher)
    _ = try await other.sync(with: remote)
    #expect(try await cosigners(of: world.publisher) == ["\(world.publisher.id)/time"])
  }

  @Test("A member whose key was revoked is no witness any more, and what it cosigned before stays")
  func revokedWitness() async throws {
    let world = try await world()
    try await put("1", in: world.publisher)
    let clinic = try await world.replica("clinic")
    try await enrol(clinic, in: world)
    _ = try await clinic.sync(with: MemoryRemote(service: world.publisher))
    let name = "\(world.publisher.id)/witness/\(clinic.memberMark)"
    let key = try #require(try clinic.keys.existingWitnessKey(name: name))
    let member = Member(
      key: clinic.memberKey, name: "Clinic", role: .contributor, witness: try clinic.witnessKey(),
      revoked: "lost")
    _ = try await world.publisher.put(
      member.bytes, at: try #require(Member.path(of: member.mark)), reason: "Revoked")
    let (size, text) = try await world.publisher.store.read { transaction in
      let position = try transaction.position()
      let origin = world.publisher.id.text
      return (position.size, try Checkpoint(origin: origin, size: position.size, root: position.root).text)
    }
    let line = try key.cosign(text: text, time: UInt64(clock.now.seconds))
    let handed = CosignatureList(keyNote: nil, entries: [.init(size: size, signatures: [line])])
    await #expect(throws: CosignatureError.unknownWitness) {
      try await world.publisher.cosign(handed.bytes, after: 0)
    }
    #expect(try await cosigners(of: world.publisher) == ["\(world.publisher.id)/time"])
    #expect(try await world.publisher.times(ofChangeSet: 1).witness == name)
  }

  @Test("A stick carries times and a witness's word both ways")
  func stick() async throws {
    let world = try await world()
    try await put("1", in: world.publisher)
    let stick = try TestFolder()
    let remote = FolderRemote(folder: stick.url)
    _ = try await world.publisher.exchange(with: remote)
    let clinic = try await Library.clone(
      from: remote, to: world.folder.appending("clinic"), options: CloneOptions(member: "clinic"),
      environment: world.environment
    ).library
    #expect(try await freshness(of: clinic)?.state == .fresh)
    try await enrol(clinic, in: world)
    _ = try await world.publisher.exchange(with: remote)
    _ = try await clinic.sync(with: remote)
    clock.advance(days: 10)
    #expect(try await clinic.sync(with: remote).freshness?.state == .stale)
    let report = try await world.publisher.exchange(with: remote)
    #expect(report.problems.isEmpty)
    #expect(try await cosigners(of: world.publisher).count == 2)
    #expect(try await clinic.sync(with: remote).freshness?.state == .fresh)
    // A stranger's word is told and taken away.
    try stick.write("sheaf/cosignatures/v1\n", to: "witnesses/0123456789abcdef")
    #expect(try await world.publisher.exchange(with: remote).problems.count == 1)
    #expect(try await world.publisher.exchange(with: remote).problems.isEmpty)
  }

  @Test("A list with one changed signature is refused whole, and the copy keeps what it has")
  func falseLists() async throws {
    let world = try await world()
    try await put("1", in: world.publisher)
    let replica = try await world.replica()
    clock.advance(days: 1)
    let good = try CosignatureList(parsing: try await world.publisher.cosignatures(after: 0))
    let before = try await replica.store.read { try $0.cosignatures(size: 1) }
    let line = try #require(good.entries.last?.signatures.last)
    for byte in [0, 7, 8, 71] {
      var signature = line.signature
      signature[byte] ^= 1
      let changed = try NoteSignature(name: line.name, keyID: line.keyID, signature: signature)
      let bad = CosignatureList(
        keyNote: good.keyNote, entries: [.init(size: 1, signatures: [line, changed])])
      await #expect(throws: CosignatureError.self) { try await replica.take(bad, isHanded: false) }
    }
    // Another log's clock, and lines that nobody asked for.
    let foreign = try await SyncWorld(seed: 9)
    try await put("x", in: foreign.publisher)
    let others = try CosignatureList(parsing: try await foreign.publisher.cosignatures(after: 0))
    await #expect(throws: CosignatureError.self) { try await replica.take(others, isHanded: false) }
    let beyond = CosignatureList(keyNote: good.keyNote, entries: [.init(size: 5, signatures: [line])])
    #expect(try await replica.take(beyond, isHanded: false) == 0)
    #expect(try await replica.store.read { try $0.cosignatures(size: 1) } == before)
    // A witness can't speak for the publisher's clock.
    await #expect(throws: CosignatureError.unknownWitness) {
      try await world.publisher.cosign(
        CosignatureList(keyNote: nil, entries: good.entries).bytes, after: 0)
    }
    // What is stored and does not hold is found.
    try await replica.store.write(purpose: "test") { transaction in
      var stored = try #require(try transaction.cosignatures(size: 1).first)
      stored.time += 1
      try transaction.insert(stored)
    }
    #expect(
      try await replica.verify(rebuild: false, activity: { _ in }).problems.map(\.place)
        == ["cosignatures of checkpoint 1"])
  }

  @Test("A change has three times, and the checkpoint that its author had seen bounds the claim")
  func threeTimes() async throws {
    let world = try await world()
    try await put("1", in: world.publisher)
    let first = clock.now.description
    let clinic = try await world.replica("clinic")
    clock.advance(days: 1)
    try await put("2", in: clinic)
    let claimed = clock.now.description
    clock.advance(days: 2)
    _ = try await clinic.sync(with: MemoryRemote(service: world.publisher))
    let logged = clock.now.description
    let times = try await world.publisher.times(ofChangeSet: 2)
    #expect(times.claimed == claimed && times.loggedAfter == first && times.loggedBy == logged)
    #expect(times.madeAfter == first && times.witnessed == nil && !times.claimIsOutside)
    #expect(try await clinic.times(ofChangeSet: 2) == times)
    let start = try await clinic.times(ofChangeSet: 1)
    #expect(start.loggedAfter == nil && start.loggedBy == first && start.madeAfter == nil)
    #expect(try await clinic.log(newest: 1, before: nil).first?.times == times)
    await #expect(throws: LibraryError.self) { try await clinic.times(ofChangeSet: 3) }
  }

  @Test("The three times of every change set stand in every format of the audit, as the log tells them")
  func auditedTimes() async throws {
    let world = try await world()
    try await put("1", in: world.publisher)
    let clinic = try await world.replica("clinic")
    try await enrol(clinic, in: world)
    let remote = MemoryRemote(service: world.publisher)
    for day in 2...4 {
      clock.advance(days: 1)
      try await put("\(day)", in: world.publisher)
      clock.advance(hours: 3)
      try await put("\(day)", at: "b.md", in: world.publisher)
      clock.advance(hours: 3)
      _ = try await clinic.sync(with: remote)
    }
    clock.advance(days: 1)
    try await put("last", in: world.publisher)
    func audit(_ format: AuditFormat) async throws -> String {
      let file = world.folder.appending("audit-\(format.rawValue)")
      _ = try await world.publisher.audit(to: file, AuditOptions(format: format)) { _ in }
      return try String(contentsOf: file, encoding: .utf8)
    }
    let (page, table, fhir) = (try await audit(.html), try await audit(.csv), try await audit(.fhir))
    var rows: [UInt64: JSONObject] = [:]
    for line in try await audit(.ndjson).split(separator: "\n") {
      guard case .object(let row) = try JSONReader.read(Array(line.utf8)),
        case .number(let number)? = row["changeSet"], let changeSet = UInt64(number.literal)
      else { continue }
      rows[changeSet] = row
    }
    let size = try await world.publisher.status().size
    #expect(rows.count == Int(size) && size == 10)
    for number in 1...size {
      let times = try await world.publisher.times(ofChangeSet: number)
      let logged = try #require(times.loggedBy)
      let row = try #require(rows[number])
      #expect(row["claimedTime"] == .string(times.claimed) && row["loggedTime"] == .string(logged))
      #expect(row["witnessedTime"] == times.witnessed.map { .string($0) })
      #expect(row["witness"] == times.witness.map { .string($0) })
      #expect((times.witnessed == nil) == (number == size))
      #expect(page.contains("logged") && page.contains(logged))
      #expect(fhir.contains(#"{"type":"loggedTime","valueString":"\#(logged)"}"#))
      guard let witnessed = times.witnessed, let witness = times.witness else { continue }
      #expect(witnessed > logged && page.contains("\(witnessed) by \(witness)"))
      #expect(table.contains(#""\#(times.claimed)","\#(logged)","\#(witnessed)","\#(witness)""#))
      #expect(fhir.contains(#"{"type":"witnessedTime","valueString":"\#(witnessed)"}"#))
    }
  }

  @Test("Wrong clocks change neither order nor outcome, and are told", arguments: [-3_653, -1, 3_653])
  func wrongClocks(days: Int64) async throws {
    let world = try await world()
    try await put("one\n\ntwo\n", in: world.publisher)
    let remote = MemoryRemote(service: world.publisher)
    var wrong = TestWorld(seed: 5).environment
    // An hour stands for the smallest error.
    let offset = days == -1 ? -3_600 : days * 86_400
    wrong.clock = { [clock] in Timestamp(seconds: clock.now.seconds + offset) }
    let clinic = try await Library.clone(
      from: remote, to: world.folder.appending("wrong"), options: CloneOptions(member: "wrong"),
      environment: wrong
    ).library
    let other = try await world.replica("right")
    try await put("one, edited\n\ntwo\n", in: clinic)
    try await put("one\n\ntwo, edited\n", in: other)
    _ = try await clinic.sync(with: remote)
    _ = try await other.sync(with: remote)
    _ = try await clinic.sync(with: remote)
    for library in [world.publisher, clinic, other] {
      #expect(try await world.text("a.md", in: library) == "one, edited\n\ntwo, edited\n")
      #expect(try await library.log(newest: 9, before: nil).map(\.number) == [4, 3, 2, 1])
    }
    let status = try await clinic.status()
    #expect(status.freshness?.clockIsBehind == (days < 0))
    #expect(status.warnings.contains { $0.contains("clock") } == (days < 0))
    // Ten years between two clocks: one of them is wrong, and the age is not known.
    #expect(status.freshness?.state == (days > 0 ? .expired : days < -1 ? .stale : .fresh))
    #expect(try await world.publisher.times(ofChangeSet: 2).claimIsOutside)
    #expect(try await !world.publisher.times(ofChangeSet: 3).claimIsOutside)
    // A clock put right needs nothing else.
    try await clinic.close()
    let again = try await Library.open(
      at: world.folder.appending("wrong"), environment: world.environment)
    #expect(try await again.status().freshness?.state == .fresh)
    try await again.close()
  }
}
