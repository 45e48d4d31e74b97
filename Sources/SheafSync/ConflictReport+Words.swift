import SheafMerge

extension ConflictReport.Part {
  /// Ours, compared with base by words; `nil` for nothing.
  public var oursWords: [DocumentDiff.Word]? { Self.words(base, ours) }
  /// Theirs, compared with base by words; `nil` for nothing.
  public var theirsWords: [DocumentDiff.Word]? { Self.words(base, theirs) }
  /// What is proposed, compared with base by words; `nil` for nothing.
  public var proposedWords: [DocumentDiff.Word]? { Self.words(base, proposed) }

  private static func words(_ base: String?, _ side: String?) -> [DocumentDiff.Word]? {
    guard let side else { return nil }
    guard let base else { return [.init(kind: "same", text: side)] }
    return WordDiff.between(base, side).map {
      switch $0 {
      case .equal(let text): .init(kind: "same", text: text)
      case .removed(let text): .init(kind: "removed", text: text)
      case .added(let text): .init(kind: "added", text: text)
      }
    }
  }
}
