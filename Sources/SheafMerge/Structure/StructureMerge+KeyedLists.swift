import SheafModel

/// The values that name an item within its list.
struct ItemKey: Hashable, Comparable {
  let values: [JSONValue]
  /// What keys are sorted by: compact JSON, or the text of a set's item.
  let text: ExactString

  init(values: [JSONValue], pointers: [JSONPointer]) {
    self.values = values
    text = ExactString(JSONWriter.text(Self.json(values, pointers)))
  }

  init(value: JSONValue) {
    values = [value]
    text =
      if case .string(let text) = value { ExactString(text) } else { ExactString(JSONWriter.text(value)) }
  }

  /// The key as a part's place names it.
  static func json(_ values: [JSONValue], _ pointers: [JSONPointer]) -> JSONValue {
    .object(
      JSONObject(
        zip(pointers, values).filter { $0.1 != .null }
          .map { .init(key: $0.tokens.joined(separator: "/"), value: $1) }))
  }

  static func == (lhs: ItemKey, rhs: ItemKey) -> Bool { lhs.values == rhs.values }
  func hash(into hasher: inout Hasher) { hasher.combine(values) }
  static func < (lhs: ItemKey, rhs: ItemKey) -> Bool { lhs.text < rhs.text }
}

extension StructureMerge {
  /// Whether the order of a list's items says something.
  enum ItemOrder { case matters, free }

  /// A list's items by key.
  private struct KeyedItems {
    var keys: [ItemKey] = []
    var items: [ItemKey: JSONPart] = [:]
    var places: [ItemKey: Int] = [:]

    /// Reads a list; `nil` when it is none, or a key is missing or stands twice.
    init?(_ part: JSONPart?, key: (JSONValue) -> ItemKey?) {
      guard let part else { return }
      guard part.list != nil else { return nil }
      for (index, item) in part.items.enumerated() {
        guard let key = key(item.value), items.updateValue(item, forKey: key) == nil else { return nil }
        keys.append(key)
        places[key] = index
      }
    }
  }

  private static func reader(of pointers: [JSONPointer], with others: [JSONPointer] = []) -> (JSONValue) ->
    ItemKey?
  {
    { item in
      var values: [JSONValue] = []
      for pointer in pointers {
        guard let value = item[pointer] else { return nil }
        values.append(value)
      }
      for pointer in others { values.append(item[pointer] ?? .null) }
      return ItemKey(values: values, pointers: pointers + others)
    }
  }

  /// Merges lists whose items have a declared key, item by item.
  mutating func mergeList(
    _ values: Sides, by keys: [JSONPointer], with others: [JSONPointer], at pointer: JSONPointer,
    in context: MergeRules.Context, _ order: ItemOrder
  ) -> [MergePiece]? {
    let pointers = keys + others
    let key = Self.reader(of: keys, with: others)
    guard let base = KeyedItems(values.base, key: key), let one = KeyedItems(values.one, key: key),
      let other = KeyedItems(values.other, key: key)
    else { return isOneValue(values, pointer) }
    let itemContext = rules.item(of: context)
    let before = moment
    let successors = Self.successors(base, one, other)
    var merged: [ItemKey: [MergePiece]] = [:]
    for key in MergedOrder.unique(base.keys + one.keys + other.keys) {
      let inner = Sides(base: base.items[key], one: one.items[key], other: other.items[key])
      let name = ItemKey.json(key.values, pointers)
      if inner.areBothEdits, inner.one == nil || inner.other == nil {
        merged[key] = ask(
          inner, .item(list: pointer, key: name), "one side removed this item and the other changed it",
          isDeclared: true)
      } else if let gone = successors[key] {
        let proposed = (inner.one ?? inner.other).map { $0.text(indentedBy: values.indent) }
        merged[key] = ask(
          inner, .item(list: pointer, key: name),
          "both sides removed the item \(gone.text), and this stands in its place",
          severity: .look(proposed: proposed), isDeclared: true)
      } else {
        let place = pointer.appending(JSONWriter.text(name))
        merged[key] = merge(inner, at: place, in: itemContext, isMatched: true)
      }
    }
    let woven = MergedOrder.weave(
      base: base.keys, one: one.keys.filter { merged[$0] != nil },
      other: other.keys.filter { merged[$0] != nil }, isBefore: order == .free ? { $0 < $1 } : nil)
    let pieces = splice(woven.keys, one.places, values) { merged[$0] ?? [] }
    if woven.isAmbiguous, order == .matters, parts[before.parts...].allSatisfy(\.isProposed) {
      let proposed = text(of: pieces)
      forget(since: before)
      return clash(
        values, pointer, "both sides added or moved items at one place, in an order that is not known",
        proposed: .look(proposed: proposed), isDeclared: true)
    }
    return pieces
  }

  /// Items that one side put where both removed one: a new key may be a new name for the same thing.
  private static func successors(_ base: KeyedItems, _ one: KeyedItems, _ other: KeyedItems) -> [ItemKey:
    ItemKey]
  {
    var gone: [ItemKey?: ItemKey] = [:]
    var neighbour: ItemKey?
    for key in base.keys {
      if one.items[key] == nil, other.items[key] == nil { gone[neighbour] = key } else { neighbour = key }
    }
    if gone.isEmpty { return [:] }
    var successors: [ItemKey: ItemKey] = [:]
    for (side, across) in [(one, other), (other, one)] {
      var neighbour: ItemKey?
      for key in side.keys {
        if base.items[key] != nil {
          neighbour = key
        } else if across.items[key] == nil, let removed = gone[neighbour] {
          successors[key] = removed
        }
      }
    }
    return successors
  }

