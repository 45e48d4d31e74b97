import SheafModel

/// An audit as a FHIR R4 Bundle: a Provenance for each revision, an AuditEvent for each change set.
///
/// HL7 FHIR 4.0.1; the mapping is in `Schemas/audit.md`.
struct AuditFHIR: AuditWriter {
  let library: LibraryID

  var separator: [UInt8] { Array(",\n".utf8) }

  func opening(_ summary: AuditSummary) -> [UInt8] {
    let head = #"{"resourceType":"Bundle","type":"collection","timestamp":"\#(summary.made)""#
    // An array of FHIR is never empty.
    return Array((head + (summary.changeSets > 0 ? ",\"entry\":[\n" : "")).utf8)
  }

  func closing(_ summary: AuditSummary) -> [UInt8] { Array((summary.changeSets > 0 ? "\n]}\n" : "}\n").utf8) }

  func change(_ change: AuditChange) -> [UInt8] {
    let resources = [event(change)] + change.revisions.map { provenance($0, of: change) }
    return Array(
      resources.map { id, resource in
        JSONWriter.bytes(
          Self.object([("fullUrl", .string("urn:uuid:\(uuid(id))")), ("resource", resource)]), .compact)
      }.joined(separator: separator))
  }

  private func provenance(_ revision: AuditRevision, of change: AuditChange) -> (String, JSONValue) {
    let id = "revision-\(revision.name)"
    var entities = revision.parents.map { parent in
      Self.object([("role", "revision"), ("what", reference(to: parent))])
    }
    if revision.verb == .delete || revision.verb == .resolveDeleted || revision.verb == .acceptDeleted {
      entities = revision.parents.map { parent in
        Self.object([("role", "removal"), ("what", reference(to: parent))])
      }
    }
    return (
      id,
      Self.object([
        ("resourceType", "Provenance"),
        ("id", .string(id)),
        (
          "target",
          [
            Self.object([
              ("identifier", identifier("document", revision.path.text)),
              ("display", .string("\(revision.path) at \(revision.name)")),
            ])
          ]
        ),
        ("occurredDateTime", .string(change.importedTime ?? change.claimed)),
        ("recorded", .string(recorded(change))),
        ("reason", change.reason.isEmpty ? nil : [Self.object([("text", .string(change.reason))])]),
        (
          "activity",
          Self.concept(
            "http://terminology.hl7.org/CodeSystem/v3-DataOperation", operation(revision),
            revision.verb.rawValue)
        ),
        (
          "agent",
          [
            Self.object([
              (
                "type",
                Self.concept(
                  "http://terminology.hl7.org/CodeSystem/provenance-participant-type", "author", nil)
              ),
              ("role", change.role.map { [Self.object([("text", .string($0))])] }),
              ("who", who(change)),
            ])
          ]
        ),
        ("entity", entities.isEmpty ? nil : .array(entities)),
        ("signature", [signature(change)]),
      ])
    )
  }

  private func event(_ change: AuditChange) -> (String, JSONValue) {
    let id = "change-\(change.number)"
    let verbs = Set(change.revisions.map(operation))
    let action = verbs == ["CREATE"] ? "C" : verbs == ["DELETE"] ? "D" : "U"
    let lifecycle = ["C": "originate", "D": "deprecate", "U": "amend"][action] ?? "amend"
    return (
      id,
      Self.object([
        ("resourceType", "AuditEvent"),
        ("id", .string(id)),
        ("type", Self.coding("http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle", lifecycle, nil)),
        ("action", .string(action)),
        ("recorded", .string(recorded(change))),
        ("outcome", .string(change.isVerified ? "0" : "8")),
        ("outcomeDesc", change.isVerified ? nil : .string(change.problems.joined(separator: "; "))),
        ("purposeOfEvent", change.reason.isEmpty ? nil : [Self.object([("text", .string(change.reason))])]),
        (
          "agent",
          [
            Self.object([
              ("role", change.role.map { [Self.object([("text", .string($0))])] }),
              ("who", who(change)),
              ("name", change.by.isEmpty ? nil : .string(change.by)),
              ("requestor", true),
            ])
          ]
        ),
        (
          "source",
          Self.object([
            ("site", change.site.map { .string($0) }),
            (
              "observer",
              Self.object([
                ("identifier", identifier("log", library.text)),
                ("display", .string("The log of \(library)")),
              ])
            ),
          ])
        ),
        ("entity", .array(change.revisions.map(entity) + [times(of: change)])),
      ])
    )
  }

