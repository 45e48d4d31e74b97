import SheafMerge
import SheafModel

/// One row of an audit: a changed part, or a revision that changed none that can be told.
struct AuditRow {
  var change: AuditChange
  var revision: AuditRevision
  var part: PartDiff.Change?

  static func rows(of change: AuditChange) -> [AuditRow] {
    change.revisions.flatMap { revision in
      revision.parts.isEmpty
        ? [AuditRow(change: change, revision: revision, part: nil)]
        : revision.parts.map { AuditRow(change: change, revision: revision, part: $0) }
    }
  }

  /// The columns in order, those without a value left out.
  var columns: [(name: String, value: JSONValue?)] {
    func text(_ text: String?) -> JSONValue? { text.map { .string($0) } }
    func number(_ number: UInt64?) -> JSONValue? { number.map { .number(JSONNumber(Int(clamping: $0))) } }
    return [
      ("changeSet", number(change.number)),
      ("revision", text(revision.name.description)),
      ("document", text(revision.path.text)),
      ("collection", text(revision.path.collection.text)),
      ("action", text(revision.verb.rawValue)),
      ("isProposal", .bool(revision.isProposal)),
      (
        "madeFrom",
        text(revision.parents.isEmpty ? nil : revision.parents.map(\.description).joined(separator: " "))
      ),
      ("by", text(change.by)),
      ("role", text(change.role)),
      ("site", text(change.site)),
      ("key", text(change.fingerprint)),
      ("claimedTime", text(change.claimed)),
      ("loggedTime", text(change.signed.logged?.description)),
      ("witnessedTime", text(change.signed.witnessed?.description)),
      ("witness", text(change.signed.witness)),
      ("witnessIsDoubtful", change.signed.witnessed.map { _ in .bool(change.signed.witnessIsDoubtful) }),
      ("seen", number(change.seen)),
      ("seenTime", text(change.seenTime)),
      ("importedAuthor", text(change.author)),
      ("importedTime", text(change.importedTime)),
      ("source", text(change.source)),
      ("reason", text(change.reason)),
      ("meaning", text(revision.signature?.meaning.rawValue)),
      ("signer", revision.signature.flatMap { _ in text(change.by) }),
      ("signedRevision", text(revision.signature?.revision.description)),
      ("part", text(part?.kind.rawValue)),
      ("place", text(part?.place.words)),
      ("line", number(part?.place.line.map { UInt64($0) })),
      ("isMoved", part.map { .bool($0.isMoved) }),
      ("before", text(part?.before)),
      ("after", text(part?.after)),
      ("sizeBefore", number(revision.sizeBefore)),
      ("sizeAfter", number(revision.sizeAfter)),
      ("untold", text(revision.untold)),
      ("isVerified", .bool(change.isVerified)),
      ("problems", text(change.problems.isEmpty ? nil : change.problems.joined(separator: "; "))),
    ]
  }
}

/// An audit as a table, RFC 4180.
struct AuditTable: AuditWriter {
  var separator: [UInt8] { [] }

  func opening(_ summary: AuditSummary) -> [UInt8] {
    let change = AuditChange(
      number: 0, by: "", key: [], claimed: "", signed: SignedTime(), seen: 0, reason: "", note: [],
      problems: [], absentLines: 0, revisions: [])
    let revision = AuditRevision(
      name: RevisionName(changeSet: 0, line: 0), verb: .put, path: .settings, parents: [], isProposal: false,
      parts: [])
    let names = AuditRow(change: change, revision: revision, part: nil).columns.map(\.name)
    return Array((names.joined(separator: ",") + "\r\n").utf8)
  }

  func change(_ change: AuditChange) -> [UInt8] {
    var out: [UInt8] = []
    for row in AuditRow.rows(of: change) {
      for (index, column) in row.columns.enumerated() {
        if index > 0 { out.append(UInt8(ascii: ",")) }
        switch column.value {
        case .string(let text): Self.append(text, to: &out)
        case .number(let number): out += number.literal.utf8
        case .bool(let value): out += (value ? "true" : "false").utf8
        default: break
        }
      }
      out += "\r\n".utf8
    }
    return out
  }

  func closing(_ summary: AuditSummary) -> [UInt8] { [] }

  /// A cell, quoted. What a spreadsheet would take for a formula gets an apostrophe in front.
  private static func append(_ text: String, to out: inout [UInt8]) {
    out.append(UInt8(ascii: "\""))
    if let first = text.utf8.first, [0x3d, 0x2b, 0x2d, 0x40, 0x09, 0x0d].contains(first) {
      out.append(UInt8(ascii: "'"))
    }
    for byte in text.utf8 {
      if byte == UInt8(ascii: "\"") { out.append(byte) }
      out.append(byte)
    }
    out.append(UInt8(ascii: "\""))
  }
}

extension DocumentPath {
  /// The path of the settings, which every library has.
  fileprivate static var settings: DocumentPath {
    guard let path = try? DocumentPath(LibrarySettings.path) else {
      preconditionFailure("the settings' path is a path")
    }
    return path
  }
}

/// An audit as JSON, one object a line.
struct AuditLines: AuditWriter {
  var separator: [UInt8] { [] }

  func opening(_ summary: AuditSummary) -> [UInt8] { [] }

  func change(_ change: AuditChange) -> [UInt8] {
    AuditRow.rows(of: change).flatMap { row -> [UInt8] in
      let members = row.columns.compactMap { column in
        column.value.map { JSONObject.Member(key: column.name, value: $0) }
      }
      return JSONWriter.bytes(.object(JSONObject(members)), .compact) + [UInt8(ascii: "\n")]
    }
  }

  func closing(_ summary: AuditSummary) -> [UInt8] { [] }
}
