import SheafModel

/// A merge of JSON by lines in which fields that clash on all three sides stay out.
///
/// Lines know of a value that moved under a new key, but not of a field that both sides changed: that one made the
/// whole file clash, and what lines settle elsewhere was asked about too.
struct LinesAroundFields {
  /// The merge, with the fields that stay out as its parts.
  let draft: MergeDraft

  /// Merges; `nil` where no part can stay out, all do, or the lines clash around them too.
  init?(base: JSONSource, ours: JSONSource, theirs: JSONSource, parts: [ConflictPart]) {
    let roots = [JSONPart(base), JSONPart(ours), JSONPart(theirs)]
    var fields: [(part: ConflictPart, pointer: JSONPointer, values: [JSONPart])] = []
    for part in parts {
      guard case .field(let pointer) = part.place, pointer != .root else { continue }
      let values = roots.compactMap { Self.value(at: pointer, in: $0) }
      if values.count == roots.count { fields.append((part, pointer, values)) }
    }
    guard !fields.isEmpty, fields.count < parts.count else { return nil }
    // Each stands as it was in base on every side, so that no line of it differs.
    let texts = roots.indices.map { side in
      roots[side].bytes.replacing(
        fields.map { ($0.values[side].layout.range, Array($0.values[0].text)) })
    }
    let lines = mergeLines(base: texts[0], ours: texts[1], theirs: texts[2])
    guard lines.isClean, let text = lines.bytes, let source = try? JSONReader.readSource(text) else {
      return nil
    }
    let merged = JSONPart(source)
    var places: [(range: Range<Int>, part: ConflictPart)] = []
    for field in fields {
      guard let value = Self.value(at: field.pointer, in: merged), value.value == field.values[0].value else {
        return nil
      }
      places.append((value.layout.range, field.part))
    }
    var draft = MergeDraft(rule: .lines)
    var told = 0
    for (range, part) in places.sorted(by: { $0.range.lowerBound < $1.range.lowerBound }) {
      guard range.lowerBound >= told else { return nil }
      draft.append(text[told..<range.lowerBound])
      draft.append(part)
      told = range.upperBound
    }
    draft.append(text[told...])
    self.draft = draft
  }

  private static func value(at pointer: JSONPointer, in root: JSONPart) -> JSONPart? {
    pointer.tokens.reduce(root as JSONPart?) { $0?.member($1) }
  }
}
