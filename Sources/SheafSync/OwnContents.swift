import SheafDelta
import SheafModel
import SheafStore

/// The contents that a bundle leaves out because the asker says that it holds them: those of its own drafts.
///
/// In the place of a content stands its hash, which no coder makes smaller. So a content that hardly differs from what the
/// asker held before travels as that difference. What is found follows from the log and the request alone.
struct OwnContents {
  /// After so many contents no more change sets are looked at. Every maker stops at the same place; what is beyond
  /// comes back.
  private static let most = 20_000
  /// The most bytes of a delta, before it is coded, that take no more room than a hash and a size.
  private static let smallDelta = 40
  /// Larger contents are left out without a look at them.
  private static let largestCompared: UInt64 = 1 << 20

  private let host: StoreBundleHost
  private(set) var leftOut: Set<SHA256Hash> = []

  init(_ transaction: StoreTransaction, request: PullRequest, to: UInt64) throws {
    host = StoreBundleHost(
      transaction: transaction, size: request.from, subscription: request.subscription)
    for number in request.holds.numbers where number > request.from && number <= to {
      guard leftOut.count < Self.most else { break }
      for revision in try transaction.revisions(inChangeSet: number) {
        guard let content = revision.content, try !isSmallEdit(content, at: revision.path) else { continue }
        leftOut.insert(content)
      }
    }
  }

  private func isSmallEdit(_ content: SHA256Hash, at path: DocumentPath) throws -> Bool {
    let transaction = host.transaction
    func compared(_ content: SHA256Hash) throws -> [UInt8]? {
      guard try transaction.bodySize(content) ?? .max <= Self.largestCompared else { return nil }
      return try transaction.body(content)
    }
    guard let old = try host.held(path), let base = try compared(old), let bytes = try compared(content)
    else {
      return false
    }
    var delta = DeltaStreams()
    DeltaEncoder.encode(base: base, target: bytes, into: &delta)
    return delta.instructions.count + delta.addresses.count + delta.literals.count <= Self.smallDelta
  }
}
