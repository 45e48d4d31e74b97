/// Where a value and its parts stand in the bytes they were read from.
///
/// The tree mirrors the value: a member or an item for each of the value's own.
public struct JSONLayout: Hashable, Sendable {
  /// Where one member of an object stands.
  public struct Member: Hashable, Sendable {
    /// The key with its quotes.
    public let key: Range<Int>
    /// The value.
    public let value: JSONLayout

    /// From the key's first byte to the value's last.
    public var range: Range<Int> { key.lowerBound..<value.range.upperBound }
  }

  /// The bytes of the value, without white space around it.
  public let range: Range<Int>
  /// An object's members in order; none for other values.
  public let members: [Member]
  /// An array's items in order; none for other values.
  public let items: [JSONLayout]
}

/// A JSON document with the bytes it was read from.
public struct JSONSource: Hashable, Sendable {
  /// The bytes as they were given.
  public let bytes: [UInt8]
  /// What they mean.
  public let value: JSONValue
  /// Where each part stands.
  public let layout: JSONLayout

  /// The bytes of the value that a pointer leads to, or `nil` when it leads nowhere.
  public func range(of pointer: JSONPointer) -> Range<Int>? {
    var value = value
    var layout = layout
    for token in pointer.tokens {
      switch value {
      case .object(let object):
        guard let index = object.position(of: token), layout.members.indices.contains(index) else {
          return nil
        }
        value = object.members[index].value
        layout = layout.members[index].value
      case .array(let items):
        guard let index = JSONPointer.arrayIndex(token), items.indices.contains(index),
          layout.items.indices.contains(index)
        else { return nil }
        value = items[index]
        layout = layout.items[index]
      default: return nil
      }
    }
    return layout.range
  }
}
