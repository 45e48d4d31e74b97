import SheafDelta
import SheafLog
import SheafModel

extension BundleReader {
  /// Finds or unpacks a content, and remembers it as the newest of its path.
  ///
  /// - Returns: Its hash, and the event that gives it out where it came in this bundle.
  func unpack<Host: BundleHost>(
    _ content: PackedContent, path: DocumentPath, other: DocumentPath?, host: inout Host
  ) throws -> (hash: SHA256Hash, event: BundleEvent?) {
    let hash: SHA256Hash
    var event: BundleEvent?
    switch content {
    case .commitment, .hash, .asset: throw block.metadata.malformed("a body that does not travel")
    case .sameAsOwn: hash = try base(of: path, for: path, host: &host)
    case .sameAsOther: hash = try base(of: other, for: path, host: &host)
    case .earlier(let distance):
      guard let body = contents.body(distance: distance) else {
        throw block.metadata.malformed("an earlier body's number")
      }
      hash = body
    case .whole(let count): (hash, event) = try decode(base: [], baseHash: nil, numberCount: count)
    case .own(let count):
      (hash, event) = try decode(against: path, for: path, numberCount: count, host: &host)
    case .other(let count):
      (hash, event) = try decode(against: other, for: path, numberCount: count, host: &host)
    case .similar(let base, let count):
      (hash, event) = try decode(against: base, for: path, numberCount: count, host: &host)
    }
    contents.setNewest(hash, of: path)
    return (hash, event)
  }

  private func base<Host: BundleHost>(
    of basePath: DocumentPath?, for path: DocumentPath, host: inout Host
  ) throws -> SHA256Hash {
    guard let basePath else { throw block.metadata.malformed("another path's content") }
    guard let hash = try contents.base(of: basePath, host: &host) else {
      throw BundleError.missingBase(path)
    }
    return hash
  }

  /// Decodes a body against the content of a path.
  private func decode<Host: BundleHost>(
    against basePath: DocumentPath?, for path: DocumentPath, numberCount: UInt64?, host: inout Host
  ) throws -> (SHA256Hash, BundleEvent?) {
    let hash = try base(of: basePath, for: path, host: &host)
    guard let bytes = try contents.bytes(of: hash, host: &host) else { throw BundleError.missingBase(path) }
    return try decode(base: bytes, baseHash: hash, numberCount: numberCount)
  }

  private func decode(
    base: [UInt8], baseHash: SHA256Hash?, numberCount: UInt64?
  ) throws -> (SHA256Hash, BundleEvent?) {
    if let numberCount {
      let size = try block.nextInstructions(count: numberCount).reduce(0, +)
      try countBody(UInt64(size))
      return give(try block.decode(base: base, targetSize: size), baseHash)
    }
    let left = declared.unpackedSizeInBytes - counts.unpackedSizeInBytes
    let limit = min(UInt64(Limits.document), left)
    let coded: [UInt8]?
    do throws(DeltaError) {
      coded = try block.decodeCoded(base: baseHash.map { ($0, base) }, limit: Int(limit))
    } catch {
      guard case .pastTarget = error, limit == left else { throw block.failure(of: error) }
      throw BundleError.countMismatch(
        what: "bytes of bodies", declared: declared.unpackedSizeInBytes,
        found: declared.unpackedSizeInBytes + 1)
    }
    guard let bytes = coded else { throw block.metadata.malformed("a body without its instructions") }
    try countBody(UInt64(bytes.count))
    let body = give(bytes, baseHash)
    block.keep(as: body.0)
    return body
  }

  private func give(_ bytes: [UInt8], _ baseHash: SHA256Hash?) -> (SHA256Hash, BundleEvent?) {
    let hash = SHA256Hash(hashing: bytes)
    contents.add(hash, bytes: bytes)
    return (hash, .body(hash, bytes, base: baseHash))
  }

  /// Counts a body that travels against what the header declared.
  func countBody(_ sizeInBytes: UInt64) throws(BundleError) {
    counts.bodies += 1
    // Neither size is above 2^36, and what is declared is no more.
    counts.unpackedSizeInBytes += sizeInBytes
    for (what, limit, found) in [
      ("bodies", declared.bodies, counts.bodies),
      ("bytes of bodies", declared.unpackedSizeInBytes, counts.unpackedSizeInBytes),
    ] where found > limit {
      throw .countMismatch(what: what, declared: limit, found: found)
    }
  }
}

extension BundleHeader {
  /// Checks that the bundle leads on from where the receiver stands (`Schemas/bundle.md`, check 6).
  func checkFits(_ position: CompactRange) throws(BundleError) {
    let fits: Bool
    if from > 0 {
      fits = known == position.size
    } else if content != .heads {
      // The whole log comes, so any earlier position of it can be checked on the way.
      fits = position.size <= to
    } else if known > 0 {
      fits = known == position.size
    } else {
      fits = position.size == 0 || position.size == to
    }
    guard fits else { throw .doesNotFit(from: from, known: known, to: to, position: position.size) }
  }

  /// The log's right edge at `to`, from the receiver's own and the hashes of the proof.
  func provenRange(
    from position: CompactRange, reading input: inout some ByteInput
  ) throws(BundleError) -> CompactRange {
    var range = CompactRange()
    if from > 0 { range = position }
    for node in proofNodes {
      let hash = try input.hash()
      do throws(MerkleError) { try range.append(subtree: hash, level: node.level) } catch {
        throw .malformed(what: error.problem, offset: input.position)
      }
      if range.size == position.size, range.root != position.root {
        throw .rewritten(size: range.size, ours: position.root, theirs: range.root)
      }
    }
    return range
  }
}
