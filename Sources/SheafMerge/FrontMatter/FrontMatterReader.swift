import SheafModel
import Yams

/// Front matter as a value, with the lines on which its top-level keys start.
struct FrontMatterDocument {
  var object: JSONObject
  /// For each member the line of its key, counted from 0 within the YAML.
  var keyLines: [Int]
  /// Whether each member has whole lines of its own, so that they can be exchanged.
  var hasLinesOfItsOwn: Bool
}

/// Turns YAML into a JSON object by way of Yams' nodes.
struct FrontMatterReader {
  /// The line of the file on which the YAML starts, from 1.
  private let firstLine: Int
  /// The line of the closing fence, where whatever is missing is missed at the latest.
  private let lastLine: Int

  static func read(_ bytes: [UInt8], _ range: Range<Int>) throws(FrontMatterError) -> FrontMatterDocument {
    let firstLine = UTF8Text.place(of: range.lowerBound, in: bytes).line
    let lastLine = UTF8Text.place(of: range.upperBound, in: bytes).line
    let reader = FrontMatterReader(firstLine: firstLine, lastLine: lastLine)
    let yaml = Array(bytes[range])
    if let problem = hazard(in: yaml) {
      let place = UTF8Text.place(of: problem.offset, in: yaml)
      throw reader.error(problem.reason, place.line, place.column)
    }
    // The parser keeps a pointer to the text, which must not be one of Swift's small strings
    // that live nowhere in particular: a comment makes it long, and changes no value.
    let text = String(decoding: yaml, as: UTF8.self) + "# end of front matter\n"
    let root: Node?
    do {
      root = try Parser(yaml: text, resolver: .basic, encoding: .utf8).singleRoot()
    } catch let error as YamlError {
      throw reader.error(error)
    } catch {
      throw reader.error("the YAML cannot be read", 1, 1)
    }
    return try reader.document(root, yaml)
  }

  /// What must not reach the parser: it recurses as deep as the text is nested, and it compares
  /// keys with all that aliases stand for, which a few lines can make endless.
  private static func hazard(in yaml: [UInt8]) -> (offset: Int, reason: String)? {
    if yaml.count > FrontMatter.sizeLimitInBytes {
      return (0, "it is larger than \(FrontMatter.sizeLimitInBytes) bytes")
    }
    if let offset = UTF8Text.firstInvalidOffset(in: yaml) { return (offset, "the bytes are not UTF-8") }
    var depth = 0
    var lead: Int? = 0
    var anchors: Set<ArraySlice<UInt8>> = []
    for (offset, byte) in yaml.enumerated() {
      switch byte {
      case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
      case UInt8(ascii: "]"), UInt8(ascii: "}"): depth = max(0, depth - 1)
      case UInt8(ascii: "&"), UInt8(ascii: "*"):
        if offset > 0, isName(yaml[offset - 1]) { break }
        let name = yaml[(offset + 1)...].prefix(while: isName)
        if byte == UInt8(ascii: "&") {
          anchors.insert(name)
        } else if !name.isEmpty, anchors.contains(name) {
          return (offset, "aliases are not read")
        }
      default: break
      }
      // Each level of a block starts at a column of its own, behind blanks, dashes and marks.
      if byte == UInt8(ascii: "\n") {
        lead = 0
      } else if let blanks = lead {
        let continues = [UInt8(ascii: " "), UInt8(ascii: "-"), UInt8(ascii: "?"), UInt8(ascii: ":")].contains(
          byte)
        lead = continues ? blanks + 1 : nil
      }
      if depth > FrontMatter.depthLimit || (lead ?? 0) > 4 * FrontMatter.depthLimit {
        return (offset, "lists and mappings are nested deeper than \(FrontMatter.depthLimit)")
      }
    }
    return nil
  }

