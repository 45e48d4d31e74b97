import SheafModel

/// The history of one part of a document: a pure function of its revisions.
///
/// `Schemas/audit.md`, "History of a part".
public enum PartHistory {
  /// A revision in which the part changed.
  public struct Change: Hashable, Sendable {
    /// The revision, as an index into those that were given.
    public var revision: Int
    /// What stood there in the first parent; `nil` for nothing.
    public var before: String?
    /// What stands there; `nil` for nothing.
    public var after: String?
    /// For a merge: the parents that said the same already.
    public var takenFrom: [Int]

    public init(revision: Int, before: String?, after: String?, takenFrom: [Int]) {
      self.revision = revision
      self.before = before
      self.after = after
      self.takenFrom = takenFrom
    }
  }

  /// The revisions in which a part changed, newest first.
  ///
  /// A revision counts when it says something else than a parent of its; one that has no parents,
  /// when it says anything.
  ///
  /// - Parameters:
  ///   - revisions: In an order in which parents stand before children; the last one is the newest.
  ///   - content: A revision's content and what it is; `nil` for a tombstone. May be asked again.
  public static func changes(
    _ question: DocumentQuestion, in revisions: [Attribution.Revision],
    content: (Int) throws -> (bytes: [UInt8], mediaType: MediaType)?
  ) rethrows -> [Change] {
    if case .quote(let words) = question {
      return try quoted(words, in: revisions, content: content)
    }
    var answers: [String?] = []
    for index in revisions.indices {
      answers.append(try content(index).flatMap { question.answer($0.bytes, $0.mediaType) })
    }
    return changes(of: answers, in: revisions)
  }

  private static func changes(of answers: [String?], in revisions: [Attribution.Revision]) -> [Change] {
    revisions.indices.reversed().compactMap { index in
      let parents = revisions[index].parents.filter { $0 < index && $0 >= 0 }
      let after = answers[index]
      guard parents.isEmpty ? after != nil : parents.contains(where: { answers[$0] != after }) else {
        return nil
      }
      let other = parents.first { answers[$0] != after }
      return Change(
        revision: index, before: other.flatMap { answers[$0] }, after: after,
        takenFrom: parents.count > 1 ? parents.filter { answers[$0] == after } : [])
    }
  }

  /// Follows the units that hold some words back through edits and moves, and on to what became of them.
  private static func quoted(
    _ words: String, in revisions: [Attribution.Revision],
    content: (Int) throws -> (bytes: [UInt8], mediaType: MediaType)?
  ) rethrows -> [Change] {
    typealias Numbered = (parts: DocumentParts, numbers: [Int])
    var interning = Interning<[UInt8]>()
    // Only the revisions that are being compared are kept.
    var held: [Int: Numbered] = [:]
    var limit = Attribution.unitsKept
    func numbered(_ index: Int) throws -> Numbered? {
      if let found = held[index] { return found }
      guard let (bytes, mediaType) = try content(index) else { return nil }
      let parts = DocumentParts(bytes, mediaType: mediaType)
      held[index] = (parts, parts.numbers(&interning))
      if interning.count > limit {
        interning.keep(Set(held.values.flatMap(\.numbers)))
        limit = max(Attribution.unitsKept, 2 * interning.count)
      }
      return held[index]
    }
    var followed = [Set<Int>](repeating: [], count: revisions.count)
    var answers = [String?](repeating: nil, count: revisions.count)
    var newest: Int?
    for index in revisions.indices.reversed() where newest == nil {
      let units = try numbered(index)?.parts.units(holding: words) ?? []
      if units.isEmpty {
        held[index] = nil
      } else {
        followed[index] = Set(units)
        newest = index
      }
    }
    guard let newest else { return [] }
    for index in (0...newest).reversed() where !followed[index].isEmpty {
      guard let new = try numbered(index) else { continue }
      answers[index] = new.parts.text(followed[index].sorted())
      for parent in revisions[index].parents where parent < index && parent >= 0 {
        guard let old = try numbered(parent) else { continue }
        let matching = UnitMatching(old: old.parts, old.numbers, new: new.parts, new.numbers)
        followed[parent].formUnion(followed[index].compactMap { matching.sources[$0].old })
      }
      held[index] = nil
    }
    held = [:]
    for index in revisions.indices where index > newest {
      for parent in revisions[index].parents
      where parent < index && parent >= 0 && !followed[parent].isEmpty {
        guard let new = try numbered(index), let old = try numbered(parent) else { continue }
        let matching = UnitMatching(old: old.parts, old.numbers, new: new.parts, new.numbers)
        for unit in new.parts.units.indices {
          if let from = matching.sources[unit].old, followed[parent].contains(from) {
            followed[index].insert(unit)
          }
        }
      }
      if !followed[index].isEmpty, let new = try numbered(index) {
        answers[index] = new.parts.text(followed[index].sorted())
      }
      held = held.filter { $0.key == index }
    }
    return changes(of: answers, in: revisions)
  }
}
