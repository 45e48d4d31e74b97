import Foundation
import SheafLog
import SheafModel

/// What a publisher's log was signed at last: in `keys/signed`, and once more outside the library's folder.
///
/// A backup of the whole folder takes the first back with everything else. The second lies in the state folder of the
/// user, where the next signature finds it: it is kept as well as that goes and never needed
/// (`Schemas/checkpoint.md`, "The signer's record").
struct SignerRecords: Sendable {
  private let keys: KeyFolder
  private let origin: String
  private let outside: URL?

  /// - Parameter stateFolder: Where a second record is kept; `nil` for nowhere.
  init(keys: KeyFolder, library: LibraryID, stateFolder: URL?) {
    self.keys = keys
    origin = library.text
    // The library's name may hold what no file's name may.
    let name = SHA256Hash(hashing: Array(library.text.utf8)).hex
    outside = stateFolder?.appending(path: "signed").appending(path: name)
  }

  /// The record in the library's folder; `nil` where there is none.
  ///
  /// - Throws: `SignerRefusal.damagedRecord`; `KeyError` for another log's.
  func own() throws -> SignerRecord? {
    guard let record = try keys.signerRecord() else { return nil }
    guard record.origin == origin else { throw KeyError.unreadable(keys.folder.path + "/signed") }
    return record
  }

  /// The record outside the folder; `nil` where there is none that can be read.
  func second() -> SignerRecord? {
    guard let outside, let data = FileManager.default.contents(atPath: outside.path),
      let record = try? SignerRecord(parsing: String(decoding: data, as: UTF8.self)), record.origin == origin
    else { return nil }
    return record
  }

  /// Both, as far as they can be read: for whoever is to mend them.
  func readable() throws -> [SignerRecord] {
    var own: SignerRecord?
    do { own = try self.own() } catch SignerRefusal.damagedRecord {}
    return [own, second()].compactMap { $0 }
  }

  /// Writes both down, the one in the library's folder surely.
  func write(_ record: SignerRecord) throws {
    try keys.setSignerRecord(record)
    guard let outside else { return }
    do {
      try FileManager.default.createDirectory(
        at: outside.deletingLastPathComponent(), withIntermediateDirectories: true,
        attributes: [.posixPermissions: 0o700])
      try DurableFile.write(Array(record.text.utf8), to: outside, mode: 0o600, isShared: true)
    } catch {
      // A user without a home signs all the same: the record in the folder is the one that counts.
    }
  }
}
