import SheafModel

/// One signature line of a note: who signed, and with what.
///
/// `Schemas/signed-note.md`; C2SP *signed-note*.
public struct NoteSignature: Hashable, Sendable {
  /// The name of the key.
  public let name: String
  /// The first four bytes of a hash over the name, the algorithm and the public
  /// key, which tell keys of one name apart.
  public let keyID: UInt32
  /// What the algorithm made; 64 bytes for Ed25519.
  public let signature: [UInt8]

  /// Puts a signature line together.
  ///
  /// - Throws: `NoteError.malformedName`, or `NoteError.malformedSignature` when the signature is empty.
  public init(name: String, keyID: UInt32, signature: [UInt8]) throws(NoteError) {
    guard Self.isName(name) else { throw .malformedName(name) }
    guard !signature.isEmpty else { throw .malformedSignature(line: 1) }
    self.name = name
    self.keyID = keyID
    self.signature = signature
  }

  // Reads the line without its line feed; `number` is for the error.
  init(parsingLine line: ArraySlice<UInt8>, number: Int) throws(NoteError) {
    let dash = Array("— ".utf8)
    let fields = line.dropFirst(dash.count).split(
      separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
    guard
      line.starts(with: dash), fields.count == 2,
      let name = String(validating: fields[0], as: UTF8.self), Self.isName(name),
      let encoded = String(validating: fields[1], as: UTF8.self),
      let bytes = Base64.decode(encoded), bytes.count > 4
    else { throw .malformedSignature(line: number) }
    self.name = name
    keyID = bytes.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
    signature = Array(bytes.dropFirst(4))
  }

  /// The line, with its line feed.
  public var line: String {
    "— \(name) \(Base64.encode(keyID.bigEndianBytes + signature))\n"
  }

  static func isName(_ name: String) -> Bool {
    !name.isEmpty
      && name.unicodeScalars.allSatisfy {
        // Of ASCII, white space is what the first comparison leaves out; the tables of Unicode are slow.
        $0.value > 0x20 && $0 != "+" && ($0.isASCII || !$0.properties.isWhitespace)
      }
  }
}

extension FixedWidthInteger {
  /// The bytes of this number, the most significant first.
  var bigEndianBytes: [UInt8] {
    withUnsafeBytes(of: bigEndian) { Array($0) }
  }
}
