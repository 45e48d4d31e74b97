import Foundation
import SheafModel

/// The access tokens that a publisher's server asks for: `keys/tokens.json`, readable by its owner only.
struct TokenFile: Codable, Equatable, Sendable {
  /// Lets a replica read.
  var reader: String
  /// Lets a replica read and hand over drafts.
  var contributor: String

  /// Reads the tokens of a library, and makes them when there are none yet.
  ///
  /// - Parameter random: Yields as many random bytes as asked for.
  static func ensure(in library: URL, random: (Int) -> [UInt8]) throws -> TokenFile {
    let file = library.appending(path: "keys/tokens.json")
    if let text = try SecretFile.read(file) {
      do {
        let tokens = try JSONDecoder().decode(TokenFile.self, from: Data(text.utf8))
        guard tokens.reader.utf8.count >= 16, tokens.contributor.utf8.count >= 16 else {
          throw SecretError(file: file.path, detail: "a token in it is shorter than 16 characters")
        }
        return tokens
      } catch is DecodingError {
        throw SecretError(file: file.path, detail: "it does not hold two tokens, reader and contributor")
      }
    }
    let tokens = TokenFile(reader: token(random(24)), contributor: token(random(24)))
    try SecretFile.write(try JSONLine.of(tokens) + "\n", to: file)
    return tokens
  }

  /// 24 bytes as 32 characters that need no escape in a header, a URL or a shell.
  private static func token(_ bytes: [UInt8]) -> String {
    Base64.encode(bytes).map { $0 == "+" ? "-" : $0 == "/" ? "_" : String($0) }.joined()
  }
}
