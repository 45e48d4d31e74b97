import Foundation
import SheafDelta
import SheafModel
import SheafStore

extension Library {
  /// How much work one transaction does, as `BodyPacker` counts it, so that a reader or another change waits for none of them long.
  private static let stepInBytes = 16 << 20
  /// How many spans of reasons one transaction packs.
  private static let reasonSpans = 64
  /// From how many change sets one transaction leaves out what follows.
  private static let leaveOutStep: UInt64 = 4_096

  /// Packs what this copy holds as small as it can.
  ///
  /// The newest body of each document is kept whole and the older ones as deltas, together in packs; then
  /// the file is written anew without the space that got free. Works in short transactions and may
  /// be stopped at any moment: the library is right then, and another run begins anew.
  ///
  /// - Throws: `NoRoomToCompact` before anything is done, when the file could not be written anew in the end.
  public func compact(activity: @escaping ActivitySink) async throws -> CompactReport {
    let before = try store.fileSize()
    try checkRoom(toWrite: before.total)
    var report = CompactReport(bodies: 0, sizeBefore: before.total, sizeAfter: before.total)
    // A copy of depth heads drops what is superseded, and a base of others could not go.
    if try await store.read({ try $0.facts().depth > .heads && $0.hasUnpackedBodies() }) {
      let run = try await store.read { try $0.newestPack() }
      report.bodies = try await pack(run: run, activity: activity)
      try await packRest(run: run)
    }
    while try await !store.write(purpose: "sheaf compact", { try $0.packReasons(count: Self.reasonSpans) }) {
      try environment.step(.packed)
    }
    var done: UInt64? = 0
    while let number = done {
      done = try await store.write(purpose: "sheaf compact") {
        try $0.leaveOutWhatFollows(after: number, count: Self.leaveOutStep)
      }
      try environment.step(.packed)
    }
    try await store.write(purpose: "sheaf compact") { try $0.optimizeSearch() }
    let now = try store.fileSize()
    // Less is not worth writing everything once more.
    if now.free > now.total / 64 || report.bodies > 0 { try await store.vacuum() }
    report.sizeAfter = try store.fileSize().total
    return report
  }

  /// Makes sure that the file can be written anew: once to a temporary file and once to the write-ahead log.
  func checkRoom(toWrite size: UInt64) throws {
    let (twice, isTooLarge) = size.multipliedReportingOverflow(by: 2)
    let needed = isTooLarge ? .max : twice
    if let free = environment.freeSpace(folder), free < needed {
      throw NoRoomToCompact(place: folder.path, needed: needed, free: free)
    }
    // Where SQLite looks first: the folder that the environment names, else this one.
    let named = FileManager.default.temporaryDirectory.path
    let place = named == "/tmp" ? "/var/tmp" : named
    if let free = environment.freeSpace(URL(filePath: place)), free < size {
      throw NoRoomToCompact(place: place, needed: size, free: free)
    }
  }

  /// Where a run of packing stands between two transactions.
  private struct PackingPlace: Sendable {
    var path: DocumentPath?
    /// How many of the next document's contents are done.
    var done = 0
    var isAtEnd = false
    /// What the documents so far are like, by their newest and oldest contents.
    var similar = SimilarityIndex<SHA256Hash>()
    var documents = 0
    var bodies = 0
  }

  private func pack(run: Int64, activity: @escaping ActivitySink) async throws -> Int {
    let total = try await store.read { Int(clamping: try $0.counts().documents) }
    var place = PackingPlace()
    while !place.isAtEnd {
      let start = place
      place = try await store.write(purpose: "sheaf compact") { transaction in
        let next = try Self.packSome(transaction, run: run, from: start)
        try self.environment.step(.packing)
        return next
      }
      try environment.step(.packed)
      activity(.compacting(done: place.documents, total: max(total, place.documents)))
    }
    return place.bodies
  }

  private static func packSome(
    _ transaction: StoreTransaction, run: Int64, from start: PackingPlace
  ) throws -> PackingPlace {
    var packer = BodyPacker(transaction, run: run)
    var place = start
    while packer.workInBytes < stepInBytes {
      let some = try transaction.allDocuments(after: place.path, count: 64)
      for (path, document) in some {
        let contents = try transaction.contents(of: document)
        while place.done < contents.count, packer.workInBytes < stepInBytes {
          // Against the next newer one; where that chain is too long, against the newest. A document moves
          // seldom without an edit, so the first one looks for what it was under another path.
          let content = contents[place.done]
          let bases =
            place.done == 0
            ? try mostSimilar(to: content, in: place.similar, transaction)
            : [contents[place.done - 1], contents[0]]
          try packer.add(content, bases: bases)
          if place.done == 0 || place.done == contents.count - 1 {
            place.similar.add(content, try sketch(of: content, transaction))
          }
          place.done += 1
        }
        guard place.done >= contents.count else { break }
        place.path = path
        place.done = 0
        place.documents += 1
      }
      if some.count < 64, place.path == some.last?.0 ?? place.path, place.done == 0 {
        place.isAtEnd = true
        break
      }
    }
    try packer.flush()
    place.bodies += packer.count
    return place
  }

  private static func sketch(
    of content: SHA256Hash, _ transaction: StoreTransaction
  ) throws -> SimilaritySketch {
    guard try transaction.bodySize(content) ?? .max <= UInt64(SimilaritySketch.largestContent) else {
      return SimilaritySketch([])
    }
    return SimilaritySketch(try transaction.body(content) ?? [])
  }

  private static func mostSimilar(
    to content: SHA256Hash, in index: SimilarityIndex<SHA256Hash>, _ transaction: StoreTransaction
  ) throws -> [SHA256Hash] {
    index.matches(try sketch(of: content, transaction)).prefix(2).map(\.name)
  }

  /// What no document has had: it stands in drafts and quarantine alone, or in older packs.
  private func packRest(run: Int64) async throws {
    var isDone = false
    while !isDone {
      isDone = try await store.write(purpose: "sheaf compact") { transaction in
        let left = try transaction.bodies(notInPacksAfter: run, count: 256)
        var packer = BodyPacker(transaction, run: run)
        for hash in left where packer.workInBytes < Self.stepInBytes { try packer.add(hash, bases: []) }
        try packer.flush()
        return left.isEmpty || packer.count == 0
      }
    }
  }
}

/// There is no room to write the library's file anew. Nothing was done.
public struct NoRoomToCompact: SheafFailure, Equatable {
  public let place: String
  /// The bytes that it takes there.
  public let needed: UInt64
  /// The bytes that are free.
  public let free: UInt64

  public var problem: String {
    "writing the library anew takes \(needed) bytes of disk, and there are \(free) free at \(place)"
  }
  public var unchanged: String { "the library is as it was" }
  public var hint: String? { "Free some space; SQLITE_TMPDIR names another folder for temporary files." }
}
