import SheafMerge
import SheafModel
import SheafStore

/// What search finds a document by: its title, and its text followed by its path.
struct SearchableContent {
  /// The most text that one document brings into the index, in bytes.
  static let textLimitInBytes = 1 << 20
  private static let titleLimitInBytes = 400

  let entry: SearchableText

  /// Takes a document apart.
  ///
  /// - Parameter settings: What the settings say about its collection.
  init(path: DocumentPath, content: [UInt8], settings: LibrarySettings.Collection?) {
    var title: String?
    var text = ""
    let mediaType = MediaType.of(path: path.text, content: content)
    switch mediaType.kind {
    case .json:
      if let value = try? JSONReader.read(content) {
        title = Self.title(in: value, settings?.title)
        text = Self.text(in: value, settings?.search)
      }
    case .markdown:
      let body = FrontMatter.split(content).map { content[$0.body] } ?? content[...]
      let bodyText = Self.string(body)
      // Front matter that can't be read, in an imported history, still leaves a body to be found.
      let front = (try? FrontMatter.read(content)) ?? nil
      title = front.flatMap { Self.title(in: $0, settings?.title) }
      title = title ?? front.flatMap { Self.title(in: $0, JSONPointer(tokens: ["title"])) }
      title = title ?? Self.heading(in: bodyText)
      let declared = front.map { Self.text(in: $0, settings?.search ?? []) } ?? ""
      text = declared.isEmpty ? bodyText : declared + "\n" + bodyText
    case .html, .xml:
      (title, text) = TagStripper.read(content, limit: Self.textLimitInBytes)
    case .image where mediaType.isText:
      (title, text) = TagStripper.read(content, limit: Self.textLimitInBytes)
    // PostScript is a picture's program, though it is written in letters.
    case .text where content.starts(with: "%!PS".utf8): break
    case .csv, .text: text = Self.string(content[...])
    case .image, .pdf, .other: break
    }
    // The path comes last, so that an excerpt starts with what the document says.
    let searched = Self.cut(text, Self.textLimitInBytes) + (text.isEmpty ? "" : "\n") + path.text
    entry = SearchableText(title: Self.cut(title ?? path.name, Self.titleLimitInBytes), text: searched)
  }

  private static func string(_ bytes: ArraySlice<UInt8>) -> String {
    String(decoding: bytes.prefix(textLimitInBytes), as: UTF8.self)
  }

  private static func title(in value: JSONValue, _ pointer: JSONPointer?) -> String? {
    guard let pointer, case .string(let text)? = value[pointer] else { return nil }
    return oneLine(text)
  }

  private static func heading(in markdown: String) -> String? {
    var fence: Substring?
    for line in markdown.split(separator: "\n", omittingEmptySubsequences: true).prefix(200) {
      let trimmed = line.drop { $0 == " " }
      if trimmed.hasPrefix("```") || trimmed.hasPrefix("~~~") {
        let mark = trimmed.prefix(3)
        fence = fence == nil ? mark : (fence == mark ? nil : fence)
      } else if fence == nil, trimmed.hasPrefix("#") {
        let marks = trimmed.prefix { $0 == "#" }
        let rest = trimmed.dropFirst(marks.count)
        guard marks.count <= 6, rest.first == " " || rest.first == "\t" else { continue }
        if let title = oneLine(String(rest)) { return title }
      }
    }
    return nil
  }

  /// Folds white space; `nil` when nothing is left.
  static func oneLine(_ text: String) -> String? {
    let folded = text.split { $0.isWhitespace }.joined(separator: " ")
    return folded.isEmpty ? nil : folded
  }

  private static func text(in value: JSONValue, _ pointers: [JSONPointer]?) -> String {
    var parts: [String] = []
    var size = 0
    // A record is at most 64 levels deep (`JSONLimits`), so this ends.
    func collect(_ value: JSONValue, isNamed: Bool) {
      guard size < textLimitInBytes else { return }
      func add(_ text: String) {
        parts.append(text)
        size += text.utf8.count + 1
      }
      switch value {
      case .string(let text): add(text)
      case .number(let number): if isNamed { add(number.literal) }
      case .bool(let value): if isNamed { add(value ? "true" : "false") }
      case .array(let items): for item in items { collect(item, isNamed: false) }
      case .object(let object): for member in object.members { collect(member.value, isNamed: false) }
      case .null: break
      }
    }
    if let pointers {
      for pointer in pointers { if let found = value[pointer] { collect(found, isNamed: true) } }
    } else {
      collect(value, isNamed: false)
    }
    return parts.joined(separator: "\n")
  }

  private static func cut(_ text: String, _ limit: Int) -> String {
    guard text.utf8.count > limit else { return text }
    var scalars = String.UnicodeScalarView()
    var size = 0
    for scalar in text.unicodeScalars {
      size += UTF8.width(scalar)
      if size > limit { break }
      scalars.append(scalar)
    }
    return String(scalars)
  }
}
