import Foundation
import SheafModel
import SheafSync
import Synchronization

/// Where passphrases come from: a file that a variable names, or the terminal; never the arguments.
enum Passphrase {
  private static let known = Mutex<String?>(nil)

  /// The passphrase of the key at hand, asked for once a process; `nil` when nobody can say it.
  static let current: @Sendable () throws -> String? = {
    if let passphrase = known.withLock({ $0 }) { return passphrase }
    let session = Session.process()
    let passphrase =
      try file(named: "SHEAF_PASSPHRASE_FILE", in: session) ?? session.console.askSecret("Passphrase:")
    known.withLock { $0 = passphrase }
    return passphrase
  }

  /// A new passphrase, typed twice.
  static func new(in session: Session) throws -> String {
    if let passphrase = try file(named: "SHEAF_NEW_PASSPHRASE_FILE", in: session) {
      return try checked(passphrase)
    }
    guard let first = session.console.askSecret("New passphrase:"),
      let second = session.console.askSecret("Once more:")
    else {
      throw UsageError(
        "nobody is there to type a passphrase", hint: "Name a file with it in SHEAF_NEW_PASSPHRASE_FILE.")
    }
    guard first == second else { throw UsageError("the two passphrases differ") }
    return try checked(first)
  }

  private static func checked(_ passphrase: String) throws -> String {
    guard !passphrase.isEmpty else { throw UsageError("the passphrase is empty") }
    return passphrase
  }

  private static func file(named variable: String, in session: Session) throws -> String? {
    guard let path = session.environment[variable], !path.isEmpty else { return nil }
    guard let text = try SecretFile.read(session.url(path)) else {
      throw SecretError(file: path, detail: "there is no such file")
    }
    // An editor ends the line; the line is the passphrase.
    return text.hasSuffix("\n") ? String(text.dropLast()) : text
  }
}
