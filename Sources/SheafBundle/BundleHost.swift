import SheafModel

/// What the writer and the reader of a bundle ask of whoever runs them.
///
/// A body travels as a delta against content that both sides hold, and neither
/// side names it: both must answer the same here, or the bundle is refused.
public protocol BundleHost {
  /// The content of the first head of `path` in the receiver's holdings at the
  /// bundle's `from`; in drafts, at the checkpoint that `willCompare(seen:)` named last.
  ///
  /// `nil` when there is none, it is deleted, or it is not subscribed to. Asked only
  /// for paths of which this bundle has sent nothing yet.
  mutating func heldContent(of path: DocumentPath) throws -> SHA256Hash?

  /// The bytes of any content that the host can give, bodies of this bundle included; `nil` when it can't.
  mutating func bytes(of content: SHA256Hash) throws -> [UInt8]?

  /// In drafts, told before the lines of each change set which checkpoint its author had seen.
  ///
  /// When reading, that is a claim that nothing has verified yet.
  mutating func willCompare(seen: ChangeSetNote.Position) throws
}

extension BundleHost {
  public mutating func willCompare(seen: ChangeSetNote.Position) throws {}
}
