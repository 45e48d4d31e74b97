import SheafCompression
import SheafModel

/// An asset whose pieces are being read.
struct OpenAsset {
  let hash: SHA256Hash
  let sizeInBytes: UInt64
  var remainingPieces: UInt64
  /// The base's chunks; `nil` where the base is one of the receiver's absent assets and nothing can be made of it.
  let base: [AssetChunk]?
  var cursor = 0
  var size: UInt64 = 0
  var hasher = SHA256Hash.Hasher()
  /// The chunks of the copy that is under way, which are given out one by one.
  var copies: ArraySlice<AssetChunk> = []
  /// Whether a chunk came that only an asset's last may be as small as.
  var hasShortChunk = false
}

extension BundleReader {
  /// Begins an asset; its pieces are what is read next.
  ///
  /// - Returns: The event that tells of an asset that does not travel.
  func open<Host: BundleHost>(
    asset hash: SHA256Hash, sizeInBytes: UInt64, form: AssetForm, path: DocumentPath, other: DocumentPath?,
    host: inout Host
  ) throws -> BundleEvent? {
    guard sizeInBytes <= Limits.asset else {
      throw BundleError.tooLarge(
        what: "bytes in an asset", limit: Limits.asset, offset: block.metadata.position)
    }
    // What is smaller is no asset, and must not be left out.
    guard sizeInBytes > AssetRule.smallestInBytes else { throw block.metadata.malformed("an asset's size") }
    guard case .pieces(let kind, let count) = form else {
      contents.setNewest(hash, of: path)
      return .absentAsset(hash, sizeInBytes: sizeInBytes, isBuiltOnAbsent: false)
    }
    guard count > 0, count <= (sizeInBytes - 1) / UInt64(BundleLimits.smallestChunk) + 1 else {
      throw block.metadata.malformed("an asset's number of pieces")
    }
    var base: [AssetChunk]? = []
    let basePath: DocumentPath?
    var isTwin = false
    switch kind {
    case .none: basePath = nil
    case .own: basePath = path
    case .named(let named): (basePath, isTwin) = (named, true)
    case .other:
      guard let other else { throw block.metadata.malformed("another path's content") }
      basePath = other
    }
    if let basePath {
      guard let content = try contents.base(of: basePath, host: &host) else {
        throw BundleError.missingBase(path)
      }
      base = try host.chunks(of: content)
      // What was never fetched can't be built on; its successor is fetched when it is asked for, too. Nobody
      // builds on what the receiver can't be taken to hold, and nobody names a base for other content than its own.
      guard
        try base != nil
          || (host.isAbsent(content) && host.mayBeBase(content, of: basePath) && (!isTwin || content == hash))
      else { throw BundleError.missingBase(path) }
    }
    try countBody(sizeInBytes)
    contents.setNewest(hash, of: path)
    contents.add(hash, sizeInBytes: sizeInBytes)
    openAsset = OpenAsset(hash: hash, sizeInBytes: sizeInBytes, remainingPieces: count, base: base)
    return nil
  }

  /// Reads on in an asset until there is something to give out.
  func readAsset<Host: BundleHost>(_ asset: inout OpenAsset, host: inout Host) throws -> BundleEvent? {
    if let chunk = asset.copies.popFirst() {
      let bytes = try host.bytes(of: chunk)
      try add(bytes, to: &asset)
      return .assetPart(.copied(chunk, bytes))
    }
    guard asset.remainingPieces > 0 else { return nil }
    try openBlock()
    asset.remainingPieces -= 1
    let piece = try AssetPiece(
      reading: &block.metadata, cursor: &asset.cursor, chunkCount: asset.base?.count)
    switch piece {
    case .copied(let first, let count):
      guard let base = asset.base else { return nil }
      asset.copies = base[first..<first + count]
      return nil
    case .plain(let size):
      let bytes = try block.takeChunk(size)
      guard asset.base != nil else { return nil }
      try add(bytes, to: &asset)
      return .assetPart(.chunk(bytes))
    case .deflated(let size, let packed):
      let taken = try block.takeChunk(packed)
      guard asset.base != nil else { return nil }
      let bytes: [UInt8]
      do throws(CompressionError) { bytes = try Deflate.decompress(taken, size: size) } catch {
        throw block.digests.malformed(error.problem)
      }
      try add(bytes, to: &asset)
      return .assetPart(.chunk(bytes))
    case .delta(let size, let first, let count, let packed):
      let taken = try block.takeChunk(packed)
      guard let base = asset.base else { return nil }
      let bytes = try ChunkDelta.unpack(
        taken, against: try BundleWriter.bytes(of: base[first..<first + count], host: &host), size: size,
        position: block.digests.position)
      try add(bytes, to: &asset)
      return .assetPart(.chunk(bytes))
    }
  }

  /// Whether all of an asset has been read.
  func isComplete(_ asset: OpenAsset) -> Bool { asset.remainingPieces == 0 && asset.copies.isEmpty }

  /// Verifies an asset all of whose pieces have come.
  func finish(_ asset: OpenAsset) throws(BundleError) -> BundleEvent {
    guard asset.base != nil else {
      return .absentAsset(asset.hash, sizeInBytes: asset.sizeInBytes, isBuiltOnAbsent: true)
    }
    guard asset.size == asset.sizeInBytes else {
      throw .countMismatch(what: "bytes of an asset", declared: asset.sizeInBytes, found: asset.size)
    }
    guard asset.hasher.finalize() == asset.hash else {
      throw block.metadata.malformed("an asset's chunks do not make what was named")
    }
    return .asset(asset.hash, sizeInBytes: asset.sizeInBytes)
  }

  private func add(_ bytes: [UInt8], to asset: inout OpenAsset) throws(BundleError) {
    // Without this rule an asset could be cut into more pieces than anybody can keep.
    guard !asset.hasShortChunk else { throw block.metadata.malformed("a chunk behind one that is too small") }
    asset.hasShortChunk = bytes.count < BundleLimits.smallestChunk
    asset.size += UInt64(bytes.count)
    guard asset.size <= asset.sizeInBytes else {
      throw .countMismatch(what: "bytes of an asset", declared: asset.sizeInBytes, found: asset.size)
    }
    asset.hasher.update(bytes)
  }
}
