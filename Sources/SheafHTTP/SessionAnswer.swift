/// The answer to a request for a session: a secret that reads as its member until it ends.
public struct SessionAnswer: Codable, Hashable, Sendable, CustomReflectable, CustomStringConvertible {
  /// 22 characters of `A-Z a-z 0-9 - _`.
  public var token: String
  /// When it ends, in seconds since 1970.
  public var end: UInt64

  public init(token: String, end: UInt64) {
    self.token = token
    self.end = end
  }

  public var description: String { "a session until \(end)" }
  public var customMirror: Mirror { Mirror(self, children: ["end": end]) }
}
