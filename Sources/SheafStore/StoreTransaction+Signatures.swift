import Foundation
import GRDB
import SheafModel

/// An electronic signature as it is stored: a line of the log about one revision.
public struct StoredSignature: Hashable, Sendable {
  /// The line that signs.
  public var name: RevisionName
  /// The revision that is signed.
  public var signed: RevisionName
  public var meaning: SignatureMeaning
  /// The change set by which its author took it back; `nil` while it stands.
  public var withdrawn: UInt64?
}

extension StoreTransaction {
  private static let signatureColumns = """
    s.withdrawn, l.change_set, l.line, l.verb, r.change_set AS signed_set, r.line AS signed_line
    FROM signature s JOIN revision l ON l.id = s.revision JOIN revision r ON r.id = s.signed
    """

  private func signature(_ row: StoredRow) throws -> StoredSignature {
    func name(_ changeSet: String, _ line: String) throws -> RevisionName {
      RevisionName(
        changeSet: try row[changeSet], line: try row[line])
    }
    let name = (line: try name("change_set", "line"), signed: try name("signed_set", "signed_line"))
    guard let meaning = try (row["verb"] as RevisionVerb).meaning else {
      throw StoreError.damaged("signature \(name.line)")
    }
    return StoredSignature(
      name: name.line, signed: name.signed, meaning: meaning,
      withdrawn: try row["withdrawn"])
  }

  /// The signatures on a document's revisions, in the log's order, those that were taken back included.
  public func signatures(on document: DocumentRow) throws -> [StoredSignature] {
    try rows("SELECT \(Self.signatureColumns) WHERE r.document = ? ORDER BY s.revision", [document.id])
      .map(signature)
  }

  /// The signatures on one revision, in the log's order, those that were taken back included.
  public func signatures(onRevision row: Int64) throws -> [StoredSignature] {
    try rows("SELECT \(Self.signatureColumns) WHERE s.signed = ? ORDER BY s.revision", [row]).map(signature)
  }

  /// What a line of the log signs; `nil` for a line that is no signature.
  public func signature(byRevision row: Int64) throws -> StoredSignature? {
    try self.row("SELECT \(Self.signatureColumns) WHERE s.revision = ?", [row]).map(signature)
  }

  /// Whether a revision is the approval of what it takes, because every edit waits for one.
  public func isApproval(_ revision: StoredRevision) throws -> Bool {
    try revision.verb == .accept
      && requiredApproval(in: revision.path.collection, by: revision.name.changeSet)
  }

  /// Current documents that somebody signed and that changed since, with no signature on what is current; by path.
  ///
  /// That a rejected revision was replaced is what a rejection asks for, and is left out.
  public func documentsChangedSinceSigned() throws -> [DocumentPath] {
    try rows(
      """
      SELECT DISTINCT d.path, h.revision FROM signature s
        JOIN revision line ON line.id = s.revision AND line.verb <> 'sign-rejected'
        JOIN revision r ON r.id = s.signed JOIN lineage l ON l.revision = r.id
        JOIN head h ON h.document = r.document AND h.position = 0 AND h.size IS NOT NULL
        JOIN document d ON d.id = r.document
      WHERE s.withdrawn IS NULL AND l.superseded IS NOT NULL
        -- What was signed as a proposal is current as long as what took it is.
        AND (l.proposed = 0 OR EXISTS (
          SELECT 1 FROM revision a JOIN lineage al ON al.revision = a.id
          WHERE a.document = r.document AND a.change_set = l.superseded AND a.verb = 'accept'
            AND al.superseded IS NOT NULL))
        AND NOT EXISTS (
          SELECT 1 FROM head now JOIN revision nr ON nr.id = now.revision
            JOIN lineage nl ON nl.revision = nr.id
            JOIN signature ns ON ns.withdrawn IS NULL
              AND (ns.signed = nr.id OR (nr.verb = 'accept' AND ns.signed = nl.parents))
          WHERE now.document = r.document)
      ORDER BY d.path
      """
    ).compactMap { row in
      if let head = try row[1] as Int64?, try isApproval(revision(row: head)) { return nil }
      return try row[0]
    }
  }

  // MARK: projection

