import SheafModel

/// The parts of a document that differ between two of its revisions, as an audit lists them.
public enum PartDiff {
  /// One part that was added, removed, moved or made to say something else.
  public struct Change: Hashable, Sendable {
    /// What it is.
    public var kind: PartKind
    /// Where it stands; where it stood, for what was removed.
    public var place: PartPlace
    /// What stood there: a value as JSON, or text; `nil` for something new.
    public var before: String?
    /// What stands there; `nil` for something removed.
    public var after: String?
    /// Whether it only stands elsewhere than before.
    public var isMoved: Bool
  }

  /// The changes from one content to another, fields first, in the document's order.
  ///
  /// Layout that means nothing is no change: white space in text, order and spelling in records. A content that has no parts (binary, or
  /// above 4 MiB) changes as a whole, without values.
  ///
  /// - Parameters:
  ///   - old: `nil` for a document that was not there.
  ///   - new: `nil` for one that is gone.
  public static func between(
    _ old: (bytes: [UInt8], mediaType: MediaType)?, _ new: (bytes: [UInt8], mediaType: MediaType)?
  ) -> [Change] {
    if let old, let new, old.bytes == new.bytes { return [] }
    let before = old.map { DocumentParts($0.bytes, mediaType: $0.mediaType) }
    let after = new.map { DocumentParts($0.bytes, mediaType: $0.mediaType) }
    return fields(before?.fields, after?.fields) + text(before, after)
  }

  private static func fields(_ old: JSONValue?, _ new: JSONValue?) -> [Change] {
    switch (old, new) {
    case (nil, nil): return []
    case (let old?, let new?):
      return FieldDiff.between(old, new).map {
        Change(
          kind: .field, place: .field($0.pointer), before: $0.old.map { JSONWriter.text($0) },
          after: $0.new.map { JSONWriter.text($0) }, isMoved: false)
      }
    case (let old?, nil):
      return leaves(of: old).map {
        Change(kind: .field, place: .field($0), before: JSONWriter.text($1), after: nil, isMoved: false)
      }
    case (nil, let new?):
      return leaves(of: new).map {
        Change(kind: .field, place: .field($0), before: nil, after: JSONWriter.text($1), isMoved: false)
      }
    }
  }

  // The top members of a whole record: each smaller value is inside one of them.
  private static func leaves(of value: JSONValue) -> [(JSONPointer, JSONValue)] {
    guard case .object(let object) = value, object.count > 0 else { return [(.root, value)] }
    return object.members.map { (JSONPointer(tokens: [$0.key]), $0.value) }
  }

  private static func text(_ old: DocumentParts?, _ new: DocumentParts?) -> [Change] {
    func change(_ old: DocumentParts?, _ i: Int?, _ new: DocumentParts?, _ j: Int?, isMoved: Bool = false)
      -> Change?
    {
      guard let unit = j.flatMap({ new?.units[$0] }) ?? i.flatMap({ old?.units[$0] }) else { return nil }
      let isWhole = unit.kind == .document
      return Change(
        kind: unit.kind, place: unit.place, before: isWhole ? nil : i.flatMap { old?.text($0) },
        after: isWhole ? nil : j.flatMap { new?.text($0) }, isMoved: isMoved)
    }
    guard let old, let new else {
      return (old ?? new)?.units.indices.compactMap { index in
        old == nil ? change(nil, nil, new, index) : change(old, index, nil, nil)
      } ?? []
    }
    var interning = Interning<[UInt8]>()
    let oldNumbers = old.numbers(&interning)
    let matching = UnitMatching(old: old, oldNumbers, new: new, new.numbers(&interning))
    var changes: [Change] = []
    var gone = matching.removed[...]
    for index in 0...new.units.count {
      while let next = gone.first, next.before <= index {
        gone.removeFirst()
        if let removed = change(old, next.old, new, nil) { changes.append(removed) }
      }
      guard index < new.units.count else { break }
      let one: Change? =
        switch matching.sources[index] {
        case .same: nil
        case .moved(let from): change(old, from, new, index, isMoved: true)
        case .edited(let from): change(old, from, new, index)
        case .new: change(nil, nil, new, index)
        }
      if let one { changes.append(one) }
    }
    return changes
  }
}
