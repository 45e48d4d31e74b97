import SheafModel

/// How an audit is written (`Schemas/audit.md`).
public enum AuditFormat: String, Sendable, Hashable, CaseIterable {
  /// One file for people, to read and print.
  case html
  /// A row for each changed part, for tables.
  case csv
  /// The same, one JSON object a line.
  case ndjson
  /// A FHIR R4 Bundle of Provenance and AuditEvent.
  case fhir

  func writer(library: LibraryID) -> any AuditWriter {
    switch self {
    case .html: AuditPage()
    case .csv: AuditTable()
    case .ndjson: AuditLines()
    case .fhir: AuditFHIR(library: library)
    }
  }
}

/// Turns an audit into bytes. Pure, so that two threads can share the work.
protocol AuditWriter: Sendable {
  /// What stands before the change sets; known only when they are all told.
  func opening(_ summary: AuditSummary) -> [UInt8]
  /// One change set.
  func change(_ change: AuditChange) -> [UInt8]
  /// What stands between two change sets.
  var separator: [UInt8] { get }
  /// What stands behind the last one.
  func closing(_ summary: AuditSummary) -> [UInt8]
}
