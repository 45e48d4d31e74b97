import Foundation
import GRDB
import SheafLog
import SheafModel

/// Takes notes apart into what a row must hold, and puts them together again, byte for byte.
///
/// A note of the usual spelling follows from a few fields and its signature; any other is
/// kept as it is. `Schemas/store.md`, "Notes".
final class StoredNotes {
  private let library: LibraryID?
  private let logKey: VerifierKey?
  private var authors: [Int64: [UInt8]] = [:]
  private var rows: [[UInt8]: Int64] = [:]
  private var keys: [[UInt8]: VerifierKey] = [:]

  init(library: LibraryID?, logKey: [UInt8]?) {
    self.library = library
    self.logKey = library.flatMap { library in
      logKey.flatMap { try? VerifierKey(name: library.text, publicKey: $0) }
    }
  }

  /// The signature that makes a change set's note together with its fields; `nil` when more is needed.
  func signature(of note: [UInt8], fields: ChangeSetNote) -> [UInt8]? {
    guard fields.library == library, let key = key(of: fields.author),
      let parsed = try? SignedNote(
        parsing: note, maximumSize: Limits.changeSetNote, maximumSignatures: Limits.signatures),
      let signature = parsed.signatures.first?.signature, signature.count == 64,
      Self.note(fields.text, signature, key) == note
    else { return nil }
    return signature
  }

  /// A change set's note.
  func note(fields: ChangeSetNote, signature: [UInt8]) -> [UInt8]? {
    key(of: fields.author).flatMap { Self.note(fields.text, signature, $0) }
  }

  /// What a checkpoint's two notes follow from; `nil` when more is needed.
  func fields(of checkpoint: StoredCheckpoint) -> (
    root: SHA256Hash, signature: [UInt8], stateRoot: SHA256Hash, stateSignature: [UInt8]
  )? {
    guard let note = parsed(checkpoint.note), let stateNote = parsed(checkpoint.stateNote),
      let text = try? Checkpoint(parsing: note.text), let state = try? StateNote(parsing: stateNote.text),
      let signature = note.signatures.first?.signature, let other = stateNote.signatures.first?.signature
    else { return nil }
    let found = (text.root, signature, state.root, other)
    guard let notes = notes(size: checkpoint.size, found), notes == (checkpoint.note, checkpoint.stateNote)
    else { return nil }
    return found
  }

  /// A checkpoint's two notes.
  func notes(
    size: UInt64,
    _ fields: (root: SHA256Hash, signature: [UInt8], stateRoot: SHA256Hash, stateSignature: [UInt8])
  ) -> (note: [UInt8], stateNote: [UInt8])? {
    guard let library, let logKey,
      let checkpoint = try? Checkpoint(origin: library.text, size: size, root: fields.root),
      let state = try? StateNote(origin: library.text, size: size, root: fields.stateRoot),
      let note = Self.note(checkpoint.text, fields.signature, logKey),
      let stateNote = Self.note(state.text, fields.stateSignature, logKey)
    else { return nil }
    return (note, stateNote)
  }

  /// The library that notes are of.
  func libraryID() throws -> LibraryID {
    guard let library else { throw StoreError.damaged("meta, library") }
    return library
  }

  /// The row of an author's key, made when it is new.
  func row(ofAuthor key: [UInt8], in transaction: StoreTransaction) throws -> Int64 {
    if let row = rows[key] { return row }
    let found =
      try transaction.integer("SELECT id FROM author WHERE key = ?", [Data(key)])
      ?? {
        try transaction.execute("INSERT INTO author (key) VALUES (?)", [Data(key)])
        return transaction.db.lastInsertedRowID
      }()
    rows[key] = found
    return found
  }

  /// An author's key by its row.
  func author(_ row: Int64, in transaction: StoreTransaction) throws -> [UInt8] {
    if let key = authors[row] { return key }
    guard let key = try transaction.blob("SELECT key FROM author WHERE id = ?", [row]) else {
      throw StoreError.damaged("author \(row)")
    }
    authors[row] = key
    return key
  }

  /// Forgets rows that a part of a transaction made and took back.
  func forgetAuthors() {
    authors.removeAll()
    rows.removeAll()
  }

  private func key(of author: [UInt8]) -> VerifierKey? {
    if let key = keys[author] { return key }
    let key = try? VerifierKey(name: ChangeSetNote.keyName(author: author), publicKey: author)
    keys[author] = key
    return key
  }

  private func parsed(_ bytes: [UInt8]) -> SignedNote? {
    let note = try? SignedNote(
      parsing: bytes, maximumSize: Limits.checkpointNote, maximumSignatures: Limits.signatures)
    return note.flatMap { $0.signatures.count == 1 && $0.signatures[0].signature.count == 64 ? $0 : nil }
  }

  private static func note(_ text: String, _ signature: [UInt8], _ key: VerifierKey) -> [UInt8]? {
    guard let line = try? NoteSignature(name: key.name, keyID: key.keyID, signature: signature) else {
      return nil
    }
    return try? SignedNote(text: text, signatures: [line]).bytes
  }
}

extension StoreTransaction {
  /// What this transaction knows for taking notes apart; read once.
  func storedNotes() throws -> StoredNotes {
    if let notes = noteCache.notes { return notes }
    let library = try blob("SELECT value FROM meta WHERE key = 'library'")
    let logKey = try blob("SELECT value FROM meta WHERE key = 'log-key'")
    let notes = StoredNotes(
      library: library.flatMap { LibraryID(String(decoding: $0, as: UTF8.self)) },
      logKey: logKey.flatMap { Base64.decode(String(decoding: $0, as: UTF8.self)) })
    // Before the library's facts are there, nothing is to be remembered.
    if library != nil, logKey != nil { noteCache.notes = notes }
    return notes
  }
}

/// Holds what a transaction has read once.
final class NoteCache {
  var notes: StoredNotes?
}
