import SheafModel

/// A text and the signatures over it: the one signed thing of the design.
///
/// Well formed, nothing more: `VerifierKey.verifies(note:)` says who signed.
/// Reading and writing are each other's inverse, byte for byte.
/// `Schemas/signed-note.md`; C2SP *signed-note*.
public struct SignedNote: Hashable, Sendable {
  /// What is signed; ends in a line feed.
  public let text: String
  /// The signature lines, in the order they stand.
  public let signatures: [NoteSignature]

  /// Puts a note together from a text and at least one signature.
  ///
  /// - Throws: `NoteError` when the text is not one that can be signed, or there is no signature.
  public init(text: String, signatures: [NoteSignature]) throws(NoteError) {
    try Self.check(text: text)
    guard !signatures.isEmpty else { throw .unsigned }
    self.text = text
    self.signatures = signatures
  }

  /// Reads a note.
  ///
  /// - Throws: `NoteError` for the first check that fails, in the order of `Schemas/signed-note.md`.
  public init(parsing bytes: [UInt8], maximumSize: Int, maximumSignatures: Int) throws(NoteError) {
    guard bytes.count <= maximumSize else { throw .tooLarge(size: bytes.count, limit: maximumSize) }
    guard String(validating: bytes, as: UTF8.self) != nil else { throw .notUTF8 }
    if let offset = Self.controlCharacter(in: bytes) { throw .controlCharacter(offset: offset) }
    guard bytes.last == Self.lineFeed else { throw .unsigned }
    // The text may hold blank lines, so the last one ends it.
    guard let end = Self.endOfText(in: bytes), end < bytes.count - 1 else { throw .unsigned }
    let lines = bytes[(end + 1)..<(bytes.count - 1)].split(
      separator: Self.lineFeed, maxSplits: max(0, maximumSignatures), omittingEmptySubsequences: false)
    guard lines.count <= maximumSignatures else { throw .tooManySignatures(limit: maximumSignatures) }
    var signatures: [NoteSignature] = []
    for (index, line) in lines.enumerated() {
      signatures.append(try NoteSignature(parsingLine: line, number: index + 1))
    }
    text = String(decoding: bytes[..<end], as: UTF8.self)
    self.signatures = signatures
  }

  /// The note as it is stored and sent.
  public var bytes: [UInt8] {
    Array(text.utf8) + [Self.lineFeed] + signatures.flatMap { Array($0.line.utf8) }
  }

  /// The same note with one more signature line after the others.
  public func adding(_ signature: NoteSignature) -> SignedNote {
    SignedNote(checkedText: text, signatures: signatures + [signature])
  }

  private init(checkedText: String, signatures: [NoteSignature]) {
    text = checkedText
    self.signatures = signatures
  }

  static func check(text: String) throws(NoteError) {
    let bytes = Array(text.utf8)
    guard bytes.last == lineFeed else { throw .unfinishedText }
    if let offset = controlCharacter(in: bytes) { throw .controlCharacter(offset: offset) }
  }

  private static let lineFeed = UInt8(ascii: "\n")

  private static func controlCharacter(in bytes: [UInt8]) -> Int? {
    bytes.firstIndex { $0 < 0x20 && $0 != lineFeed }
  }

  // The index of the blank line that ends the text: of the last line feed that follows another one.
  private static func endOfText(in bytes: [UInt8]) -> Int? {
    var index = bytes.count - 1
    while index > 0 {
      if bytes[index] == lineFeed, bytes[index - 1] == lineFeed { return index }
      index -= 1
    }
    return nil
  }
}
