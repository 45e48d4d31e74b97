import SheafModel

/// What stands before the contents of a state change (`Schemas/bundle.md`, "State changes").
struct PackedStateChange {
  let path: DocumentPath
  let kind: Kind
  /// The path whose content may be a base.
  let other: DocumentPath?
  /// The open proposals, whose contents follow those of a conflict.
  let proposals: [RevisionName]

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
  private static let proposed: UInt8 = 0x80

  func write(to out: inout ByteWriter, previousPath: [UInt8]) {
    let code: UInt8 =
      switch kind {
      case .gone: 0
      case .content(let content): 1 | content << Self.contentShift
      case .conflict(_, hasBase: false): 2
      case .conflict(_, hasBase: true): 3
      }
    out.byte(code | (other == nil ? 0 : Self.other) | (proposals.isEmpty ? 0 : Self.proposed))
    let pathBytes = Array(path.text.utf8)
    out.path(pathBytes, after: previousPath)
    if let other { out.path(Array(other.text.utf8), after: pathBytes) }
    if case .conflict(let count, _) = kind { out.number(UInt64(count)) }
    guard !proposals.isEmpty else { return }
    out.number(UInt64(proposals.count))
    for name in proposals {
      out.number(name.changeSet)
      out.number(UInt64(name.line))
    }
  }

  init(path: DocumentPath, kind: Kind, other: DocumentPath?, proposals: [RevisionName] = []) {
    self.path = path
    self.kind = kind
    self.other = other
    self.proposals = proposals
  }

  init(reading input: inout ByteCursor, previousPath: [UInt8]) throws(BundleError) {
    let tag = try input.byte()
    // With proposals a single content stands as a conflict of one head, so that all contents come alike.
    let isProposed = tag & Self.proposed != 0
    guard tag & ~Self.proposed <= 7 || (tag & 3 == 1 && !isProposed), !isProposed || tag & 3 != 1 else {
      throw input.malformed("a state change's kind")
    }
    path = try input.path(after: previousPath)
    other = tag & Self.other != 0 ? try input.path(after: Array(path.text.utf8)) : nil
    switch tag & 3 {
    case 0: kind = .gone
    case 1: kind = .content(code: tag >> Self.contentShift)
    default: kind = .conflict(headCount: Int(try input.number(atMost: 255)), hasBase: tag & 1 != 0)
    }
    guard kind != .gone || other == nil || isProposed else { throw input.malformed("a moved nothing") }
    guard isProposed else {
      proposals = []
      return
    }
    var names: [RevisionName] = []
    let count = try input.number(atMost: 255)
    for _ in 0..<count {
      let changeSet = try input.number(atMost: UInt64(Int64.max))
      let line = try input.number(atMost: UInt64(UInt32.max))
      guard changeSet > 0, line > 0 else { throw input.malformed("a revision's name") }
      let name = RevisionName(changeSet: changeSet, line: UInt32(line))
      if let last = names.last, !(last < name) { throw input.malformed("the order of proposals") }
      names.append(name)
    }
    guard !names.isEmpty else { throw input.malformed("proposals without one") }
    proposals = names
  }

  /// The code of a head that is a tombstone, beside those of contents.
  static let tombstone: UInt8 = 15
}
