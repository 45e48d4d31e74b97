import HTTPTypes
import SheafLog

/// What a request says about who makes it (`Schemas/requests.md`).
enum Credential: Equatable {
  case none
  /// `Authorization: Sheaf …`.
  case signed(RequestSignature)
  /// A session's token, as `Authorization: Bearer …` or as a cookie.
  case session(String)
  /// Something that can't be read.
  case unreadable

  /// The name of the cookie that a browser sends its token in.
  static let cookie = "sheaf-session"

  /// Reads the header fields of a request; `Authorization` goes before the cookie.
  init(_ fields: HTTPFields) {
    if let field = fields[.authorization] {
      let parts = field.split(separator: " ", maxSplits: 1)
      guard parts.count == 2 else {
        self = .unreadable
        return
      }
      switch parts[0].lowercased() {
      case "sheaf":
        self = RequestSignature(credential: String(parts[1])).map(Credential.signed) ?? .unreadable
      case "bearer": self = .session(String(parts[1]))
      default: self = .unreadable
      }
      return
    }
    let pairs = fields[values: .cookie].flatMap { $0.split(separator: ";") }
    for pair in pairs {
      let sides = pair.split(separator: "=", maxSplits: 1)
      guard sides.count == 2, sides[0].filter({ $0 != " " }) == Self.cookie else { continue }
      self = .session(String(sides[1]))
      return
    }
    self = .none
  }
}
