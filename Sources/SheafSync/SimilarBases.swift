import SheafDelta
import SheafModel
import SheafStore

/// Finds a base for a document that the receiver has nothing of: the most similar document that it has.
///
/// Looks at what this bundle has carried, and in the store's index at what the receiver held at the
/// bundle's start. What it finds follows from the log and the request alone.
struct SimilarBases {
  private let transaction: StoreTransaction
  private let request: PullRequest
  private var sent = SimilarityIndex<DocumentPath>()
  private var carried: Set<DocumentPath> = []

  init(_ transaction: StoreTransaction, request: PullRequest) {
    self.transaction = transaction
    self.request = request
  }

  /// The path whose newest content makes the best base for a body; `nil` where it has a base of its own.
  ///
  /// - Parameter origin: The path that it moved from, if it did.
  mutating func base(
    for content: SHA256Hash, at path: DocumentPath, movedFrom origin: DocumentPath?
  ) throws -> DocumentPath? {
    let isFirst = carried.insert(path).inserted
    let host = StoreBundleHost(
      transaction: transaction, size: request.from, subscription: request.subscription)
    func has(_ path: DocumentPath) throws -> Bool {
      try carried.contains(path) || host.held(path) != nil
    }
    // Later contents of a path build on the earlier ones.
    guard isFirst, try transaction.bodySize(content) ?? 0 <= UInt64(SimilaritySketch.largestContent) else {
      return nil
    }
    let hasBase = try host.held(path) != nil || origin.map { try has($0) } ?? false
    guard let bytes = try transaction.body(content) else { return nil }
    let sketch = SimilaritySketch(bytes)
    defer { sent.add(path, sketch) }
    guard !hasBase, !sketch.values.isEmpty else { return nil }
    var best = sent.matches(sketch).first
    guard request.from > 0 else { return best?.name }
    var looked = 0
    for document in try transaction.similarDocuments(to: sketch, at: request.from) {
      // What this bundle brings is at hand already; to look at another costs a content.
      guard looked < Self.comparedContents, best?.likeness ?? 0 < Self.enough else { break }
      let candidate = try transaction.path(document)
      guard let content = try host.held(candidate),
        try transaction.bodySize(content) ?? .max <= UInt64(SimilaritySketch.largestContent),
        let bytes = try transaction.body(content)
      else { continue }
      looked += 1
      let likeness = SimilaritySketch(bytes).likeness(to: sketch)
      if best.map({ likeness > $0.likeness }) ?? true { best = (candidate, likeness) }
    }
    return best?.name
  }

  /// How many contents of the store are compared with one.
  private static let comparedContents = 4
  /// A base with which a content agrees so well that no better one is looked for.
  private static let enough = SimilaritySketch.fineClassCount - 2
}
