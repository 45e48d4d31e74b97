/// Appends the copies and literals of one delta to its streams.
struct DeltaWriter {
  private var streams: DeltaStreams
  private let target: UnsafeRawBufferPointer
  /// How much of the target is accounted for, the copy that is held back included.
  private(set) var position = 0
  /// The end of the last copy in the base; what the next address is relative to.
  private(set) var lastCopyEnd = 0
  // Held back, so that a copy that goes on where it ended becomes one with it.
  private var held: (literalStart: Int, literalCount: Int, distance: Int, count: Int)?

  init(target: UnsafeRawBufferPointer, streams: consuming DeltaStreams) {
    self.target = target
    self.streams = streams
  }

  /// Takes the target's bytes from `position` to `start` as literal, then copies.
  mutating func copy(from base: Int, count: Int, to start: Int) {
    if let held, start == position, base == lastCopyEnd {
      self.held?.count = held.count + count
    } else {
      release()
      held = (position, start - position, base - lastCopyEnd, count)
    }
    position = start + count
    lastCopyEnd = base + count
  }

  /// Writes the rest of the target as literal, and gives the streams back.
  consuming func finish() -> DeltaStreams {
    release()
    if position < target.count { appendLiteral(from: position, count: target.count - position) }
    return streams
  }

  private mutating func release() {
    guard let held else { return }
    appendLiteral(from: held.literalStart, count: held.literalCount)
    Varint.append(UInt32(held.count), to: &streams.instructions)
    Varint.append(Varint.zigzag(Int32(held.distance)), to: &streams.addresses)
    self.held = nil
  }

  private mutating func appendLiteral(from start: Int, count: Int) {
    Varint.append(UInt32(count), to: &streams.instructions)
    streams.literals.append(contentsOf: target[start..<start + count])
  }
}
