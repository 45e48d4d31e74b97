import SheafDelta
import SheafLog
import SheafModel

extension BundleWriter {
  /// Adds a line of the change set whose head was just written.
  func append<Host: BundleHost>(
    _ line: OutgoingLine, of changeSet: OutgoingChangeSet, context: PackedLine.Context, host: inout Host
  ) throws {
    let path = line.line.path
    try countRevision(at: path)
    func impossible(_ what: String) -> BundleError {
      .impossible("line \(line.index + 1) of change set \(changeSet.number), \(path): \(what)")
    }
    /// The reader computes the commitment; another one could not be sent.
    func check(_ hash: SHA256Hash) throws(BundleError) -> RevisionLine.ContentReference {
      guard let reference = line.line.content,
        changeSet.commitment(to: hash, line: UInt32(line.index + 1)) == reference.commitment
      else { throw impossible("its content does not fit its commitment") }
      return reference
    }
    let packed: PackedLine
    let salt = context.isSalted ? changeSet.salts[UInt32(line.index + 1)] : nil
    switch line.content {
    case .none:
      guard line.line.content == nil else { throw impossible("it has content") }
      packed = PackedLine(index: line.index, line: line.line, content: nil, hash: nil)
    case .unknown:
      guard let reference = line.line.content else { throw impossible("it has no content") }
      packed = PackedLine(
        index: line.index, line: line.line, content: .commitment, hash: reference.commitment.hash)
    case .hashOnly(let hash):
      _ = try check(hash)
      packed = PackedLine(index: line.index, line: line.line, content: .hash, hash: hash, salt: salt)
    case .absent(let hash):
      let reference = try check(hash)
      packed = PackedLine(
        index: line.index, line: line.line,
        content: .asset(sizeInBytes: reference.sizeInBytes, form: .absent), hash: hash, salt: salt)
      contents.setAbsent(hash, of: path)
    case .body(let hash, let similar):
      let reference = try check(hash)
      var other: DocumentPath?
      if case .headOf(let path) = line.line.base { other = path }
      let content = try pack(hash, at: path, other: other, similar: similar, host: &host)
      guard try contents.size(of: hash, host: &host) == reference.sizeInBytes else {
        throw impossible("its content does not have its size")
      }
      packed = PackedLine(
        index: line.index, line: line.line, content: content, hash: content.hasHash ? hash : nil, salt: salt)
    }
    try packed.write(
      to: &frames.metadata, digests: &frames.digests, previousPath: previousPath, context: context)
    previousPath = Array(path.text.utf8)
    try writeAsset(host: &host)
  }

  /// Adds a change of what is current, in `heads`, in strict byte order of the paths.
  ///
  /// - Throws: `BundleError.impossible` for what contradicts the header, or content
  ///   that the host does not give; what the host or the sink throws. The bundle is spoilt then.
  public func append(_ change: OutgoingStateChange, host: inout some BundleHost) throws {
    guard header.content == .heads else { throw BundleError.impossible("only heads have state changes") }
    try countRevision(at: change.path)
    guard previousPath.lexicographicallyPrecedes(change.path.text.utf8) else {
      throw BundleError.impossible("\(change.path) is out of order")
    }
    try frames.closeFullBlock()
    let proposals = change.value?.proposals ?? []
    guard proposals.count <= 255 else {
      throw BundleError.impossible("\(change.path) has \(proposals.count) proposals")
    }
    switch change.value?.current {
    case .content(let hash)? where !proposals.isEmpty:
      try append(change, base: nil, heads: [hash], host: &host)
    case nil where proposals.isEmpty: write(PackedStateChange(path: change.path, kind: .gone, other: nil))
    case nil:
      write(
        PackedStateChange(
          path: change.path, kind: .gone, other: change.movedFrom, proposals: proposals.map(\.name)))
      try append(contents: proposals.map(\.content), of: change, host: &host)
    case .content(let hash):
      let content = try packCurrent(hash, of: change, host: &host)
      write(
        PackedStateChange(
          path: change.path, kind: .content(code: content.code),
          other: content.needsOther ? change.movedFrom : nil))
      finish(content, hash, at: change.path)
      try writeAsset(host: &host)
    case .conflict(let base, let heads): try append(change, base: base, heads: heads, host: &host)
    case .proposed: throw BundleError.impossible("\(change.path) has proposals about proposals")
    }
  }

  private func append(
    _ change: OutgoingStateChange, base: SHA256Hash?, heads: [SHA256Hash?], host: inout some BundleHost
  ) throws {
    guard heads.count <= 255 else {
      throw BundleError.impossible("\(change.path) has \(heads.count) heads")
    }
    let proposals = change.value?.proposals ?? []
    write(
      PackedStateChange(
        path: change.path, kind: .conflict(headCount: heads.count, hasBase: base != nil),
        other: change.movedFrom, proposals: proposals.map(\.name)))
    try append(
      contents: (base.map { [$0] } ?? []) + heads + proposals.map(\.content), of: change, host: &host)
  }

