/// A document that a search found.
public struct SearchHit: Hashable, Sendable, Codable {
  /// Its path.
  public var path: String
  /// Its title.
  public var title: String?
  /// Where the words stand, each found word between U+0002 and U+0003.
  public var excerpt: String

  public init(
    path: String,
    title: String? = nil,
    excerpt: String
  ) {
    self.path = path
    self.title = title
    self.excerpt = excerpt
  }
}
