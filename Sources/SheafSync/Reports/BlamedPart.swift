/// A part of a document, and the revision that wrote it.
public struct BlamedPart: Hashable, Sendable, Codable {
  /// What it is: field, heading, sentence, list item, cell, code, line, row or document.
  public var kind: String
  /// Where: a JSON pointer, `block 3.2` or `line 7`.
  public var place: String
  /// The line of the file it starts on, where it is text.
  public var line: Int?
  /// What stands there: a value as JSON, or text.
  public var text: String
  /// The revision that wrote it.
  public var revision: String
  /// The author's claimed time, RFC 3339.
  public var time: String
  /// Who signed it: the name, the role then, the place and the key's mark.
  public var by: String
  public var role: String?
  public var site: String?
  public var member: String
  /// Who made it where it was imported from.
  public var author: String?
  /// When it was made there.
  public var claimedTime: String?
  /// Why.
  public var reason: String
  /// For a part that a merge put together: the revisions whose words it has, newest first.
  public var joined: [String]
  /// Runs of words and the revision of each; none where all are of `revision`.
  public var words: [Word]
  /// The electronic signatures on the revision, in the log's order, those that were taken back included.
  public var signatures: [SignatureReport]
  /// The revisions before it whose content was destroyed and one of which may have written this instead, newest
  /// first and 100 at most; `nil` for none.
  public var redacted: [RedactedRevision]?

  public init(
    kind: String, place: String, line: Int?, text: String, revision: String, time: String, by: String,
    role: String?, site: String?, member: String, author: String?, claimedTime: String?, reason: String,
    joined: [String], words: [Word], signatures: [SignatureReport] = [],
    redacted: [RedactedRevision]? = nil
  ) {
    self.redacted = redacted
    self.signatures = signatures
    self.kind = kind
    self.place = place
    self.line = line
    self.text = text
    self.revision = revision
    self.time = time
    self.by = by
    self.role = role
    self.site = site
    self.member = member
    self.author = author
    self.claimedTime = claimedTime
    self.reason = reason
    self.joined = joined
    self.words = words
  }

  /// A run of words that one revision wrote.
  public struct Word: Hashable, Sendable, Codable {
    /// The words.
    public var text: String
    /// The revision.
    public var revision: String

    public init(text: String, revision: String) {
      self.text = text
      self.revision = revision
    }
  }
}
