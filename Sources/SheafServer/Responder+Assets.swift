import HTTPTypes
import HummingbirdCore
import NIOCore
import SheafHTTP
import SheafModel
import SheafSync

extension Responder {
  /// Answers with an asset or a range of it, piece by piece out of the library.
  func asset(_ hash: SHA256Hash, to caller: Gatekeeper.Caller, _ request: Request) async throws -> Answer {
    guard let reading = try await service.asset(hash, in: caller.collections) else {
      throw Problem(.notFound, detail: "there is no asset \(hash)")
    }
    var answer = try await content(reading, tag: "\"\(hash.base64)\"", request)
    answer.fields[.contentType] = "application/octet-stream"
    // What it is named for never changes, but may be destroyed, and then no cache may go on answering with it.
    answer.fields[.cacheControl] = "no-cache"
    return answer
  }

  /// Answers with content of any size or a range of it.
  ///
  /// An asset is read as it is sent. Another content is here whole already; of a range no more than that is kept,
  /// and what is kept is counted until it was sent, however slowly.
  func content(_ reading: ContentReading, tag: String, _ request: Request) async throws -> Answer {
    let size = reading.sizeInBytes
    var fields: HTTPFields = [.eTag: tag, .acceptRanges: "bytes"]
    // If-Range compares strongly; a date or another tag means: the whole, please.
    let isSame = request.headers[.ifRange].map { $0 == tag } ?? true
    switch ByteRange(isSame ? request.headers[.range] : nil, size: size) {
    case .whole:
      var answer = Answer(fields: fields, body: .content(reading, 0..<size))
      if reading.isInMemory { answer.hold = try hold(Int(clamping: size)) }
      return answer
    case .part(let range):
      fields[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(size)"
      var answer = Answer(status: 206, fields: fields, body: .content(reading, range))
      if reading.isInMemory {
        let count = Int(clamping: range.upperBound - range.lowerBound)
        answer.hold = try hold(count)
        answer.body = .bytes(try await reading.bytes(from: range.lowerBound, count: count))
      }
      return answer
    case .unsatisfiable:
      var answer = Answer(Problem(.badRequest, detail: "the range holds no byte of the content"))
      answer.status = 416
      answer.fields[.contentRange] = "bytes */\(size)"
      return answer
    }
  }

  /// Counts bytes that an answer keeps in memory until it was sent; small ones are not counted.
  ///
  /// - Throws: `Problem` when others hold too many.
  func hold(_ count: Int) throws -> ByteBudget.Hold? {
    guard count > limits.uncountedBytes else { return nil }
    guard let hold = contents.take(count) else {
      throw Problem(.busy, detail: "other large contents are being sent")
    }
    return hold
  }
}

extension ByteBuffer {
  /// The next piece of a range, as a server sends it.
  func piece(_ range: Range<UInt64>) -> ByteBuffer {
    let start = Int(clamping: range.lowerBound)
    let count = min(ServedFile.chunkSizeInBytes, Int(clamping: range.upperBound) - start)
    return getSlice(at: readerIndex + start, length: count) ?? ByteBuffer()
  }
}

extension ContentReading {
  /// The next piece of a range, as a server sends it; throws when the content ends before the range does.
  func piece(_ range: Range<UInt64>) async throws -> ByteBuffer {
    let count = Int(min(UInt64(ServedFile.chunkSizeInBytes), range.upperBound - range.lowerBound))
    let bytes = try await bytes(from: range.lowerBound, count: count)
    guard !bytes.isEmpty else { throw LibraryError.notHeld(path.text) }
    return ByteBuffer(bytes: bytes)
  }
}
