import SheafModel

/// Which part of a document somebody asks the history of.
public enum DocumentQuestion: Hashable, Sendable {
  /// A value of a record or of an article's front matter.
  case field(JSONPointer)
  /// What stands under a heading, up to the next one that is not below it; the heading as it is written, marks or none.
  case section(String)
  /// The sentence, heading, row or line in which these words stand in the newest revision that has them.
  case quote(String)

  /// What a content says there: a value as JSON, or text; `nil` where it has no such part.
  ///
  /// For a quote the parts that hold the words, one a line.
  public func answer(_ bytes: [UInt8], _ mediaType: MediaType) -> String? {
    let parts = DocumentParts(bytes, mediaType: mediaType)
    switch self {
    case .field(let pointer): return parts.fields?[pointer].map { JSONWriter.text($0) }
    case .section(let heading): return parts.section(heading)
    case .quote(let words):
      let found = parts.units(holding: words)
      return found.isEmpty ? nil : parts.text(found)
    }
  }
}

extension DocumentParts {
  /// The units in which some words stand, however they are spaced.
  func units(holding words: String) -> [Int] {
    let wanted = Self.words(of: words)
    guard !wanted.isEmpty else { return [] }
    return units.indices.filter { Self.words(of: text($0)).contains(wanted) }
  }

  /// The texts of some units, one a line.
  func text(_ indices: [Int]) -> String { indices.map(text).joined(separator: "\n") }

  private static func words(of text: String) -> String {
    text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }

  /// The text under a heading, the heading left out.
  func section(_ heading: String) -> String? {
    let wanted = Self.words(of: String(heading.drop { $0 == "#" }))
    var level: Int?
    var start: Int?
    for (index, unit) in units.enumerated() where unit.kind == .heading {
      let text = text(index)
      let marks = text.prefix { $0 == "#" }.count
      if let level, let start, marks <= level { return self.text(from: start, to: index) }
      if level == nil, Self.words(of: String(text.dropFirst(marks))) == wanted {
        (level, start) = (marks, index + 1)
      }
    }
    return start.map { text(from: $0, to: units.count) }
  }

  private func text(from start: Int, to end: Int) -> String {
    guard start < end else { return "" }
    return String(
      decoding: bytes[units[start].body.lowerBound..<units[end - 1].body.upperBound], as: UTF8.self)
  }
}
