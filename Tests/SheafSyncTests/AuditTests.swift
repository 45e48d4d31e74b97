import Foundation
import SheafModel
import SheafStore
import SheafTesting
import Testing

@testable import SheafSync

@Suite("The audit")
struct AuditTests {
  private func audit(
    _ world: AuditWorld, _ options: AuditOptions, of library: Library? = nil
  ) async throws -> (report: AuditReport, text: String) {
    let file = world.folder.appending("audit-\(UUID().uuidString)")
    let report = try await (library ?? world.clinic).audit(to: file, options) { _ in }
    return (report, String(decoding: try Data(contentsOf: file), as: UTF8.self))
  }

  private func lines(_ text: String) throws -> [JSONObject] {
    try text.split(separator: "\n").map { line in
      guard case .object(let object) = try JSONReader.read(Array(line.utf8)) else { throw NoObject() }
      return object
    }
  }

  private struct NoObject: Error {}

  @Test("A row for each changed part, with who, when, why, before and after")
  func rows() async throws {
    let world = try await AuditWorld()
    let (report, text) = try await audit(world, AuditOptions(format: .ndjson))
    #expect(
      report.changeSets == 7 && report.unverified.isEmpty && report.checkpoint == 7 && report.untold == 0)
    let rows = try lines(text)
    let merge = try #require(rows.first { $0["changeSet"] == 4 })
    #expect(merge["action"] == "merge" && merge["place"] == "/status" && merge["isVerified"] == true)
    #expect(merge["before"] == #""open""# && merge["after"] == #""closed""#)
    #expect(merge["madeFrom"] == "2.1 3.1")
    let clinic = try #require(rows.first { $0["changeSet"] == 3 })
    #expect(
      clinic["by"] == "Hill clinic" && clinic["role"] == "contributor"
        && clinic["reason"] == "Closed for good")
    #expect(clinic["seen"] == 1)
    // This copy has heard no time since its first sync.
    #expect(clinic["loggedTime"] == nil && clinic["witnessedTime"] == nil)
    let sentence = try #require(rows.first { $0["changeSet"] == 5 })
    #expect(sentence["part"] == "sentence" && sentence["before"] == "Beta stands there.")
    let gone = rows.filter { $0["changeSet"] == 7 }
    #expect(gone.count == 3 && gone.allSatisfy { $0["after"] == nil && $0["action"] == "delete" })
    let (some, part) = try await audit(
      world,
      AuditOptions(
        from: .checkpoint(2), to: .checkpoint(5), collections: [CollectionName("trials")], format: .ndjson))
    #expect(some.from == 3 && some.to == 5 && some.changeSets == 2)
    #expect(Set(try lines(part).compactMap { $0["collection"] }) == ["trials"])
    let (none, empty) = try await audit(world, AuditOptions(from: .checkpoint(7), format: .ndjson))
    #expect(none.changeSets == 0 && none.to == 0 && empty.isEmpty)
  }

  @Test("In a table, quotes are doubled and nothing passes for a formula")
  func table() async throws {
    let world = try await AuditWorld()
    let (_, text) = try await audit(world, AuditOptions(format: .csv))
    let rows = text.components(separatedBy: "\r\n")
    #expect(rows[0].hasPrefix("changeSet,revision,document,collection,action,"))
    #expect(rows.dropFirst().contains { $0.contains(#""'=Beta moved""#) })
    #expect(rows.contains { $0.contains("\"\"\"open\"\"\"") })
    let columns = rows[0].split(separator: ",").count
    #expect(columns == 36)
  }

  @Test("The page escapes what comes from outside, marks words, and takes nothing from elsewhere")
  func page() async throws {
    let world = try await AuditWorld()
    _ = try await world.publisher.put(
      Array("A <script>alert(1)</script> & \u{202e}turned\u{202c} \u{1}x \u{9b}y\n".utf8),
      at: DocumentPath("evil.md"), reason: "\"><img src=x>")
    let (report, text) = try await audit(world, AuditOptions(), of: world.publisher)
    #expect(report.changeSets == 8)
    #expect(!text.contains("<script") && !text.contains("<img") && !text.contains("<b>edition"))
    #expect(
      text.contains(
        "&lt;script&gt;alert(1)&lt;/script&gt; &amp; <code>U+202E</code>turned<code>U+202C</code> <code>U+0001</code>x <code>U+009B</code>y"
      ))
    #expect(text.contains("Audit of Test &lt;&amp;&gt;"))
    #expect(
      text.contains("Beta <del>stands</del> there.") && text.contains("Beta <ins>was moved</ins> there."))
    for outside in ["http://", "https://", "url(", "@import", "<link"] {
      #expect(!text.contains(outside), "\(outside)")
    }
    #expect(text.contains("Everything below that could be verified holds."))
    #expect(!text.contains("no timestamp is kept") && text.contains("by any witness: none has cosigned"))
    #expect(text.contains("thead{display:table-header-group}"))
    // Every link of the index leads somewhere, and every element is closed.
    for number in 1...8 {
      #expect(text.contains("href=\"#c\(number)\"") && text.contains("id=\"c\(number)\""))
    }
    for element in ["table", "tbody", "tr", "td", "section", "code", "del", "ins", "ul"] {
      let opened =
        text.components(separatedBy: "<\(element)>").count
        + text.components(separatedBy: "<\(element) ").count - 2
      #expect(opened == text.components(separatedBy: "</\(element)>").count - 1, "\(element)")
    }
  }

  @Test("What does not hold is told at its change set and at the head")
  func tampered() async throws {
    let world = try await AuditWorld()
    let library = world.clinic
    try await library.store.write(purpose: "test") {
      try $0.tamper(
        "UPDATE change_set SET reason = CAST(replace(CAST(reason AS TEXT), 'Closed', 'Opened') AS BLOB) WHERE number = 3"
      )
    }
    let (report, text) = try await audit(world, AuditOptions(), of: library)
    #expect(report.unverified == [3])
    #expect(text.contains("its reason is not the one that was signed"))
    #expect(text.contains("Something below does not hold"))
    let (_, json) = try await audit(world, AuditOptions(format: .fhir), of: library)
    #expect(json.contains(#""outcome":"8""#))
  }

  @Test("A copy without contents tells who, when and why, and says what it can't tell")
  func trail() async throws {
    let world = try await AuditWorld()
    let trail = try await Library.clone(
      from: MemoryRemote(service: world.publisher), to: world.folder.appending("trail"),
      options: CloneOptions(depth: .trail, member: "Tablet"), environment: world.environment
    ).library
    let (report, text) = try await audit(world, AuditOptions(), of: trail)
    #expect(report.changeSets == 7 && report.untold > 0 && report.unverified.isEmpty)
    #expect(text.contains("not held in this copy"))
  }

  @Test("An audit that can't be written leaves nothing behind")
  func unwritable() async throws {
    let world = try await AuditWorld()
    let place = world.folder.appending("nowhere/audit.html")
    await #expect(throws: AuditError.self) {
      try await world.clinic.audit(to: place, AuditOptions()) { _ in }
    }
    try world.folder.write("x", to: "taken/file")
    await #expect(throws: AuditError.self) {
      try await world.clinic.audit(to: world.folder.appending("taken"), AuditOptions()) { _ in }
    }
    #expect(!FileManager.default.fileExists(atPath: world.folder.appending("taken.part").path))
    #expect(!FileManager.default.fileExists(atPath: world.folder.appending("taken.new").path))
  }

  @Test("The FHIR bundle has what R4 requires, nothing that R4 does not know, and codes of its value sets")
  func fhir() async throws {
    let world = try await AuditWorld()
    let (_, text) = try await audit(world, AuditOptions(format: .fhir))
    let bundle = try JSONReader.read(Array(text.utf8))
    var check = FHIRCheck()
    check.check(bundle, as: "Bundle", at: "Bundle")
    #expect(check.problems == [])
    #expect(check.counts["Provenance"] == 10 && check.counts["AuditEvent"] == 7)
    #expect(Set(check.fullUrls).count == check.fullUrls.count)
    let (_, empty) = try await audit(world, AuditOptions(from: .checkpoint(7), format: .fhir))
    var none = FHIRCheck()
    none.check(try JSONReader.read(Array(empty.utf8)), as: "Bundle", at: "Bundle")
    #expect(none.problems == [])
    // The check would find what is missing, unknown, misspelt or empty.
    let bad =
      #"{"resourceType":"Bundle","type":"pile","extra":1,"entry":[{"resource":{"resourceType":"AuditEvent","agent":[]}}]}"#
    var other = FHIRCheck()
    other.check(try JSONReader.read(Array(bad.utf8)), as: "Bundle", at: "Bundle")
    #expect(other.problems.count >= 6)
  }
}
