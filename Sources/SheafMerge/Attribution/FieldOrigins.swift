import SheafModel

/// From which revision each value inside a record comes.
indirect enum FieldOrigins: Sendable {
  case leaf(Int)
  case object([ExactString: FieldOrigins])
  case array([FieldOrigins])

  /// A parent's value at one place, and where its parts come from.
  typealias Parent = (value: JSONValue, origins: FieldOrigins)

  /// Attributes a value to the parents that had it, and to `me` where none had.
  ///
  /// A part that several parents have is the first one's. The depth of calls is that of the value, which its
  /// reader has bounded.
  init(_ value: JSONValue, parents: [Parent], me: Int) {
    if let same = parents.first(where: { $0.value == value }) {
      self = same.origins
      return
    }
    switch value {
    case .object(let object) where object.count > 0:
      var members: [ExactString: FieldOrigins] = [:]
      for member in object.members {
        let key = ExactString(member.key)
        let below: [Parent] = parents.compactMap { parent in
          guard case .object(let old) = parent.value, let value = old[member.key] else { return nil }
          return (value, parent.origins.member(key))
        }
        members[key] = FieldOrigins(member.value, parents: below, me: me)
      }
      self = .object(members)
    case .array(let items) where !items.isEmpty:
      self = .array(Self.items(items, parents: parents, me: me))
    default: self = .leaf(me)
    }
  }

  /// The values that hold no others, in order, with the revision that each comes from.
  func leaves(of value: JSONValue, at pointer: JSONPointer, into found: inout [(JSONPointer, JSONValue, Int)])
  {
    switch value {
    case .object(let object) where object.count > 0:
      for member in object.members {
        self.member(ExactString(member.key)).leaves(
          of: member.value, at: pointer.appending(member.key), into: &found)
      }
    case .array(let items) where !items.isEmpty:
      for (index, item) in items.enumerated() {
        self.item(index).leaves(of: item, at: pointer.appending(index), into: &found)
      }
    default: found.append((pointer, value, newest))
    }
  }

  private func member(_ key: ExactString) -> FieldOrigins {
    if case .object(let members) = self, let member = members[key] { return member }
    return .leaf(newest)
  }

  private func item(_ index: Int) -> FieldOrigins {
    if case .array(let items) = self, items.indices.contains(index) { return items[index] }
    return .leaf(newest)
  }

  private var newest: Int {
    switch self {
    case .leaf(let origin): origin
    case .object(let members): members.values.map(\.newest).max() ?? 0
    case .array(let items): items.map(\.newest).max() ?? 0
    }
  }

  private static func items(_ items: [JSONValue], parents: [Parent], me: Int) -> [FieldOrigins] {
    var interning = Interning<JSONValue>()
    let numbers = interning.numbers(of: items)
    var same = [FieldOrigins?](repeating: nil, count: items.count)
    var moved = same
    var pairs = [[Parent]](repeating: [], count: items.count)
    for parent in parents {
      guard case .array(let old) = parent.value else { continue }
      let oldNumbers = interning.numbers(of: old)
      var (i, j) = (0, 0)
      var waiting: [Int: [Int]] = [:]
      let changes = SequenceDiff(old: oldNumbers, new: numbers).changes
      func common(upTo end: Int) {
        while i < end, j < items.count {
          if same[j] == nil { same[j] = parent.origins.item(i) }
          (i, j) = (i + 1, j + 1)
        }
      }
      for change in changes {
        common(upTo: change.old.lowerBound)
        (i, j) = (change.old.upperBound, change.new.upperBound)
        for index in change.old.reversed() { waiting[oldNumbers[index], default: []].append(index) }
      }
      common(upTo: old.count)
      for change in changes {
        for index in change.new {
          guard let from = waiting[numbers[index]]?.popLast() else { continue }
          if moved[index] == nil { moved[index] = parent.origins.item(from) }
        }
        for (from, to) in likePairs(change, old, items) {
          pairs[to].append((old[from], parent.origins.item(from)))
        }
      }
    }
    return items.indices.map { index in
      same[index] ?? moved[index] ?? FieldOrigins(items[index], parents: pairs[index], me: me)
    }
  }

  /// Items that are edits of each other: in order where as many stand on both sides, else objects that share
  /// at least half of their members.
  private static func likePairs(
    _ change: SequenceDiff.Change, _ old: [JSONValue], _ new: [JSONValue]
  ) -> [(Int, Int)] {
    if change.old.count == change.new.count { return Array(zip(change.old, change.new)) }
    guard change.old.count * change.new.count <= 1 << 12 else { return [] }
    var isUsed = Set<Int>()
    var pairs: [(Int, Int)] = []
    for to in change.new {
      guard case .object(let object) = new[to] else { continue }
      var best: (shared: Int, index: Int)?
      for from in change.old where !isUsed.contains(from) {
        guard case .object(let other) = old[from] else { continue }
        let shared = object.members.count { other[$0.key] == $0.value }
        if 2 * shared >= max(object.count, other.count), shared > best?.shared ?? 0 { best = (shared, from) }
      }
      guard let best else { continue }
      isUsed.insert(best.index)
      pairs.append((best.index, to))
    }
    return pairs
  }
}
