/// What kind of content some bytes are: a media type and what Sheaf does with it.
///
/// The table of extensions and first bytes is in `Schemas/media-types.md`.
public struct MediaType: Hashable, Sendable, CustomStringConvertible {
  /// What the engine tells apart.
  public enum Kind: String, Hashable, Sendable, CaseIterable {
    case markdown, json, csv, text, xml, html, image, pdf, other
  }

  /// The type and subtype without parameters, in lower case, such as `text/markdown`.
  public let essence: String
  /// What the engine does with it.
  public let kind: Kind

  /// Makes a media type of its essence; parameters are cut off and case is folded.
  public init(essence: String) {
    let name = essence.prefix { $0 != ";" }.filter { $0 != " " && $0 != "\t" }.lowercased()
    self.essence = name
    kind = Self.kind(of: name)
  }

  /// Bytes of an unknown kind.
  public static let octetStream = MediaType(essence: "application/octet-stream")

  /// Whether the content is UTF-8 text that a person can read and that may be merged by lines.
  public var isText: Bool {
    switch kind {
    case .markdown, .json, .csv, .text, .xml, .html: true
    case .image: essence == "image/svg+xml"
    case .pdf, .other: false
    }
  }

  /// The essence.
  public var description: String { essence }

  /// The media type of content: what its first bytes prove, else what its path's extension says.
  ///
  /// Content whose extension says text but that is not UTF-8 or holds a NUL is
  /// `application/octet-stream`; content with an unknown extension that is UTF-8 is
  /// `text/plain`. A pure function of its two arguments.
  public static func of(path: String, content: [UInt8]) -> MediaType {
    let named = named(by: path)
    if let proven = proven(by: content, named: named) { return proven }
    if named.isText, !isText(content) { return .octetStream }
    // A name that says nothing, or that promises first bytes which are not there.
    if named == .octetStream || signed.contains(named.essence), !content.isEmpty {
      return isText(content) ? plainText : .octetStream
    }
    return named
  }

  /// The media type that a path's extension says, without a look at the content.
  public static func named(by path: String) -> MediaType {
    let name = path.utf8.split(separator: UInt8(ascii: "/")).last ?? path.utf8[...]
    // A leading dot hides a file; it does not start an extension.
    guard let dot = name.lastIndex(of: UInt8(ascii: ".")), dot != name.startIndex else { return .octetStream }
    let suffix = String(decoding: name[name.index(after: dot)...], as: UTF8.self)
    guard let essence = byExtension[suffix.lowercased()] else { return .octetStream }
    return MediaType(essence: essence)
  }

  private static let plainText = MediaType(essence: "text/plain")

  private static func isText(_ content: [UInt8]) -> Bool {
    !content.contains(0) && UTF8Text.firstInvalidOffset(in: content) == nil
  }

  private static func proven(by content: [UInt8], named: MediaType) -> MediaType? {
    func starts(_ signature: [UInt8], at offset: Int = 0) -> Bool {
      content.dropFirst(offset).starts(with: signature)
    }
    if starts([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]) { return MediaType(essence: "image/png") }
    if starts([0xff, 0xd8, 0xff]) { return MediaType(essence: "image/jpeg") }
    if starts(Array("GIF87a".utf8)) || starts(Array("GIF89a".utf8)) { return MediaType(essence: "image/gif") }
    if starts(Array("RIFF".utf8)), starts(Array("WEBP".utf8), at: 8) {
      return MediaType(essence: "image/webp")
    }
    if starts(Array("%PDF-".utf8)) { return MediaType(essence: "application/pdf") }
    if starts([0x50, 0x4b, 0x03, 0x04]) || starts([0x50, 0x4b, 0x05, 0x06]) {
      // Office files and e-books are ZIP archives under a name of their own.
      return zipped.contains(named.essence) ? named : MediaType(essence: "application/zip")
    }
    if starts([0x1f, 0x8b, 0x08]) { return MediaType(essence: "application/gzip") }
    return nil
  }

  private static func kind(of essence: String) -> Kind {
    switch essence {
    case "text/markdown": .markdown
    case "text/csv": .csv
    case "text/html", "application/xhtml+xml": .html
    case "application/pdf": .pdf
    case "application/json": .json
    case "application/xml", "text/xml": .xml
    case _ where essence.hasSuffix("+json"): .json
    case _ where essence.hasPrefix("image/"): .image
    case _ where essence.hasSuffix("+xml"): .xml
    case _ where essence.hasPrefix("text/") || textual.contains(essence): .text
    default: .other
    }
  }

  private static let textual: Set<String> = [
    "application/yaml", "application/toml", "application/javascript", "application/jsonl", "application/sql",
  ]

  private static let zipped: Set<String> = [
    "application/epub+zip",
    "application/vnd.oasis.opendocument.text",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
  ]

  private static let signed: Set<String> = zipped.union([
    "application/gzip", "application/pdf", "application/zip", "image/gif", "image/jpeg", "image/png",
    "image/webp",
  ])

  private static let byExtension: [String: String] = [
    "css": "text/css",
    "csv": "text/csv",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "epub": "application/epub+zip",
    "geojson": "application/geo+json",
    "gif": "image/gif",
    "gz": "application/gzip",
    "htm": "text/html",
    "html": "text/html",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "js": "application/javascript",
    "json": "application/json",
    "jsonl": "application/jsonl",
    "jsonld": "application/ld+json",
    "markdown": "text/markdown",
    "md": "text/markdown",
    "mp3": "audio/mpeg",
    "mp4": "video/mp4",
    "odt": "application/vnd.oasis.opendocument.text",
    "pdf": "application/pdf",
    "png": "image/png",
    "qmd": "text/markdown",
    "rmd": "text/markdown",
    "rst": "text/x-rst",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "sql": "application/sql",
    "svg": "image/svg+xml",
    "toml": "application/toml",
    "tsv": "text/tab-separated-values",
    "txt": "text/plain",
    "vtt": "text/vtt",
    "webm": "video/webm",
    "webp": "image/webp",
    "xhtml": "application/xhtml+xml",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "xml": "application/xml",
    "yaml": "application/yaml",
    "yml": "application/yaml",
    "zip": "application/zip",
  ]
}
