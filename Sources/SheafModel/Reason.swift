/// Why a change set was made, who made it, and what else is claimed about its origin.
///
/// Travels beside the log, which holds only a commitment to these bytes. Laid out
/// in `Schemas/change-set.md`: header lines, an empty line, the message.
public struct Reason: Hashable, Sendable {
  /// The name that the member who signed goes by; empty when unknown.
  public var by: String
  /// Claims about an origin elsewhere (a git commit), in a fixed order.
  public var claims: Claims
  /// What allows or demands an erasure, such as the article of a law; only a `redact` has one.
  public var ground: String?
  /// The reason in words.
  public var message: String

  /// What an imported history claims about one of its steps.
  public struct Claims: Hashable, Sendable {
    /// Who made it there.
    public var author: String?
    /// When it was made there.
    public var time: Timestamp?
    /// Where it is from, such as `git 8f3a…`.
    public var source: String?

    public init(author: String? = nil, time: Timestamp? = nil, source: String? = nil) {
      self.author = author
      self.time = time
      self.source = source
    }
  }

  public init(by: String, message: String, claims: Claims = Claims(), ground: String? = nil) {
    self.by = Self.oneLine(by)
    self.message = message
    self.ground = ground.map(Self.oneLine)
    self.claims = Claims(
      author: claims.author.map(Self.oneLine), time: claims.time, source: claims.source.map(Self.oneLine))
  }

  /// The bytes that are committed to and stored.
  public var bytes: [UInt8] {
    var text = "by \(by)\n"
    if let author = claims.author { text += "author \(author)\n" }
    if let time = claims.time { text += "time \(time)\n" }
    if let source = claims.source { text += "source \(source)\n" }
    if let ground { text += "ground \(ground)\n" }
    return Array((text + "\n" + message).utf8)
  }

  /// Reads what `bytes` writes.
  public init(parsing bytes: [UInt8]) throws(ReasonError) {
    guard bytes.count <= Limits.reason else {
      throw ReasonError(rule: "it is larger than \(Limits.reason) bytes")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw ReasonError(rule: "it is not UTF-8")
    }
    // Split by scalar, since Swift's line feed character also swallows a carriage return.
    var rest = text.unicodeScalars[...]
    func line() -> String? {
      guard let end = rest.firstIndex(of: "\n") else { return nil }
      let line = String(rest[..<end])
      rest = rest[rest.index(after: end)...]
      return line
    }
    // By byte: a value that starts with a combining mark would make one character with the space.
    func value(of name: String, in line: String) -> String? {
      guard line.utf8.starts(with: name.utf8) else { return nil }
      return String(decoding: line.utf8.dropFirst(name.utf8.count), as: UTF8.self)
    }
    guard let name = line().flatMap({ value(of: "by ", in: $0) }) else {
      throw ReasonError(rule: "its first line is not \"by NAME\"")
    }
    by = name
    claims = Claims()
    var allowed = ["author ", "time ", "source ", "ground "][...]
    while let header = line() {
      if header.isEmpty {
        message = String(rest)
        return
      }
      guard let index = allowed.firstIndex(where: { value(of: $0, in: header) != nil }),
        let value = value(of: allowed[index], in: header)
      else { throw ReasonError(rule: "it has an unknown or misplaced line") }
      switch allowed[index] {
      case "author ": claims.author = value
      case "source ": claims.source = value
      case "ground ":
        // One that says nothing is none.
        guard !value.isEmpty else { throw ReasonError(rule: "its ground is empty") }
        ground = value
      default:
        guard let time = Timestamp(parsing: value) else { throw ReasonError(rule: "its time is malformed") }
        claims.time = time
      }
      allowed = allowed[(index + 1)...]
    }
    throw ReasonError(rule: "it has no empty line before the message")
  }

  private static func oneLine(_ text: String) -> String {
    String(
      String.UnicodeScalarView(
        text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 })
    )
    .prefix(400).description
  }
}

/// Why a reason was refused. Nothing was stored.
public struct ReasonError: SheafFailure, Equatable {
  /// The rule it breaks.
  public let rule: String
  public var problem: String { "a change set's reason can't be read: \(rule)" }
}
