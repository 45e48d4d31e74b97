import SheafCompression
import SheafDelta
import SheafModel

/// Many bodies in one blob, compressed together (`Schemas/store.md`, "Packs").
///
/// An entry is a body as a delta against another body, or against nothing. What the entries'
/// deltas hold lies in streams of one kind each; a directory tells where each entry's parts begin.
struct BodyPack {
  /// The most bytes of streams in a pack of several entries, and what these may come to when they are
  /// quickly compressed: so reading one body stays quick.
  static let largestStreamsInBytes = 512 << 10
  static let largestWeightInBytes = 80 << 10
  static let mostEntries = 4_096
  /// More bytes of the coder than these take too long to read; the pack is deflated instead.
  private static let largestBlockInBytes = 96 << 10

  /// How a pack's four sections are compressed.
  private enum Coding: UInt8 {
    /// Each for itself, as a raw deflate stream, or as it is.
    case deflated = 0
    /// As four bodies of the bundles' coder, one after the other.
    case modelled
  }

  /// How many bytes of instructions, addresses and literals an entry has.
  private typealias Counts = (instructions: Int, addresses: Int, literals: Int)

  private let starts: [Counts]
  private let streams: DeltaStreams
  /// What it takes in memory, about.
  var sizeInBytes: Int {
    starts.count * 24 + streams.instructions.count + streams.addresses.count + streams.literals.count
  }

  /// Unpacks a blob.
  ///
  /// - Returns: `nil` when the bytes are not what `Builder` makes.
  init?(_ bytes: [UInt8]) {
    guard let coding = bytes.first.flatMap(Coding.init(rawValue:)),
      let sections = coding == .modelled ? Self.modelled(bytes) : Self.deflated(bytes)
    else { return nil }
    var starts: [Counts] = [(0, 0, 0)]
    var place = 0
    while place < sections[0].count {
      guard let instructions = Self.number(in: sections[0], at: &place),
        let addresses = Self.number(in: sections[0], at: &place),
        let literals = Self.number(in: sections[0], at: &place), let last = starts.last,
        starts.count <= Self.mostEntries
      else { return nil }
      starts.append((last.0 + instructions, last.1 + addresses, last.2 + literals))
    }
    guard let end = starts.last,
      end == (sections[1].count, sections[2].count, sections[3].count)
    else { return nil }
    self.starts = starts
    streams = DeltaStreams(instructions: sections[1], addresses: sections[2], literals: sections[3])
  }

  private static func deflated(_ bytes: [UInt8]) -> [[UInt8]]? {
    var sections: [[UInt8]] = []
    var offset = 1
    for _ in 0..<4 {
      guard let size = number(in: bytes, at: &offset), let packed = number(in: bytes, at: &offset),
        size <= 2 * Limits.document, packed <= bytes.count - offset
      else { return nil }
      let part = Array(bytes[offset..<offset + packed])
      offset += packed
      if packed == size {
        sections.append(part)
      } else {
        guard let plain = try? Deflate.decompress(part, size: size) else { return nil }
        sections.append(plain)
      }
    }
    return offset == bytes.count ? sections : nil
  }

  private static func modelled(_ bytes: [UInt8]) -> [[UInt8]]? {
    var offset = 1
    var sizes: [Int] = []
    for _ in 0..<4 {
      guard let size = number(in: bytes, at: &offset), size <= largestStreamsInBytes else { return nil }
      sizes.append(size)
    }
    guard bytes.count - offset <= largestBlockInBytes else { return nil }
    let decoder = ContentDecoder()
    decoder.begin(block: Array(bytes[offset...]))
    var sections: [[UInt8]] = []
    for size in sizes {
      guard let section = try? decoder.decode(base: nil, limit: size), section.count == size else {
        return nil
      }
      sections.append(section)
    }
    return (try? decoder.endBlock()) == nil ? nil : sections
  }

  /// The body at a place.
  ///
  /// - Parameter base: What it is a delta against; empty for nothing.
  /// - Returns: `nil` when there is no such entry, or it does not give exactly `size` bytes.
  func body(_ entry: Int, base: [UInt8], size: Int) -> [UInt8]? {
    guard entry >= 0, entry < starts.count - 1 else { return nil }
    let (from, to) = (starts[entry], starts[entry + 1])
    var decoder = DeltaDecoder(
      streams: DeltaStreams(
        instructions: Array(streams.instructions[from.instructions..<to.instructions]),
        addresses: Array(streams.addresses[from.addresses..<to.addresses]),
        literals: Array(streams.literals[from.literals..<to.literals])))
    guard let bytes = try? decoder.decode(base: base, targetSize: size), (try? decoder.finish()) != nil else {
      return nil
    }
    return bytes
  }

