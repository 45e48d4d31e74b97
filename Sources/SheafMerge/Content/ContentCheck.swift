import SheafModel

/// One rule that a document's content breaks.
public struct ContentViolation: Hashable, Sendable, CustomStringConvertible {
  /// Where a violation stands.
  public enum Place: Hashable, Sendable, CustomStringConvertible {
    /// A line and column of the file, from 1.
    case text(line: Int, column: Int)
    /// A value in a JSON document or in front matter.
    case field(JSONPointer)

    /// "line 3, column 5", a JSON pointer, or "the document".
    public var description: String {
      switch self {
      case .text(let line, let column): "line \(line), column \(column)"
      case .field(let pointer): pointer == .root ? "the document" : pointer.description
      }
    }
  }

  /// Where.
  public let place: Place
  /// What is wrong, or what must be, as a sentence without a full stop.
  public let rule: String

  /// Makes a violation.
  public init(place: Place, rule: String) {
    self.place = place
    self.rule = rule
  }

  /// Place and rule in one line.
  public var description: String { "\(place): \(rule)" }
}

/// Whether content is what its name and schema say it is.
public enum ContentCheck {
  /// The rules that content breaks; none when it may be published.
  ///
  /// What has a text's name must be UTF-8. JSON must read, CSV must have balanced quotes and as
  /// many fields in every row (RFC 4180), front matter must read where there is some. With a
  /// schema, the JSON value, the front matter or the table's rows must fit it; Markdown without front
  /// matter counts as `{}`, a table as a list of objects with one text per column, none of them twice.
  public static func violations(
    path: String, content: [UInt8], mediaType: MediaType, schema: JSONSchema?
  ) -> [ContentViolation] {
    if mediaType.isText || MediaType.named(by: path).isText {
      let offset = UTF8Text.firstInvalidOffset(in: content) ?? content.firstIndex(of: 0)
      if let offset {
        let place = UTF8Text.place(of: offset, in: content)
        return [
          .init(place: .text(line: place.line, column: place.column), rule: "text must be UTF-8 without NUL")
        ]
      }
    }
    switch mediaType.kind {
    case .json:
      do {
        return fieldViolations(try JSONReader.read(content), schema)
      } catch {
        return [.init(place: .text(line: error.line, column: error.column), rule: error.reason)]
      }
    case .markdown:
      do {
        return fieldViolations(try FrontMatter.read(content) ?? .object(JSONObject()), schema)
      } catch {
        return [.init(place: .text(line: error.line, column: error.column), rule: error.reason)]
      }
    case .csv:
      let found = CSVCheck.violations(content)
      guard found.isEmpty, schema != nil else { return found }
      var repeated: String?
      if let table = CSVTable(content, repeated: &repeated) { return fieldViolations(table.value, schema) }
      // Rows that are no objects can't be held against a schema, so that none would apply.
      return repeated.map {
        [.init(place: .text(line: 1, column: 1), rule: "the column \"\($0)\" must not stand twice")]
      } ?? []
    case .text, .xml, .html, .image, .pdf, .other: return []
    }
  }

  private static func fieldViolations(_ value: JSONValue, _ schema: JSONSchema?) -> [ContentViolation] {
    schema?.validate(value).map { ContentViolation(place: .field($0.pointer), rule: $0.rule) } ?? []
  }
}
