import Foundation
import SheafLog
import SheafModel
import SheafStore
import SheafTesting
import Testing

@testable import SheafSync

/// Times that somebody with the database alone writes into it, by keys of his own.
@Suite("Forged times, and witnesses whose clocks or keys went astray")
struct ForgedTimesTests {
  /// A day in 2017.
  private static let past: UInt64 = 1_500_000_000

  /// A publisher and two replicas that are witnesses, after four change sets and a day between each two.
  private struct Scene {
    let clock = SteadyClock()
    let world: SyncWorld
    let clinic: Library
    let other: Library
    var publisher: Library { world.publisher }
    var remote: MemoryRemote { MemoryRemote(service: world.publisher) }

    init() async throws {
      let clock = self.clock
      var environment = TestWorld(seed: 1).environment
      environment.clock = { clock.now }
      let world = try await SyncWorld(environment: environment)
      @Sendable func put(_ bytes: [UInt8], at path: DocumentPath) async throws {
        _ = try await world.publisher.put(bytes, at: path, reason: "r")
        clock.advance(days: 1)
      }
      try await put(Array("1".utf8), at: DocumentPath("a.md"))
      let clinic = try await world.replica("clinic")
      let other = try await world.replica("other")
      let ana = Member(key: world.publisher.memberKey, name: "Ana", role: .publisher)
      try await put(ana.bytes, at: try #require(Member.path(of: ana.mark)))
      for (library, name) in [(clinic, "Clinic"), (other, "Other")] {
        let member = Member(
          key: library.memberKey, name: name, role: .contributor, witness: try library.witnessKey())
        try await put(member.bytes, at: try #require(Member.path(of: member.mark)))
      }
      self.world = world
      self.clinic = clinic
      self.other = other
    }

    func enrol(_ library: Library, as member: Member) async throws {
      _ = try await world.publisher.put(
        member.bytes, at: try #require(Member.path(of: library.memberMark)), reason: "r")
      clock.advance(days: 1)
    }

    var name: String { world.publisher.id.text }
    func name(of witness: Library) -> String { "\(name)/witness/\(witness.memberMark)" }

    /// Writes a cosignature into the publisher's database, true to the checkpoint.
    func insert(by key: SigningKey, at time: UInt64, size: UInt64) async throws {
      try await world.publisher.store.write(purpose: "test") { transaction in
        let root = try #require(try world.publisher.root(at: size, transaction))
        let text = try Checkpoint(origin: name, size: size, root: root).text
        let line = try key.cosign(text: text, time: time)
        try transaction.insert(
          try #require(StoredCosignature(size: size, cosigner: key.verifierKey, line: line)))
      }
    }

    func problems() async throws -> [String] {
      try await publisher.verify(rebuild: false, activity: { _ in }).problems.map(\.place)
    }

    /// What the audit says of each change set, the first row of each.
    func audit() async throws -> (rows: [UInt64: JSONObject], report: AuditReport, page: String) {
      let file = world.folder.appending("audit")
      let report = try await publisher.audit(to: file, AuditOptions(format: .ndjson)) { _ in }
      var rows: [UInt64: JSONObject] = [:]
      for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
        guard case .object(let row) = try JSONReader.read(Array(line.utf8)),
          case .number(let number)? = row["changeSet"], let changeSet = UInt64(number.literal)
        else { continue }
        rows[changeSet] = row
      }
      _ = try await publisher.audit(to: file, AuditOptions(format: .html)) { _ in }
      return (rows, report, try String(contentsOf: file, encoding: .utf8))
    }
  }

  private func key(_ name: String, seed: UInt8 = 66) throws -> SigningKey {
    try SigningKey(name: name, seed: Array(repeating: seed, count: 32), algorithm: .cosignature)
  }

  @Test("Cosignatures by keys that nobody vouches for count nowhere, and are found")
  func strangers() async throws {
    let scene = try await Scene()
    _ = try await scene.clinic.sync(with: scene.remote)
    let before = try await scene.publisher.times(ofChangeSet: 1)
    let audited = try await scene.audit().rows
    #expect(before.witness == scene.name(of: scene.clinic) && !before.witnessIsDoubtful)
    let names = [
      "\(scene.name)/time", "\(scene.name)/witness/0011223344556677", scene.name(of: scene.clinic),
      "\(scene.name)/other",
    ]
    for name in names {
      for size in [UInt64(1), 2] { try await scene.insert(by: try key(name), at: Self.past, size: size) }
    }
    #expect(try await scene.publisher.times(ofChangeSet: 1) == before)
    #expect(try await scene.audit().rows == audited)
    #expect(try await scene.problems() == names.map { "cosignatures by \($0)" })
    #expect(try await scene.publisher.status().warnings.isEmpty)
    // A key note of his own makes the clock's no better.
    let bound = try TimeKey(
      binding: try key(names[0]).verifierKey, generation: 7, origin: scene.name,
      by: try SigningKey(name: scene.name, seed: Array(repeating: 66, count: 32)))
    try await scene.publisher.store.write(purpose: "test") {
      try $0.insertTimeKeyNote(bound.note.bytes, generation: 7)
    }
    #expect(try await scene.publisher.times(ofChangeSet: 1) == before)
    #expect(try await scene.problems().contains("time key 7"))
    // Nor does the true note under another generation, by which a key that was given up would come back.
    try await scene.publisher.store.write(purpose: "test") { transaction in
      let (_, note) = try #require(try transaction.timeKeyNotes().first)
      try transaction.insertTimeKeyNote(note, generation: 8)
    }
    #expect(try await scene.publisher.times(ofChangeSet: 1) == before)
    #expect(try await scene.problems().contains("time key 8"))
  }

  @Test("A true cosigner's time that was changed in the database is a problem of the audit, and is not told")
  func changed() async throws {
    let scene = try await Scene()
    let before = try await scene.audit()
    #expect(before.report.unverified.isEmpty && before.rows[1]?["loggedTime"] != nil)
    try await scene.publisher.store.write(purpose: "test") {
      try $0.tamper("UPDATE cosignature SET time = time - 280000000 WHERE size = 1")
    }
    let after = try await scene.audit()
    #expect(after.report.unverified == [1] && after.rows[1]?["loggedTime"] == nil)
    guard case .string(let problems)? = after.rows[1]?["problems"] else {
      Issue.record("no problem is told")
      return
    }
    #expect(problems.contains("time of checkpoint 1 by \(scene.name)/time"))
    #expect(!after.page.contains("2017-") && after.rows[2] == before.rows[2])
    #expect(Set(try await scene.problems()) == ["cosignatures of checkpoint 1"])
  }

  @Test("Times by a clock's older key and by a witness's older key stay, on every copy that had them")
  func olderKeys() async throws {
    let scene = try await Scene()
    _ = try await scene.clinic.sync(with: scene.remote)
    scene.clock.advance(days: 1)
    _ = try await scene.other.sync(with: scene.remote)
    let before = try await scene.publisher.times(ofChangeSet: 1)
    #expect(try await scene.other.times(ofChangeSet: 1) == before)
    #expect(before.witness == scene.name(of: scene.clinic))
    try FileManager.default.removeItem(at: scene.publisher.folder.appending(path: "keys/time.key"))
    try await scene.enrol(
      scene.clinic, as: Member(key: scene.clinic.memberKey, name: "Clinic", role: .contributor))
    _ = try await scene.other.sync(with: scene.remote)
    for library in [scene.publisher, scene.other] {
      #expect(try await library.times(ofChangeSet: 1) == before)
      #expect(try await library.store.read { try $0.timeKeyNotes().map(\.generation) } == [1, 2])
      #expect(try await library.verify(rebuild: false, activity: { _ in }).problems.isEmpty)
    }
    #expect(try await scene.audit().rows[1]?["witnessedTime"] == before.witnessed.map { .string($0) })
  }

  @Test("A stolen witness key dates nothing back: its time is marked, told, and gives way to a sound one")
  func stolenKey() async throws {
    let scene = try await Scene()
    let name = scene.name(of: scene.clinic)
    let stolen = try #require(try scene.clinic.keys.existingWitnessKey(name: name))
    let size = try await scene.publisher.status().size
    try await scene.insert(by: stolen, at: 0, size: size)
    let alone = try await scene.publisher.times(ofChangeSet: 1)
    #expect(alone.witnessed == "1970-01-01T00:00:00Z" && alone.witnessIsDoubtful && !alone.claimIsOutside)
    let audit = try await scene.audit()
    #expect(audit.rows[1]?["witnessIsDoubtful"] == .bool(true))
    #expect(audit.page.contains("the publisher had not signed it by then"))
    #expect(audit.page.contains("Witnessed before the publisher had signed it"))
    #expect(try await scene.publisher.status().warnings.contains { $0.contains("witness Clinic (") })
    // The same witness's own word for the same checkpoint, then another's: the earliest that is sound.
    _ = try await scene.clinic.sync(with: scene.remote)
    let own = scene.clock.now.description
    scene.clock.advance(days: 1)
    _ = try await scene.other.sync(with: scene.remote)
    let mended = try await scene.publisher.times(ofChangeSet: 1)
    #expect(mended.witnessed == own && mended.witness == name && !mended.witnessIsDoubtful)
    let row = try await scene.audit().rows[1]
    #expect(row?["witnessedTime"] == .string(own) && row?["witnessIsDoubtful"] == .bool(false))
    // After the revocation status has nothing to ask for any more; marks stay where nothing else is held.
    try await scene.publisher.store.write(purpose: "test") {
      try $0.tamper(
        "DELETE FROM cosignature WHERE time > 0 AND cosigner IN (SELECT id FROM cosigner WHERE name LIKE '%/witness/%')"
      )
    }
    try await scene.enrol(
      scene.clinic,
      as: Member(
        key: scene.clinic.memberKey, name: "Clinic", role: .contributor,
        witness: try scene.clinic.witnessKey(),
        revoked: "stolen"))
    #expect(try await scene.publisher.times(ofChangeSet: 1) == alone)
    #expect(try await !scene.publisher.status().warnings.contains { $0.contains("witness") })
  }

  @Test("Ten minutes of difference are honest; a claim after a sound witness's time is outside")
  func borders() async throws {
    let scene = try await Scene()
    let stolen = try #require(
      try scene.clinic.keys.existingWitnessKey(name: scene.name(of: scene.clinic)))
    let clock = try #require(
      try await scene.publisher.store.read { try $0.cosignatures(size: 2).first?.time })
    for (early, isDoubtful) in [(UInt64(601), true), (600, false)] {
      try await scene.insert(by: stolen, at: clock - early, size: 2)
      let times = try await scene.publisher.times(ofChangeSet: 2)
      #expect(times.witnessIsDoubtful == isDoubtful)
      #expect(times.witnessed == Timestamp(seconds: Int64(clock - early)).description)
    }
    // An audit tells the same.
    let sizes: [UInt64] = [1, 2, 3]
    let places = try await scene.publisher.store.read { transaction -> [Bool] in
      let known = try KnownCosigners(transaction)
      let bulk = SignedTimes(known, places: try transaction.cosignaturePlaces())
      return try sizes.map { size in
        let one = try known.witnessed(atLeast: size, transaction)
        let many = bulk.places(of: size)
        return one?.cosignature.time == many.witnessed?.time && one?.cosignature.size == many.witnessed?.size
          && (one?.isDoubtful ?? false) == many.isDoubtful
      }
    }
    #expect(places == [true, true, true])
    try await scene.publisher.store.write(purpose: "test") {
      try $0.tamper("DELETE FROM cosignature")
    }
    #expect(try await !scene.publisher.times(ofChangeSet: 2).claimIsOutside)
    try await scene.insert(by: stolen, at: clock - 86_400, size: 2)
    #expect(try await scene.publisher.times(ofChangeSet: 2).claimIsOutside)
  }
}
