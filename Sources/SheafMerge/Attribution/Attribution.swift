import SheafModel

/// A part of a document and the revision that wrote it.
public struct AttributedPart: Hashable, Sendable {
  /// What it is.
  public var kind: PartKind
  /// Where it stands.
  public var place: PartPlace
  /// What stands there: a value as JSON, or text.
  public var text: String
  /// The revision that wrote it, as an index into those that were given.
  public var origin: Int
  /// For a part that a merge put together: the revisions whose words it has, newest first; empty otherwise.
  public var joined: [Int]
  /// Runs of words with the revision of each; empty where all are of `origin`.
  public var words: [Word]

  /// A run of words that one revision wrote, with the white space behind it.
  public struct Word: Hashable, Sendable {
    public var text: String
    public var origin: Int

    public init(text: String, origin: Int) {
      self.text = text
      self.origin = origin
    }
  }
}

/// Who wrote which part of a document: a pure function of its revisions.
///
/// A part belongs to the newest revision that changed it. What moved inside the document keeps its
/// origin; what a merge took from a parent is of the revision that the parent had it from; a sentence that
/// a merge put together from two is of the newest whose words it has, and names the others.
/// `Schemas/audit.md`, "Blame".
public enum Attribution {
  /// One revision: indexes of those it was made from, all of them before it.
  public struct Revision: Sendable {
    public var parents: [Int]

    public init(parents: [Int]) { self.parents = parents }
  }

  /// Attributes the parts of the last revision.
  ///
  /// - Parameters:
  ///   - revisions: In an order in which parents stand before children.
  ///   - content: A revision's content and what it is; `nil` for a tombstone. Asked once for each, in order.
  /// - Complexity: One comparison of whole documents for each pair of parent and child. Only revisions that
  ///   later ones are made from are kept, and about as many units as those have.
  public static func parts(
    _ revisions: [Revision], content: (Int) throws -> (bytes: [UInt8], mediaType: MediaType)?
  ) rethrows -> [AttributedPart] {
    try parts(revisions, unitsKept: unitsKept, content: content)
  }

  /// How many units are remembered before those that no revision at hand has are forgotten.
  static let unitsKept = 50_000

  static func parts(
    _ revisions: [Revision], unitsKept: Int,
    content: (Int) throws -> (bytes: [UInt8], mediaType: MediaType)?
  ) rethrows -> [AttributedPart] {
    var childrenLeft = [Int](repeating: 0, count: revisions.count)
    for revision in revisions {
      for parent in revision.parents where childrenLeft.indices.contains(parent) { childrenLeft[parent] += 1 }
    }
    var states = [AttributedContent?](repeating: nil, count: revisions.count)
    var interning = Interning<[UInt8]>()
    var limit = unitsKept
    for (index, revision) in revisions.enumerated() {
      let parents = revision.parents.filter { $0 < index && $0 >= 0 }
      if let (bytes, mediaType) = try content(index) {
        states[index] = AttributedContent(
          DocumentParts(bytes, mediaType: mediaType), parents: parents.compactMap { states[$0] }, me: index,
          &interning)
      }
      for parent in parents {
        childrenLeft[parent] -= 1
        if childrenLeft[parent] == 0 { states[parent] = nil }
      }
      if interning.count > limit {
        interning.keep(Set(states.lazy.compactMap { $0 }.flatMap(\.numbers)))
        limit = max(unitsKept, 2 * interning.count)
      }
    }
    return states.last.flatMap { $0 }?.parts ?? []
  }
}

/// One revision's content with the origin of each part.
struct AttributedContent: Sendable {
  private let content: DocumentParts
  /// The units' numbers, equal for equal ones of all revisions at hand.
  let numbers: [Int]
  private let fields: FieldOrigins?
  private var origins: [Int]
  private var joined: [Int: [Int]] = [:]
  /// For units with words of several revisions: each word's.
  private var words: [Int: [Int]] = [:]

