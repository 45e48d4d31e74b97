import SheafModel

/// Compares the white space of two JSON documents where both have the same parts.
///
/// Parts that only one of them has say nothing: whoever adds a member lays it out somehow.
struct JSONWhiteSpace {
  private let one: [UInt8]
  private let other: [UInt8]

  /// Whether two documents are laid out in different ways.
  static func differs(_ one: JSONSource, _ other: JSONSource) -> Bool {
    JSONWhiteSpace(one: one.bytes, other: other.bytes).differs(
      (one.value, one.layout), (other.value, other.layout))
  }

  // As deep as a reader lets a document nest.
  private func differs(
    _ one: (value: JSONValue, layout: JSONLayout), _ other: (value: JSONValue, layout: JSONLayout)
  ) -> Bool {
    switch (one.value, other.value) {
    case (.object(let left), .object(let right)):
      for (member, place) in zip(left.members, one.layout.members) {
        guard let index = right.position(of: member.key), other.layout.members.indices.contains(index) else {
          continue
        }
        let there = other.layout.members[index]
        if space(before: place.key, there.key) || space(before: place.value.range, there.value.range) {
          return true
        }
        if differs((member.value, place.value), (right.members[index].value, there.value)) { return true }
      }
      return !left.members.isEmpty && !right.members.isEmpty && end(one.layout, other.layout)
    case (.array(let left), .array(let right)):
      // Items have no names: those of lists of another length can't be told to be the same.
      guard left.count == right.count else { return false }
      for index in left.indices {
        guard one.layout.items.indices.contains(index), other.layout.items.indices.contains(index) else {
          break
        }
        let (place, there) = (one.layout.items[index], other.layout.items[index])
        if space(before: place.range, there.range) || differs((left[index], place), (right[index], there)) {
          return true
        }
      }
      return !left.isEmpty && end(one.layout, other.layout)
    default: return false
    }
  }

  /// Whether the white space before the brackets that close two values is not the same.
  private func end(_ one: JSONLayout, _ other: JSONLayout) -> Bool {
    space(
      before: one.range.upperBound - 1..<one.range.upperBound,
      other.range.upperBound - 1..<other.range.upperBound)
  }

  /// Whether the white space before two places is not the same.
  private func space(before place: Range<Int>, _ there: Range<Int>) -> Bool {
    !Self.space(before: place.lowerBound, in: one).elementsEqual(
      Self.space(before: there.lowerBound, in: other))
  }

  private static func space(before offset: Int, in bytes: [UInt8]) -> ArraySlice<UInt8> {
    var start = min(max(0, offset), bytes.count)
    let end = start
    while start > 0, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[start - 1]) { start -= 1 }
    return bytes[start..<end]
  }
}
