import SheafLog
import SheafModel
import SheafSync

/// The answer to drafts with what is new behind it, as it travels (`Schemas/exchange.md`).
///
/// The beginning is read whole; the bytes of a bundle follow it and are not part of this value.
public struct ExchangeReply: Sendable {
  /// What stands behind the answers.
  public enum Rest: Hashable, Sendable {
    /// Nothing new, and the asker holds the newest checkpoint note.
    case same
    /// Nothing new: the checkpoint note.
    case unchanged(checkpoint: [UInt8])
    /// The bytes of a bundle follow, so many of them.
    case bundle(BundleTag, sizeInBytes: UInt64)
    /// The drafts were judged, and what was asked for can't be had.
    case problem(Problem)
  }

  /// What became of each draft; a leaf is known by its first 8 bytes until `answers(to:)` finds the whole.
  private var answers: [(mark: [UInt8], answer: DraftAnswer)]
  /// What stands behind the answers.
  public var rest: Rest

  /// The only version there is.
  static let version: UInt8 = 1
  /// The most bytes of answers: ten thousand with their receipts.
  static let answersLimit = 32 << 20
  private static let markSizeInBytes = 8
  private static let notesLimit = 16

  /// - Parameter answers: Those whose leaf is not a hash in base64, and refusals that are not signed, are left out.
  public init(answers: [DraftAnswer], rest: Rest) {
    self.answers = answers.compactMap { answer in
      guard let leaf = SHA256Hash(base64: answer.leaf), answer.changeSet != nil || Self.refusal(answer) != nil
      else { return nil }
      return (Array(leaf.bytes.prefix(Self.markSizeInBytes)), answer)
    }
    self.rest = rest
  }

  /// The answers to these drafts, with their whole leaves; those to others are left out.
  public func answers(to leaves: [SHA256Hash]) -> [DraftAnswer] {
    var known: [[UInt8]: SHA256Hash] = [:]
    for leaf in leaves { known[Array(leaf.bytes.prefix(Self.markSizeInBytes))] = leaf }
    return answers.compactMap { mark, answer in
      known[mark].map { leaf in
        var answer = answer
        answer.leaf = leaf.base64
        return answer
      }
    }
  }

  // MARK: Writing

  /// The beginning of the reply, up to the bundle's first byte.
  public var bytes: [UInt8] {
    var section: [UInt8] = []
    var notes: [[UInt8]] = []
    var records: [UInt8] = []
    for (mark, answer) in answers { Self.append(mark, answer, to: &records, notes: &notes) }
    Self.append(UInt64(notes.count), to: &section)
    for note in notes { Self.append(sized: note, to: &section) }
    Self.append(UInt64(answers.count), to: &section)
    section += records
    var bytes = [Self.version]
    Self.append(sized: section, to: &bytes)
    switch rest {
    case .same: bytes.append(0)
    case .unchanged(let note):
      bytes.append(1)
      Self.append(sized: note, to: &bytes)
    case .bundle(let tag, let size):
      bytes.append(2)
      Self.append(sized: Array(tag.text.utf8), to: &bytes)
      Self.append(size, to: &bytes)
    case .problem(let problem):
      bytes.append(3)
      Self.append(sized: problem.json, to: &bytes)
    }
    return bytes
  }

  /// A refusal as its reader takes it.
  private static func refusal(_ answer: DraftAnswer) -> Refusal? {
    answer.signedRefusal.flatMap {
      $0.signature.count == Refusal.signatureSizeInBytes && $0.reason.utf8.count <= Refusal.reasonLimit
        ? $0 : nil
    }
  }

  private static func append(
    _ mark: [UInt8], _ answer: DraftAnswer, to records: inout [UInt8], notes: inout [[UInt8]]
  ) {
    records += mark
    guard let number = answer.changeSet else {
      guard let refusal = refusal(answer) else { return }
      records.append(2)
      append(sized: Array(refusal.reason.utf8), to: &records)
      records += refusal.signature
      return
    }
    guard let receipt = answer.receipt.flatMap({ try? Receipt(parsing: Array($0.utf8)) }),
      receipt.index == number &- 1
    else {
      records.append(0)
      return append(number, to: &records)
    }
    let note = receipt.checkpoint.bytes
    var place = notes.firstIndex(of: note)
    if place == nil, notes.count < notesLimit {
      notes.append(note)
      place = notes.count - 1
    }
    guard let place else {
      // More checkpoints than one push can have had: the change set itself has to prove it.
      records.append(0)
      return append(number, to: &records)
    }
    records.append(1)
    append(number, to: &records)
    append(UInt64(place), to: &records)
    append(UInt64(receipt.proof.count), to: &records)
    for hash in receipt.proof { records += hash.bytes }
  }

