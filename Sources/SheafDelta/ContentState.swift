/// What both ends of the coder know alike: models, window, and where the last copies ended
/// (`Schemas/coder.md`, "State").
struct ContentState {
  var bytes: ByteModel
  let guesses: GuessModel
  let copies: CopyModel
  let window: ContentWindow
  /// Where five bytes stood last, by their hash.
  private let places: ModelMemory<UInt32>
  private static let placeBits = 16
  private static let notedCopy = 64 << 10

  // Of the body at hand.
  /// Where the base lies in the window; empty without one.
  private(set) var base = 0..<0
  /// The place behind the last copy from the base.
  private(set) var basePlace = 0
  /// The place behind the last copy from elsewhere; negative before the first.
  private(set) var elsewherePlace = -1
  /// How many literals there were since the last copy.
  private(set) var run = 0
  private(set) var lastKind = 0
  /// How often in a row the base's next byte was the right one.
  private var agreement = 0
  /// Where the window goes on as it did before, and for how many bytes it has.
  private var match = (place: 0, count: 0)

  init() {
    bytes = ByteModel(sizeBits: 20)
    guesses = GuessModel()
    copies = CopyModel()
    window = ContentWindow()
    places = ModelMemory(count: 1 << Self.placeBits)
  }

  /// Starts a body against a base that lies in the window, or none.
  mutating func begin(base: Range<Int>) {
    self.base = base
    basePlace = base.lowerBound
    elsewherePlace = -1
    run = 0
    lastKind = base.isEmpty ? 9 : 8
    agreement = 0
    match = (0, 0)
  }

  /// Appends a content that both ends have, for bodies to copy from.
  func append(base bytes: [UInt8]) -> Range<Int> {
    let start = window.end
    bytes.withUnsafeBytes { window.append($0) }
    note(start..<window.end, step: 4)
    return start..<window.end
  }

  /// Remembers where five bytes stood, for all places of a stretch that are a multiple of `step`.
  func note(_ stretch: Range<Int>, step: Int) {
    let origin = window.origin
    var place = max(stretch.lowerBound, 5)
    place += (step - place % step) % step
    while place <= stretch.upperBound {
      places.pointer[Self.hash(UnsafeRawPointer(origin + (place &- 5)))] = UInt32(truncatingIfNeeded: place)
      place &+= step
    }
  }

  @inline(__always)
  private static func hash(_ bytes: UnsafeRawPointer) -> Int {
    let low = UInt64(bytes.loadUnaligned(as: UInt32.self).littleEndian)
    let value = low | UInt64(bytes.load(fromByteOffset: 4, as: UInt8.self)) << 32
    return Int(truncatingIfNeeded: (value &* 0x9e37_79b9_7f4a_7c15) >> UInt64(64 - placeBits))
  }

  // MARK: Literals

  @inline(__always)
  private var firstExpected: ByteModel.Expected {
    let place = basePlace &+ run
    guard place < base.upperBound else { return ByteModel.Expected() }
    return ByteModel.Expected(
      byte: Int(window[place]), trust: agreement | min(run, 3) << 2)
  }

  @inline(__always)
  private var secondExpected: ByteModel.Expected {
    guard match.count > 0 else { return ByteModel.Expected() }
    let count = match.count
    return ByteModel.Expected(
      byte: Int(window[match.place]), trust: count < 16 ? count : min(16 &+ (count &- 16) >> 2, 31))
  }

  /// Codes a literal and appends it to the window, where the encoder has it already.
  @inline(__always)
  mutating func literal<Coder: BinaryCoder>(
    _ byte: Int, at place: Int, appends: Bool, _ coder: inout Coder
  ) -> UInt8 {
    let first = firstExpected
    var second = secondExpected
    var value = -1
    let guess = second.byte
    if guess >= 0 {
      let relation = first.byte < 0 ? 0 : first.byte == guess ? 1 : 2
      if guesses.code(
        byte == guess, guess: guess, trust: second.trust << 2 | relation, past: bytes.past, &coder)
      {
        value = guess
        bytes.pass(UInt8(truncatingIfNeeded: guess))
      } else {
        second.trust = 32
      }
    }
    if value < 0 { value = bytes.code(byte, first, second, &coder) }
    let byte = UInt8(truncatingIfNeeded: value)
    if appends { window.append(byte) }
    if first.byte >= 0 { agreement = first.byte == value ? min(agreement &+ 1, 3) : 0 }
    run &+= 1
    if match.count > 0, guess == value {
      match = (match.place &+ 1, min(match.count &+ 1, 255))
    } else {
      match.count = 0
    }
    findMatch(at: place &+ 1)
    return byte
  }

  /// Looks where the last bytes stood before, unless a match goes on; and remembers them here.
  @inline(__always)
  private mutating func findMatch(at place: Int) {
    guard place >= 5 else { return }
    let origin = window.origin
    let bucket = Self.hash(UnsafeRawPointer(origin + (place &- 5)))
    if match.count == 0 {
      let distance = Int(UInt32(truncatingIfNeeded: place) &- places.pointer[bucket])
      let candidate = place &- distance
      if distance > 0, distance <= ContentWindow.reach &- 32, candidate >= 32 {
        var count = 0
        while count < 32, origin[candidate &- count &- 1] == origin[place &- count &- 1] { count &+= 1 }
        if count >= 4 { match = (candidate, count) }
      }
    }
    places.pointer[bucket] = UInt32(truncatingIfNeeded: place)
  }

  // MARK: Copies

  @inline(__always)
  var flagContext: Int {
    CopyModel.flagContext(
      run: run, last: UInt8(truncatingIfNeeded: bytes.past), isPredicted: match.count >= 8)
  }

  @inline(__always)
  var kindContext: Int { lastKind * 2 + (run == 0 ? 0 : 1) }

  /// Takes note of a copy whose bytes are in the window already.
  mutating func copied(_ kind: CopyKind, from source: Int, count: Int, to place: Int) {
    switch kind {
    case .baseNext, .baseReplaced, .baseForward, .baseBack: basePlace = source + count
    case .elsewhereNext, .elsewhereReplaced, .distance: elsewherePlace = source + count
    case .end: break
    }
    lastKind = kind.rawValue
    run = 0
    agreement = 0
    match = (0, 0)
    for index in max(0, count - 12)..<count { bytes.pass(window[place + index]) }
    // Of a long copy its end will do; more of it may have left the window already.
    note(place + max(0, count - Self.notedCopy)..<place + count, step: 4)
    findMatch(at: place + count)
    if match.count > 0, match.place == source + count { match = (0, 0) }
  }
}
