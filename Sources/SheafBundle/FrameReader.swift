import SheafCompression
import SheafDelta
import SheafModel

/// One block, unpacked.
struct Block {
  var metadata: ByteCursor
  var digests: ByteCursor
  /// The bytes of assets' chunks, where they have a section of their own.
  var chunks = ByteCursor([], position: 0)
  let streams: DeltaStreams
  /// What decodes it, unless it was deflated; and how many pieces it has, where more blocks follow.
  var models: (fields: FieldDecoder, contents: ContentDecoder)?
  var pieceCount: UInt64?
  let isLast: Bool
  /// Where its frame begins in the file.
  let position: UInt64
  /// Where it ends, if models coded it.
  var end: UInt64 = 0
  /// What its bytes in the file belong to; what is coded together counts for one of these parts.
  var account = BundleSummary()
}

/// Reads frames and unpacks their streams, within the limits of `Schemas/bundle.md`.
final class FrameReader {
  private var inflaters: [BundleSummary.Part: Inflater] = [:]
  private var isFirst = true
  private let note: FieldNote
  private var models: (fields: FieldDecoder, contents: ContentDecoder)?

  init(note: @escaping FieldNote = { _, _, _ in }) { self.note = note }

  func next(_ source: inout ByteSource, coder: BundleCoder) throws(BundleError) -> Block {
    switch coder {
    case .deflate: try nextDeflated(&source)
    case .model: try nextCoded(&source)
    }
  }

  private func nextCoded(_ source: inout ByteSource) throws(BundleError) -> Block {
    let position = source.position
    let models = models ?? (FieldDecoder(), ContentDecoder())
    self.models = models
    let limit = BundleLimits.stream + BundleLimits.stream / 64
    var first = try source.number()
    var chunksSize: UInt64 = 0
    if first == Frame.withChunks {
      chunksSize = try source.number()
      first = try source.number()
      guard chunksSize > 0, first != Frame.withChunks else { throw source.malformed("a frame's sizes") }
    }
    let isLast = first & 1 != 0
    var contentsSize: UInt64 = 0
    var pieceCount: UInt64?
    if !isLast {
      contentsSize = try source.number()
      pieceCount = try source.number()
    }
    guard first >> 1 <= limit, contentsSize <= limit else {
      throw .tooLarge(what: "bytes in a block", limit: limit, offset: source.position)
    }
    guard chunksSize <= BundleLimits.chunks else {
      throw .tooLarge(what: "bytes of chunks in a block", limit: BundleLimits.chunks, offset: source.position)
    }
    note(source.position, "frame", isLast ? "the last one" : "one of several")
    var account = BundleSummary()
    account.add(Int(source.position - position), to: .frames)
    models.fields.begin(block: try source.take(Int(first >> 1)))
    account.add(Int(first >> 1), to: .metadata)
    note(source.position, "fields", "coded")
    let chunks = try source.take(Int(chunksSize))
    note(source.position, "chunks", "as they are")
    models.contents.begin(
      block: isLast ? try source.rest(atMost: limit) : try source.take(Int(contentsSize)))
    note(source.position, "bodies", "coded")
    account.add(chunks.count, to: .chunks)
    account.add(Int(source.position - position - account.sizeInBytes), to: .literals)
    return Block(
      metadata: ByteCursor(from: models.fields, asDigests: false, position: position),
      digests: ByteCursor(from: models.fields, asDigests: true, position: position),
      chunks: ByteCursor(chunks, position: position),
      streams: DeltaStreams(), models: models, pieceCount: pieceCount, isLast: isLast, position: position,
      end: source.position, account: account)
  }

