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
    let inBundle = sent.matches(sketch).first
    if let inBundle, inBundle.shared * 2 >= sketch.values.count { return inBundle.name }
    if request.from > 0 {
      for document in try transaction.similarDocuments(to: sketch, at: request.from) {
        let candidate = try transaction.path(document)
        if try host.held(candidate) != nil { return candidate }
      }
    }
    return inBundle?.name
  }
}
