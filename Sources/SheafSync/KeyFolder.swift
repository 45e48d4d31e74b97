import Foundation
import SheafLog
import SheafModel

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The folder `keys` of a library: secrets beside the database, never in it.
///
/// `member.key` signs this copy's change sets, `member.next` will once the log has it, and `enrolment` is the request
/// to become a member that has not been answered; a publisher also has `log.key`, `time.key` for the times it
/// vouches for, and in `signed` the last position that it signed (`Schemas/checkpoint.md`, the signer's
/// rule); a witness has `witness.key`. Every file has mode 0600 and is replaced atomically. A passphrase may
/// seal the member's keys (`Schemas/keys.md`).
struct KeyFolder: Sendable {
  let folder: URL

  init(library folder: URL) { self.folder = folder.appending(path: "keys") }

  /// Makes the folder and a member's key.
  ///
  /// - Parameter memberSeed: The member's key, where the device has one already.
  func create(environment: LibraryEnvironment, withLogKey: Bool, memberSeed: [UInt8]? = nil) throws {
    try FileManager.default.createDirectory(
      at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    try write(Base64.encode(memberSeed ?? environment.random(32)) + "\n", to: "member.key")
    if withLogKey { try write(Base64.encode(environment.random(32)) + "\n", to: "log.key") }
  }

  /// The secret half of the key that signs this copy's change sets.
  ///
  /// - Parameter passphrase: Asked for where the key is sealed.
  /// - Throws: `KeyError.sealed`, `.wrongPassphrase`.
  func memberSeed(passphrase: () throws -> String?) throws -> [UInt8] {
    guard let sealed = try sealedKey("member.key") else { return try secret("member.key") }
    guard let words = try passphrase() else {
      throw KeyError.sealed(folder.appending(path: "member.key").path)
    }
    guard let seed = try sealed.open(words),
      try Self.memberKey(seed: seed).verifierKey.publicKey == sealed.publicKey
    else { throw KeyError.wrongPassphrase }
    return seed
  }

  /// The public half of that key.
  func memberVerifier() throws -> VerifierKey { try verifier("member.key") }

  /// Whether a passphrase seals it.
  func isMemberKeySealed() throws -> Bool { try sealedKey("member.key") != nil }

  private func verifier(_ name: String) throws -> VerifierKey {
    if let publicKey = try sealedKey(name)?.publicKey {
      return try VerifierKey(name: ChangeSetNote.keyName(author: publicKey), publicKey: publicKey)
    }
    return try Self.memberKey(seed: try secret(name)).verifierKey
  }

  private func sealedKey(_ name: String) throws -> SealedKey? {
    guard let text = try read(name), text.hasPrefix(SealedKey.title) else { return nil }
    guard let sealed = SealedKey(text) else {
      throw KeyError.unreadable(folder.appending(path: name).path)
    }
    return sealed
  }

  /// Writes the member's key anew.
  ///
  /// - Parameter passphrase: What seals it; `nil` for nothing.
  func setMember(seed: [UInt8], passphrase: String?, environment: LibraryEnvironment) throws {
    try write(try Self.text(seed: seed, passphrase: passphrase, environment: environment), to: "member.key")
  }

  private static func text(seed: [UInt8], passphrase: String?, environment: LibraryEnvironment) throws
    -> String
  {
    guard let passphrase else { return Base64.encode(seed) + "\n" }
    guard !passphrase.isEmpty else { throw KeyError.wrongPassphrase }
    return try SealedKey(
      sealing: seed, publicKey: try memberKey(seed: seed).verifierKey.publicKey, passphrase: passphrase,
      salt: environment.random(16), nonce: environment.random(12), rounds: environment.scryptRounds
    ).text
  }

  /// The key that a seed makes, under the name that signs change sets.
  ///
  /// - Parameter seed: 32 bytes.
  static func memberKey(seed: [UInt8]) throws -> SigningKey {
    let publicKey = try SigningKey(name: "sheaf-member", seed: seed).verifierKey.publicKey
    return try SigningKey(name: ChangeSetNote.keyName(author: publicKey), seed: seed)
  }

  /// The key that is to take the place of the member's, sealed as that is: one that lies there, else a new one.
  ///
  /// For whoever holds the store's lock, so that no two are made at once.
  ///
  /// - Parameter seed: The new one's secret half.
  /// - Throws: `KeyError`.
  func nextKey(seed: [UInt8], environment: LibraryEnvironment) throws -> VerifierKey {
    if let held = try nextVerifier() { return held }
    var passphrase: String?
    if try isMemberKeySealed() {
      // Its owner has just proved to know it.
      _ = try memberSeed(passphrase: environment.passphrase)
      passphrase = try environment.passphrase()
    }
    try write(try Self.text(seed: seed, passphrase: passphrase, environment: environment), to: "member.next")
    return try Self.memberKey(seed: seed).verifierKey
  }

  /// The public half of that key; `nil` when none waits.
  func nextVerifier() throws -> VerifierKey? {
    guard try read("member.next") != nil else { return nil }
    return try verifier("member.next")
  }

  /// Makes the next key the member's, surely.
  func promoteNext() throws {
    guard let text = try read("member.next") else { return }
    try write(text, to: "member.key")
    try removeNext()
  }

  /// Forgets the next key.
  func removeNext() throws { try remove("member.next") }

  /// The request to become a member that has not been answered; `nil` for none.
  func enrolment() throws -> [UInt8]? { try read("enrolment").map { Array($0.utf8) } }

  /// Keeps a request until it is answered.
  func setEnrolment(_ note: [UInt8]) throws {
    try write(String(decoding: note, as: UTF8.self), to: "enrolment")
  }

  /// Forgets the request.
  func removeEnrolment() throws { try remove("enrolment") }

  private func remove(_ name: String) throws {
    let file = folder.appending(path: name).path
    guard unlink(file) == 0 || errno == ENOENT else {
      throw KeyError.unwritable(file, reason: String(cString: strerror(errno)))
    }
  }

  /// The public half of the log's key.
  func logPublicKey() throws -> [UInt8] {
    try SigningKey(name: "sheaf-log", seed: try secret("log.key")).verifierKey.publicKey
  }

  /// The key that signs the log's checkpoints.
  func logKey(origin: LibraryID) throws -> SigningKey {
    try SigningKey(name: origin.text, seed: try secret("log.key"))
  }

  /// The key that cosigns checkpoints with the publisher's time; made when it is first asked for.
  func timeKey(origin: LibraryID, environment: LibraryEnvironment) throws -> SigningKey {
    try SigningKey(
      name: TimeKey.name(origin: origin.text), seed: try madeSecret("time.key", environment),
      algorithm: .cosignature)
  }

  /// The key with which a replica cosigns what it verified; made when it is first asked for.
  func witnessKey(name: String, environment: LibraryEnvironment) throws -> SigningKey {
    try SigningKey(name: name, seed: try madeSecret("witness.key", environment), algorithm: .cosignature)
  }

  /// Writes down the key with which a replica cosigns, which its member's document names.
  func setWitness(seed: [UInt8]) throws { try write(Base64.encode(seed) + "\n", to: "witness.key") }

  /// The same, `nil` where nobody has asked for it yet.
  func existingWitnessKey(name: String) throws -> SigningKey? {
    guard try read("witness.key") != nil else { return nil }
    return try SigningKey(name: name, seed: try secret("witness.key"), algorithm: .cosignature)
  }

  /// The last position that was signed; `nil` before the first.
  func signerRecord() throws -> SignerRecord? {
    guard let text = try read("signed") else { return nil }
    return try SignerRecord(parsing: text)
  }

  /// Writes down a position before it is signed, so surely that a power cut can't undo it.
  func setSignerRecord(_ record: SignerRecord) throws { try write(record.text, to: "signed") }

  private func madeSecret(_ name: String, _ environment: LibraryEnvironment) throws -> [UInt8] {
    if try read(name) == nil { try write(Base64.encode(environment.random(32)) + "\n", to: name) }
    return try secret(name)
  }

  private func secret(_ name: String) throws -> [UInt8] {
    guard let text = try read(name), let seed = Base64.decode(text.filter { $0 != "\n" }), seed.count == 32
    else {
      throw KeyError.unreadable(folder.appending(path: name).path)
    }
    return seed
  }

  private func read(_ name: String) throws -> String? {
    let file = folder.appending(path: name)
    guard FileManager.default.fileExists(atPath: file.path) else { return nil }
    guard let data = FileManager.default.contents(atPath: file.path) else {
      throw KeyError.unreadable(file.path)
    }
    return String(decoding: data, as: UTF8.self)
  }

  private func write(_ text: String, to name: String) throws {
    try DurableFile.write(Array(text.utf8), to: folder.appending(path: name), mode: 0o600)
  }
}

/// Files that are replaced whole or not at all.
enum DurableFile {
  /// Writes a temporary file beside, forces it to the disk, renames it, and forces the rename.
  ///
  /// - Parameter isShared: Whether others may write the same file at once, so that each needs a temporary name of its
  ///   own. Else one that was left behind is written over, which a secret must be.
  static func write(_ bytes: [UInt8], to file: URL, mode: mode_t, isShared: Bool = false) throws {
    let temporary = file.path + (isShared ? ".\(UUID().uuidString)" : "") + ".new"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
    guard descriptor >= 0 else { throw KeyError.unwritable(file.path, reason: lastError) }
    guard OpenFile.write(bytes, to: descriptor) else {
      let reason = lastError
      close(descriptor)
      unlink(temporary)
      throw KeyError.unwritable(file.path, reason: reason)
    }
    var isSynced = fsync(descriptor) == 0
    while !isSynced, errno == EINTR { isSynced = fsync(descriptor) == 0 }
    let reason = lastError
    close(descriptor)
    guard isSynced else {
      unlink(temporary)
      throw KeyError.unwritable(file.path, reason: reason)
    }
    guard rename(temporary, file.path) == 0 else {
      let reason = lastError
      unlink(temporary)
      throw KeyError.unwritable(file.path, reason: reason)
    }
    let folder = open(file.deletingLastPathComponent().path, O_RDONLY | O_CLOEXEC)
    if folder >= 0 {
      _ = fsync(folder)
      close(folder)
    }
  }

  private static var lastError: String { String(cString: strerror(errno)) }
}

/// Why a key or a file beside the database can't be used. The library is as it was.
public enum KeyError: SheafFailure, Equatable {
  /// The file is missing or malformed.
  case unreadable(String)
  /// The key is sealed, and nobody is there to say the passphrase.
  case sealed(String)
  /// The passphrase is not the one that seals the key.
  case wrongPassphrase
  /// The file can't be written.
  case unwritable(String, reason: String)

  public var problem: String {
    switch self {
    case .unreadable(let file): "\(file) is missing or is not a key"
    case .sealed(let file): "\(file) is sealed, and nobody said its passphrase"
    case .wrongPassphrase: "the passphrase does not open this copy's key"
    case .unwritable(let file, let reason): "\(file) can't be written: \(reason)"
    }
  }
  public var unchanged: String { "the library is as it was" }
  public var hint: String? {
    switch self {
    case .unreadable: "Restore the file from a backup; without it nothing can be signed."
    case .sealed:
      "Run the command at a terminal, or name a file with the passphrase in SHEAF_PASSPHRASE_FILE."
    case .wrongPassphrase: "Type it again; `sheaf passphrase` changes it."
    case .unwritable: "Check the folder's permissions and the free space."
    }
  }
}
