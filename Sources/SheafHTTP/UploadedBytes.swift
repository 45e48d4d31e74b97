import NIOCore

/// A request's body in pieces, each sent when the line has taken those before it.
struct UploadedBytes: AsyncSequence, Sendable {
  typealias Element = ByteBuffer

  /// How much is handed on at a time: about a second of a poor line.
  static let pieceSizeInBytes = 16 << 10
  let bytes: ArraySlice<UInt8>
  /// Pays for bytes and says how long to wait before they go.
  let pay: @Sendable (Int) -> Duration
  /// Told that the line took what came before and a piece goes, with the pause that comes now, and how many bytes
  /// have gone with it.
  let moved: @Sendable (_ pause: Duration, _ taken: UInt64) -> Void
  let sleep: @Sendable (Duration) async throws -> Void

  func makeAsyncIterator() -> Iterator { Iterator(source: self, rest: bytes) }

  struct Iterator: AsyncIteratorProtocol {
    let source: UploadedBytes
    var rest: ArraySlice<UInt8>

    mutating func next() async throws -> ByteBuffer? {
      let piece = rest.prefix(UploadedBytes.pieceSizeInBytes)
      guard !piece.isEmpty else { return nil }
      rest = rest[piece.endIndex...]
      let pause = source.pay(piece.count)
      source.moved(pause, UInt64(piece.endIndex - source.bytes.startIndex))
      if pause > .zero { try await source.sleep(pause) }
      return ByteBuffer(bytes: piece)
    }
  }
}
