import SheafLog
import SheafModel

/// A log as anybody can fetch it, of at most one tile: the checkpoint, the leaf hashes and the entries.
struct PublishedLog: Sendable {
  var checkpoint: [UInt8]
  /// The level-0 tile.
  var hashes: [UInt8]
  /// The tile of entries.
  var entries: [UInt8]

  /// Why it is refused.
  enum Refusal: Error {
    case counts
    case hash(Int)
    case root
    case note(Int)
  }

  init(_ history: SampleHistory) throws {
    let notes = history.changeSets.map(\.note.bytes)
    checkpoint = try history.seal(at: history.size).checkpoint.bytes
    hashes = notes.flatMap { MerkleHash.leaf($0).bytes }
    entries = try EntryBundle.encode(notes)
  }

  var sizeInBytes: Int { checkpoint.count + hashes.count + entries.count }

  /// Checks everything from the log's key down to each author's signature.
  ///
  /// - Returns: All that a reader would take from it.
  func verified(by key: VerifierKey, of library: LibraryID) throws -> [[UInt8]] {
    let signed = try SignedCheckpoint(parsing: checkpoint)
    guard signed.checkpoint.size <= TilePath.fullWidth else { throw Refusal.counts }
    let notes = try EntryBundle.decode(entries, count: Int(signed.checkpoint.size))
    guard hashes.count == notes.count * SHA256Hash.sizeInBytes else { throw Refusal.counts }
    // Signatures cost the most, so they come last.
    var leaves: [SHA256Hash] = []
    for (index, bytes) in notes.enumerated() {
      let leaf = MerkleHash.leaf(bytes)
      let start = index * SHA256Hash.sizeInBytes
      guard SHA256Hash(bytes: Array(hashes[start..<start + SHA256Hash.sizeInBytes])) == leaf else {
        throw Refusal.hash(index)
      }
      leaves.append(leaf)
    }
    let stated = try signed.verified(by: key, origin: library.text)
    guard MerkleHash.root(ofLeafHashes: leaves) == stated.root else { throw Refusal.root }
    for (index, bytes) in notes.enumerated() {
      let note = try SignedNote(
        parsing: bytes, maximumSize: Limits.changeSetNote, maximumSignatures: Limits.signatures)
      let fields = try ChangeSetNote(parsing: note.text)
      let author = try VerifierKey(
        name: ChangeSetNote.keyName(author: fields.author), publicKey: fields.author)
      guard note.bytes == bytes, fields.text == note.text, fields.library == library,
        author.verifies(note: note)
      else { throw Refusal.note(index) }
    }
    return [Array(stated.text.utf8)] + notes
  }
}
