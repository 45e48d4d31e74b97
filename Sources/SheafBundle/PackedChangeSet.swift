import SheafModel

/// What stands before the lines of a change set (`Schemas/bundle.md`, "Change sets").
struct PackedChangeSet {
  /// The note as it was, when it can't be rebuilt from its fields.
  let verbatim: [UInt8]?
  /// What the note says, when it can.
  let fields: Fields?
  let seed: Seed?
  /// The reason's salt, where a reason travels without the seed.
  let salt: [UInt8]?
  /// The reason's bytes, or `nil` where only the commitment travels.
  let reason: [UInt8]?
  let reasonCommitment: SHA256Hash?
  let totalLines: Int
  /// How many lines travel; `nil` for all.
  let carriedLines: Int?

  struct Fields {
    let author: Author
    let time: Timestamp
    let seen: Seen
    let after: After
    let signature: [UInt8]
  }

  enum Author {
    /// The place in the table of the authors so far.
    case known(UInt64)
    /// A key that joins the table.
    case new([UInt8])
  }

  enum Seen: Hashable {
    /// The position right before this change set.
    case previous
    /// The position that the change set before in this bundle had seen.
    case sameAsBefore
    case position(ChangeSetNote.Position)
  }

  enum After: Hashable {
    case none
    /// The change set before in this bundle.
    case previous
    case leaf(SHA256Hash)
  }

  /// What both ends know before a change set.
  struct Context {
    /// The time of the change set before; 1970 at first.
    var time = Timestamp(seconds: 0)
    var authorCount: UInt64 = 0
  }

  private enum Flag {
    static let verbatim: UInt8 = 0x01
    static let seenShift: UInt8 = 1
    static let afterShift: UInt8 = 3
    static let seed: UInt8 = 0x20
    static let reason: UInt8 = 0x40
    static let someLines: UInt8 = 0x80
  }

  func write(to out: inout ByteWriter, digests: inout ByteWriter, context: Context) {
    var flags: UInt8 = 0
    if verbatim != nil { flags |= Flag.verbatim }
    if let fields {
      let seen: UInt8 =
        switch fields.seen {
        case .previous: 0
        case .sameAsBefore: 1
        case .position: 2
        }
      let after: UInt8 =
        switch fields.after {
        case .none: 0
        case .previous: 1
        case .leaf: 2
        }
      flags |= seen << Flag.seenShift | after << Flag.afterShift
    }
    if seed != nil { flags |= Flag.seed }
    if reason != nil { flags |= Flag.reason }
    if carriedLines != nil { flags |= Flag.someLines }
    out.byte(flags)
    if let verbatim { out.sized(verbatim) }
    if let fields { write(fields, to: &out, digests: &digests, context: context) }
    if let seed { digests.raw(seed.bytes) }
    if let salt, seed == nil, reason != nil { digests.raw(salt) }
    if let reason { out.sized(reason) }
    if let reasonCommitment { digests.hash(reasonCommitment) }
    out.number(UInt64(totalLines))
    if let carriedLines { out.number(UInt64(carriedLines)) }
  }

  private func write(
    _ fields: Fields, to out: inout ByteWriter, digests: inout ByteWriter, context: Context
  ) {
    switch fields.author {
    case .known(let index): out.number(index)
    case .new(let key):
      out.number(context.authorCount)
      digests.raw(key)
    }
    out.signed(fields.time.seconds - context.time.seconds)
    if case .position(let position) = fields.seen {
      out.number(position.size)
      digests.hash(position.root)
    }
    if case .leaf(let hash) = fields.after { digests.hash(hash) }
    digests.raw(fields.signature)
  }

  init(
    verbatim: [UInt8]?, fields: Fields?, seed: Seed?, salt: [UInt8]?, reason: [UInt8]?,
    reasonCommitment: SHA256Hash?, totalLines: Int, carriedLines: Int?
  ) {
    self.verbatim = verbatim
    self.fields = fields
    self.seed = seed
    self.salt = salt
    self.reason = reason
    self.reasonCommitment = reasonCommitment
    self.totalLines = totalLines
    self.carriedLines = carriedLines
  }

  init(reading input: inout ByteCursor, digests: inout ByteCursor, context: Context) throws(BundleError) {
    let flags = try input.byte()
    if flags & Flag.verbatim != 0 {
      guard flags & 0x1e == 0 else { throw input.malformed("a change set's flags") }
      verbatim = try input.sized(atMost: Limits.changeSetNote, what: "a change set's note")
      fields = nil
    } else {
      verbatim = nil
      fields = try Self.fields(&input, &digests, flags: flags, context: context)
    }
    if flags & Flag.seed != 0 {
      guard let seed = Seed(bytes: try digests.take(Seed.sizeInBytes)) else {
        throw digests.malformed("a seed")
      }
      self.seed = seed
    } else {
      seed = nil
    }
    if flags & Flag.reason != 0 {
      salt = seed == nil ? try digests.take(Seed.sizeInBytes) : nil
      reason = try input.sized(atMost: Limits.reason, what: "a reason")
      reasonCommitment = nil
    } else {
      reason = nil
      salt = nil
      // A note that is there as a whole says it itself.
      reasonCommitment = verbatim == nil ? try digests.hash() : nil
    }
    totalLines = Int(try input.number(atMost: UInt64(Limits.revisionLines)))
    if flags & Flag.someLines != 0 {
      let carried = try input.number()
      guard carried < UInt64(totalLines) else { throw input.malformed("a part that is the whole") }
      carriedLines = Int(carried)
    } else {
      carriedLines = nil
    }
  }

  private static func fields(
    _ input: inout ByteCursor, _ digests: inout ByteCursor, flags: UInt8, context: Context
  ) throws(BundleError) -> Fields {
    let index = try input.number(atMost: context.authorCount)
    let author: Author = index < context.authorCount ? .known(index) : .new(try digests.take(32))
    let difference = try input.signed()
    let (seconds, overflow) = context.time.seconds.addingReportingOverflow(difference)
    let time = Timestamp(seconds: seconds)
    guard !overflow, time.seconds == seconds else { throw input.malformed("a time") }
    let seen: Seen
    switch flags >> Flag.seenShift & 3 {
    case 0: seen = .previous
    case 1: seen = .sameAsBefore
    case 2:
      let size = try input.number(atMost: UInt64(Int64.max))
      seen = .position(ChangeSetNote.Position(size: size, root: try digests.hash()))
    default: throw input.malformed("a change set's flags")
    }
    let after: After
    switch flags >> Flag.afterShift & 3 {
    case 0: after = .none
    case 1: after = .previous
    case 2: after = .leaf(try digests.hash())
    default: throw input.malformed("a change set's flags")
    }
    return Fields(author: author, time: time, seen: seen, after: after, signature: try digests.take(64))
  }
}
