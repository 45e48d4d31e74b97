import SheafModel

/// An asset that a writer has announced and whose pieces come next.
struct OutgoingAsset {
  var pieces: [Piece]

  /// What becomes a piece once its bytes are at hand.
  enum Piece {
    case copied(first: Int, count: Int)
    /// A chunk that the base lacks, with those of the base's that stand where it does.
    case fresh(AssetChunk, near: Range<Int>)
  }
}

extension BundleWriter {
  /// Decides how an asset travels; `writeAsset(host:)` puts its pieces behind the entry.
  func packAsset<Host: BundleHost>(
    _ hash: SHA256Hash, sizeInBytes: UInt64, at path: DocumentPath, own: SHA256Hash?,
    other: (path: DocumentPath, content: SHA256Hash)?, host: inout Host
  ) throws -> PackedContent {
    guard sizeInBytes <= Limits.asset else { throw BundleError.impossible("\(path) is too large") }
    guard let chunks = try host.chunks(of: hash) else {
      throw BundleError.impossible("the host has no bytes of \(path)")
    }
    try count(sizeInBytes)
    var base = AssetForm.AssetBase.none
    var baseChunks: [AssetChunk] = []
    for (kind, place, content) in [
      (AssetForm.AssetBase.other, other?.path, other?.content), (.own, path, own),
    ]
    where base == .none {
      guard let place, let content, try contents.isHeld(content, at: place, host: &host),
        let some = try host.chunks(of: content)
      else { continue }
      (base, baseChunks) = (kind, some)
    }
    // A twin of what stands elsewhere is all one copy.
    if base == .none, let twin = try contents.path(showing: hash) ?? host.pathHolding(hash), twin != path,
      try contents.base(of: twin, host: &host) == hash
    {
      (base, baseChunks) = (.named(twin), chunks)
    }
    let pieces = Self.pieces(of: chunks, against: baseChunks)
    openAsset = (OutgoingAsset(pieces: pieces), baseChunks)
    contents.add(hash, sizeInBytes: sizeInBytes)
    return .asset(sizeInBytes: sizeInBytes, form: .pieces(base: base, count: UInt64(pieces.count)))
  }

  /// Writes the pieces of the asset that was announced last, if there is one.
  func writeAsset<Host: BundleHost>(host: inout Host) throws {
    guard let (asset, base) = openAsset else { return }
    openAsset = nil
    var cursor = 0
    // A content that was made anew as a whole must not cost a search for every chunk of it.
    var failures = 0
    for piece in asset.pieces {
      try frames.closeFullBlock()
      switch piece {
      case .copied(let first, let count):
        AssetPiece.copied(first: first, count: count).write(to: &frames.metadata, cursor: &cursor)
        failures = 0
      case .fresh(let chunk, let near):
        let packed = try host.packed(chunk)
        if !near.isEmpty, failures < 4 {
          let delta = ChunkDelta.pack(
            try host.bytes(of: chunk), against: try Self.bytes(of: base[near], host: &host))
          if delta.count < packed.bytes.count - packed.bytes.count / 8 {
            AssetPiece.delta(
              sizeInBytes: chunk.sizeInBytes, first: near.lowerBound, count: near.count, packed: delta.count
            ).write(to: &frames.metadata, cursor: &cursor)
            frames.append(chunk: delta)
            failures = 0
            continue
          }
          failures += 1
        }
        let piece: AssetPiece =
          packed.isDeflated
          ? .deflated(sizeInBytes: chunk.sizeInBytes, packed: packed.bytes.count)
          : .plain(sizeInBytes: chunk.sizeInBytes)
        piece.write(to: &frames.metadata, cursor: &cursor)
        frames.append(chunk: packed.bytes)
      }
    }
  }

  static func bytes<Host: BundleHost>(of chunks: ArraySlice<AssetChunk>, host: inout Host) throws -> [UInt8] {
    var bytes: [UInt8] = []
    for chunk in chunks { bytes += try host.bytes(of: chunk) }
    return bytes
  }

  /// Runs of chunks that both have, and the others.
  static func pieces(of chunks: [AssetChunk], against base: [AssetChunk]) -> [OutgoingAsset.Piece] {
    var places: [Int64: Int] = [:]
    for (index, chunk) in base.enumerated().reversed() { places[chunk.id] = index }
    var pieces: [OutgoingAsset.Piece] = []
    var cursor = 0
    var index = 0
    while index < chunks.count {
      // Where the run before ended is tried first: chunks may repeat.
      let goesOn = cursor < base.count && base[cursor].id == chunks[index].id
      if let first = goesOn ? cursor : places[chunks[index].id] {
        var count = 1
        while index + count < chunks.count, first + count < base.count,
          chunks[index + count].id == base[first + count].id
        {
          count += 1
        }
        pieces.append(.copied(first: first, count: count))
        cursor = first + count
        index += count
        continue
      }
      var end = index + 1
      while end < chunks.count, places[chunks[end].id] == nil { end += 1 }
      // What these took the place of: from the run before to the run behind.
      let next = end < chunks.count ? places[chunks[end].id] ?? base.count : base.count
      let gap = cursor..<max(cursor, next)
      for fresh in index..<end {
        pieces.append(.fresh(chunks[fresh], near: near(fresh - index, of: end - index, in: gap)))
      }
      index = end
    }
    return pieces
  }

  /// At most four chunks of a gap, at the place that matches that of one of `count` others.
  private static func near(_ index: Int, of count: Int, in gap: Range<Int>) -> Range<Int> {
    let most = BundleLimits.deltaChunks
    guard gap.count > most else { return gap }
    let middle = gap.lowerBound + index * gap.count / max(1, count)
    let start = min(max(gap.lowerBound, middle - 1), gap.upperBound - most)
    return start..<start + most
  }
}