  /// The change set itself, with whose word there is for when it was made and logged.
  private func times(of change: AuditChange) -> JSONValue {
    Self.object([
      ("what", Self.object([("identifier", identifier("change-set", "\(change.number)"))])),
      ("type", Self.coding("http://terminology.hl7.org/CodeSystem/audit-entity-type", "2", "System Object")),
      ("name", .string("change set \(change.number)")),
      (
        "detail",
        Self.details([
          ("claimedTime", change.claimed), ("loggedTime", change.signed.logged?.description),
          ("witnessedTime", change.signed.witnessed?.description), ("witness", change.signed.witness),
          ("witnessIsDoubtful", change.signed.witnessIsDoubtful ? "true" : nil),
        ])
      ),
    ])
  }

  private static func details(_ details: [(type: String, value: String?)]) -> JSONValue {
    .array(
      details.compactMap { detail in
        // FHIR has no empty strings.
        guard let value = detail.value, !value.isEmpty else { return nil }
        return object([("type", .string(detail.type)), ("valueString", .string(value))])
      })
  }

  private func entity(_ revision: AuditRevision) -> JSONValue {
    var details: [(type: String, value: String?)] = [
      ("action", revision.verb.rawValue), ("revision", revision.name.description),
    ]
    for part in revision.parts {
      details.append(("before \(part.place.words)", part.before))
      details.append(("after \(part.place.words)", part.after))
    }
    return Self.object([
      ("what", Self.object([("identifier", identifier("document", revision.path.text))])),
      ("type", Self.coding("http://terminology.hl7.org/CodeSystem/audit-entity-type", "2", "System Object")),
      ("name", .string(revision.path.text)),
      ("description", revision.untold.flatMap { $0.isEmpty ? nil : .string($0) }),
      ("detail", Self.details(details)),
    ])
  }

  private func signature(_ change: AuditChange) -> JSONValue {
    Self.object([
      ("type", [Self.coding("urn:iso-astm:E1762-95:2013", "1.2.840.10065.1.12.1.1", "Author's Signature")]),
      ("when", .string(change.claimed)),
      ("who", who(change)),
      ("sigFormat", "text/plain"),
      ("data", .string(Base64.encode(change.note))),
    ])
  }

  private func who(_ change: AuditChange) -> JSONValue {
    Self.object([
      ("identifier", identifier("key", change.fingerprint)),
      ("display", change.by.isEmpty ? nil : .string(change.by)),
    ])
  }

  private func reference(to name: RevisionName) -> JSONValue {
    Self.object([("identifier", identifier("revision", name.description))])
  }

  private func identifier(_ kind: String, _ value: String) -> JSONValue {
    Self.object([
      ("system", .string("urn:\(library.text.replacing("/", with: ":")):\(kind)")), ("value", .string(value)),
    ])
  }

  /// The time it was recorded: by the log's word where there is one, else by the author's.
  private func recorded(_ change: AuditChange) -> String {
    change.signed.logged?.description ?? change.claimed
  }

  /// A code of v3-DataOperation, which knows little more than these.
  private func operation(_ revision: AuditRevision) -> String {
    switch revision.verb {
    case .delete, .resolveDeleted, .acceptDeleted, .redact: "DELETE"
    case .put where revision.parents.isEmpty: "CREATE"
    case .put, .move, .merge, .resolve, .accept, .decline: "UPDATE"
    case .signAuthored, .signReviewed, .signApproved, .signRejected: "APPEND"
    }
  }

  /// A UUID of version 8 (RFC 9562) that follows from the library and a resource's id.
  private func uuid(_ id: String) -> String {
    var bytes = Array(SHA256Hash(hashing: Array("\(library.text) \(id)".utf8)).bytes.prefix(16))
    bytes[6] = bytes[6] & 0x0f | 0x80
    bytes[8] = bytes[8] & 0x3f | 0x80
    let hex = Array(Hexadecimal.encode(bytes))
    return [hex[0..<8], hex[8..<12], hex[12..<16], hex[16..<20], hex[20..<32]].map { String($0) }
      .joined(separator: "-")
  }

  private static func object(_ members: [(String, JSONValue?)]) -> JSONValue {
    .object(JSONObject(members.compactMap { key, value in value.map { .init(key: key, value: $0) } }))
  }

  private static func coding(_ system: String, _ code: String, _ display: String?) -> JSONValue {
    object([("system", .string(system)), ("code", .string(code)), ("display", display.map { .string($0) })])
  }

  private static func concept(_ system: String, _ code: String, _ text: String?) -> JSONValue {
    object([("coding", [coding(system, code, nil)]), ("text", text.map { .string($0) })])
  }
}
