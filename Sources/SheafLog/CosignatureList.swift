import SheafModel

/// Cosignatures of several checkpoints of one log, as they travel beside bundles.
///
/// Well formed, nothing more: the reader's own log says what each of them must be over.
/// `Schemas/cosignatures.md`, "List".
public struct CosignatureList: Hashable, Sendable {
  /// The lines below one checkpoint.
  public struct Entry: Hashable, Sendable {
    /// The checkpoint's size.
    public let size: UInt64
    /// At least one line, at most `maximumLines`.
    public let signatures: [NoteSignature]

    public init(size: UInt64, signatures: [NoteSignature]) {
      self.size = size
      self.signatures = signatures
    }
  }

  /// The largest list in bytes.
  public static let maximumSize = 64 << 10
  /// The largest list that a witness hands over, in bytes.
  public static let maximumHandedSize = 4 << 10
  /// The most entries.
  public static let maximumEntries = 256
  /// The most lines of an entry.
  public static let maximumLines = 16

  /// What binds the publisher's clock to the library; `nil` in what a witness hands over.
  public let keyNote: SignedNote?
  /// The checkpoints, the smallest first.
  public let entries: [Entry]

  private static let header = "sheaf/cosignatures/v1"

  public init(keyNote: SignedNote?, entries: [Entry]) {
    self.keyNote = keyNote
    self.entries = entries
  }

  /// Reads a list.
  ///
  /// - Throws: `CosignatureError.malformed` for a list that is too large, or not as it would be written again.
  public init(parsing bytes: [UInt8], maximumSize: Int = maximumSize) throws(CosignatureError) {
    guard bytes.count <= maximumSize, let text = String(validating: bytes, as: UTF8.self) else {
      throw .malformed
    }
    var lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      .map { Array($0) }[...]
    func isSignature(_ line: [UInt8]?) -> Bool { line?.starts(with: Array("— ".utf8)) ?? false }
    guard lines.popFirst() == Array(Self.header.utf8), lines.popLast() == [] else { throw .malformed }
    var keyNote: SignedNote?
    if lines.first == Array(TimeKey.header.utf8) {
      let end = lines.dropFirst(5).firstIndex { !isSignature($0) } ?? lines.endIndex
      keyNote = try? SignedNote(
        parsing: lines[..<end].flatMap { $0 + [UInt8(ascii: "\n")] }, maximumSize: maximumSize,
        maximumSignatures: Self.maximumLines)
      guard keyNote != nil else { throw .malformed }
      lines = lines[end...]
    }
    var entries: [Entry] = []
    while let blank = lines.popFirst() {
      guard blank.isEmpty, entries.count < Self.maximumEntries,
        let size = lines.popFirst().flatMap({ UInt64(canonicalDecimal: String(decoding: $0, as: UTF8.self)) }
        ),
        size <= MerkleNodeID.largestTreeSize, size > entries.last?.size ?? 0
      else { throw .malformed }
      var signatures: [NoteSignature] = []
      while let line = lines.first, isSignature(line) {
        guard signatures.count < Self.maximumLines,
          let signature = try? NoteSignature(parsingLine: line[...], number: 1)
        else { throw .malformed }
        signatures.append(signature)
        lines.removeFirst()
      }
      guard !signatures.isEmpty else { throw .malformed }
      entries.append(Entry(size: size, signatures: signatures))
    }
    self.init(keyNote: keyNote, entries: entries)
  }

  /// The list as it is sent.
  public var bytes: [UInt8] {
    var bytes = Array((Self.header + "\n").utf8) + (keyNote?.bytes ?? [])
    for entry in entries {
      bytes += Array("\n\(entry.size)\n".utf8)
      for signature in entry.signatures { bytes += Array(signature.line.utf8) }
    }
    return bytes
  }
}

/// Why cosignatures were refused. What is held is as it was.
public enum CosignatureError: SheafFailure, Equatable {
  /// The list is not as the page says.
  case malformed
  /// The key note is not the log's.
  case keyNote(CheckpointError)
  /// A known key did not make what bears its name.
  case falseSignature(by: String, size: UInt64)
  /// A witness has seen a longer log than the publisher has.
  case beyond(size: UInt64, own: UInt64)
  /// Nobody here knows the key that cosigned.
  case unknownWitness

  public var problem: String {
    switch self {
    case .malformed: "the list of cosignatures is malformed"
    case .keyNote(let error): error.problem
    case .falseSignature(let name, let size):
      "the cosignature of checkpoint \(size) by \(name.printable) is false"
    case .beyond(let size, let own):
      "a witness vouches for checkpoint \(size), and the publisher's copy is only at \(own): it may have been restored from a backup"
    case .unknownWitness: "the cosignature is by nobody who is a witness of this library"
    }
  }
  public var unchanged: String { "the times and cosignatures that are held are as they were" }
  public var hint: String? {
    switch self {
    case .unknownWitness: "Ask an administrator to make this member a witness."
    case .beyond:
      "Run `sheaf recover --from` with that witness's copy at the publisher, before anything is published."
    case .malformed, .keyNote, .falseSignature: nil
    }
  }
  public var kind: FailureKind { .verification }
}
