import SheafModel

/// The elements of FHIR R4 (4.0.1) that an audit uses: cardinalities, types, required value sets.
///
/// From the resource definitions of Bundle, Provenance and AuditEvent and the types they use.
struct FHIRCheck {
  private(set) var problems: [String] = []
  private(set) var counts: [String: Int] = [:]
  private(set) var fullUrls: [String] = []

  private struct Element {
    var min: Int
    var isList: Bool
    var type: String

    init(_ min: Int, _ isList: Bool, _ type: String) {
      (self.min, self.isList, self.type) = (min, isList, type)
    }
  }

  private static let one = false
  private static let many = true
  private static let types: [String: [String: Element]] = [
    "Bundle": [
      "resourceType": .init(1, one, "code"), "id": .init(0, one, "id"), "type": .init(1, one, "bundle-type"),
      "timestamp": .init(0, one, "instant"), "entry": .init(0, many, "Bundle.entry"),
    ],
    "Bundle.entry": ["fullUrl": .init(0, one, "uri"), "resource": .init(0, one, "Resource")],
    "Provenance": [
      "resourceType": .init(1, one, "code"), "id": .init(0, one, "id"), "target": .init(1, many, "Reference"),
      "occurredPeriod": .init(0, one, "Period"), "occurredDateTime": .init(0, one, "dateTime"),
      "recorded": .init(1, one, "instant"), "policy": .init(0, many, "uri"),
      "location": .init(0, one, "Reference"),
      "reason": .init(0, many, "CodeableConcept"), "activity": .init(0, one, "CodeableConcept"),
      "agent": .init(1, many, "Provenance.agent"), "entity": .init(0, many, "Provenance.entity"),
      "signature": .init(0, many, "Signature"),
    ],
    "Provenance.agent": [
      "type": .init(0, one, "CodeableConcept"), "role": .init(0, many, "CodeableConcept"),
      "who": .init(1, one, "Reference"), "onBehalfOf": .init(0, one, "Reference"),
    ],
    "Provenance.entity": [
      "role": .init(1, one, "provenance-entity-role"), "what": .init(1, one, "Reference"),
      "agent": .init(0, many, "Provenance.agent"),
    ],
    "AuditEvent": [
      "resourceType": .init(1, one, "code"), "id": .init(0, one, "id"), "type": .init(1, one, "Coding"),
      "subtype": .init(0, many, "Coding"), "action": .init(0, one, "audit-event-action"),
      "period": .init(0, one, "Period"), "recorded": .init(1, one, "instant"),
      "outcome": .init(0, one, "audit-event-outcome"), "outcomeDesc": .init(0, one, "string"),
      "purposeOfEvent": .init(0, many, "CodeableConcept"), "agent": .init(1, many, "AuditEvent.agent"),
      "source": .init(1, one, "AuditEvent.source"), "entity": .init(0, many, "AuditEvent.entity"),
    ],
    "AuditEvent.agent": [
      "type": .init(0, one, "CodeableConcept"), "role": .init(0, many, "CodeableConcept"),
      "who": .init(0, one, "Reference"), "altId": .init(0, one, "string"), "name": .init(0, one, "string"),
      "requestor": .init(1, one, "boolean"), "location": .init(0, one, "Reference"),
    ],
    "AuditEvent.source": [
      "site": .init(0, one, "string"), "observer": .init(1, one, "Reference"),
      "type": .init(0, many, "Coding"),
    ],
    "AuditEvent.entity": [
      "what": .init(0, one, "Reference"), "type": .init(0, one, "Coding"), "role": .init(0, one, "Coding"),
      "lifecycle": .init(0, one, "Coding"), "name": .init(0, one, "string"),
      "description": .init(0, one, "string"),
      "query": .init(0, one, "base64Binary"), "detail": .init(0, many, "AuditEvent.entity.detail"),
    ],
    "AuditEvent.entity.detail": ["type": .init(1, one, "string"), "valueString": .init(1, one, "string")],
    "Signature": [
      "type": .init(1, many, "Coding"), "when": .init(1, one, "instant"), "who": .init(1, one, "Reference"),
      "onBehalfOf": .init(0, one, "Reference"), "targetFormat": .init(0, one, "code"),
      "sigFormat": .init(0, one, "code"), "data": .init(0, one, "base64Binary"),
    ],
    "Reference": [
      "reference": .init(0, one, "string"), "type": .init(0, one, "uri"),
      "identifier": .init(0, one, "Identifier"),
      "display": .init(0, one, "string"),
    ],
    "Identifier": ["system": .init(0, one, "uri"), "value": .init(0, one, "string")],
    "CodeableConcept": ["coding": .init(0, many, "Coding"), "text": .init(0, one, "string")],
    "Coding": [
      "system": .init(0, one, "uri"), "code": .init(0, one, "code"), "display": .init(0, one, "string"),
    ],
  ]

