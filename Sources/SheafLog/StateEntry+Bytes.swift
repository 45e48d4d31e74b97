import SheafModel

extension StateEntry.Value {
  /// The value's bytes as a leaf's hash takes them in (`Schemas/state-tree.md`).
  public var bytes: [UInt8] {
    switch self {
    case .content(let hash): return [1] + hash.bytes
    case .conflict(let base, let heads):
      return [2] + Self.flagged(base) + [UInt8(truncatingIfNeeded: heads.count)] + heads.flatMap(Self.flagged)
    case .proposed(let current, let proposals):
      // Values do not nest deeper: what is current holds no proposals itself.
      let before = current.map(\.bytes) ?? [0]
      return [3] + before + [UInt8(truncatingIfNeeded: proposals.count)]
        + proposals.flatMap {
          $0.name.changeSet.bigEndianBytes + $0.name.line.bigEndianBytes + Self.flagged($0.content)
        }
    }
  }

  // Absent is one zero byte, so that it is not the same as a hash of zeros.
  private static func flagged(_ hash: SHA256Hash?) -> [UInt8] {
    guard let hash else { return [0] }
    return [1] + hash.bytes
  }

  /// Reads what `bytes` wrote; `nil` for anything else.
  public init?(bytes: [UInt8]) {
    var rest = bytes[...]
    guard let kind = rest.popFirst(), let value = Self.read(kind, &rest, isInside: false), rest.isEmpty else {
      return nil
    }
    self = value
  }

  private static func read(_ kind: UInt8, _ rest: inout ArraySlice<UInt8>, isInside: Bool) -> Self? {
    switch kind {
    case 1: return hash(&rest).map { .content($0) }
    case 2:
      guard let base = flagged(&rest), let count = rest.popFirst() else { return nil }
      var heads: [SHA256Hash?] = []
      for _ in 0..<count {
        guard let head = flagged(&rest) else { return nil }
        heads.append(head)
      }
      return .conflict(base: base, heads: heads)
    case 3 where !isInside:
      guard let inner = rest.popFirst() else { return nil }
      let current = inner == 0 ? nil : read(inner, &rest, isInside: true)
      guard inner == 0 || current != nil, let count = rest.popFirst() else { return nil }
      var proposals: [StateEntry.Proposal] = []
      for _ in 0..<count {
        guard let changeSet: UInt64 = number(&rest), let line: UInt32 = number(&rest),
          let content = flagged(&rest)
        else { return nil }
        proposals.append(.init(name: RevisionName(changeSet: changeSet, line: line), content: content))
      }
      return .proposed(current, proposals)
    default: return nil
    }
  }

  private static func hash(_ rest: inout ArraySlice<UInt8>) -> SHA256Hash? {
    let bytes = Array(rest.prefix(32))
    rest = rest.dropFirst(32)
    return SHA256Hash(bytes: bytes)
  }

  /// - Returns: `.some(nil)` for one that is absent.
  private static func flagged(_ rest: inout ArraySlice<UInt8>) -> SHA256Hash?? {
    switch rest.popFirst() {
    case 0: return .some(nil)
    case 1: return hash(&rest).map { .some($0) }
    default: return nil
    }
  }

  private static func number<Number: FixedWidthInteger>(_ rest: inout ArraySlice<UInt8>) -> Number? {
    let size = MemoryLayout<Number>.size
    guard rest.count >= size else { return nil }
    defer { rest = rest.dropFirst(size) }
    return rest.prefix(size).reduce(0) { $0 << 8 | Number($1) }
  }
}
