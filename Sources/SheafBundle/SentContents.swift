import SheafModel

/// What both ends know of the bodies that the bundle has carried so far.
///
/// Writer and reader keep one each and ask it alike, so that a base needs no name.
struct SentContents {
  private var bodies: [(hash: SHA256Hash, sizeInBytes: UInt64)] = []
  private var indices: [SHA256Hash: Int] = [:]
  private var newest: [DocumentPath: SHA256Hash] = [:]
  /// Assets of which the receiver was told that they do not travel.
  private var absent: Set<SHA256Hash> = []
  private var recent = RecentContents()

  /// The content that a delta for `path` is made against: the newest that this
  /// bundle has carried for it, or what the receiver held.
  func base<Host: BundleHost>(of path: DocumentPath, host: inout Host) throws -> SHA256Hash? {
    if let hash = newest[path] { return hash }
    return try host.heldContent(of: path)
  }

  /// The bytes of a content, from the host unless they were just here.
  mutating func bytes<Host: BundleHost>(of hash: SHA256Hash, host: inout Host) throws -> [UInt8]? {
    if let bytes = recent.bytes(of: hash) { return bytes }
    guard let bytes = try host.bytes(of: hash) else { return nil }
    recent.keep(bytes, of: hash)
    return bytes
  }

  /// The size of a content, without its bytes where this bundle has carried it.
  mutating func size<Host: BundleHost>(of hash: SHA256Hash, host: inout Host) throws -> UInt64? {
    if let index = indices[hash] { return bodies[index].sizeInBytes }
    if let size = try host.assetSize(of: hash) { return size }
    return try bytes(of: hash, host: &host).map { UInt64($0.count) }
  }

  /// How many bodies were carried after this one; `nil` when it was not.
  func distance(to hash: SHA256Hash) -> UInt64? { indices[hash].map { UInt64(bodies.count - 1 - $0) } }

  /// The body with as many others after it; `nil` when there are not so many.
  func body(distance: UInt64) -> SHA256Hash? {
    guard distance < UInt64(bodies.count) else { return nil }
    return bodies[bodies.count - 1 - Int(distance)].hash
  }

  /// Takes note of a body.
  mutating func add(_ hash: SHA256Hash, bytes: [UInt8]) {
    add(hash, sizeInBytes: UInt64(bytes.count))
    recent.keep(bytes, of: hash)
  }

  /// Takes note of a body that is never held whole.
  mutating func add(_ hash: SHA256Hash, sizeInBytes: UInt64) {
    indices[hash] = bodies.count
    bodies.append((hash, sizeInBytes))
  }

  /// Takes note of what stands at a path now.
  mutating func setNewest(_ hash: SHA256Hash, of path: DocumentPath) { newest[path] = hash }

  /// Takes note of an asset that does not travel, and stands at a path now.
  mutating func setAbsent(_ hash: SHA256Hash, of path: DocumentPath) {
    absent.insert(hash)
    setNewest(hash, of: path)
  }

  /// Whether an asset that stands at a path can be copied from by the receiver: this bundle has carried it, or
  /// it is one that the receiver is taken to hold.
  func isHeld<Host: BundleHost>(_ hash: SHA256Hash, at path: DocumentPath, host: inout Host) throws -> Bool {
    if indices[hash] != nil { return true }
    if newest[path] == hash, absent.contains(hash) { return false }
    return try host.mayBeBase(hash, of: path)
  }

  /// The first path, in byte order, of which this bundle told that it shows a content, and did not leave that out.
  ///
  /// - Complexity: Looks through all of them; asked for assets only.
  func path(showing hash: SHA256Hash) -> DocumentPath? {
    guard indices[hash] != nil || !absent.contains(hash) else { return nil }
    return newest.lazy.filter { $0.value == hash }.map(\.key).min()
  }
}

/// A few of the last contents, so that a chain of edits need not go through the host.
struct RecentContents {
  private var contents: [SHA256Hash: [UInt8]] = [:]
  private var order: [SHA256Hash] = []
  private var first = 0
  private var sizeInBytes = 0
  private static let largestSize = 8 << 20

  func bytes(of hash: SHA256Hash) -> [UInt8]? { contents[hash] }

  mutating func keep(_ bytes: [UInt8], of hash: SHA256Hash) {
    guard bytes.count <= Self.largestSize, contents[hash] == nil else { return }
    contents[hash] = bytes
    order.append(hash)
    sizeInBytes += bytes.count
    while sizeInBytes > Self.largestSize || order.count - first > 4096 {
      sizeInBytes -= contents.removeValue(forKey: order[first])?.count ?? 0
      first += 1
    }
    // The names that have gone are cut off now and then, not each time.
    if first > 4096 {
      order.removeFirst(first)
      first = 0
    }
  }
}