  private static func append(_ value: UInt64, to bytes: inout [UInt8]) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }

  private static func append(sized some: [UInt8], to bytes: inout [UInt8]) {
    append(UInt64(some.count), to: &bytes)
    bytes += some
  }

  // MARK: Reading

  /// Why a reply can't be read.
  enum Damage: Error, Equatable {
    /// It ends before its parts do; more bytes may mend that.
    case truncated
    /// A part breaks a rule of the page.
    case malformed(String)
  }

  /// Reads the beginning of a reply.
  ///
  /// - Parameter bytes: What came so far; `offset` stands behind the beginning afterwards, where a bundle begins.
  /// - Throws: `Damage.truncated` when more bytes are needed.
  init(parsing bytes: [UInt8], offset: inout Int) throws(Damage) {
    var cursor = Cursor(bytes: bytes, offset: offset, end: bytes.count)
    guard try cursor.byte() == Self.version else { throw .malformed("its version is not known") }
    let size = try cursor.count(atMost: Self.answersLimit)
    let start = cursor.offset
    let section = try cursor.take(size)
    answers = try Self.answers(Cursor(bytes: bytes, offset: start, end: start + section.count))
    switch try cursor.byte() {
    case 0: rest = .same
    case 1: rest = .unchanged(checkpoint: try cursor.sized(atMost: Limits.checkpointNote))
    case 2:
      let text = String(validating: try cursor.sized(atMost: 128), as: UTF8.self)
      guard let tag = text.flatMap({ BundleTag(text: $0) }) else { throw .malformed("its tag can't be read") }
      rest = .bundle(tag, sizeInBytes: try cursor.number())
    case 3:
      guard let problem = Problem(json: try cursor.sized(atMost: Problem.sizeLimit)) else {
        throw .malformed("its problem can't be read")
      }
      rest = .problem(problem)
    default: throw .malformed("what follows its answers is not known")
    }
    offset = cursor.offset
  }

  private static func answers(_ cursor: Cursor) throws(Damage) -> [(mark: [UInt8], answer: DraftAnswer)] {
    var cursor = cursor
    // The section is here whole: an end before its parts do is a lie, not a cut.
    do throws(Damage) {
      var notes: [SignedCheckpoint] = []
      for _ in 0..<(try cursor.count(atMost: notesLimit)) {
        guard
          let note = try? SignedCheckpoint(parsing: try cursor.sized(atMost: Limits.checkpointNote))
        else { throw .malformed("a checkpoint in it can't be read") }
        notes.append(note)
      }
      var answers: [(mark: [UInt8], answer: DraftAnswer)] = []
      for _ in 0..<(try cursor.count(atMost: Limits.pushedChangeSets)) {
        let mark = try cursor.take(markSizeInBytes)
        var answer = DraftAnswer(leaf: "", changeSet: nil, receipt: nil, refusal: nil)
        switch try cursor.byte() {
        case 0: answer.changeSet = try cursor.number()
        case 1:
          let number = try cursor.number()
          let place = try cursor.count(atMost: notesLimit)
          var proof: [SHA256Hash] = []
          for _ in 0..<(try cursor.count(atMost: Receipt.maximumProofCount)) {
            guard let hash = SHA256Hash(bytes: try cursor.take(SHA256Hash.sizeInBytes)) else {
              throw .truncated
            }
            proof.append(hash)
          }
          guard number > 0, notes.indices.contains(place) else { throw .malformed("a receipt in it") }
          let receipt = Receipt(index: number - 1, proof: proof, checkpoint: notes[place])
          answer.changeSet = number
          answer.receipt = String(decoding: receipt.bytes, as: UTF8.self)
        case 2:
          guard let text = String(validating: try cursor.sized(atMost: Refusal.reasonLimit), as: UTF8.self)
          else { throw .malformed("a reason in it is no text") }
          let signature = try cursor.take(Refusal.signatureSizeInBytes)
          answer = DraftAnswer(leaf: "", Refusal(reason: text, signature: signature))
        default: throw .malformed("an answer in it is not known")
        }
        answers.append((mark, answer))
      }
      guard cursor.offset == cursor.end else { throw .malformed("its answers are shorter than it says") }
      return answers
    } catch {
      throw error == .truncated ? .malformed("its answers are longer than it says") : error
    }
  }

  private struct Cursor {
    let bytes: [UInt8]
    var offset: Int
    let end: Int

    mutating func byte() throws(Damage) -> UInt8 {
      guard offset < end else { throw .truncated }
      defer { offset += 1 }
      return bytes[offset]
    }

    mutating func take(_ count: Int) throws(Damage) -> [UInt8] {
      guard count <= end - offset else { throw .truncated }
      defer { offset += count }
      return Array(bytes[offset..<offset + count])
    }

    /// A number in its one shortest form.
    mutating func number() throws(Damage) -> UInt64 {
      var value: UInt64 = 0
      var shift: UInt64 = 0
      while true {
        let byte = try byte()
        guard shift < 63 || byte <= 1, byte != 0 || shift == 0 else { throw .malformed("a number in it") }
        value |= UInt64(byte & 0x7f) << shift
        if byte < 0x80 { return value }
        shift += 7
      }
    }

    mutating func count(atMost limit: Int) throws(Damage) -> Int {
      let value = try number()
      guard value <= UInt64(limit) else { throw .malformed("a number above \(limit)") }
      return Int(value)
    }

    mutating func sized(atMost limit: Int) throws(Damage) -> [UInt8] { try take(try count(atMost: limit)) }
  }
}
