import NIOCore

/// A request's body in pieces, each sent when the line has taken those before it.
struct UploadedBytes: AsyncSequence, Sendable {
  typealias Element = ByteBuffer

  /// How much is handed on at a time: about a second of a poor line.
  static let pieceSizeInBytes = 16 << 10
  let bytes: [UInt8]
  /// Pays for bytes and says how long to wait before they go.
  let pay: @Sendable (Int) -> Duration
  /// Told that the line took a piece, with the pause that comes now, and whether there is no more.
  let moved: @Sendable (_ pause: Duration, _ isLast: Bool) -> Void
  let sleep: @Sendable (Duration) async throws -> Void

  func makeAsyncIterator() -> Iterator { Iterator(source: self) }

  struct Iterator: AsyncIteratorProtocol {
    let source: UploadedBytes
    var offset = 0

    mutating func next() async throws -> ByteBuffer? {
      let piece = source.bytes[offset...].prefix(UploadedBytes.pieceSizeInBytes)
      guard !piece.isEmpty else { return nil }
      offset = piece.endIndex
      let pause = source.pay(piece.count)
      source.moved(pause, offset == source.bytes.count)
      if pause > .zero { try await source.sleep(pause) }
      return ByteBuffer(bytes: piece)
    }
  }
}