  // Seven bits a byte, the lowest first; at most 28 bits, which no sum here lets overflow.
  private static func number(in bytes: [UInt8], at offset: inout Int) -> Int? {
    var number = 0
    for shift in stride(from: 0, to: 28, by: 7) {
      guard offset < bytes.count else { return nil }
      let byte = bytes[offset]
      offset += 1
      number |= Int(byte & 0x7f) << shift
      if byte < 0x80 { return number }
    }
    return nil
  }

  /// Puts a pack together.
  struct Builder {
    private var directory: [UInt8] = []
    private var streams = DeltaStreams()
    private var weightInBytes = 0
    private(set) var count = 0

    /// The bytes of streams so far.
    var sizeInBytes: Int { Self.size(of: streams) }

    private static func size(of streams: DeltaStreams) -> Int {
      streams.instructions.count + streams.addresses.count + streams.literals.count
    }

    /// What an entry's streams come to when they are quickly compressed; about as long it takes to read them.
    static func weight(of entry: DeltaStreams) -> Int {
      entry.instructions.count + entry.addresses.count
        + (entry.literals.count < 64
          ? entry.literals.count : Deflate.compress(entry.literals, level: 1).count)
    }

    /// Whether an entry still belongs here.
    func hasRoom(for entry: DeltaStreams, weight: Int) -> Bool {
      count == 0
        || count < BodyPack.mostEntries
          && sizeInBytes + Self.size(of: entry) <= BodyPack.largestStreamsInBytes
          && weightInBytes + weight <= BodyPack.largestWeightInBytes
    }

    /// Adds an entry.
    mutating func add(_ entry: DeltaStreams, weight: Int) {
      for part in [entry.instructions, entry.addresses, entry.literals] {
        Self.write(part.count, to: &directory)
      }
      streams.instructions += entry.instructions
      streams.addresses += entry.addresses
      streams.literals += entry.literals
      weightInBytes += weight
      count += 1
    }

    /// The blob.
    func finish() -> [UInt8] {
      let sections = [directory, streams.instructions, streams.addresses, streams.literals]
      if weightInBytes <= 2 * BodyPack.largestBlockInBytes, let modelled = Self.modelled(sections) {
        return modelled
      }
      var bytes = [Coding.deflated.rawValue]
      for section in sections {
        // A few bytes are not worth a compressor.
        let packed = section.count < 16 ? section : Deflate.compress(section, level: 9)
        let smaller = packed.count < section.count ? packed : section
        Self.write(section.count, to: &bytes)
        Self.write(smaller.count, to: &bytes)
        bytes += smaller
      }
      return bytes
    }

    /// `nil` for what would be slow to read, or not get smaller.
    private static func modelled(_ sections: [[UInt8]]) -> [UInt8]? {
      let size = sections.reduce(0) { $0 + $1.count }
      guard sections.allSatisfy({ $0.count <= BodyPack.largestStreamsInBytes }) else { return nil }
      let encoder = ContentEncoder()
      var bytes = [Coding.modelled.rawValue]
      for (number, section) in sections.enumerated() {
        write(section.count, to: &bytes)
        // Nothing here has a base, so the hashes only have to differ.
        encoder.encode(section, hash: SHA256Hash(hashing: [UInt8(number)]), base: nil)
      }
      let block = encoder.endBlock()
      return block.count <= BodyPack.largestBlockInBytes && block.count < size ? bytes + block : nil
    }

    private static func write(_ number: Int, to bytes: inout [UInt8]) {
      var rest = number
      while rest >= 0x80 {
        bytes.append(UInt8(rest & 0x7f) | 0x80)
        rest >>= 7
      }
      bytes.append(UInt8(rest))
    }
  }
}

/// Packs used lately in one transaction, unpacked.
final class PackCache {
  private static let capacityInBytes = 24 << 20
  private var packs: [Int64: BodyPack] = [:]
  private var order: [Int64] = []
  private var sizeInBytes = 0

  subscript(id: Int64) -> BodyPack? { packs[id] }

  func insert(_ pack: BodyPack, for id: Int64) {
    guard packs[id] == nil, pack.sizeInBytes <= Self.capacityInBytes else { return }
    packs[id] = pack
    order.append(id)
    sizeInBytes += pack.sizeInBytes
    while sizeInBytes > Self.capacityInBytes, order.count > 1 {
      sizeInBytes -= packs.removeValue(forKey: order.removeFirst())?.sizeInBytes ?? 0
    }
  }

  func remove(_ id: Int64) {
    guard let pack = packs.removeValue(forKey: id) else { return }
    order.removeAll { $0 == id }
    sizeInBytes -= pack.sizeInBytes
  }

  func removeAll() {
    packs.removeAll()
    order.removeAll()
    sizeInBytes = 0
  }
}