  /// Applies a line that signs a revision. `Schemas/revision-list.md`, "Signatures".
  func sign(_ line: ProjectedLine, as meaning: SignatureMeaning, of changeSet: ProjectedChangeSet) throws {
    let parents = try parents(of: line, heads: [], changeSet: changeSet)
    guard let row = parents.first else { throw LineageError(path: line.path, rule: .unknownParent) }
    let signed = try revision(row: row)
    if let rule = try refusal(toSign: signed, as: meaning, seen: changeSet.seen, by: changeSet.rule) {
      throw LineageError(path: line.path, rule: rule)
    }
    // An approval and a rejection of one person about one revision don't stand together.
    let opposite: SignatureMeaning? =
      meaning == .approved ? .rejected : meaning == .rejected ? .approved : nil
    if let opposite {
      try execute(
        """
        UPDATE signature SET withdrawn = ?1 WHERE signed = ?2 AND withdrawn IS NULL
          AND author = (SELECT id FROM author WHERE key = ?3)
          AND (SELECT verb FROM revision WHERE id = signature.revision) = ?4
        """,
        [
          Int64(clamping: changeSet.number), row, Data(changeSet.author),
          RevisionVerb(signing: opposite).rawValue,
        ])
    }
    try execute(
      """
      INSERT INTO signature (revision, signed, author)
      SELECT ?, ?, author FROM change_set WHERE number = ?
      """, [line.revision, row, Int64(clamping: changeSet.number)])
    // Superseded by itself: it is in the history and never current.
    try insertLineage(
      of: line.revision, parents: parents, rank: Int64(clamping: changeSet.number),
      superseded: changeSet.number)
  }

  /// Why a revision can't be signed; `nil` when it can. Whether the role allows the meaning is asked elsewhere.
  ///
  /// - Parameters:
  ///   - seen: The size of the log that the author of the signature has seen.
  ///   - rule: What who signs may do.
  public func refusal(
    toSign signed: StoredRevision, as meaning: SignatureMeaning, seen: UInt64, by rule: AuthorityRule
  ) throws -> LineageError.Rule? {
    guard signed.name.changeSet <= seen else { return .notSeen }
    guard signed.verb.hasContent else { return .nothingToSign }
    let stands = try row(
      """
      SELECT 1 FROM signature s JOIN author a ON a.id = s.author JOIN revision l ON l.id = s.revision
      WHERE s.signed = ? AND a.key = ? AND l.verb = ? AND s.withdrawn IS NULL
      """, [signed.id, Data(rule.author), RevisionVerb(signing: meaning).rawValue])
    guard stands == nil else { return .signedAlready }
    // Of what goes on for longer than anybody looks, nobody is known to have written it, or not to have.
    switch meaning {
    case .authored:
      guard let writers = try writers(of: signed, byMerging: false) else { return .othersWords }
      // A copy without the collection that it was moved from does not know who wrote it there.
      let mayHave = try writers.isCut || writers.keys.contains { try isSamePerson(rule.author, as: $0) }
      return mayHave ? nil : .othersWords
    case .approved where !rule.mayApproveOwn(in: signed.path.collection):
      guard let writers = try writers(of: signed, byMerging: true) else { return .ownApproval }
      return try writers.keys.contains { try isSamePerson(rule.author, as: $0) } ? .ownApproval : nil
    case .approved, .reviewed, .rejected: return nil
    }
  }

  /// Who wrote what a revision holds: its author; who proposed what was accepted, and not who accepted it; of what
  /// was merged or moved those of what it was made from. `nil` where that goes on for longer than anybody looks.
  ///
  /// - Parameter byMerging: Whether who merged counts too, which put no word of its own in.
  /// - Returns: Their keys, and whether some may be missing because a move came from where this copy holds nothing.
  private func writers(
    of revision: StoredRevision, byMerging: Bool
  ) throws -> (keys: Set<[UInt8]>, isCut: Bool)? {
    var writers: Set<[UInt8]> = []
    var isCut = false
    var waiting = [revision.id]
    var seen: Set<Int64> = []
    while let row = waiting.popLast() {
      guard seen.insert(row).inserted else { continue }
      guard seen.count <= Limits.writtenRevisions else { return nil }
      let revision = try self.revision(row: row)
      switch revision.verb {
      case .accept: waiting += try parents(of: row).prefix(1)
      case .merge, .move:
        let parents = try parents(of: row)
        if parents.isEmpty { isCut = true }
        waiting += parents
      default: break
      }
      let isWritten = revision.verb != .accept && (byMerging || revision.verb != .merge)
      if isWritten, let author = try changeSet(revision.name.changeSet)?.author { writers.insert(author) }
    }
    return (writers, isCut)
  }
}
