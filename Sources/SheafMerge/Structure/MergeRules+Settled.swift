import SheafModel

extension MergeRules {
  /// A value in which every list whose items are told apart by key or value stands in one order, so
  /// that two values can be compared as what they hold.
  mutating func unordered(_ value: JSONValue, in context: Context) -> JSONValue {
    guard !context.isEmpty else { return value }
    switch value {
    case .object(let object):
      return .object(
        JSONObject(
          object.members.map {
            .init(key: $0.key, value: unordered($0.value, in: member($0.key, of: context)))
          }))
    case .array(let items):
      let place = item(of: context)
      let inner = items.map { unordered($0, in: place) }
      switch effective(context) {
      case .set, .orderedSet, .list: return .array(inner.sorted { ItemKey(value: $0) < ItemKey(value: $1) })
      default: return .array(inner)
      }
    default: return value
    }
  }

  /// A merged document with what follows from it: derived values computed again, and sorted sets
  /// that the merge touched in order.
  mutating func settled(_ bytes: [UInt8], base: JSONValue) -> [UInt8] {
    guard let source = try? JSONReader.readSource(bytes) else { return bytes }
    var edits: [(range: Range<Int>, text: [UInt8])] = []
    settle(JSONPart(source), base: base, in: root, into: &edits)
    return bytes.replacing(edits)
  }

  private mutating func settle(
    _ part: JSONPart, base: JSONValue?, in context: Context,
    into edits: inout [(range: Range<Int>, text: [UInt8])]
  ) {
    guard !context.isEmpty, part.value != base else { return }
    switch part.value {
    case .object(let object):
      for key in object.keys {
        guard let inner = part.member(key) else { continue }
        let place = member(key, of: context)
        if case .derived(let derivation)? = strategy(place) {
          if let value = derivation.value(in: part.value), value != inner.value {
            edits.append((inner.layout.range, JSONWriter.bytes(value, .compact)))
          }
          continue
        }
        settle(inner, base: base?[JSONPointer(tokens: [key])], in: place, into: &edits)
      }
    case .array(let values):
      let place = item(of: context)
      if case .set(isSorted: true)? = effective(context) {
        let items = part.items
        let sorted = items.sorted { ItemKey(value: $0.value) < ItemKey(value: $1.value) }
        guard sorted.map(\.value) != values else { return }
        for (item, next) in zip(items, sorted) { edits.append((item.layout.range, Array(next.text))) }
        return
      }
      // An item's own base is not known here; what is sorted or derived in it is set right in any case.
      let known = if case .array(let items)? = base { Set(items) } else { Set<JSONValue>() }
      for item in part.items where !known.contains(item.value) {
        settle(item, base: nil, in: place, into: &edits)
      }
    default: break
    }
  }
}
