import SheafDelta
import SheafModel

/// The block that a reader stands in.
struct OpenBlock {
  var metadata: ByteCursor
  var digests: ByteCursor
  private var chunks: ByteCursor
  let isLast: Bool
  private let streams: DeltaStreams
  private var decoder: DeltaDecoder
  private var instructions: ByteCursor
  private let models: (fields: FieldDecoder, contents: ContentDecoder)?
  private var pieceCount: UInt64?
  private let position: UInt64
  private let end: UInt64

  init(_ block: Block) {
    metadata = block.metadata
    digests = block.digests
    chunks = block.chunks
    isLast = block.isLast
    streams = block.streams
    decoder = DeltaDecoder(streams: block.streams)
    instructions = ByteCursor(block.streams.instructions, position: block.position)
    models = block.models
    pieceCount = block.pieceCount
    position = block.position
    end = block.end
  }

  /// Whether the next piece lies in the next block.
  var hasNoMore: Bool {
    if models == nil { return metadata.isAtEnd }
    return pieceCount == 0
  }

  /// Counts a piece that is about to be read.
  mutating func beginPiece() {
    if let count = pieceCount { pieceCount = count - 1 }
  }

  /// Decodes the next body, unless it was deflated; then `nil`.
  func decodeCoded(base: (SHA256Hash, [UInt8])?, limit: Int) throws(DeltaError) -> [UInt8]? {
    guard let models else { return nil }
    return try models.contents.decode(base: base, limit: limit)
  }

  /// What to say of bodies that can't be decoded.
  func failure(of error: DeltaError) -> BundleError {
    switch error {
    // The last block's bodies go on to the end of the file, wherever that is.
    case .exhausted where isLast: .truncated(offset: end)
    case .unused(_, let count) where isLast && models != nil: .trailing(offset: end - UInt64(count))
    default: .malformed(what: error.problem, offset: position)
    }
  }

  /// Tells the hash of the body that was decoded last.
  func keep(as hash: SHA256Hash) { models?.contents.keep(as: hash) }

  /// What travels of the next chunk of an asset.
  mutating func takeChunk(_ count: Int) throws(BundleError) -> [UInt8] {
    models == nil ? try digests.take(count) : try chunks.take(count)
  }

  mutating func changeSetHead(_ context: PackedChangeSet.Context) throws(BundleError) -> PackedChangeSet {
    try PackedChangeSet(reading: &metadata, digests: &digests, context: context)
  }

  mutating func line(after path: [UInt8], _ context: PackedLine.Context) throws(BundleError) -> PackedLine {
    try PackedLine(reading: &metadata, digests: &digests, previousPath: path, context: context)
  }

  /// Reads the numbers of the next delta's instructions: literals and copies in turn.
  ///
  /// They say where the delta ends and how large its target is.
  mutating func nextInstructions(count: UInt64) throws(BundleError) -> [Int] {
    guard count <= UInt64(streams.instructions.count - instructions.offset) else {
      throw instructions.malformed("a delta's size")
    }
    var numbers: [Int] = []
    numbers.reserveCapacity(Int(count))
    var total = 0
    for index in 0..<Int(count) {
      let number = Int(try instructions.number(atMost: UInt64(Limits.document)))
      // No copy is empty, and no last literal: the decoder would stop before it.
      guard number > 0 || (index % 2 == 0 && index + 1 < Int(count)) else {
        throw instructions.malformed("an empty instruction")
      }
      total += number
      guard total <= Limits.document else {
        throw .tooLarge(what: "bytes in a body", limit: UInt64(Limits.document), offset: position)
      }
      numbers.append(number)
    }
    return numbers
  }

  /// Applies the delta whose instructions were just read.
  mutating func decode(base: [UInt8], targetSize: Int) throws(BundleError) -> [UInt8] {
    do throws(DeltaError) {
      return try decoder.decode(base: base, targetSize: targetSize)
    } catch {
      throw .malformed(what: error.problem, offset: position)
    }
  }

  /// Confirms that nothing is left over.
  func checkUsedUp() throws(BundleError) {
    if let models {
      guard chunks.isAtEnd else {
        throw .malformed(what: "bytes of chunks that no piece uses", offset: position)
      }
      do throws(DeltaError) { try models.fields.endBlock() } catch {
        throw .malformed(what: error.problem, offset: position)
      }
      do throws(DeltaError) { try models.contents.endBlock() } catch { throw failure(of: error) }
      return
    }
    guard metadata.isAtEnd, digests.isAtEnd else {
      throw .malformed(what: "bytes that no entry uses", offset: position)
    }
    do throws(DeltaError) { try decoder.finish() } catch {
      throw .malformed(what: error.problem, offset: position)
    }
  }

  /// Reads the roots of the collections that the bundle does not carry.
  mutating func collections(outside subscription: Subscription) throws(BundleError) -> [CollectionRoot] {
    let count = try metadata.number(atMost: UInt64(Limits.collections))
    var collections: [CollectionRoot] = []
    for _ in 0..<count {
      let text = try metadata.text(maximumSize: Limits.pathBytes, what: "a collection's name")
      guard let name = try? CollectionName(text), !subscription.holds(name),
        collections.last.map({ $0.name < name }) ?? true
      else { throw metadata.malformed("a collection's name") }
      let entryCount = try metadata.number(atMost: UInt64(Int64.max))
      guard entryCount > 0 else { throw metadata.malformed("an empty collection") }
      collections.append(CollectionRoot(name: name, root: try digests.hash(), count: entryCount))
    }
    return collections
  }
}
