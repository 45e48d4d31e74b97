import SheafModel

/// What follows from a merge, and again from each choice of a person: derived values, sorted sets.
struct MergeSettling: Hashable, Sendable {
  enum Kind { case json, frontMatter }

  let schema: JSONSchema
  /// What stood before: what is still the same as there is left alone.
  let base: JSONValue
  let kind: Kind

  /// A document with what follows from it; as it is where it cannot be read.
  func settled(_ bytes: [UInt8]) -> [UInt8] {
    var rules = MergeRules(schema)
    switch kind {
    case .json: return rules.settled(bytes, base: base)
    case .frontMatter: return settledFrontMatter(bytes, &rules)
    }
  }

  /// Writes anew the lines of the keys whose value follows from others.
  private func settledFrontMatter(_ bytes: [UInt8], _ rules: inout MergeRules) -> [UInt8] {
    guard let text = MarkdownText(bytes) else { return bytes }
    let json = JSONWriter.bytes(.object(text.object), .compact)
    let settled = rules.settled(json, base: base)
    guard settled != json, case .object(let object)? = try? JSONReader.read(settled) else { return bytes }
    var out = Array(bytes[..<text.split.yaml.lowerBound])
    for key in text.object.keys {
      guard let lines = text.text(key) else { return bytes }
      if let value = object[key], value != text.object[key] {
        out += FrontMatterWriter.lines(of: key, value, like: lines)
      } else {
        out += lines
      }
    }
    out += bytes[text.split.yaml.upperBound...]
    // What is written is taken only where it reads back.
    return MarkdownText(out)?.object == object ? out : bytes
  }
}
