import SheafModel

/// What follows from a merge, and again from each choice of a person: derived values, sorted sets.
struct MergeSettling: Hashable, Sendable {
  enum Kind { case json, frontMatter, table }

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
    case .table: return settledTable(bytes, &rules)
    }
  }

  /// Writes anew the cells whose text follows from others in their row.
  private func settledTable(_ bytes: [UInt8], _ rules: inout MergeRules) -> [UInt8] {
    guard let table = CSVTable(bytes), case .array(let values) = table.value else { return bytes }
    let context = rules.item(of: rules.root)
    var derived: [(column: Int, derivation: MergeDerivation)] = []
    for (column, name) in table.names.enumerated() {
      if case .derived(let derivation)? = rules.strategy(rules.member(name, of: context)) {
        derived.append((column, derivation))
      }
    }
    guard !derived.isEmpty else { return bytes }
    let known = if case .array(let rows) = base { Set(rows) } else { Set<JSONValue>() }
    var out = table.mark + table.header.bytes
    for (value, row) in zip(values, table.rows) {
      var row = row
      for (column, derivation) in derived where !known.contains(value) {
        let text: String
        switch derivation.value(in: value) {
        case .string(let found): text = found
        case .number(let found): text = JSONWriter.text(.number(found))
        default: continue
        }
        if text != CSVTable.meaning(of: row.cells[column]) { row.cells[column] = CSVTable.cell(text)[...] }
      }
      out += row.bytes
    }
    return out
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