  /// Codes of value sets with a required binding, and of the code systems that are used.
  private static let codes: [String: Set<String>] = [
    "bundle-type": [
      "document", "message", "transaction", "transaction-response", "batch", "batch-response", "history",
      "searchset",
      "collection",
    ],
    "audit-event-action": ["C", "R", "U", "D", "E"],
    "audit-event-outcome": ["0", "4", "8", "12"],
    "provenance-entity-role": ["derivation", "revision", "quotation", "source", "removal"],
    "http://terminology.hl7.org/CodeSystem/v3-DataOperation": [
      "OPERATE", "CREATE", "DELETE", "EXECUTE", "READ", "UPDATE", "APPEND", "MODIFYSTATUS", "ABORT",
      "ACTIVATE",
      "CANCEL", "COMPLETE", "HOLD", "JUMP", "NULLIFY", "OBSOLETE", "REACTIVATE", "RELEASE", "RESUME",
      "SUSPEND",
    ],
    "http://terminology.hl7.org/CodeSystem/provenance-participant-type": [
      "enterer", "performer", "author", "verifier", "legal", "attester", "informant", "custodian",
      "assembler",
      "composer",
    ],
    "http://terminology.hl7.org/CodeSystem/audit-entity-type": ["1", "2", "3", "4"],
    "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle": [
      "access", "hold", "amend", "archive", "attest", "decrypt", "deidentify", "deprecate", "destroy",
      "disclose",
      "encrypt", "extract", "link", "merge", "originate", "pseudonymize", "reactivate", "receive",
      "reidentify",
      "unhold", "report", "restore", "transform", "transmit", "unlink", "unmerge", "verify",
    ],
    "urn:iso-astm:E1762-95:2013": ["1.2.840.10065.1.12.1.1"],
  ]

  mutating func check(_ value: JSONValue, as type: String, at place: String) {
    guard let elements = Self.types[type] else { return checkPrimitive(value, type, place) }
    guard case .object(let object) = value else { return problems.append("\(place) is no object") }
    if object.count == 0 { problems.append("\(place) is empty") }
    for (name, element) in elements where element.min > 0 && object[name] == nil {
      problems.append("\(place).\(name) is missing")
    }
    for member in object.members {
      let here = "\(place).\(member.key)"
      guard let element = elements[member.key] else {
        problems.append("\(here) is unknown")
        continue
      }
      guard element.isList else {
        checkOne(member.value, element.type, here)
        continue
      }
      guard case .array(let items) = member.value, !items.isEmpty else {
        problems.append("\(here) is no list with something in it")
        continue
      }
      for (index, item) in items.enumerated() { checkOne(item, element.type, "\(here)[\(index)]") }
    }
    if type == "Coding", case .string(let system)? = object["system"],
      case .string(let code)? = object["code"]
    {
      if !(Self.codes[system]?.contains(code) ?? false) {
        problems.append("\(place): \(system) has no \(code)")
      }
    }
    if type == "Bundle.entry", case .string(let url)? = object["fullUrl"] { fullUrls.append(url) }
  }

  private mutating func checkOne(_ value: JSONValue, _ type: String, _ place: String) {
    guard type == "Resource" else { return check(value, as: type, at: place) }
    guard case .object(let object) = value, case .string(let name)? = object["resourceType"],
      Self.types[name] != nil
    else { return problems.append("\(place) is no resource that is known") }
    counts[name, default: 0] += 1
    check(value, as: name, at: "\(place)(\(name))")
  }

  private mutating func checkPrimitive(_ value: JSONValue, _ type: String, _ place: String) {
    if type == "boolean" {
      if case .bool = value { return }
      return problems.append("\(place) is no boolean")
    }
    guard case .string(let text) = value, !text.isEmpty else { return problems.append("\(place) is no text") }
    let isRight: Bool =
      switch type {
      case "instant", "dateTime": Timestamp(parsing: text) != nil
      case "id":
        text.utf8.count <= 64
          && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == ".") }
      case "uri": !text.contains { $0.isWhitespace }
      case "code": !text.hasPrefix(" ") && !text.hasSuffix(" ") && !text.contains("  ")
      case "base64Binary": Base64.decode(text) != nil
      case "string": true
      default: Self.codes[type]?.contains(text) ?? false
      }
    if !isRight { problems.append("\(place): \(text) is no \(type)") }
  }
}
