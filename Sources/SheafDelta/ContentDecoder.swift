import SheafModel

/// Reads bodies back that a `ContentEncoder` coded, in their order.
///
/// Made for bytes from outside: whatever they are, it gives a body within its limit or
/// throws, in time that the limit and the bytes bound. Takes 10 to 40 MiB of memory.
public final class ContentDecoder {
  private var state = ContentState()
  private var coder = RangeDecoder([])
  private var last = 0..<0

  public init() {}

  /// Starts to read a block's bytes; what was learned stays.
  public func begin(block bytes: [UInt8]) { coder = RangeDecoder(bytes) }

  /// Reads the next body.
  ///
  /// - Parameters:
  ///   - base: What the encoder had as base, with its hash.
  ///   - limit: The most bytes it may have.
  /// - Throws: `DeltaError`; the decoder is of no use afterwards.
  public func decode(base: (hash: SHA256Hash, bytes: [UInt8])?, limit: Int) throws(DeltaError) -> [UInt8] {
    var place = 0..<0
    if let base {
      guard base.bytes.count <= ContentWindow.largestBase else { throw .badSize(base.bytes.count) }
      place = known(base.hash, base.bytes)
    }
    // Held apart from the object meanwhile, which saves checks at every byte.
    var run = DecodingRun(state: state, coder: RangeDecoder([]))
    swap(&run.coder, &coder)
    defer {
      swap(&run.coder, &coder)
      state = run.state
    }
    let start = state.window.end
    let body = try run.decode(base: place, limit: base == nil ? limit : min(limit, ContentWindow.largestBase))
    last = start..<run.state.window.end
    return body
  }

  /// Tells the hash of the body that was read last, by which a later one may have it as base.
  public func keep(as hash: SHA256Hash) { state.window.remember(hash, at: last) }

  private func known(_ hash: SHA256Hash, _ bytes: [UInt8]) -> Range<Int> {
    if let place = state.window.place(of: hash) { return place }
    let place = state.append(base: bytes)
    state.window.remember(hash, at: place)
    return place
  }

  /// Confirms that the block's bytes were exactly those of the bodies read.
  ///
  /// - Throws: `DeltaError.exhausted`, `.unused` or `.unfinished`.
  public func endBlock() throws(DeltaError) { try coder.end() }
}

/// One body's way through the decoder.
private struct DecodingRun {
  var state: ContentState
  var coder: RangeDecoder

  /// What is moved from the window to the body at once; far less than the window keeps.
  private static let piece = 1 << 20

  mutating func decode(base: Range<Int>, limit: Int) throws(DeltaError) -> [UInt8] {
    let start = state.window.end
    var body: [UInt8] = []
    state.begin(base: base)
    while true {
      guard !coder.isExhausted else { throw .exhausted }
      let place = state.window.end
      let size = place - start
      if size - body.count >= Self.piece { take(from: start + body.count, into: &body) }
      if !state.copies.codeFlag(false, context: state.flagContext, &coder) {
        guard size < limit else { throw .pastTarget(count: 1, remaining: 0) }
        _ = state.literal(0, at: place, appends: true, &coder)
        continue
      }
      // Three decisions have no other outcomes.
      let kind = CopyKind(rawValue: state.copies.codeKind(0, context: state.kindContext, &coder)) ?? .end
      if kind == .end { break }
      let source = source(of: kind, at: place)
      var count: Int
      var isEnd = false
      if kind.isFromBase, state.copies.codeEnd(false, context: kind.rawValue, &coder) {
        count = base.upperBound - source
        isEnd = state.copies.codeEnd(false, context: 4 + kind.rawValue, &coder)
      } else {
        count = state.copies.numbers.code(0, context: kind.lengthContext, &coder) + 1
      }
      let isInside =
        kind.isFromBase
        ? base.contains(source) && count <= base.upperBound - source
        : source >= 0 && source < place && place - source <= ContentWindow.reach
      guard isInside, count > 0 else {
        throw .outsideBase(start: source - base.lowerBound, count: count, baseSize: base.count)
      }
      guard count <= limit - size else { throw .pastTarget(count: count, remaining: limit - size) }
      var copied = 0
      while copied < count {
        // In pieces, so that a long copy finds its bytes still in the window when they are taken.
        let part = min(count - copied, Self.piece)
        state.window.copy(from: source + copied, count: part)
        copied += part
        if state.window.end - start - body.count >= Self.piece { take(from: start + body.count, into: &body) }
      }
      state.copied(kind, from: source, count: count, to: place)
      if isEnd { break }
    }
    guard !coder.isExhausted else { throw .exhausted }
    take(from: start + body.count, into: &body)
    return body
  }

  private func take(from place: Int, into body: inout [UInt8]) {
    let window = state.window
    body.append(contentsOf: UnsafeBufferPointer(start: window.origin + place, count: window.end - place))
  }

  private mutating func source(of kind: CopyKind, at place: Int) -> Int {
    let numbers = state.copies.numbers
    return switch kind {
    case .baseNext, .end: state.basePlace
    case .baseReplaced: state.basePlace + state.run
    case .baseForward: state.basePlace + 1 + numbers.code(0, context: CopyModel.forward, &coder)
    case .baseBack: state.basePlace - 1 - numbers.code(0, context: CopyModel.back, &coder)
    // Without any before, a place that the check refuses.
    case .elsewhereNext: state.elsewherePlace
    case .elsewhereReplaced: state.elsewherePlace < 0 ? -1 : state.elsewherePlace + state.run
    case .distance: place - 1 - numbers.code(0, context: CopyModel.distance, &coder)
    }
  }
}
