/// The rule that settled a merge, for the record of every automatic choice.
public enum MergeRule: String, Hashable, Sendable, CaseIterable {
  /// Both sides are the same.
  case equal
  /// One side changed, the other did not.
  case fastForward
  /// Lines that only one side touched.
  case lines
  /// Blocks and sentences that only one side touched, within lines that both touched.
  case prose
  /// Fields that only one side touched.
  case fields
  /// Rows and cells that only one side touched.
  case rows
  /// Front matter by fields, body by lines.
  case fieldsAndLines
}

/// One automatic choice that set somebody's edit aside.
public struct SetAside: Hashable, Sendable {
  /// Which side's edit was not taken.
  public enum Loser: String, Hashable, Sendable { case ours, theirs }

  /// Where.
  public let place: ConflictPart.Place
  /// What stands there now; `nil` where the part went.
  public let kept: [UInt8]?
  /// What was not taken; `nil` where that side had removed the part.
  public let other: [UInt8]?
  /// Which side's edit was not taken.
  public let loser: Loser
  /// The strategy that chose: a word of `Schemas/merge.md`, such as `latest` or `whiteSpace`.
  public let strategy: String

  /// The strategy by which white space and layout give way to a change of meaning.
  public static let whiteSpace = "whiteSpace"

  /// Makes a note.
  public init(place: ConflictPart.Place, kept: [UInt8]?, other: [UInt8]?, loser: Loser, strategy: String) {
    self.place = place
    self.kept = kept
    self.other = other
    self.loser = loser
    self.strategy = strategy
  }
}

/// What a merge came to, by which rule, and what it set aside.
public struct MergedContent: Hashable, Sendable {
  /// What the document is after the merge.
  public enum Value: Hashable, Sendable {
    case content([UInt8])
    case deleted
  }

  /// What the document is after the merge.
  public let value: Value
  /// The rule that settled it.
  public let rule: MergeRule
  /// Every automatic choice that set somebody's edit aside.
  public let setAside: [SetAside]

  /// Makes a result; `nil` bytes stand for a deleted document.
  public init(_ bytes: [UInt8]?, rule: MergeRule, setAside: [SetAside] = []) {
    value = bytes.map { .content($0) } ?? .deleted
    self.rule = rule
    self.setAside = setAside
  }

  /// The content, or `nil` when the document is deleted.
  public var bytes: [UInt8]? {
    if case .content(let bytes) = value { bytes } else { nil }
  }
}

/// The result of a three-way merge. A conflict is a value to keep, not an error.
public enum MergeOutcome: Hashable, Sendable {
  /// One value, to be recorded without asking.
  case clean(MergedContent)
  /// One value that a person confirms first; each part says what is asked and has a proposal.
  case proposed(MergedContent, parts: MergedParts)
  /// At least one part has no proposal; everything around the parts is merged.
  case conflict(MergedParts)

  /// What a person is asked; empty when clean.
  public var parts: [ConflictPart] {
    switch self {
    case .clean: []
    case .proposed(_, let parts), .conflict(let parts): parts.parts
    }
  }
}
