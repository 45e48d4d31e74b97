import SheafMerge
import SheafModel
import SheafStore

extension Library {
  /// Who wrote which part of a document: per field, sentence, line or row, in the document's order.
  ///
  /// Of a conflict the first head is looked at, which is what everybody sees first. Drafts are not in the
  /// log, and left out.
  ///
  /// - Throws: `LibraryError.needsDepth` in a copy that does not keep `full`, `.noDocument`, `.noMoment`, `.notHeld`.
  public func blame(_ path: DocumentPath, at moment: Moment) async throws -> [BlamedPart] {
    try await store.read { transaction in
      let view = try MomentView(transaction)
      let ancestry = try DocumentAncestry(
        view, of: path, at: moment, onlyFirstHead: true, what: "tell who wrote what of \(path)")
      guard ancestry.revisions.last?.verb.hasContent ?? false else {
        throw LibraryError.noDocument(path.text)
      }
      let parts = try Attribution.parts(ancestry.nodes, content: ancestry.content)
      var changes: [Int: SignedChange] = [:]
      var reader = SignatureReader(transaction)
      var signatures: [Int: [SignatureReport]] = [:]
      return try parts.map { part in
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
          signatures: signatures[part.origin] ?? [])
      }
    }
  }

  /// The revisions in which a part of a document changed, newest first, across moves.
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
      guard !changes.isEmpty else { throw LibraryError.noPart(question.words, path.text) }
      return try changes.map { change in
        let revision = ancestry.revisions[change.revision]
        let signed = try ancestry.change(change.revision)
        return PartChange(
          revision: revision.name.description, verb: revision.verb.rawValue, path: revision.path.text,
          time: signed.time, by: signed.by, role: signed.role, member: signed.member, author: signed.author,
          claimedTime: signed.claimedTime, reason: signed.reason, before: change.before, after: change.after,
          takenFrom: change.takenFrom.map { ancestry.revisions[$0].name.description })
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
