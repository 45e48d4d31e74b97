/// How one document differs between two moments.
public struct DocumentDiff: Hashable, Sendable, Codable {
  /// The document.
  public var path: String
  /// The earlier side: a revision's name, a checkpoint, `draft` or `nothing`.
  public var from: String
  /// The later side.
  public var to: String
  /// For text: runs of words.
  public var words: [Word]?
  /// For records: changed fields.
  public var fields: [Field]?
  /// For anything else.
  public var sizes: Sizes?

  /// Whether the two are known not to differ.
  public var isEmpty: Bool {
    sizes == nil && (fields ?? []).isEmpty && (words ?? []).allSatisfy { $0.kind == "same" }
  }

  /// Whether something of the earlier side is not in the later one as it was.
  var takesSomething: Bool {
    sizes != nil || (fields ?? []).contains { $0.before != nil }
      || (words ?? []).contains { $0.kind == "removed" }
  }

  public init(
    path: String,
    from: String,
    to: String,
    words: [Word]? = nil,
    fields: [Field]? = nil,
    sizes: Sizes? = nil
  ) {
    self.path = path
    self.from = from
    self.to = to
    self.words = words
    self.fields = fields
    self.sizes = sizes
  }

  /// A run of words.
  public struct Word: Hashable, Sendable, Codable {
    /// same, removed or added.
    public var kind: String
    /// The words, with the white space that follows them.
    public var text: String

    public init(
      kind: String,
      text: String
    ) {
      self.kind = kind
      self.text = text
    }
  }

  /// A changed field.
  public struct Field: Hashable, Sendable, Codable {
    /// Its place, a JSON pointer.
    public var pointer: String
    /// Its value before, as JSON; `nil` when it is new.
    public var before: String?
    /// Its value after; `nil` when it is gone.
    public var after: String?

    public init(
      pointer: String,
      before: String? = nil,
      after: String? = nil
    ) {
      self.pointer = pointer
      self.before = before
      self.after = after
    }
  }

  /// Sizes of content that has no finer difference.
  public struct Sizes: Hashable, Sendable, Codable {
    /// In bytes; `nil` when there was none.
    public var before: UInt64?
    /// In bytes; `nil` when it is gone.
    public var after: UInt64?

    public init(
      before: UInt64? = nil,
      after: UInt64? = nil
    ) {
      self.before = before
      self.after = after
    }
  }
}
