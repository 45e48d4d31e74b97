import SheafLog
import SheafModel

/// A change set to put into a bundle.
public struct OutgoingChangeSet: Sendable {
  /// Its number in the log, from 1; 0 in drafts.
  public var number: UInt64
  /// Its note, as it is logged.
  public var note: SignedNote
  /// What the note's text says.
  public var fields: ChangeSetNote
  /// The seed of its salts; `nil` when it was destroyed.
  public var seed: Seed?
  /// The salts that are left of a destroyed seed, by line; line 0 is the reason's.
  public var salts: [UInt32: [UInt8]]
  /// The reason's bytes; `nil` when they are not held or were redacted.
  public var reason: [UInt8]?
  /// How many lines its list has.
  public var totalLines: Int
  /// The lines that the subscription covers, by ascending index.
  public var lines: [OutgoingLine]
  /// `SubsetProof.make` of the list for these lines; empty when they are all.
  public var subsetProof: [SHA256Hash]

  public init(
    number: UInt64, note: SignedNote, fields: ChangeSetNote, seed: Seed?,
    salts: [UInt32: [UInt8]] = [:], reason: [UInt8]?, totalLines: Int, lines: [OutgoingLine],
    subsetProof: [SHA256Hash] = []
  ) {
    self.number = number
    self.note = note
    self.fields = fields
    self.seed = seed
    self.salts = salts
    self.reason = reason
    self.totalLines = totalLines
    self.lines = lines
    self.subsetProof = subsetProof
  }

  /// The commitment to the content of a line, or with line 0 to the reason; `nil` where its salt was destroyed.
  func commitment(to content: SHA256Hash, line: UInt32) -> Commitment? {
    (seed?.salt(line: line) ?? salts[line]).map { Commitment(content, salt: $0, line: line) }
  }
}

/// A line of a change set to put into a bundle.
public struct OutgoingLine: Sendable {
  /// Its place in the revision list, from 0.
  public var index: Int
  /// The line.
  public var line: RevisionLine
  /// What travels of its content.
  public var content: OutgoingContent

  public init(index: Int, line: RevisionLine, content: OutgoingContent) {
    self.index = index
    self.line = line
    self.content = content
  }
}

/// What travels of a revision's content.
public enum OutgoingContent: Hashable, Sendable {
  /// A tombstone has none.
  case none
  /// The bytes travel in this bundle.
  ///
  /// `similarTo` names a path whose newest content makes a better base than the
  /// document's own; it is passed over where the receiver has none of it.
  case body(SHA256Hash, similarTo: DocumentPath? = nil)
  /// The hash travels; the receiver has the bytes, or does without them.
  case hashOnly(SHA256Hash)
  /// Hash and size of an asset travel; the receiver fetches the bytes when somebody asks for them.
  case absent(SHA256Hash)
  /// Only the commitment travels: the content was redacted.
  case unknown
}

/// A change of what is current at a path, to put into a `heads` bundle.
public struct OutgoingStateChange: Sendable {
  /// The path.
  public var path: DocumentPath
  /// What is current there; `nil` when nothing is any more.
  public var value: StateEntry.Value?
  /// Which of the value's contents travel; the receiver holds the others already.
  public var bodies: Set<SHA256Hash>
  /// The path that the document had before, where it moved.
  public var movedFrom: DocumentPath?
  /// A path whose newest content makes a better base; passed over where the receiver has none of it.
  public var similarTo: DocumentPath?
  /// Which of the value's contents are assets of which only hash and size travel.
  public var absent: Set<SHA256Hash>

  public init(
    path: DocumentPath, value: StateEntry.Value?, bodies: Set<SHA256Hash>, movedFrom: DocumentPath? = nil,
    similarTo: DocumentPath? = nil, absent: Set<SHA256Hash> = []
  ) {
    self.absent = absent
    self.path = path
    self.value = value
    self.bodies = bodies
    self.movedFrom = movedFrom
    self.similarTo = similarTo
  }
}
