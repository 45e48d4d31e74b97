import SheafModel

/// How a collection's documents merge: by its schema, named by the schema's digest.
public struct MergePolicy: Hashable, Sendable {
  /// What a merged document must fit; later also how each field merges.
  public var schema: JSONSchema?
  /// The digest of the schema's bytes, which is part of a merge's identity.
  public var schemaDigest: SHA256Hash?

  /// Makes a policy.
  public init(schema: JSONSchema? = nil, schemaDigest: SHA256Hash? = nil) {
    self.schema = schema
    self.schemaDigest = schemaDigest
  }
}

/// The three states that a merge looks at; `nil` where the document is absent or deleted.
public struct MergeInput: Hashable, Sendable {
  /// The common ancestor.
  public var base: [UInt8]?
  /// The local edit.
  public var ours: [UInt8]?
  /// The incoming edit.
  public var theirs: [UInt8]?

  /// Makes an input.
  public init(base: [UInt8]?, ours: [UInt8]?, theirs: [UInt8]?) {
    self.base = base
    self.ours = ours
    self.theirs = theirs
  }
}

/// The rule that settled a merge, for the record of every automatic choice.
public enum MergeRule: String, Hashable, Sendable, CaseIterable {
  /// Both sides are the same.
  case equal
  /// One side changed, the other did not.
  case fastForward
  /// Lines that only one side touched.
  case lines
  /// Fields that only one side touched.
  case fields
  /// Front matter by fields, body by lines.
  case fieldsAndLines
}

/// What a merge came to, and by which rule.
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

  /// Makes a result; `nil` bytes stand for a deleted document.
  public init(_ bytes: [UInt8]?, rule: MergeRule) {
    value = bytes.map { .content($0) } ?? .deleted
    self.rule = rule
  }

  /// The content, or `nil` when the document is deleted.
  public var bytes: [UInt8]? {
    if case .content(let bytes) = value { bytes } else { nil }
  }
}

/// One field, block or document that both sides changed in ways that do not go together.
public struct ConflictPart: Hashable, Sendable {
  /// What clashes.
  public enum Place: Hashable, Sendable {
    /// The whole document.
    case document
    /// A value in a JSON document or in a Markdown document's front matter.
    case field(JSONPointer)
    /// Lines, counted from 0 in each of the three.
    case lines(base: Range<Int>, ours: Range<Int>, theirs: Range<Int>)
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

  /// Makes a part.
  public init(place: Place, base: [UInt8]?, ours: [UInt8]?, theirs: [UInt8]?, reason: String) {
    self.place = place
    self.base = base
    self.ours = ours
    self.theirs = theirs
    self.reason = reason
  }
}

/// The result of a three-way merge. A conflict is a value to keep, not an error.
public enum MergeOutcome: Hashable, Sendable {
  /// One value, to be recorded without asking.
  case clean(MergedContent)
  /// One value that a person confirms first, and why.
  case proposed(MergedContent, why: String)
  /// The parts that clash; never empty.
  case conflict([ConflictPart])
}
