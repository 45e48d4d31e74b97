import SheafModel

/// Codes bodies one after another: as copies from what the other end knows by then, and as literals.
///
/// Bases and bodies so far, the last 16 MiB of them, are what copies come from; models
/// that learn from all of it price and code what is left (`Schemas/coder.md`). The same
/// calls give the same bytes everywhere. Takes 10 to 85 MiB of memory, as the bodies do.
public final class ContentEncoder {
  private var state = ContentState()
  private var coder = RangeEncoder()
  private let finder = CopyFinder()

  /// The largest base, and the largest body for which one is used.
  public static let largestBase = ContentWindow.largestBase

  public init() {}

  /// Codes the next body.
  ///
  /// - Parameters:
  ///   - body: The body.
  ///   - hash: Its hash, by which a later body may have it as base.
  ///   - base: What the other end holds that it is most like. Both at most `largestBase`.
  public func encode(_ body: [UInt8], hash: SHA256Hash, base: (hash: SHA256Hash, bytes: [UInt8])?) {
    let place = base.map { known($0.hash, $0.bytes) } ?? 0..<0
    precondition(base == nil || max(body.count, place.count) <= Self.largestBase, "a base beyond the limit")
    // Held apart from the object meanwhile, which saves checks at every byte.
    var run = EncodingRun(state: state, coder: RangeEncoder(), finder: finder)
    swap(&run.coder, &coder)
    let range = run.encode(body, base: place)
    swap(&run.coder, &coder)
    state = run.state
    state.window.remember(hash, at: range)
  }

  private func known(_ hash: SHA256Hash, _ bytes: [UInt8]) -> Range<Int> {
    if let place = state.window.place(of: hash) { return place }
    let place = state.append(base: bytes)
    finder.follow(state.window)
    state.window.remember(hash, at: place)
    return place
  }

  /// How many bytes there are so far, one or two short.
  public var sizeInBytes: Int { coder.bytes.count }

  /// Ends the bytes of a block; what was learned stays.
  public func endBlock() -> [UInt8] { coder.finish() }
}

/// One body's way through the coder.
private struct EncodingRun {
  var state: ContentState
  var coder: RangeEncoder
  let finder: CopyFinder

  /// What is looked through for copies at once.
  private static let slice = ContentWindow.largestBase

  mutating func encode(_ body: [UInt8], base: Range<Int>) -> Range<Int> {
    let start = state.window.end
    state.begin(base: base)
    var hasEnded = false
    body.withUnsafeBytes { body in
      var done = 0
      while done < body.count {
        let part = UnsafeRawBufferPointer(rebasing: body[done..<min(body.count, done + Self.slice)])
        done += part.count
        hasEnded = encode(slice: part, isLast: done == body.count)
      }
    }
    if !hasEnded {
      _ = state.copies.codeFlag(true, context: state.flagContext, &coder)
      _ = state.copies.codeKind(CopyKind.end.rawValue, context: state.kindContext, &coder)
    }
    return start..<state.window.end
  }

  /// Codes a stretch of the body; answers whether its last copy said that the body ends.
  private mutating func encode(slice: UnsafeRawBufferPointer, isLast: Bool) -> Bool {
    let start = state.window.end
    state.window.append(slice)
    finder.follow(state.window)
    let end = state.window.end
    var choice = CopyChoice(state: state, finder: finder, body: start..<end)
    let copies = choice.choose()
    var place = start
    var hasEnded = false
    for copy in copies {
      while place < copy.target { literal(&place) }
      hasEnded = code(copy, place, isEnd: isLast && place + copy.count == end)
      place += copy.count
    }
    while place < end { literal(&place) }
    return hasEnded
  }

  private mutating func literal(_ place: inout Int) {
    _ = state.copies.codeFlag(false, context: state.flagContext, &coder)
    _ = state.literal(Int(state.window[place]), at: place, appends: false, &coder)
    place += 1
  }

  /// Answers whether the copy said that the body ends with it.
  private mutating func code(_ copy: ChosenCopy, _ place: Int, isEnd: Bool) -> Bool {
    let kind = copy.kind
    let numbers = state.copies.numbers
    _ = state.copies.codeFlag(true, context: state.flagContext, &coder)
    _ = state.copies.codeKind(kind.rawValue, context: state.kindContext, &coder)
    switch kind {
    case .baseForward: _ = numbers.code(copy.source - state.basePlace - 1, context: CopyModel.forward, &coder)
    case .baseBack: _ = numbers.code(state.basePlace - copy.source - 1, context: CopyModel.back, &coder)
    case .distance: _ = numbers.code(place - copy.source - 1, context: CopyModel.distance, &coder)
    case .baseNext, .baseReplaced, .elsewhereNext, .elsewhereReplaced, .end: break
    }
    var saysEnd = false
    let reachesEnd = kind.isFromBase && copy.source + copy.count == state.base.upperBound
    if kind.isFromBase { _ = state.copies.codeEnd(reachesEnd, context: kind.rawValue, &coder) }
    if reachesEnd {
      _ = state.copies.codeEnd(isEnd, context: 4 + kind.rawValue, &coder)
      saysEnd = isEnd
    } else {
      _ = numbers.code(copy.count - 1, context: kind.lengthContext, &coder)
    }
    state.copied(kind, from: copy.source, count: copy.count, to: place)
    // What stands here stands where it came from, too.
    if copy.count >= 256 { finder.skip(to: place + copy.count - 64) }
    return saysEnd
  }
}
