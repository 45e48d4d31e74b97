import SheafModel

/// What stands before the contents of a state change (`Schemas/bundle.md`, "State changes").
struct PackedStateChange {
  let path: DocumentPath
  let kind: Kind
  /// The path whose content may be a base.
  let other: DocumentPath?

  enum Kind: Hashable {
    /// Nothing is current at the path any more.
    case gone
    /// One content, by its code.
    case content(code: UInt8)
    /// Several heads, as many, and whether they have a common base.
    case conflict(headCount: Int, hasBase: Bool)
  }

  private static let other: UInt8 = 0x04
  private static let contentShift: UInt8 = 3

  func write(to out: inout ByteWriter, previousPath: [UInt8]) {
    let code: UInt8 =
      switch kind {
      case .gone: 0
      case .content(let content): 1 | content << Self.contentShift
      case .conflict(_, hasBase: false): 2
      case .conflict(_, hasBase: true): 3
      }
    out.byte(code | (other == nil ? 0 : Self.other))
    let pathBytes = Array(path.text.utf8)
    out.path(pathBytes, after: previousPath)
    if let other { out.path(Array(other.text.utf8), after: pathBytes) }
    if case .conflict(let count, _) = kind { out.number(UInt64(count)) }
  }

  init(path: DocumentPath, kind: Kind, other: DocumentPath?) {
    self.path = path
    self.kind = kind
    self.other = other
  }

  init(reading input: inout ByteCursor, previousPath: [UInt8]) throws(BundleError) {
    let tag = try input.byte()
    guard tag <= 7 || (tag & 3 == 1 && tag <= 0x7f) else { throw input.malformed("a state change's kind") }
    path = try input.path(after: previousPath)
    other = tag & Self.other != 0 ? try input.path(after: Array(path.text.utf8)) : nil
    switch tag & 3 {
    case 0: kind = .gone
    case 1: kind = .content(code: tag >> Self.contentShift)
    default: kind = .conflict(headCount: Int(try input.number(atMost: 255)), hasBase: tag & 1 != 0)
    }
    guard kind != .gone || other == nil else { throw input.malformed("a moved nothing") }
  }

  /// The code of a head that is a tombstone, beside those of contents.
  static let tombstone: UInt8 = 15
}
