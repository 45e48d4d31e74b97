/// Finds where bytes of the window stood before.
///
/// Places are chained by a hash of the `seedSize` bytes that begin there. Only places
/// that were `add`ed are found.
final class CopyFinder {
  static let seedSize = 6
  private static let bucketBits = 18
  private var heads: ModelMemory<UInt32>
  /// For each place in reach, how far before it the place of the same hash is; 0 for none in reach. The places
  /// that a copy of the largest reach lies apart share one, the newer one's.
  private var links: UnsafeMutableRawPointer
  private var linkCount: Int
  private var start = 0
  /// Every place before this is added or was left out.
  private(set) var added = 0

  /// A link has three bytes, since a copy reaches 2^24 bytes back: a quarter less memory than four.
  private static let linkSize = 3

  init() {
    heads = ModelMemory(count: 1 << Self.bucketBits)
    linkCount = 1 << 16
    links = Self.memory(linkCount)
  }

  deinit { links.deallocate() }

  // One byte more, since links are read four bytes at a time.
  private static func memory(_ count: Int) -> UnsafeMutableRawPointer {
    .allocate(byteCount: count * linkSize + 1, alignment: 4)
  }

  @inline(__always)
  private func link(at place: Int) -> Int {
    let offset = (place & (linkCount &- 1)) &* Self.linkSize
    return Int(UInt32(littleEndian: links.loadUnaligned(fromByteOffset: offset, as: UInt32.self)) & 0xff_ffff)
  }

  @inline(__always)
  private func setLink(at place: Int, to distance: UInt32) {
    let offset = (place & (linkCount &- 1)) &* Self.linkSize
    // What is further away no copy reaches.
    let distance = distance >> 24 == 0 ? distance : 0
    links.storeBytes(
      of: UInt16(truncatingIfNeeded: distance).littleEndian, toByteOffset: offset, as: UInt16.self)
    links.storeBytes(of: UInt8(truncatingIfNeeded: distance >> 16), toByteOffset: offset &+ 2, as: UInt8.self)
  }

  @inline(__always)
  private static func bucket(_ bytes: UnsafeRawPointer) -> Int {
    let value = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self)) << 16
    return Int(truncatingIfNeeded: (value &* 0x9e37_79b9_7f4a_7c15) >> UInt64(64 - bucketBits))
  }

  /// Follows the window after it made room.
  func follow(_ window: ContentWindow) {
    if window.start > start {
      start = window.start
      added = max(added, start)
    }
    guard window.end - start > linkCount, linkCount < ContentWindow.reach else { return }
    // All of the reach at once past the first million, as the window does: what is not written to is only spoken for.
    var larger = linkCount
    while larger < window.end - start, larger < ContentWindow.reach { larger *= 2 }
    if larger > 1 << 20 { larger = ContentWindow.reach }
    let new = Self.memory(larger)
    // Nothing has left the window before all of the reach is there, so that places are their own remainders.
    new.copyMemory(from: links, byteCount: linkCount * Self.linkSize)
    links.deallocate()
    (links, linkCount) = (new, larger)
  }

  /// Adds the places up to `end` that have a whole seed before `limit`.
  @inline(__always)
  func add(upTo end: Int, in window: ContentWindow) {
    let origin = window.origin
    // Eight bytes are read for a seed of six.
    let last = min(end, window.end - 8)
    while added < last {
      let bucket = Self.bucket(UnsafeRawPointer(origin + added))
      let previous = heads.pointer[bucket]
      setLink(at: added, to: UInt32(truncatingIfNeeded: added &+ 1) &- previous)
      heads.pointer[bucket] = UInt32(truncatingIfNeeded: added &+ 1)
      added &+= 1
    }
  }

  /// Leaves the places before `end` out: what stands there stands elsewhere too.
  func skip(to end: Int) { added = max(added, end) }

  /// Calls `body` with places before `place` that may begin with the same seed, the nearest first.
  @inline(__always)
  func candidates(
    at place: Int, in window: ContentWindow, limit: Int, _ body: (_ candidate: Int) -> Bool
  ) {
    guard place + 8 <= window.end else { return }
    let origin = window.origin
    let bucket = Self.bucket(UnsafeRawPointer(origin + place))
    let distance = UInt32(truncatingIfNeeded: place &+ 1) &- heads.pointer[bucket]
    var candidate = place &- Int(distance)
    var rest = limit
    if distance == 0 {
      let link = link(at: place)
      if link == 0 { return }
      candidate = place &- link
    }
    while rest > 0, candidate >= max(window.start, start), candidate < place,
      place &- candidate <= ContentWindow.reach
    {
      if !body(candidate) { return }
      rest &-= 1
      let link = link(at: candidate)
      if link == 0 { return }
      candidate &-= link
    }
  }
}
