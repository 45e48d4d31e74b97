/// Finds where bytes of the window stood before.
///
/// Places are chained by a hash of the `seedSize` bytes that begin there. Only places
/// that were `add`ed are found.
final class CopyFinder {
  static let seedSize = 6
  private static let bucketBits = 18
  private var heads: ModelMemory<UInt32>
  /// For each place in the window, counted from `start`, how far before it the place of the same hash is.
  private var links: UnsafeMutablePointer<UInt32>
  private var linkCount: Int
  private var start = 0
  /// Every place before this is added or was left out.
  private(set) var added = 0

  init() {
    heads = ModelMemory(count: 1 << Self.bucketBits)
    linkCount = 1 << 16
    links = .allocate(capacity: linkCount)
  }

  deinit { links.deallocate() }

  @inline(__always)
  private static func bucket(_ bytes: UnsafeRawPointer) -> Int {
    let value = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self)) << 16
    return Int(truncatingIfNeeded: (value &* 0x9e37_79b9_7f4a_7c15) >> UInt64(64 - bucketBits))
  }

  /// Follows the window after it made room.
  func follow(_ window: ContentWindow) {
    if window.start > start {
      let shift = window.start - start
      let kept = max(0, added - window.start)
      links.update(from: links + shift, count: min(kept, linkCount - shift))
      start = window.start
      added = max(added, start)
    }
    let needed = window.end - start
    guard needed > linkCount else { return }
    let larger = ContentWindow.capacity(for: needed, after: linkCount)
    let new = UnsafeMutablePointer<UInt32>.allocate(capacity: larger)
    new.update(from: links, count: linkCount)
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
      links[added &- start] = UInt32(truncatingIfNeeded: added &+ 1) &- previous
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
    if distance == 0 { candidate = place &- Int(links[place &- start]) }
    while rest > 0, candidate >= max(window.start, start), candidate < place,
      place &- candidate <= ContentWindow.reach
    {
      if !body(candidate) { return }
      rest &-= 1
      let link = links[candidate &- start]
      if link == 0 { return }
      candidate &-= Int(link)
    }
  }
}
