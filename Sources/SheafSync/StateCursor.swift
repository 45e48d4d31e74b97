import SheafModel
import SheafStore

/// Walks what a copy shows at a moment, in byte order of the paths, a few hundred documents at a time.
struct StateCursor {
  /// One document of the walk.
  struct Entry {
    var path: DocumentPath
    var shown: MomentView.Shown
    var hash: SHA256Hash
  }

  private static let step = 200
  private let view: MomentView
  private let size: UInt64?
  private var page: ArraySlice<StoreTransaction.Listed> = []
  private var after: DocumentPath?
  private var isAtEnd = false
  // What drafts change, in order; few, since a person made them.
  private var drafts: ArraySlice<(path: DocumentPath, entry: Entry?)> = []

  /// Starts a walk.
  ///
  /// - Parameter size: The log size, or `nil` for now with drafts.
  /// - Throws: `LibraryError.needsDepth` for the past in a copy that does not keep what stood there.
  init(_ view: MomentView, size: UInt64?) throws {
    self.view = view
    self.size = size
    if let size, size < view.position, view.facts.depth < .full {
      throw LibraryError.needsDepth(.full, what: "show the whole library at checkpoint \(size)")
    }
    guard size == nil, !view.facts.isPublisher else { return }
    drafts = try view.transaction.draftedPaths().sorted().map { path in
      guard let drafted = try view.drafted(path), let shown = drafted.shown, let hash = drafted.hash else {
        return (path, nil)
      }
      return (path, Entry(path: path, shown: shown, hash: hash))
    }[...]
  }

  /// The next document; `nil` after the last.
  mutating func next() throws -> Entry? {
    while true {
      try fill()
      if let draft = drafts.first, page.first.map({ draft.path <= $0.path }) ?? true {
        drafts.removeFirst()
        if page.first?.path == draft.path { page.removeFirst() }
        guard let entry = draft.entry else { continue }
        return entry
      }
      guard let listed = page.popFirst() else { return nil }
      if listed.isDestroyed {
        let shown = MomentView.Shown(
          content: .unknown, sizeInBytes: listed.sizeInBytes, revision: listed.revision?.description,
          isConflicted: listed.headCount > 1)
        return Entry(path: listed.path, shown: shown, hash: .zero)
      }
      // Of a conflict whose first head deletes the document everybody sees nothing.
      guard let hash = listed.content else { continue }
      if listed.headCount > 1 {
        let isPast = size.map { $0 < view.position } ?? false
        let merged = try isPast ? view.document(listed.path, at: size) : view.current(listed.path)
        if let merged { return Entry(path: listed.path, shown: merged, hash: merged.hash ?? hash) }
      }
      let shown = MomentView.Shown(
        content: .stored(hash), sizeInBytes: listed.sizeInBytes, revision: listed.revision?.description,
        isConflicted: listed.headCount > 1)
      return Entry(path: listed.path, shown: shown, hash: hash)
    }
  }

  private mutating func fill() throws {
    guard page.isEmpty, !isAtEnd else { return }
    let some: [StoreTransaction.Listed]
    if let size, size < view.position {
      some = try view.transaction.documents(at: size, after: after, count: Self.step)
    } else {
      some = try view.transaction.documents(in: nil, after: after, count: Self.step)
    }
    isAtEnd = some.count < Self.step
    after = some.last?.path ?? after
    page = some[...]
  }
}
