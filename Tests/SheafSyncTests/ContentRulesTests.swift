import SheafMerge
import SheafModel
import SheafStore
import Testing

@testable import SheafSync

@Suite("Content rules")
struct ContentRulesTests {
  private func rules(_ documents: [String: String]) -> ContentRules {
    ContentRules(read: { path in documents[path.text].map { Array($0.utf8) } })
  }

  private func broken(_ path: String, _ text: String, _ documents: [String: String] = [:]) throws -> [String]
  {
    var rules = rules(documents)
    return try rules.violations(of: DocumentPath(path), content: Array(text.utf8)).map(\.description)
  }

  private static let schema =
    #"{"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}"#

  @Test("A record must fit the schema of its collection, by name or by the settings")
  func schemas() throws {
    let byName = ["schemas/r.json": Self.schema]
    #expect(try broken("r/a.json", #"{"id": "x"}"#, byName).isEmpty)
    #expect(try broken("r/a.json", #"{"id": 1}"#, byName).count == 1)
    #expect(try broken("other/a.json", #"{"id": 1}"#, byName).isEmpty)
    let bySettings = [
      "schemas/strict.json": Self.schema,
      "sheaf/settings.json": #"{"format": 1, "collections": {"q": {"schema": "schemas/strict.json"}}}"#,
    ]
    #expect(try broken("q/a.json", "{}", bySettings).count == 1)
    #expect(try broken("r/a.json", "{}", bySettings).isEmpty)
    #expect(try broken("q/a.md", "---\nid: x\n---\n", bySettings).isEmpty)
    #expect(try broken("q/a.md", "# none\n", bySettings).count == 1)
  }

  @Test("A schema must be one, and settings must be settings with schemas that are there")
  func ownDocuments() throws {
    #expect(try broken("schemas/r.json", Self.schema).isEmpty)
    #expect(
      try broken("schemas/r.json", #"{"properties": {"a": {"type": 5}}}"#).first?.hasPrefix("/properties/a: ")
        == true)
    #expect(try broken("schemas/r.json", "{").count == 1)
    #expect(try broken("sheaf/settings.json", #"{"format": 1}"#).isEmpty)
    #expect(
      try broken("sheaf/settings.json", #"{"format": 1, "nam": "x"}"#) == ["/nam: this member is unknown"])
    let named = #"{"format": 1, "collections": {"r": {"schema": "schemas/r.json"}}}"#
    #expect(try broken("sheaf/settings.json", named).first?.hasPrefix("/collections/r/schema: ") == true)
    #expect(try broken("sheaf/settings.json", named, ["schemas/r.json": Self.schema]).isEmpty)
    #expect(try broken("sheaf/settings.json", named, ["schemas/r.json": "[]"]).count == 1)
  }

  @Test("Settings and schemas that can't be read count as absent, with a warning")
  func unreadable() throws {
    var rules = rules(["sheaf/settings.json": "{", "schemas/r.json": #"{"type": 5}"#])
    #expect(try rules.violations(of: DocumentPath("r/a.json"), content: Array("{}".utf8)).isEmpty)
    #expect(try rules.mergePolicy(for: CollectionName("r")) == MergePolicy())
    #expect(try !rules.requiresReason(CollectionName("r")))
    #expect(rules.warnings.count == 2)
    #expect(rules.warnings.allSatisfy { !$0.contains("SchemaFailure") })
  }

  @Test("The policy names the schema by the digest of its bytes, and reads it once")
  func policy() throws {
    var reads = 0
    var rules = ContentRules(read: { path in
      guard path.text == "schemas/r.json" else { return nil }
      reads += 1
      return Array(Self.schema.utf8)
    })
    let policy = try rules.mergePolicy(for: CollectionName("r"))
    #expect(policy.schemaDigest == SHA256Hash(hashing: Array(Self.schema.utf8)))
    _ = try rules.mergePolicy(for: CollectionName("r"))
    #expect(reads == 1)
  }

  @Test("A reason is required where the settings say so")
  func reason() throws {
    var rules = rules(["sheaf/settings.json": #"{"format": 1, "collections": {"r": {"reason": "required"}}}"#]
    )
    #expect(try rules.requiresReason(CollectionName("r")))
    #expect(try !rules.requiresReason(CollectionName("s")))
    struct Lost: Error {}
    var failing = ContentRules(read: { _ in throw Lost() })
    #expect(try failing.requiresReason(CollectionName("s")))
    #expect(throws: Lost.self) { try failing.mergePolicy(for: CollectionName("s")) }
  }

  private func entry(_ path: String, _ text: String, settings: String? = nil) throws -> SearchableText {
    var rules = rules(settings.map { ["sheaf/settings.json": $0] } ?? [:])
    return try rules.searchable(DocumentPath(path), content: Array(text.utf8))
  }

  @Test("Titles come from the settings' pointer, front matter, a heading, a title element, or the name")
  func titles() throws {
    let settings = #"{"format": 1, "collections": {"a": {"title": "/name"}}}"#
    let front = "---\nname: Named\ntitle: Titled\n---\n# Heading\n"
    #expect(try entry("a/x.md", front, settings: settings).title == "Named")
    #expect(try entry("a/x.md", front).title == "Titled")
    #expect(try entry("a/x.md", "text\n\n```\n# code\n```\n##  Two  words ##x\n").title == "Two words ##x")
    #expect(try entry("a/x.md", "---\n: bad [\n---\n# After\n").title == "After")
    #expect(try entry("a/x.md", "#hashtag\n").title == "x.md")
    #expect(
      try entry("a/x.html", "<!-- <title>no</title> --><TITLE>A\n b &lt;c&#62;</TITLE>").title == "A b <c>")
    #expect(try entry("a/x.svg", "<svg><title>Cell</title><text>mitosis</text></svg>").title == "Cell")
    #expect(try entry("a/x.json", #"{"name": 5}"#, settings: settings).title == "x.json")
  }

  @Test("Text is bounded, cut between characters, and broken markup does no harm")
  func bounds() throws {
    let long = String(repeating: "é", count: 600_000)
    let text = try entry("a/x.txt", "x" + long).text
    #expect(text.utf8.count <= SearchableContent.textLimitInBytes + 32)
    #expect(text.hasSuffix("a/x.txt"))
    let manyStrings =
      "[" + Array(repeating: "\"\(String(repeating: "a", count: 99))\"", count: 20_000).joined(separator: ",")
      + "]"
    #expect(try entry("a/x.json", manyStrings).text.utf8.count <= SearchableContent.textLimitInBytes + 32)
    for broken in [
      "<", "<a", "<a href=\"", "<!--", "<![CDATA[", "<![CDATA[x]]", "<script>", "<script", "&", "&#",
      "&#x110000;", "<title>",
    ] {
      #expect(try entry("a/x.html", broken).title == "x.html")
    }
    #expect(try entry("a/x.xml", "<r><![CDATA[inner <b>]]>tail</r>").text.hasPrefix("inner <b>"))
  }

  @Test("A refusal lists at most twenty violations, line by line")
  func refusal() {
    let many = (1...25).map {
      ContentRefusal.Violation(path: "a/\($0).md", place: "/id", rule: "must be text")
    }
    let lines = ContentRefusal(violations: many).problem.split(separator: "\n")
    #expect(lines.count == 22)
    #expect(lines.first == "25 rules are broken in 25 documents")
    #expect(lines[1] == "  a/1.md: /id: must be text")
    #expect(lines.last == "  and 5 more")
    #expect(ContentRefusal(violations: many).unchanged == "nothing was published")
  }
}
