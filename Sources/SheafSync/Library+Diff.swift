import SheafMerge
import SheafModel
import SheafStore

extension Library {
  // Above this, words are no use to a reader and cost too much to compare.
  private static let comparedSizeInBytes = 4 << 20

  /// How a document differs between two moments, or all documents that do.
  ///
  /// Text is compared by words, records by fields, anything else by size. Equal documents are left out.
  ///
  /// - Parameter path: One document, or `nil` for the whole library; a revision then means the library as it
  ///   stood after that revision's change set.
  /// - Throws: `LibraryError.noDocument` when the one document is at neither moment, `.noMoment`, `.notHeld`,
  ///   `.needsDepth`.
  public func diff(_ path: DocumentPath?, from: Moment, to: Moment) async throws -> [DocumentDiff] {
    try await store.read { transaction in
      let view = try MomentView(transaction)
      if let path {
        let before = try Self.side(path, at: from, view)
        let after = try Self.side(path, at: to, view)
        guard before.shown != nil || after.shown != nil else { throw LibraryError.noDocument(path.text) }
        return try Self.compare(path, before, after, view).map { [$0] } ?? []
      }
      return try Self.compareAll(from: from, to: to, view)
    }
  }

  private struct Side {
    var path: DocumentPath
    var shown: MomentView.Shown?
    var label: String
  }

  private static func side(_ path: DocumentPath, at moment: Moment, _ view: MomentView) throws -> Side {
    let (path, shown) = try view.document(path, at: moment)
    return Side(path: path, shown: shown, label: try label(shown, at: moment, view))
  }

  private static func label(_ shown: MomentView.Shown?, at moment: Moment, _ view: MomentView) throws
    -> String
  {
    guard let shown else { return "nothing" }
    // What is shown of a conflict is merged of several, and no revision said it.
    if shown.isConflicted, case .now = moment { return "shown" }
    return try shown.revision ?? String(view.size(at: moment) ?? view.position)
  }

  private static func compareAll(from: Moment, to: Moment, _ view: MomentView) throws -> [DocumentDiff] {
    var before = try StateCursor(view, size: try view.size(at: from))
    var after = try StateCursor(view, size: try view.size(at: to))
    var diffs: [DocumentDiff] = []
    var old = try before.next()
    var new = try after.next()
    // Two walks in one order, so that only what differs is ever looked at.
    while old != nil || new != nil {
      let isOldOnly = old.map { old in new.map { old.path < $0.path } ?? true } ?? false
      let isNewOnly = new.map { new in old.map { new.path < $0.path } ?? true } ?? false
      let left = isNewOnly ? nil : old
      let right = isOldOnly ? nil : new
      if let path = left?.path ?? right?.path,
        left?.hash != right?.hash || left?.shown.revision != right?.shown.revision && left?.hash == .zero
      {
        let first = Side(path: path, shown: left?.shown, label: try label(left?.shown, at: from, view))
        let second = Side(path: path, shown: right?.shown, label: try label(right?.shown, at: to, view))
        if let diff = try compare(path, first, second, view) { diffs.append(diff) }
      }
      if !isNewOnly { old = try before.next() }
      if !isOldOnly { new = try after.next() }
    }
    return diffs
  }

  private static func compare(
    _ path: DocumentPath, _ before: Side, _ after: Side, _ view: MomentView
  ) throws -> DocumentDiff? {
    if let old = before.shown?.hash, old == after.shown?.hash { return nil }
    var diff = DocumentDiff(path: path.text, from: before.label, to: after.label)
    let sizes = DocumentDiff.Sizes(before: before.shown?.sizeInBytes, after: after.shown?.sizeInBytes)
    guard max(sizes.before ?? 0, sizes.after ?? 0) <= UInt64(comparedSizeInBytes) else {
      diff.sizes = sizes
      return diff
    }
    let old: [UInt8]?
    let new: [UInt8]?
    do {
      old = try before.shown.map { try view.bytes(of: $0, path: before.path) }
      new = try after.shown.map { try view.bytes(of: $0, path: after.path) }
    } catch LibraryError.asset, LibraryError.absent {
      diff.sizes = sizes
      return diff
    } catch LibraryError.redacted {
      diff.sizes = sizes
      diff.from = try label(before, view)
      diff.to = try label(after, view)
      return diff
    }
    return difference(path, from: before.label, to: after.label, old: old, new: new)
  }

  /// A side's label, with the redaction that destroyed its content where one did.
  private static func label(_ side: Side, _ view: MomentView) throws -> String {
    guard case .unknown? = side.shown?.content else { return side.label }
    guard let name = side.shown?.revision.flatMap(RevisionName.init(parsing:)),
      let revision = try view.transaction.revision(name),
      let redacted = try RedactedRevision(
        revision, view.transaction)
    else { return side.label }
    return "\(side.label), \(redacted.words)"
  }

  /// How two contents of a document differ: text by words, records by fields, anything else by size.
  static func difference(
    _ path: DocumentPath, from: String, to: String, old: [UInt8]?, new: [UInt8]?
  ) -> DocumentDiff {
    var diff = DocumentDiff(path: path.text, from: from, to: to)
    let sizes = DocumentDiff.Sizes(
      before: old.map { UInt64($0.count) }, after: new.map { UInt64($0.count) })
    guard max(old?.count ?? 0, new?.count ?? 0) <= comparedSizeInBytes else {
      diff.sizes = sizes
      return diff
    }
    let types = [old, new].compactMap { $0.map { MediaType.of(path: path.text, content: $0) } }
    if types.allSatisfy({ $0.kind == .json }), let fields = fields(old, new) {
      diff.fields = fields
    } else if types.allSatisfy(\.isText) {
      diff.words = words(old, new)
    } else {
      diff.sizes = sizes
    }
    return diff
  }

  // `nil` when a side is not JSON, as an imported history may hold, or when only the layout differs.
  private static func fields(_ old: [UInt8]?, _ new: [UInt8]?) -> [DocumentDiff.Field]? {
    guard let old, let new, let before = try? JSONReader.read(old), let after = try? JSONReader.read(new)
    else {
      return nil
    }
    let changes = FieldDiff.between(before, after)
    guard !changes.isEmpty else { return nil }
    return changes.map {
      .init(
        pointer: $0.pointer.description, before: $0.old.map { JSONWriter.text($0) },
        after: $0.new.map { JSONWriter.text($0) })
    }
  }

  private static func words(_ old: [UInt8]?, _ new: [UInt8]?) -> [DocumentDiff.Word] {
    WordDiff.between(String(decoding: old ?? [], as: UTF8.self), String(decoding: new ?? [], as: UTF8.self))
      .map {
        switch $0 {
        case .equal(let text): .init(kind: "same", text: text)
        case .removed(let text): .init(kind: "removed", text: text)
        case .added(let text): .init(kind: "added", text: text)
        }
      }
  }
}