  private func nextDeflated(_ source: inout ByteSource) throws(BundleError) -> Block {
    let position = source.position
    let flags = try source.byte()
    let isLast = flags & Frame.last != 0
    let isOnly = isFirst && isLast
    let isJoined = flags & Frame.joined != 0
    guard flags & Frame.unused == 0, !isJoined || isOnly else { throw source.malformed("a frame's flags") }
    note(source.position, "frame", isLast ? "the last one" : "one of several")
    isFirst = false

    var account = BundleSummary()
    account.add(1, to: .frames)
    var sizes: [(part: BundleSummary.Part, unpacked: Int, packed: Int)] = []
    for part in Frame.order where flags & Frame.flag(of: part) != 0 {
      let start = source.position
      let unpacked = try source.number()
      guard unpacked > 0 else { throw source.malformed("an empty stream") }
      guard unpacked <= BundleLimits.stream else {
        throw .tooLarge(what: "bytes in a stream", limit: BundleLimits.stream, offset: source.position)
      }
      let packed = part == .digests || isJoined ? 0 : try Self.packedSize(&source, unpacked: unpacked)
      guard packed > 0 || isOnly || part == .digests else { throw source.malformed("a stream's size") }
      sizes.append((part, Int(unpacked), packed))
      account.add(Int(source.position - start), to: part)
      note(
        source.position, "\(part.rawValue) sizes",
        packed > 0 ? "\(unpacked), packed \(packed)" : "\(unpacked)")
    }
    var joinedSize = 0
    if isJoined {
      let unpacked = sizes.reduce(0) { $0 + ($1.part == .digests ? 0 : $1.unpacked) }
      guard unpacked <= Frame.largestJoined else { throw source.malformed("a joined stream's size") }
      let start = source.position
      joinedSize = try Self.packedSize(&source, unpacked: UInt64(unpacked))
      account.add(Int(source.position - start), to: .frames)
      note(source.position, "joined size", "\(joinedSize)")
    }

    var streams: [BundleSummary.Part: [UInt8]] = [:]
    for size in sizes where size.part == .digests || !isJoined {
      let bytes = try source.take(size.packed > 0 ? size.packed : size.unpacked)
      account.add(bytes.count, to: size.part)
      note(source.position, "\(size.part.rawValue)", size.packed > 0 ? "deflated" : "as they are")
      streams[size.part] =
        size.packed > 0
        ? try unpack(bytes, of: size.part, size: size.unpacked, isLast: isLast, position: position) : bytes
    }
    if isJoined {
      let packed = sizes.filter { $0.part != .digests }
      let whole = try unpack(
        try source.take(joinedSize), of: .metadata, size: packed.reduce(0) { $0 + $1.unpacked }, isLast: true,
        position: position)
      note(source.position, "joined streams", "deflated")
      var start = 0
      for size in packed {
        streams[size.part] = Array(whole[start..<start + size.unpacked])
        start += size.unpacked
      }
      account.add(joinedSize, to: .literals)
      let alone = streams[.metadata] ?? []
      account.move(
        min(joinedSize, alone.count, Deflate.compress(alone, level: 9).count), from: .literals, to: .metadata)
    }
    return Block(
      metadata: ByteCursor(streams[.metadata] ?? [], position: position),
      digests: ByteCursor(streams[.digests] ?? [], position: position),
      streams: DeltaStreams(
        instructions: streams[.instructions] ?? [], addresses: streams[.addresses] ?? [],
        literals: streams[.literals] ?? []),
      isLast: isLast, position: position, account: account)
  }

  // Deflate never makes bytes much larger than stored blocks would.
  private static func packedSize(_ source: inout ByteSource, unpacked: UInt64) throws(BundleError) -> Int {
    Int(try source.number(atMost: unpacked + unpacked / 64 + 64))
  }

  private func unpack(
    _ bytes: [UInt8], of part: BundleSummary.Part, size: Int, isLast: Bool, position: UInt64
  ) throws(BundleError) -> [UInt8] {
    do throws(CompressionError) {
      if let inflater = inflaters[part] {
        return try inflate(bytes, with: inflater, size: size, isLast: isLast)
      }
      let inflater = try Inflater()
      inflaters[part] = inflater
      return try inflate(bytes, with: inflater, size: size, isLast: isLast)
    } catch {
      throw .malformed(what: error.problem, offset: position)
    }
  }

  private func inflate(
    _ bytes: [UInt8], with inflater: Inflater, size: Int, isLast: Bool
  ) throws(CompressionError) -> [UInt8] {
    // `withUnsafeBytes` rethrows without the type.
    let result = bytes.withUnsafeBytes { buffer in
      Result { () throws(CompressionError) in
        try inflater.inflate(buffer, exactly: size, endsStream: isLast)
      }
    }
    return try result.get()
  }
}
