import SheafLog
import SheafModel

/// What the publisher signed for the position that a bundle leads to.
public struct BundleSeal: Hashable, Sendable {
  /// The checkpoint.
  public var checkpoint: SignedCheckpoint
  /// The note with the state's root at that checkpoint.
  public var stateNote: SignedNote
  /// The root that the state note states.
  public var stateRoot: SHA256Hash
  /// In `heads`, the newest redaction in effect at the checkpoint, by its change set; `nil` for none.
  ///
  /// Not signed: a receiver without lines could not check it. A false one costs it a sweep and hides no later one.
  public var redacted: UInt64?

  public init(
    checkpoint: SignedCheckpoint, stateNote: SignedNote, stateRoot: SHA256Hash, redacted: UInt64? = nil
  ) {
    self.checkpoint = checkpoint
    self.stateNote = stateNote
    self.stateRoot = stateRoot
    self.redacted = redacted
  }
}

/// The state of a collection that a bundle does not carry, so that the receiver
/// can compute the library's root.
public struct CollectionRoot: Hashable, Sendable {
  /// The collection.
  public var name: CollectionName
  /// The root of its state tree.
  public var root: SHA256Hash
  /// How many entries it has.
  public var count: UInt64

  public init(name: CollectionName, root: SHA256Hash, count: UInt64) {
    self.name = name
    self.root = root
    self.count = count
  }
}

/// A seal as it travels: what the receiver can rebuild is left out (`Schemas/bundle.md`, "Seal").
struct PackedSeal {
  /// The checkpoint's signature, or its whole note.
  let checkpoint: PackedNote
  /// The checkpoint's root; `nil` where the proof gives it, or the whole note says it.
  let root: SHA256Hash?
  let state: PackedNote
  let stateRoot: SHA256Hash?
  let redacted: UInt64?

  enum PackedNote {
    /// The one signature, by the log's own key.
    case signature([UInt8])
    /// A note with other signatures, or another spelling.
    case verbatim([UInt8])

    var isVerbatim: Bool { if case .verbatim = self { true } else { false } }
  }

  /// Packs a seal.
  init(_ seal: BundleSeal, header: BundleHeader) throws {
    let text = seal.checkpoint.checkpoint.text
    checkpoint = Self.pack(seal.checkpoint.note, text: text, library: header.library)
    root = header.content == .heads || checkpoint.isVerbatim ? nil : seal.checkpoint.checkpoint.root
    let note = try StateNote(origin: header.library.text, size: header.to, root: seal.stateRoot)
    state = Self.pack(seal.stateNote, text: note.text, library: header.library)
    stateRoot = state.isVerbatim ? nil : seal.stateRoot
    redacted = header.content == .heads ? seal.redacted : nil
  }

  private static func pack(_ note: SignedNote, text: String, library: LibraryID) -> PackedNote {
    guard let signature = note.signatures.first, note.signatures.count == 1, note.text == text,
      signature.name == library.text, signature.signature.count == 64
    else { return .verbatim(note.bytes) }
    return .signature(signature.signature)
  }

  var bytes: [UInt8] {
    var out = ByteWriter()
    out.byte((checkpoint.isVerbatim ? 1 : 0) | (state.isVerbatim ? 2 : 0) | (redacted == nil ? 0 : 4))
    for (note, root) in [(checkpoint, root), (state, stateRoot)] {
      if let root { out.hash(root) }
      switch note {
      case .signature(let bytes): out.raw(bytes)
      case .verbatim(let bytes): out.sized(bytes)
      }
    }
    if let redacted { out.number(redacted) }
    return out.bytes
  }

  init(
    reading input: inout some ByteInput, header: BundleHeader, note: FieldNote = { _, _, _ in }
  ) throws(BundleError) {
    let flags = try input.byte()
    let content = header.content
    guard flags <= (content == .heads ? 7 : 3) else { throw input.malformed("the seal") }
    note(input.position, "seal flags", "\(flags)")
    (root, checkpoint) = try Self.read(
      &input, isVerbatim: flags & 1 != 0, hasRoot: content != .heads, name: "checkpoint", note: note)
    (stateRoot, state) = try Self.read(
      &input, isVerbatim: flags & 2 != 0, hasRoot: true, name: "state", note: note)
    guard flags & 4 != 0 else {
      redacted = nil
      return
    }
    let number = try input.number(atMost: header.to)
    guard number > 0 else { throw input.malformed("the seal") }
    note(input.position, "newest redaction", "\(number)")
    redacted = number
  }

  private static func read(
    _ input: inout some ByteInput, isVerbatim: Bool, hasRoot: Bool, name: String, note: FieldNote
  ) throws(BundleError) -> (SHA256Hash?, PackedNote) {
    if isVerbatim {
      let bytes = try input.sized(atMost: Limits.checkpointNote, what: "the \(name) note")
      note(input.position, "\(name) note", "\(bytes.count) bytes")
      return (nil, .verbatim(bytes))
    }
    var root: SHA256Hash?
    if hasRoot {
      let hash = try input.hash()
      note(input.position, "\(name) root", hash.hex)
      root = hash
    }
    let signature = try input.take(64)
    note(input.position, "\(name) signature", Hexadecimal.encode(signature))
    return (root, .signature(signature))
  }

  /// Rebuilds the seal and checks its signatures, and that it is for `to`.
  ///
  /// - Parameter computedRoot: The root that the proof leads to, in `heads`.
  func verified(header: BundleHeader, key: VerifierKey, computedRoot: SHA256Hash?) throws(BundleError)
    -> BundleSeal
  {
    let origin = header.library.text
    do {
      let signed: SignedCheckpoint
      switch checkpoint {
      case .verbatim(let bytes):
        signed = try SignedCheckpoint(
          parsing: bytes, maximumSize: Limits.checkpointNote, maximumSignatures: Limits.signatures)
      case .signature(let signature):
        guard let root = root ?? computedRoot else { throw BundleError.badSignature(of: "the checkpoint") }
        let text = try Checkpoint(origin: origin, size: header.to, root: root).text
        signed = try SignedCheckpoint(note: Self.note(text, signature, key))
      }
      let stated = try signed.verified(by: key, origin: origin)
      guard stated.size == header.to else { throw BundleError.badSignature(of: "the checkpoint") }
      let stateNote =
        switch state {
        case .verbatim(let bytes):
          try SignedNote(
            parsing: bytes, maximumSize: Limits.checkpointNote, maximumSignatures: Limits.signatures)
        case .signature(let signature):
          try Self.note(
            StateNote(origin: origin, size: header.to, root: stateRoot ?? .zero).text, signature, key)
        }
      let state = try StateNote(verifying: stateNote, by: key, for: stated)
      return BundleSeal(
        checkpoint: signed, stateNote: stateNote, stateRoot: state.root, redacted: redacted)
    } catch let error as BundleError {
      throw error
    } catch CheckpointError.anotherOrigin {
      throw .wrongLogKey(header.library)
    } catch {
      throw .badSignature(of: "the checkpoint or its state")
    }
  }

  private static func note(_ text: String, _ signature: [UInt8], _ key: VerifierKey) throws -> SignedNote {
    try SignedNote(
      text: text,
      signatures: [NoteSignature(name: key.name, keyID: key.keyID, signature: signature)])
  }
}