  init(_ content: DocumentParts, parents: [AttributedContent], me: Int, _ interning: inout Interning<[UInt8]>)
  {
    if let same = parents.first(where: { $0.content.bytes == content.bytes }) {
      self = same
      return
    }
    self.content = content
    numbers = content.numbers(&interning)
    fields = content.fields.map { value in
      FieldOrigins(
        value,
        parents: parents.compactMap { parent in
          guard let fields = parent.fields, let old = parent.content.fields else { return nil }
          return (old, fields)
        }, me: me)
    }
    origins = [Int](repeating: me, count: content.units.count)
    let matchings = parents.map {
      UnitMatching(old: $0.content, $0.numbers, new: content, numbers)
    }
    for index in content.units.indices { attribute(index, parents, matchings, me) }
  }

  private mutating func attribute(
    _ index: Int, _ parents: [AttributedContent], _ matchings: [UnitMatching], _ me: Int
  ) {
    var found: (parent: Int, unit: Int)?
    for wantsMoved in [false, true] {
      for (parent, matching) in matchings.enumerated() where found == nil {
        switch matching.sources[index] {
        case .same(let unit) where !wantsMoved: found = (parent, unit)
        case .moved(let unit) where wantsMoved: found = (parent, unit)
        default: break
        }
      }
    }
    if let (parent, unit) = found {
      origins[index] = parents[parent].origins[unit]
      joined[index] = parents[parent].joined[unit]
      words[index] = parents[parent].words[unit]
      return
    }
    let places = content.words(index)
    var wordOrigins = [Int?](repeating: nil, count: places.count)
    for (parent, matching) in zip(parents, matchings) {
      guard case .edited(let unit) = matching.sources[index] else { continue }
      let before = parent.content.words(unit)
      var interning = Interning<ArraySlice<UInt8>>()
      let diff = SequenceDiff(
        old: interning.numbers(of: before.map { parent.content.bytes[$0] }),
        new: interning.numbers(of: places.map { content.bytes[$0] }))
      let known = parent.words[unit]
      var i = 0
      for j in places.indices where !diff.added[j] {
        while i < before.count, diff.removed[i] { i += 1 }
        let origin = known.flatMap { $0.indices.contains(i) ? $0[i] : nil } ?? parent.origins[unit]
        wordOrigins[j] = min(wordOrigins[j] ?? origin, origin)
        i += 1
      }
    }
    let resolved = wordOrigins.map { $0 ?? me }
    guard resolved.contains(where: { $0 != me }) else { return }
    words[index] = resolved
    // A sentence whose every word was there in a parent is nothing that the merge wrote.
    if parents.count > 1, !resolved.contains(me), let newest = resolved.max() {
      origins[index] = newest
      let all = Set(resolved).sorted(by: >)
      joined[index] = all.count > 1 ? all : nil
    }
  }

  /// All parts, fields before text, in the document's order.
  var parts: [AttributedPart] {
    var parts: [AttributedPart] = []
    if let fields, let value = content.fields {
      var leaves: [(JSONPointer, JSONValue, Int)] = []
      fields.leaves(of: value, at: .root, into: &leaves)
      parts = leaves.map {
        AttributedPart(
          kind: .field, place: .field($0.0), text: JSONWriter.text($0.1), origin: $0.2, joined: [], words: [])
      }
    }
    for (index, unit) in content.units.enumerated() {
      parts.append(
        AttributedPart(
          kind: unit.kind, place: unit.place,
          text: unit.kind == .document ? "" : content.text(index), origin: origins[index],
          joined: joined[index] ?? [], words: runs(index)))
    }
    return parts
  }

  private func runs(_ index: Int) -> [AttributedPart.Word] {
    guard let origins = words[index] else { return [] }
    let places = content.words(index)
    guard places.count == origins.count else { return [] }
    var runs: [AttributedPart.Word] = []
    var start = content.units[index].body.lowerBound
    for position in places.indices {
      let isLast = position + 1 == places.count
      let end = isLast ? content.units[index].body.upperBound : places[position + 1].lowerBound
      guard isLast || origins[position + 1] != origins[position] else { continue }
      runs.append(
        .init(text: String(decoding: content.bytes[start..<end], as: UTF8.self), origin: origins[position]))
      start = end
    }
    return runs
  }
}
