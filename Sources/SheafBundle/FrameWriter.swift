import SheafCompression
import SheafDelta
import SheafModel

/// Collects entries into blocks and writes each as one frame (`Schemas/bundle.md`, "Frames").
final class FrameWriter {
  /// What is not written yet: what entries say, in streams of their kinds.
  var metadata: ByteWriter
  var digests: ByteWriter
  private var streams = DeltaStreams()
  /// The bytes of assets' chunks, which models would only slow down.
  private var chunks: [UInt8] = []
  /// How many bytes of chunks stand among the digests.
  private var deflatedChunkCount = 0

  private let level: Int
  /// What codes everything, unless it is deflated.
  private let models: (fields: FieldEncoder, contents: ContentEncoder)?
  private var pieceCount = 0
  private let emit: Emit
  /// The compressors of a bundle of several blocks; each goes on where its last block ended.
  private var deflaters: [BundleSummary.Part: Deflater] = [:]
  private var isFirst = true

  /// Takes bytes of the bundle, the part they belong to, and how many of them belong to another one.
  typealias Emit = (
    _ bytes: [UInt8], _ part: BundleSummary.Part, _ share: (part: BundleSummary.Part, count: Int)?
  ) throws -> Void

  init(coder: BundleCoder, level: Int, emit: @escaping Emit) {
    switch coder {
    case .deflate:
      (metadata, digests, models) = (ByteWriter(), ByteWriter(), nil)
    case .model:
      let fields = FieldEncoder()
      metadata = ByteWriter(into: fields, asDigests: false)
      digests = ByteWriter(into: fields, asDigests: true)
      models = (fields, ContentEncoder())
    }
    self.level = level
    self.emit = emit
  }

  /// Closes the block if it is full, and counts the piece that comes next. Called before each piece.
  func closeFullBlock() throws {
    let size =
      models.map { $0.fields.sizeInBytes + $0.contents.sizeInBytes + chunks.count } ?? metadata.bytes.count
      + digests.bytes.count + streams.instructions.count + streams.addresses.count
      + streams.literals.count
    if size >= BundleLimits.fullBlock { try writeFrame(isLast: false) }
    countPiece()
  }

  /// Counts a piece that always fits into the first block.
  func countPiece() { pieceCount += 1 }

  /// Puts a body into the block.
  ///
  /// - Returns: How many numbers its instructions are; `nil` where it has none.
  func append(_ body: [UInt8], hash: SHA256Hash, base: (hash: SHA256Hash, bytes: [UInt8])?) -> UInt64? {
    if let models {
      models.contents.encode(body, hash: hash, base: base)
      return nil
    }
    let start = streams.instructions.count
    DeltaEncoder.encode(base: base?.bytes ?? [], target: body, into: &streams)
    // Each number ends with the one byte of it that is below 80 hex.
    return UInt64(streams.instructions[start...].reduce(0) { $0 + ($1 < 0x80 ? 1 : 0) })
  }

  /// Puts what travels of an asset's chunk into the block.
  func append(chunk bytes: [UInt8]) {
    guard models == nil else {
      chunks += bytes
      return
    }
    digests.raw(bytes)
    deflatedChunkCount += bytes.count
  }

  /// Writes the last block.
  func finish() throws { try writeFrame(isLast: true) }

  func writeFrame(isLast: Bool) throws {
    if let models {
      let digestCount = models.fields.digestsInBytes
      try write(
        models.fields.endBlock(), digestCount: digestCount, models.contents.endBlock(), isLast: isLast)
    } else {
      try writeDeflated(isLast: isLast)
    }
  }

  /// Writes a block that models have coded.
  private func write(_ fields: [UInt8], digestCount: Int, _ contents: [UInt8], isLast: Bool) throws {
    var sizes = ByteWriter()
    if !chunks.isEmpty {
      sizes.number(Frame.withChunks)
      sizes.number(UInt64(chunks.count))
    }
    sizes.number(UInt64(fields.count) << 1 | (isLast ? 1 : 0))
    if !isLast {
      sizes.number(UInt64(contents.count))
      sizes.number(UInt64(pieceCount))
    }
    try emit(sizes.bytes, .frames, nil)
    try emit(fields, .metadata, (.digests, min(digestCount, fields.count)))
    try emit(chunks, .chunks, nil)
    try emit(contents, .literals, nil)
    chunks.removeAll(keepingCapacity: true)
    pieceCount = 0
  }

