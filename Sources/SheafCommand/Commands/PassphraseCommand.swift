import ArgumentParser
import SheafSync

/// `sheaf passphrase`: seals this copy's key with a passphrase.
struct PassphraseCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "passphrase",
    abstract: "Seal this copy's key with a passphrase, change it, or take it away.",
    discussion: Help.text(
      """
      Whoever then finds the disk can't sign in your name. The passphrase is asked for when something is to be \
      signed, once a command, or read from the file that SHEAF_PASSPHRASE_FILE names; the new one from the \
      file that SHEAF_NEW_PASSPHRASE_FILE names. Nobody can bring a forgotten one back.
      """, examples: ["sheaf passphrase", "sheaf passphrase --remove"]))

  @Flag(help: "Keep the key without a passphrase.")
  var remove = false

  @OptionGroup var library: LibraryOptions

  func perform(in session: Session) async throws -> Outcome {
    try await library.open(in: session) { library in
      try await library.setPassphrase { remove ? nil : try Passphrase.new(in: session) }
      session.console.print(
        remove ? "The key is kept without a passphrase." : "The key is sealed with the passphrase.")
      return .done
    }
  }
}