  private func append(
    contents: [SHA256Hash?], of change: OutgoingStateChange, host: inout some BundleHost
  ) throws {
    for hash in contents {
      try frames.closeFullBlock()
      guard let hash else {
        frames.metadata.byte(PackedStateChange.tombstone)
        continue
      }
      let content = try packCurrent(hash, of: change, host: &host)
      frames.metadata.byte(content.code)
      finish(content, hash, at: change.path)
      try writeAsset(host: &host)
    }
  }

  private func packCurrent<Host: BundleHost>(
    _ hash: SHA256Hash, of change: OutgoingStateChange, host: inout Host
  ) throws -> PackedContent {
    if change.absent.contains(hash) {
      guard let size = try host.assetSize(of: hash) else {
        throw BundleError.impossible("\(change.path) is no asset")
      }
      contents.setAbsent(hash, of: change.path)
      return .asset(sizeInBytes: size, form: .absent)
    }
    guard change.bodies.contains(hash) else { return .hash }
    return try pack(
      hash, at: change.path, other: change.movedFrom, similar: change.similarTo, host: &host)
  }

  private func write(_ change: PackedStateChange) {
    change.write(to: &frames.metadata, previousPath: previousPath)
    previousPath = Array(change.path.text.utf8)
  }

  private func finish(_ content: PackedContent, _ hash: SHA256Hash, at path: DocumentPath) {
    content.write(to: &frames.metadata, path: Array(path.text.utf8))
    if content.hasHash { frames.digests.hash(hash) }
  }

  private func countRevision(at path: DocumentPath) throws(BundleError) {
    guard header.subscription.holds(path.collection) else {
      throw .impossible("\(path) is not subscribed to")
    }
    guard summary.revisions < header.revisionCount else {
      throw .impossible("\(path) is one more than the declared \(header.revisionCount)")
    }
    summary.revisions += 1
  }

  /// Chooses how a body travels, and puts its delta into the streams.
  private func pack<Host: BundleHost>(
    _ hash: SHA256Hash, at path: DocumentPath, other: DocumentPath?, similar: DocumentPath?,
    host: inout Host
  ) throws -> PackedContent {
    let own = try contents.base(of: path, host: &host)
    let otherBase = try other.flatMap { try contents.base(of: $0, host: &host) }
    defer { contents.setNewest(hash, of: path) }
    let assetSize = try host.assetSize(of: hash)
    // An asset that stands where it may not have been fetched is not there to be equal to.
    if hash == own, try assetSize == nil || contents.isHeld(hash, at: path, host: &host) { return .sameAsOwn }
    if let other, hash == otherBase, try assetSize == nil || contents.isHeld(hash, at: other, host: &host) {
      return .sameAsOther
    }
    if let distance = contents.distance(to: hash) { return .earlier(distance: distance) }
    if let assetSize {
      return try packAsset(
        hash, sizeInBytes: assetSize, at: path, own: own,
        other: other.flatMap { path in otherBase.map { (path, $0) } },
        host: &host)
    }

    guard let bytes = try contents.bytes(of: hash, host: &host) else {
      throw BundleError.impossible("the host has no bytes of \(path)")
    }
    guard bytes.count <= Limits.document else { throw BundleError.impossible("\(path) is too large") }
    try count(UInt64(bytes.count))
    let (base, baseHash, kind) =
      bytes.count <= BundleLimits.comparedBody
      ? try base(own: own, other: otherBase, similar: similar == path ? nil : similar, host: &host)
      : (nil, nil, .none)
    let numberCount = frames.append(
      bytes, hash: hash, base: base.flatMap { bytes in baseHash.map { ($0, bytes) } })
    contents.add(hash, bytes: bytes)
    switch kind {
    case .none: return .whole(numberCount: numberCount)
    case .own: return .own(numberCount: numberCount)
    case .other: return .other(numberCount: numberCount)
    case .similar(let path): return .similar(path, numberCount: numberCount)
    }
  }

  /// Counts a body that travels.
  func count(_ sizeInBytes: UInt64) throws(BundleError) {
    summary.bodies += 1
    summary.unpackedSizeInBytes += sizeInBytes
    guard summary.bodies <= header.bodyCount, summary.unpackedSizeInBytes <= header.unpackedSizeInBytes else {
      throw .impossible("there are more bodies than declared")
    }
  }

  private enum BaseKind {
    case none, own, other
    case similar(DocumentPath)
  }

  /// The first base that both ends have: the named one, the one it moved from, its own.
  private func base<Host: BundleHost>(
    own: SHA256Hash?, other: SHA256Hash?, similar: DocumentPath?, host: inout Host
  ) throws -> ([UInt8]?, SHA256Hash?, BaseKind) {
    if let similar, let hash = try contents.base(of: similar, host: &host),
      let bytes = try contents.bytes(of: hash, host: &host), bytes.count <= BundleLimits.comparedBody
    {
      return (bytes, hash, .similar(similar))
    }
    let bytes = try (other ?? own).flatMap { try contents.bytes(of: $0, host: &host) }
    guard let bytes, bytes.count <= BundleLimits.comparedBody else { return (nil, nil, .none) }
    return (bytes, other ?? own, other == nil ? .own : .other)
  }
}
