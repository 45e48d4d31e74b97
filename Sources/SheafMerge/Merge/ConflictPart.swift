import SheafModel

/// One field, list item, block or document that both sides changed in ways that need a person.
public struct ConflictPart: Hashable, Sendable {
  /// What a block of prose is.
  public enum BlockKind: String, Hashable, Sendable, CaseIterable {
    case heading
    case paragraph
    case listItem
    case tableRow
    case fence
  }

  /// What clashes.
  public enum Place: Hashable, Sendable {
    /// The whole document.
    case document
    /// A value in a JSON document or in a Markdown document's front matter.
    case field(JSONPointer)
    /// An item of the list at `list`, named by the members that are its key.
    case item(list: JSONPointer, key: JSONValue)
    /// Lines, counted from 0 in each of the three.
    case lines(base: Range<Int>, ours: Range<Int>, theirs: Range<Int>)
    /// One block of prose, by its lines, counted from 0 in each of the three.
    case block(BlockKind, base: Range<Int>, ours: Range<Int>, theirs: Range<Int>)
  }

  /// How much a part needs a person.
  public enum Severity: Hashable, Sendable {
    /// There is a value to confirm; `nil` proposes that the part goes.
    case look(proposed: [UInt8]?)
    /// Nothing is proposed.
    case blocked
  }

  /// What clashes.
  public let place: Place
  /// The bytes of just that part; `nil` where it is absent.
  public let base: [UInt8]?
  /// The bytes of just that part; `nil` where it is absent.
  public let ours: [UInt8]?
  /// The bytes of just that part; `nil` where it is absent.
  public let theirs: [UInt8]?
  /// Why a person is asked, in one sentence without a full stop.
  public let reason: String
  /// How much it needs a person.
  public let severity: Severity

  /// Makes a part.
  public init(
    place: Place, base: [UInt8]?, ours: [UInt8]?, theirs: [UInt8]?, reason: String,
    severity: Severity = .blocked
  ) {
    self.place = place
    self.base = base
    self.ours = ours
    self.theirs = theirs
    self.reason = reason
    self.severity = severity
  }

  /// What to make of a part.
  public enum Choice: Hashable, Sendable {
    case base
    case ours
    case theirs
    /// What the merge proposes; ours where it proposes nothing.
    case proposed
    /// Ours, then theirs; of use where `canTakeBoth`.
    case both
    /// What a person wrote; `nil` takes the part away.
    case bytes([UInt8]?)
  }

  /// Whether ours followed by theirs is a text that can stand there.
  public var canTakeBoth: Bool {
    switch place {
    case .lines, .block: ours != nil && theirs != nil
    case .document, .field, .item: false
    }
  }

  /// The bytes of a choice; `nil` when the part goes.
  public func content(_ choice: Choice) -> [UInt8]? {
    switch choice {
    case .base: return base
    case .ours: return ours
    case .theirs: return theirs
    case .proposed: if case .look(let proposed) = severity { return proposed } else { return ours }
    case .both:
      guard let ours, let theirs else { return ours ?? theirs }
      // A last line may stand without its end.
      let joint: [UInt8] = ours.isEmpty || theirs.isEmpty || ours.last == UInt8(ascii: "\n") ? [] : [0x0a]
      return ours + joint + theirs
    case .bytes(let bytes): return bytes
    }
  }

  /// Whether there is a value to confirm.
  public var isProposed: Bool { if case .look = severity { true } else { false } }
}
