import HTTPTypes
import HummingbirdCore
import NIOCore
import SheafHTTP
import SheafModel
import SheafSync
import Synchronization

extension Responder {
  /// Answers a pull: the checkpoint note when nothing is new, else the bundle or a range of it.
  func bundle(_ wanted: PullRequest, _ request: Request) async throws -> Answer {
    var wanted = wanted
    if wanted.to == nil {
      // The answer is pinned to one position, and says which: whoever takes a cut download
      // up later can ask for the same bytes although the log has grown.
      // Who is ahead of this log gets no position: the library answers with its checkpoint, and
      // the asker compares.
      let size = Self.size(ofCheckpoint: try await service.checkpointNote())
      if let size, wanted.known <= size { wanted.to = size }
    }
    switch try await service.offer(wanted) {
    case .unchanged(let note):
      return Answer(Wire.checkpoint, note)
    case .bundle(let bundle):
      let file = try await ServedFile.open(bundle.file, size: bundle.sizeInBytes)
      let tag = "\"\(bundle.hash.base64)\""
      var fields: HTTPFields = [.contentType: Wire.bundle, .eTag: tag, .acceptRanges: "bytes"]
      if let to = wanted.to, let name = HTTPField.Name(Wire.checkpointField) { fields[name] = "\(to)" }
      // If-Range compares strongly; a date or another tag means: the whole, please.
      let isSame = request.headers[.ifRange].map { $0 == tag } ?? true
      switch ByteRange(isSame ? request.headers[.range] : nil, size: bundle.sizeInBytes) {
      case .whole:
        return Answer(fields: fields, body: .file(file, 0..<bundle.sizeInBytes))
      case .part(let range):
        fields[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(bundle.sizeInBytes)"
        return Answer(status: 206, fields: fields, body: .file(file, range))
      case .unsatisfiable:
        var answer = Answer(Problem(.badRequest, detail: "the range holds no byte of the bundle"))
        answer.status = 416
        answer.fields[.contentRange] = "bytes */\(bundle.sizeInBytes)"
        return answer
      }
    }
  }

  /// Takes drafts. One push in memory is up to `pushBytes`, so only a few are taken at a time.
  func push(_ request: Request) async throws -> Answer {
    let type = request.headers[.contentType] ?? ""
    guard type.prefix(while: { $0 != ";" }).lowercased() == Wire.bundle else {
      throw Problem(.wrongType, detail: "a push is a bundle, \(Wire.bundle)")
    }
    let tooLarge = Problem(.tooLarge, detail: "a push is at most \(limits.pushBytes) bytes")
    if let declared = request.headers[.contentLength].flatMap({ Int($0) }), declared > limits.pushBytes {
      throw tooLarge
    }
    guard pushes.take() else { throw Problem(.busy, detail: "other pushes are being received") }
    defer { pushes.giveBack() }
    var bytes: [UInt8] = []
    for try await chunk in request.body {
      guard bytes.count + chunk.readableBytes <= limits.pushBytes else { throw tooLarge }
      bytes.append(contentsOf: chunk.readableBytesView)
    }
    return try Answer(json: try await service.receive(push: bytes))
  }

  /// The log size in a checkpoint note: its second line (C2SP tlog-checkpoint).
  private static func size(ofCheckpoint note: [UInt8]) -> UInt64? {
    let lines = note.prefix(Limits.checkpointNote).split(
      separator: UInt8(ascii: "\n"), maxSplits: 2, omittingEmptySubsequences: false)
    return lines.count == 3 ? UInt64(String(decoding: lines[1], as: UTF8.self)) : nil
  }
}

/// A bounded number of places; who finds none is told to come back.
final class Places: Sendable {
  private let free: Mutex<Int>

  init(_ count: Int) { free = Mutex(count) }

  func take() -> Bool {
    free.withLock { free in
      guard free > 0 else { return false }
      free -= 1
      return true
    }
  }

  func giveBack() { free.withLock { $0 += 1 } }
}
