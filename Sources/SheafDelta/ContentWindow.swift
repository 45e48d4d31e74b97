import SheafModel

/// The last bytes that both ends know, by their place in all bytes so far.
///
/// A copy reaches at most `reach` bytes back. Older bytes are dropped now and then.
final class ContentWindow {
  /// How far back a copy may begin.
  static let reach = 16 << 20
  /// The largest base, and the largest body that has one: both lie within the reach to the body's end.
  static let largestBase = reach / 2

  private var memory: UnsafeMutablePointer<UInt8>
  private var capacity: Int
  /// The place of the oldest byte that is kept.
  private(set) var start = 0
  /// The place of the next byte.
  private(set) var end = 0

  init() {
    capacity = 1 << 16
    memory = .allocate(capacity: capacity)
  }

  deinit { memory.deallocate() }

  /// Where known contents lie, by their hashes, and in the order they came.
  private var known: [SHA256Hash: Range<Int>] = [:]
  private var order: [SHA256Hash] = []
  private var forgotten = 0

  /// Where a content lies, if so near that a body after it can reach all of it.
  func place(of content: SHA256Hash) -> Range<Int>? {
    guard let range = known[content], end - range.lowerBound <= Self.reach - Self.largestBase else {
      return nil
    }
    return range
  }

  /// Remembers what lies in a stretch.
  func remember(_ content: SHA256Hash, at range: Range<Int>) {
    known[content] = range
    order.append(content)
    while forgotten < order.count, let oldest = known[order[forgotten]], oldest.lowerBound < end - Self.reach
    {
      known[order[forgotten]] = nil
      forgotten += 1
    }
    while forgotten < order.count, known[order[forgotten]] == nil { forgotten += 1 }
    guard forgotten > 4096 else { return }
    order.removeFirst(forgotten)
    forgotten = 0
  }

  /// Memory such that the byte of place p is at p.
  var origin: UnsafeMutablePointer<UInt8> { memory - start }

  /// Makes room, and drops what no copy reaches any more.
  ///
  /// - Returns: Whether anything was dropped.
  @discardableResult
  func makeRoom(for count: Int) -> Bool {
    guard end - start + count > capacity else { return false }
    let kept = min(end - start, Self.reach)
    let dropped = end - start - kept
    // What is dropped at once is a quarter of the reach at least, so that moving stays cheap.
    if dropped >= Self.reach / 4, kept + count <= capacity {
      memory.update(from: memory + dropped, count: kept)
      start += dropped
      return true
    }
    let larger = Self.capacity(for: end - start + count, after: capacity)
    let new = UnsafeMutablePointer<UInt8>.allocate(capacity: larger)
    new.initialize(from: memory, count: end - start)
    memory.deallocate()
    (memory, capacity) = (new, larger)
    return false
  }

  /// How many places to make room for when so many are needed.
  ///
  /// Past the first million it is all that is needed as a rule, once: memory that nothing was written to is only
  /// spoken for, whereas growing again would have the old and the new side by side.
  static func capacity(for needed: Int, after present: Int) -> Int {
    max(needed, needed > 1 << 20 ? reach + reach / 2 : present * 2)
  }

  func append(_ bytes: UnsafeRawBufferPointer) {
    makeRoom(for: bytes.count)
    UnsafeMutableRawBufferPointer(start: memory + (end - start), count: bytes.count).copyMemory(from: bytes)
    end += bytes.count
  }

  @inline(__always)
  func append(_ byte: UInt8) {
    if end &- start == capacity { makeRoom(for: 1) }
    memory[end &- start] = byte
    end &+= 1
  }

  /// Appends `count` bytes from `place` on, which may reach into what is appended.
  func copy(from place: Int, count: Int) {
    makeRoom(for: count)
    let (source, target) = (memory + (place - start), memory + (end - start))
    let distance = end - place
    if distance >= count {
      target.update(from: source, count: count)
    } else {
      for index in 0..<count { target[index] = source[index] }
    }
    end += count
  }

  @inline(__always)
  subscript(place: Int) -> UInt8 { memory[place &- start] }
}
