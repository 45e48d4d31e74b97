import Foundation
import HTTPTypes
import SheafHTTP
import SheafSync

/// What is sent back, before the framework gets it.
struct Answer: Sendable {
  /// A body whose size is known before it is sent.
  enum Body: Sendable {
    case bytes([UInt8])
    /// A part of a file, behind some bytes.
    case file(ServedFile, Range<UInt64>, after: [UInt8] = [])
    /// A part of a content, read as it is sent.
    case content(ContentReading, Range<UInt64>)

    var sizeInBytes: UInt64 {
      switch self {
      case .bytes(let bytes): UInt64(bytes.count)
      case .file(_, let range, let before): range.upperBound - range.lowerBound + UInt64(before.count)
      case .content(_, let range): range.upperBound - range.lowerBound
      }
    }
  }

  var status: Int
  var fields: HTTPFields
  var body: Body
  /// What of the body is counted as held in memory until it was sent.
  var hold: ByteBudget.Hold?

  init(status: Int = 200, fields: HTTPFields, body: Body) {
    self.status = status
    self.fields = fields
    self.body = body
  }

  /// An answer with bytes of a media type.
  init(_ type: String, _ bytes: [UInt8]) {
    self.init(fields: [.contentType: type], body: .bytes(bytes))
  }

  /// An answer in JSON, keys sorted, so that equal answers are equal bytes.
  init(json value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    self.init(Wire.json, Array(try encoder.encode(value)))
  }

  /// Times and witnesses, which change.
  static func list(_ cosignatures: [UInt8]) -> Answer {
    var answer = Answer(Wire.text, cosignatures)
    answer.fields[.cacheControl] = "no-cache"
    return answer
  }

  /// A problem document.
  init(_ problem: Problem) {
    self.init(Wire.problem, problem.json)
    status = problem.status
    switch problem.kind {
    case .unauthorized, .wrongTime: fields[.wwwAuthenticate] = "Sheaf"
    case .tooManyTries: fields[.retryAfter] = "\(problem.retryAfter ?? 600)"
    case .busy: fields[.retryAfter] = "5"
    default: break
    }
  }
}
