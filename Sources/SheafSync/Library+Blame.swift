import SheafMerge
import SheafModel
import SheafStore

extension Library {
  /// How many destroyed revisions are told beside one part.
  private static let redactedTold = 100

  /// Who wrote which part of a document: per field, sentence, line or row, in the document's order.
  ///
  /// Of a conflict the first head is looked at, which is what everybody sees first. Drafts are not in the
  /// log, and left out.
  ///
  /// A part that no revision at hand had before may be of a revision behind it whose content was destroyed: it names
  /// these.
  ///
  /// - Throws: `LibraryError.needsDepth` in a copy that does not keep `full`, `.noDocument`, `.noMoment`, `.notHeld`;
  ///   `.redacted` when the content at the moment itself was destroyed.
  public func blame(_ path: DocumentPath, at moment: Moment) async throws -> [BlamedPart] {
    try await store.read { transaction in
      let view = try MomentView(transaction)
      let ancestry = try DocumentAncestry(
        view, of: path, at: moment, onlyFirstHead: true, what: "tell who wrote what of \(path)")
      guard let last = ancestry.revisions.last, last.verb.hasContent else {
        throw LibraryError.noDocument(path.text)
      }
      // Refuses what has nothing to tell of.
      _ = try transaction.content(of: last)
      let parts = try Attribution.parts(ancestry.nodes, content: ancestry.content)
      var changes: [Int: SignedChange] = [:]
      var reader = SignatureReader(transaction)
      var signatures: [Int: [SignatureReport]] = [:]
      var redacted: [Int: [RedactedRevision]] = [:]
      return try parts.map { part in
        if redacted[part.origin] == nil {
          redacted[part.origin] = try ancestry.redacted(before: part.origin).prefix(Self.redactedTold).map {
            try ancestry.redactedRevision($0)
          }
        }
        if signatures[part.origin] == nil {
          signatures[part.origin] = try reader.signatures(on: ancestry.revisions[part.origin])
        }
        let change = try changes[part.origin] ?? ancestry.change(part.origin)
        changes[part.origin] = change
        func name(_ index: Int) -> String { ancestry.revisions[index].name.description }
        return BlamedPart(
          kind: part.kind.rawValue, place: part.place.words, line: part.place.line, text: part.text,
          revision: name(part.origin), time: change.time, by: change.by, role: change.role, site: change.site,
          member: change.member, author: change.author, claimedTime: change.claimedTime,
          reason: change.reason, joined: part.joined.map(name),
          words: part.words.map { .init(text: $0.text, revision: name($0.origin)) },
          signatures: signatures[part.origin] ?? [],
          redacted: redacted[part.origin].flatMap { $0.isEmpty ? nil : $0 })
      }
    }
  }

  /// The revisions in which a part of a document changed, newest first, across moves.
  ///
  /// Revisions whose content was destroyed are listed among them, for nobody can tell what they said.
  ///
  /// - Throws: `LibraryError.needsDepth` in a copy that does not keep `full`, `.noDocument`, `.notHeld`;
  ///   `.noPart` for a part that no revision has.
  public func history(of path: DocumentPath, part question: DocumentQuestion) async throws -> [PartChange] {
    try await store.read { transaction in
      let view = try MomentView(transaction)
      let ancestry = try DocumentAncestry(
        view, of: path, at: .checkpoint(view.position), onlyFirstHead: false,
        what: "tell the history of a part of \(path)")
      let changes = try PartHistory.changes(question, in: ancestry.nodes, content: ancestry.content)
      let gone = ancestry.redacted.map {
        PartHistory.Change(revision: $0, before: nil, after: nil, takenFrom: [])
      }
      guard !changes.isEmpty || !gone.isEmpty else { throw LibraryError.noPart(question.words, path.text) }
      return try (changes + gone).sorted { $0.revision > $1.revision }.map { change in
        let revision = ancestry.revisions[change.revision]
        let signed = try ancestry.change(change.revision)
        var told = PartChange(
          revision: revision.name.description, verb: revision.verb.rawValue, path: revision.path.text,
          time: signed.time, by: signed.by, role: signed.role, member: signed.member, author: signed.author,
          claimedTime: signed.claimedTime, reason: signed.reason, before: change.before, after: change.after,
          takenFrom: change.takenFrom.map { ancestry.revisions[$0].name.description })
        told.redacted = try RedactedRevision(revision, transaction)
        return told
      }
    }
  }
}

extension DocumentQuestion {
  /// The part as a sentence names it.
  var words: String {
    switch self {
    case .field(let pointer): "a field \(pointer.tokens.isEmpty ? "(whole)" : pointer.description)"
    case .section(let heading): "a section \"\(heading)\""
    case .quote(let words): "the words \"\(words)\""
    }
  }
}
