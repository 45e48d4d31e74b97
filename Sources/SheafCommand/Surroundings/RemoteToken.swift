import Foundation
import SheafModel
import SheafSync

/// The token for a library's own remote: `keys/remote-token`, readable by its owner only.
enum RemoteToken {
  private static func file(of library: Library) -> URL { library.folder.appending(path: "keys/remote-token") }

  /// Keeps the token for later syncs.
  static func remember(_ token: String, in library: Library) throws(SecretError) {
    try SecretFile.write(token + "\n", to: file(of: library))
  }

  /// The token that was kept; `nil` for none.
  static func recall(in library: Library) throws(SecretError) -> String? {
    try SecretFile.read(file(of: library))?.trimmingWhiteSpace
  }
}
