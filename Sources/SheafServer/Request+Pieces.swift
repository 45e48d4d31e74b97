import HummingbirdCore
import NIOCore
import SheafHTTP

extension Request {
  /// Reads the body piece by piece, to its end.
  ///
  /// - Throws: `Problem.lineCut` when less came than was declared, however that shows: over HTTP/2 a body whose
  ///   connection is gone just ends. What `take` throws.
  func forEachPiece(_ take: (ByteBuffer) async throws -> Void) async throws {
    let declared = headers[.contentLength].flatMap { UInt64($0) } ?? 0
    var received: UInt64 = 0
    var pieces = body.makeAsyncIterator()
    while true {
      let piece: ByteBuffer?
      do {
        piece = try await pieces.next()
      } catch let error as CancellationError {
        throw error
      } catch {
        // Of HTTP/1.1, TLS or HTTP/2: each tells it by an error of its own.
        throw Problem.lineCut
      }
      guard let piece else { break }
      received += UInt64(piece.readableBytes)
      try await take(piece)
    }
    guard received >= declared else { throw Problem.lineCut }
  }
}

extension Problem {
  /// The request did not come whole. Mostly nobody is there to be told.
  static let lineCut = Problem(.badRequest, detail: "the line was cut")
}
