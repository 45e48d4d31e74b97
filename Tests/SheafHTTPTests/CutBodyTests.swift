import HTTPTypes
import HummingbirdCore
import NIOCore
import SheafHTTP
import Testing

@testable import SheafServer

@Suite("Bodies that are cut")
struct CutBodyTests {
  /// Reads a body of two pieces of which more, or nothing, was declared; behind them it ends, or with an error.
  private func read(declaring length: Int?, then error: (any Error)? = nil) async throws -> Int {
    let (pieces, source) = AsyncThrowingStream.makeStream(of: ByteBuffer.self)
    for piece in ["one", "two"] { source.yield(ByteBuffer(string: piece)) }
    source.finish(throwing: error)
    var fields = HTTPFields()
    fields[.contentLength] = length.map { "\($0)" }
    let head = HTTPRequest(
      method: .post, scheme: "https", authority: "h", path: "/push", headerFields: fields)
    var count = 0
    try await Request(head: head, body: RequestBody(asyncSequence: pieces)).forEachPiece {
      count += $0.readableBytes
    }
    return count
  }

  @Test("A body that ends before its declared length was cut, as one was that ends with an error of the line")
  func cut() async throws {
    #expect(try await read(declaring: 6) == 6)
    #expect(try await read(declaring: nil) == 6)
    await #expect(throws: Problem.lineCut) { try await read(declaring: 7) }
    await #expect(throws: Problem.lineCut) { try await read(declaring: 6, then: TestError("reset")) }
    // Whoever is cancelled is no longer asked.
    await #expect(throws: CancellationError.self) { try await read(declaring: 7, then: CancellationError()) }
  }
}
