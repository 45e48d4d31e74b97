import SheafDelta
import SheafModel

/// Contents of one document's past revisions on their way, coded one after another (`Schemas/contents.md`).
///
/// Whoever receives them knows from the log what each of them hashes to.
public struct PastContents: Sendable {
  /// The revisions whose contents these are, newest first.
  public let names: [RevisionName]
  /// Whether the first is coded against what the document shows at the position.
  public let isBased: Bool
  /// Whether older ones are left.
  public let hasMore: Bool
  private let coded: [UInt8]

  private static let version: UInt8 = 1
  /// The most contents in one answer.
  public static let mostContents = 1_000
  /// An answer takes no more once its contents have so many bytes.
  public static let fullInBytes = 8 << 20
  /// The largest answer in bytes: the last content of it may be as large as a document.
  public static let sizeLimit = 8 << 20 + Limits.document + 4 << 20

  /// Codes contents, each against the one before.
  ///
  /// - Parameters:
  ///   - contents: Newest first.
  ///   - base: What the document shows at the position; both ends hold it.
  public init(
    _ contents: [(name: RevisionName, hash: SHA256Hash, bytes: [UInt8])],
    base: (hash: SHA256Hash, bytes: [UInt8])?, hasMore: Bool
  ) {
    let encoder = ContentEncoder()
    var before = base
    for content in contents {
      encoder.encode(
        content.bytes, hash: content.hash, base: Self.base(before, forSize: content.bytes.count))
      before = (content.hash, content.bytes)
    }
    names = contents.map(\.name)
    isBased = base != nil
    self.hasMore = hasMore
    coded = contents.isEmpty ? [] : encoder.endBlock()
  }

  // Neither end compares what is larger.
  private static func base(
    _ base: (hash: SHA256Hash, bytes: [UInt8])?, forSize size: Int
  ) -> (hash: SHA256Hash, bytes: [UInt8])? {
    guard let base, max(base.bytes.count, size) <= ContentEncoder.largestBase else { return nil }
    return base
  }

  /// The answer's bytes.
  public var bytes: [UInt8] {
    var out = ByteWriter([Self.version, (isBased ? 1 : 0) | (hasMore ? 2 : 0)])
    out.number(UInt64(names.count))
    var before: UInt64?
    for name in names {
      out.number(before.map { $0 - name.changeSet } ?? name.changeSet)
      out.number(UInt64(name.line))
      before = name.changeSet
    }
    return out.bytes + coded
  }

  /// Reads what an answer says it holds; nothing is decoded yet.
  ///
  /// - Throws: `BundleError`.
  public init(parsing bytes: [UInt8]) throws(BundleError) {
    guard bytes.count <= Self.sizeLimit else {
      throw .tooLarge(what: "bytes of contents", limit: UInt64(Self.sizeLimit), offset: 0)
    }
    var cursor = ByteCursor(bytes, position: 0)
    let version = try cursor.byte()
    guard version == Self.version else { throw .newerVersion(version) }
    let flags = try cursor.byte()
    guard flags < 4 else { throw cursor.malformed("the flags") }
    let count = try cursor.number(atMost: UInt64(Self.mostContents))
    var names: [RevisionName] = []
    for _ in 0..<count {
      let number = try cursor.number(atMost: names.last?.changeSet ?? UInt64(Int64.max))
      let changeSet = names.last.map { $0.changeSet - number } ?? number
      let line = try cursor.number(atMost: UInt64(UInt32.max))
      let name = RevisionName(changeSet: changeSet, line: UInt32(line))
      guard changeSet > 0, line > 0, names.last.map({ name < $0 }) ?? true else {
        throw cursor.malformed("a revision's name")
      }
      names.append(name)
    }
    guard !names.isEmpty || (flags & 2 == 0 && cursor.isAtEnd) else {
      throw cursor.malformed("an answer without contents")
    }
    (self.names, isBased, hasMore) = (names, flags & 1 != 0, flags & 2 != 0)
    coded = Array(bytes[cursor.offset...])
  }

  /// Decodes the contents and compares each with what the log says of it.
  ///
  /// - Parameters:
  ///   - base: What the document shows at the position.
  ///   - expected: The hash and size of a revision's content, as the log has them; throws for one it does not have.
  ///   - take: Is given each content, with the one it is alike.
  /// - Throws: `BundleError` for bytes that are not those; what the closures throw.
  public func decode(
    base: (hash: SHA256Hash, bytes: [UInt8])?,
    expected: (RevisionName) throws -> (hash: SHA256Hash, sizeInBytes: Int),
    take: (_ hash: SHA256Hash, _ bytes: [UInt8], _ base: SHA256Hash?) throws -> Void
  ) throws {
    guard !names.isEmpty else { return }
    guard !isBased || base != nil else {
      throw BundleError.malformed(what: "a base that is not there", offset: 1)
    }
    let decoder = ContentDecoder()
    decoder.begin(block: coded)
    var before = isBased ? base : nil
    do {
      for name in names {
        let (hash, size) = try expected(name)
        let bytes = try decoder.decode(base: Self.base(before, forSize: size), limit: size)
        guard bytes.count == size, SHA256Hash(hashing: bytes) == hash else {
          throw BundleError.malformed(what: "content of \(name) that is not the published one", offset: 0)
        }
        decoder.keep(as: hash)
        try take(hash, bytes, before?.hash)
        before = (hash, bytes)
      }
      try decoder.endBlock()
    } catch let error as DeltaError {
      throw BundleError.malformed(what: error.problem, offset: 0)
    }
  }
}