  /// Merges lists as sets: what one side removed is out, what one side added is in.
  mutating func mergeSets(
    _ values: Sides, at pointer: JSONPointer, _ order: ItemOrder, isSorted: Bool
  ) -> [MergePiece]? {
    guard let base = KeyedItems(values.base, key: { ItemKey(value: $0) }),
      let one = KeyedItems(values.one, key: { ItemKey(value: $0) }),
      let other = KeyedItems(values.other, key: { ItemKey(value: $0) })
    else { return isOneValue(values, pointer) }
    func stays(_ key: ItemKey) -> Bool {
      base.items[key] == nil || one.items[key] != nil && other.items[key] != nil
    }
    let woven = MergedOrder.weave(
      base: base.keys, one: one.keys.filter(stays), other: other.keys.filter(stays),
      isBefore: order == .free ? { $0 < $1 } : nil)
    let keys = isSorted ? woven.keys.sorted() : woven.keys
    let pieces = splice(keys, one.places, values) { key in
      if let item = one.items[key] { return [.text(Array(item.text))] }
      return other.items[key].map { [.text($0.text(indentedBy: values.indent))] } ?? []
    }
    let isReplaced =
      base.keys.contains { one.items[$0] == nil && other.items[$0] == nil }
      && one.keys.contains { base.items[$0] == nil && other.items[$0] == nil }
      && other.keys.contains { base.items[$0] == nil && one.items[$0] == nil }
    if isReplaced || woven.isAmbiguous && order == .matters {
      let reason =
        isReplaced
        ? "both sides removed the same item, and each put something else in its place"
        : "both sides added or moved items at one place, in an order that is not known"
      return clash(values, pointer, reason, proposed: .look(proposed: text(of: pieces)), isDeclared: true)
    }
    return pieces
  }

  /// Merges lists that only grow.
  mutating func mergeAppendOnly(
    _ values: Sides, by pointers: [JSONPointer], at pointer: JSONPointer
  ) -> [MergePiece]? {
    let key = Self.reader(of: pointers)
    guard let base = KeyedItems(values.base, key: key), let one = KeyedItems(values.one, key: key),
      let other = KeyedItems(values.other, key: key)
    else { return isOneValue(values, pointer) }
    var merged: [ItemKey: [MergePiece]] = [:]
    for key in MergedOrder.unique(base.keys + one.keys + other.keys) {
      let inner = Sides(base: base.items[key], one: one.items[key], other: other.items[key])
      let isOld =
        inner.base != nil
        && (inner.one?.value != inner.base?.value || inner.other?.value != inner.base?.value)
      let isTwice =
        inner.base == nil && inner.one != nil && inner.other != nil && inner.one?.value != inner.other?.value
      if isOld || isTwice {
        merged[key] = ask(
          inner, .item(list: pointer, key: ItemKey.json(key.values, pointers)),
          isOld ? "an item of a list that only grows was changed" : "both sides added an item with this key",
          isDeclared: true)
      } else {
        merged[key] = (inner.one ?? inner.other).map { [.text($0.text(indentedBy: values.indent))] }
      }
    }
    // Published earlier, earlier in the list, and each side's in its own order; by key where nobody knows.
    var isBefore: (ItemKey, ItemKey) -> Bool = { $0 < $1 }
    if let isOtherLater = sides.other.isLater(than: sides.one) {
      let inOrder = MergedOrder.unique(isOtherLater ? one.keys + other.keys : other.keys + one.keys)
      let ranks = Dictionary(uniqueKeysWithValues: inOrder.enumerated().map { ($1, $0) })
      isBefore = { ranks[$0] ?? 0 < ranks[$1] ?? 0 }
    }
    let woven = MergedOrder.weave(base: base.keys, one: one.keys, other: other.keys, isBefore: isBefore)
    return splice(woven.keys, one.places, values) { merged[$0] ?? [] }
  }

  private mutating func isOneValue(_ values: Sides, _ pointer: JSONPointer) -> [MergePiece] {
    clash(
      values, pointer,
      "both sides changed this list, which is one value because a key is missing or stands twice",
      isDeclared: true)
  }

  private func splice(
    _ keys: [ItemKey], _ places: [ItemKey: Int], _ values: Sides, _ pieces: (ItemKey) -> [MergePiece]
  ) -> [MergePiece] {
    let entries = keys.map { JSONSplice.Entry(place: places[$0], head: [], value: pieces($0)) }
    let brackets = (UInt8(ascii: "["), UInt8(ascii: "]"))
    let models = [values.one, values.other].compactMap(\.self)
    return [.members(JSONSplice.container(entries, in: models, brackets: brackets))]
  }
}

extension MergedOrder {
  /// The elements without repetitions, each at its first place.
  static func unique<Key: Hashable>(_ keys: [Key]) -> [Key] {
    var seen: Set<Key> = []
    return keys.filter { seen.insert($0).inserted }
  }
}