  private static func isName(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte | 0x20) || byte == 0x2d || byte == 0x5f
      || byte >= 0x80
  }

  private func document(_ root: Node?, _ yaml: [UInt8]) throws(FrontMatterError) -> FrontMatterDocument {
    guard let root else {
      return FrontMatterDocument(object: JSONObject(), keyLines: [], hasLinesOfItsOwn: true)
    }
    guard case .mapping(let mapping) = root else {
      throw error("it must be a mapping of keys to values", root.mark)
    }
    guard case .object(let object) = try value(of: root, depth: 0) else {
      throw error("it must be a mapping of keys to values", root.mark)
    }
    var keyLines: [Int] = []
    var isSplit = true
    for (key, _) in mapping {
      guard let mark = key.mark, mark.column == 1, mark.line - 1 > (keyLines.last ?? -1) else {
        isSplit = false
        break
      }
      keyLines.append(mark.line - 1)
    }
    let lines = TextLines(yaml)
    let preamble = (0..<min(keyLines.first ?? 0, lines.count))
    isSplit = isSplit && preamble.allSatisfy { Self.isComment(lines[$0]) }
    if let first = keyLines.first, first < lines.count, lines[first].first == UInt8(ascii: "{") {
      isSplit = false
    }
    return FrontMatterDocument(object: object, keyLines: keyLines, hasLinesOfItsOwn: isSplit)
  }

  /// Whether a line holds nothing but blanks or a comment.
  static func isComment(_ line: ArraySlice<UInt8>) -> Bool {
    let text = line.drop { $0 == 0x20 || $0 == 0x09 || $0 == 0x0d || $0 == 0x0a }
    return text.isEmpty || text.first == UInt8(ascii: "#")
  }

  private func value(of node: Node, depth: Int) throws(FrontMatterError) -> JSONValue {
    guard depth <= FrontMatter.depthLimit else {
      throw error("lists and mappings are nested deeper than \(FrontMatter.depthLimit)", node.mark)
    }
    switch node {
    case .scalar(let scalar): return try value(of: scalar)
    case .sequence(let sequence):
      try refuseTag(sequence.tag, allowed: .seq, sequence.mark)
      var items: [JSONValue] = []
      for item in sequence { items.append(try value(of: item, depth: depth + 1)) }
      return .array(items)
    case .mapping(let mapping):
      try refuseTag(mapping.tag, allowed: .map, mapping.mark)
      var object = JSONObject()
      var marks: [Mark?] = []
      for (key, value) in mapping {
        guard case .scalar(let scalar) = key else {
          throw error("a key must be a single word or text", key.mark)
        }
        if let first = object.position(of: scalar.string) {
          let line = (marks[first]?.line ?? 1) + firstLine - 1
          throw error("the key \"\(scalar.string)\" stands twice; first at line \(line)", scalar.mark)
        }
        object[scalar.string] = try self.value(of: value, depth: depth + 1)
        marks.append(scalar.mark)
      }
      return .object(object)
    case .alias(let alias): throw error("aliases are not read", alias.mark)
    }
  }

  private func value(of scalar: Node.Scalar) throws(FrontMatterError) -> JSONValue {
    let tag = scalar.tag.description
    if scalar.style == .plain, tag == Tag.Name.implicit.rawValue {
      return YAMLCoreSchema.value(of: scalar.string)
    }
    try refuseTag(scalar.tag, allowed: .str, scalar.mark)
    return .string(scalar.string)
  }

  private func refuseTag(_ tag: Tag, allowed: Tag.Name, _ mark: Mark?) throws(FrontMatterError) {
    let name = tag.description
    let isAllowed = [Tag.Name.implicit, .nonSpecific, allowed].contains { $0.rawValue == name }
    if !isAllowed { throw error("the tag \(name) is not read", mark) }
  }

  private func error(_ reason: String, _ mark: Mark?) -> FrontMatterError {
    error(reason, mark?.line ?? 1, mark?.column ?? 1)
  }

  private func error(_ reason: String, _ line: Int, _ column: Int) -> FrontMatterError {
    FrontMatterError(line: min(line + firstLine - 1, lastLine), column: column, reason: reason)
  }

  private func error(_ error: YamlError) -> FrontMatterError {
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      return self.error(problem, mark)
    case .duplicatedKeysInMapping(let keys, let context):
      return self.error("the key \"\(keys.first ?? "")\" stands twice, here for the first time", context.mark)
    case .reader(let problem, _, _, _): return self.error(problem, 1, 1)
    default: return self.error("the YAML cannot be read", 1, 1)
    }
  }
}

/// What plain scalars mean: the core schema of YAML 1.2.2, chapter 10.3.2.
enum YAMLCoreSchema {
  static func value(of text: String) -> JSONValue {
    switch text {
    case "", "~", "null", "Null", "NULL": return .null
    case "true", "True", "TRUE": return .bool(true)
    case "false", "False", "FALSE": return .bool(false)
    default: return number(text).map { .number($0) } ?? .string(text)
    }
  }

  /// Spells a YAML number as JSON does; `nil` for what is none, and for `.inf` and `.nan`, which
  /// JSON cannot hold.
  private static func number(_ text: String) -> JSONNumber? {
    guard text.utf8.count <= JSONLimits.standard.numberLength else { return nil }
    if text.hasPrefix("0o") { return unsigned(text.dropFirst(2), radix: 8) }
    if text.hasPrefix("0x") { return unsigned(text.dropFirst(2), radix: 16) }
    var rest = Substring(text)
    var literal = ""
    if let sign = rest.utf8.first, sign == 0x2b || sign == 0x2d {
      if sign == 0x2d { literal = "-" }
      rest = rest.dropFirst()
    }
    let isDigit = { (character: Character) in "0" <= character && character <= "9" && character.isASCII }
    let integer = rest.prefix(while: isDigit)
    rest = rest.dropFirst(integer.count)
    var fraction: Substring = ""
    if rest.first == "." {
      rest = rest.dropFirst()
      fraction = rest.prefix(while: isDigit)
      rest = rest.dropFirst(fraction.count)
    }
    guard !integer.isEmpty || !fraction.isEmpty else { return nil }
    let digits = integer.drop { $0 == "0" }
    literal += digits.isEmpty ? "0" : digits
    if !fraction.isEmpty { literal += "." + fraction }
    return JSONNumber(literal + rest)
  }

  private static func unsigned(_ digits: Substring, radix: Int) -> JSONNumber? {
    guard digits.first != "+", digits.first != "-", let value = UInt64(digits, radix: radix) else {
      return nil
    }
    return JSONNumber(String(value))
  }
}