  private func writeDeflated(isLast: Bool) throws {
    let compressible: [(part: BundleSummary.Part, bytes: [UInt8])] = [
      (.metadata, metadata.bytes), (.instructions, streams.instructions), (.addresses, streams.addresses),
      (.literals, streams.literals),
    ].filter { !$0.bytes.isEmpty }
    let parts = compressible.map { part, bytes in
      (
        part: part, size: bytes.count,
        data: compress(bytes, of: part, isOnly: isFirst && isLast, isLast: isLast)
      )
    }
    var flags: UInt8 = isLast ? Frame.last : 0
    for (part, bytes) in compressible where !bytes.isEmpty { flags |= Frame.flag(of: part) }
    if !digests.bytes.isEmpty { flags |= Frame.flag(of: .digests) }
    var sizes: [(BundleSummary.Part, ByteWriter)] = []
    func size(_ part: BundleSummary.Part, _ numbers: [Int]) {
      var out = ByteWriter()
      for number in numbers { out.number(UInt64(number)) }
      sizes.append((part, out))
    }

    let joined = isFirst && isLast ? smallerJoined(compressible.map(\.bytes), than: parts.map(\.data)) : nil
    if joined != nil { flags |= Frame.joined }
    if !digests.bytes.isEmpty { size(.digests, [digests.bytes.count]) }
    for part in parts {
      // A packed size of 0 stands for bytes that are sent as they are.
      size(part.part, joined == nil ? [part.size, part.data?.count ?? 0] : [part.size])
    }
    if let joined { size(.frames, [joined.count]) }

    try emit([flags], .frames, nil)
    for (part, numbers) in sizes { try emit(numbers.bytes, part, nil) }
    try emit(digests.bytes, .digests, (.chunks, deflatedChunkCount))
    deflatedChunkCount = 0
    if let joined {
      try emitJoined(joined, parts.first { $0.part == .metadata }?.data)
    } else {
      for (part, raw) in zip(parts, compressible) { try emit(part.data ?? raw.bytes, part.part, nil) }
    }
    isFirst = false
    metadata.removeAll()
    digests.removeAll()
    streams = DeltaStreams()
  }

  /// Compresses one stream's share of the block; `nil` when it had better be sent as it is.
  private func compress(
    _ bytes: [UInt8], of part: BundleSummary.Part, isOnly: Bool, isLast: Bool
  ) -> [UInt8]? {
    if isOnly {
      let packed = Deflate.compress(bytes, level: level)
      return packed.count < bytes.count ? packed : nil
    }
    let deflater = deflaters[part] ?? Deflater(level: level)
    deflaters[part] = deflater
    var packed: [UInt8] = []
    bytes.withUnsafeBytes { deflater.compress($0, into: &packed, flush: isLast ? .finish : .sync) }
    return packed
  }

  // The streams of a small bundle share words, and each stream of its own costs a few bytes.
  private func smallerJoined(_ streams: [[UInt8]], than apart: [[UInt8]?]) -> [UInt8]? {
    let size = streams.reduce(0) { $0 + $1.count }
    guard streams.count > 1, size <= Frame.largestJoined else { return nil }
    let packed = Deflate.compress(streams.flatMap { $0 }, level: level)
    // Apart, each stream also says how large it is when packed.
    let sizeApart = zip(streams, apart).reduce(0) { sum, stream in
      sum + (stream.1?.count ?? stream.0.count) + ((stream.1?.count ?? 0) < 0x80 ? 1 : 2)
    }
    return packed.count + (packed.count < 0x80 ? 1 : 2) < sizeApart ? packed : nil
  }

  private func emitJoined(_ packed: [UInt8], _ metadataAlone: [UInt8]?) throws {
    let share = min(packed.count, metadataAlone?.count ?? metadata.bytes.count)
    try emit(packed, .literals, (.metadata, share))
  }
}

/// What the first byte of a frame says.
enum Frame {
  static let last: UInt8 = 0x01
  static let joined: UInt8 = 0x02
  static let unused: UInt8 = 0x80
  /// What a coded frame begins with where it has chunks: no piece is coded in no bytes, since each has a bit that is 0.
  static let withChunks: UInt64 = 0
  /// The most that is compressed as one stream.
  static let largestJoined = 64 << 10

  static func flag(of part: BundleSummary.Part) -> UInt8 {
    switch part {
    case .metadata: 0x04
    case .digests: 0x08
    case .instructions: 0x10
    case .addresses: 0x20
    case .literals: 0x40
    case .header, .seal, .proof, .frames, .chunks: 0
    }
  }

  /// The streams in the order in which a frame holds them.
  static let order: [BundleSummary.Part] = [.digests, .metadata, .instructions, .addresses, .literals]
}
