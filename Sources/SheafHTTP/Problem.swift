import Foundation
import SheafModel

/// An error as it travels: an RFC 9457 problem document.
public struct Problem: Hashable, Sendable, Codable, Error {
  /// What kind of problem; stable, for programs to tell apart.
  public enum Kind: String, Hashable, Sendable, CaseIterable {
    case unauthorized, forbidden
    case wrongTime = "wrong-time"
    case tooManyTries = "too-many-tries"
    case notFound = "not-found"
    case nothingFits = "nothing-fits"
    case methodNotAllowed =
      "method-not-allowed"
    case badRequest = "bad-request"
    case wrongType = "wrong-type"
    case tooLarge = "too-large"
    case busy,
      refused, unverified, failed
    case timedOut = "timed-out"
    case wrongPart = "wrong-part"

    /// The status that goes with it.
    public var status: Int {
      switch self {
      case .unauthorized, .wrongTime: 401
      case .forbidden: 403
      case .notFound, .nothingFits: 404
      case .methodNotAllowed: 405
      case .timedOut: 408
      case .wrongPart: 409
      case .badRequest, .refused: 400
      case .tooLarge: 413
      case .wrongType: 415
      case .unverified: 422
      case .tooManyTries: 429
      case .failed: 500
      case .busy: 503
      }
    }

    /// The kind's title.
    public var title: String {
      switch self {
      case .unauthorized: "A member's signature is needed"
      case .wrongTime: "The request was signed at another time"
      case .tooManyTries: "Too many tries failed"
      case .forbidden: "The member may not do this"
      case .notFound: "Nothing is here"
      case .nothingFits: "Nothing leads on from this position"
      case .methodNotAllowed: "The method does not fit"
      case .badRequest: "The request can't be read"
      case .wrongType: "The media type does not fit"
      case .tooLarge: "The request is too large"
      case .busy: "The server is busy"
      case .refused: "The library refused"
      case .unverified: "What was sent does not verify"
      case .failed: "The server failed"
      case .timedOut: "The request took too long"
      case .wrongPart: "Another part is here than the push goes on with"
      }
    }
  }

  /// `urn:sheaf:problem:` and the kind.
  public var type: String
  public var title: String
  public var status: Int
  /// What failed, in one sentence.
  public var detail: String?
  /// What was left as it was.
  public var unchanged: String?
  /// The next thing to try.
  public var hint: String?
  /// The server's time in seconds since 1970, where a request was signed at another.
  public var time: UInt64?
  /// How many seconds to wait before another try makes sense.
  public var retryAfter: Int?

  /// Makes a problem of a kind.
  public init(_ kind: Kind, detail: String? = nil, unchanged: String? = nil, hint: String? = nil) {
    type = Self.prefix + kind.rawValue
    title = kind.title
    status = kind.status
    self.detail = detail
    self.unchanged = unchanged
    self.hint = hint
  }

  /// The kind, or `nil` for a type that is not ours.
  public var kind: Kind? {
    type.hasPrefix(Self.prefix) ? Kind(rawValue: String(type.dropFirst(Self.prefix.count))) : nil
  }

  /// Reads a problem document; `nil` when the bytes are none.
  public init?(json bytes: [UInt8]) {
    guard bytes.count <= Self.sizeLimit, let read = try? JSONDecoder().decode(Problem.self, from: Data(bytes))
    else {
      return nil
    }
    self = read
  }

  /// The document's bytes.
  ///
  /// Its words are cut where they are longer than a client reads.
  public var json: [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // Strings and one number always encode.
    let whole = (try? encoder.encode(self)).map(Array.init) ?? Array("{}".utf8)
    guard whole.count > Self.sizeLimit else { return whole }
    var short = self
    short.detail = detail?.cut(toBytes: Self.wordsLimit)
    short.unchanged = unchanged?.cut(toBytes: Self.wordsLimit)
    short.hint = hint?.cut(toBytes: Self.wordsLimit)
    return (try? encoder.encode(short)).map(Array.init) ?? Array("{}".utf8)
  }

  /// The largest problem document that a client reads, in bytes.
  public static let sizeLimit = 64 << 10
  /// The longest detail, `unchanged` and hint of one that would be too large; JSON may spell a byte in six.
  private static let wordsLimit = 3 << 10
  private static let prefix = "urn:sheaf:problem:"
}
