import SheafModel

/// One merge of front matter: values by the schema's rules, text key by key.
struct FrontMatterMerge {
  let base: MarkdownText
  let ours: MarkdownText
  let theirs: MarkdownText
  /// Whether a declared strategy had a say, so that a merge by lines must mean the same.
  private(set) var isDecidedByStrategy = false
  /// What each key must mean afterwards; no value where its lines were merged.
  private var meant: [ExactString: JSONValue?] = [:]
  private let isSwapped: Bool
  /// What the values came to, with a person's parts left as `one` has them.
  private var merged = JSONObject()
  private var parts: [ExactString: [(part: ConflictPart, isDeclared: Bool)]] = [:]
  private var notes: [SetAside] = []
  /// What follows from the choices of a person.
  private(set) var settling: MergeSettling?
  private var proposed = JSONObject()

  init(base: MarkdownText, ours: MarkdownText, theirs: MarkdownText, input: MergeInput, schema: JSONSchema?) {
    (self.base, self.ours, self.theirs) = (base, ours, theirs)
    isSwapped = LayoutChoice.prefersTheirs(base: base.bytes, ours: ours.bytes, theirs: theirs.bytes)
    var merge = StructureMerge(
      rules: MergeRules(schema), isSwapped: isSwapped, ours: input.oursSide, theirs: input.theirsSide)
    merge.trustsKeys = true
    func part(_ text: MarkdownText) -> JSONPart? {
      (try? JSONReader.readSource(JSONWriter.bytes(.object(text.object), .compact))).map { JSONPart($0) }
    }
    guard let before = part(base), let left = part(ours), let right = part(theirs) else { return }
    let values = StructureMerge.Sides(
      base: before, one: isSwapped ? right : left, other: isSwapped ? left : right)
    let context = merge.rules.root
    if let schema, merge.rules.declaresAnything(context) {
      settling = MergeSettling(schema: schema, base: before.value, kind: .frontMatter)
    }
    let pieces = merge.merge(values, at: .root, in: context) ?? []
    isDecidedByStrategy = merge.isDecidedByStrategy || !merge.declaredParts.isEmpty
    notes = merge.setAside
    for (index, part) in merge.parts.enumerated() {
      guard case .field(let pointer) = part.place, let key = pointer.tokens.first else {
        if case .item(let list, _) = part.place, let key = list.tokens.first {
          parts[ExactString(key), default: []].append((part, true))
        }
        continue
      }
      parts[ExactString(key), default: []].append((part, merge.declaredParts.contains(index)))
    }
    func object(_ choice: ConflictPart.Choice) -> JSONObject {
      let whole = MergedParts(parts: merge.parts, pieces: pieces).content(takingOfAll: choice) ?? []
      let settled = merge.rules.settled(whole, base: before.value)
      if case .object(let object)? = try? JSONReader.read(settled) { return object }
      return JSONObject()
    }
    merged = object(.ours)
    proposed = object(.proposed)
  }

  /// Adds the merged lines between the fences.
  mutating func merge(into draft: inout MergeDraft) {
    draft.setAside += notes
    let (one, other) = isSwapped ? (theirs, ours) : (ours, theirs)
    let keys = MergedOrder.keys(ours: one.object.keys, theirs: other.object.keys)
    for key in keys {
      let texts = (base: base.text(key), one: one.text(key), other: other.text(key))
      let asked = parts[ExactString(key)] ?? []
      if asked.isEmpty {
        guard let value = merged[key] else { continue }
        meant[ExactString(key)] = .some(value)
        if let text = textOfBoth(key, value) {
          draft.append(text)
          continue
        }
        draft.append(
          ConflictPart(
            place: .field(JSONPointer(tokens: [key])), base: texts.base.map { Array($0) },
            ours: (isSwapped ? texts.other : texts.one).map { Array($0) },
            theirs: (isSwapped ? texts.one : texts.other).map { Array($0) },
            reason: "both sides changed this field or the comments beside it",
            severity: .look(proposed: text(of: key, value))))
      } else if !asked.contains(where: \.isDeclared), let text = mergedLines(of: key) {
        // A list or long text of several lines, changed on different ones.
        meant[ExactString(key)] = .some(nil)
        draft.append(text)
      } else {
        let isProposed = asked.allSatisfy(\.part.isProposed)
        let text = isProposed ? proposed[key].map { self.text(of: key, $0) } : nil
        meant[ExactString(key)] = .some(nil)
        draft.append(
          ConflictPart(
            place: asked.count == 1 ? asked[0].part.place : .field(JSONPointer(tokens: [key])),
            base: texts.base.map { Array($0) },
            ours: (isSwapped ? texts.other : texts.one).map { Array($0) },
            theirs: (isSwapped ? texts.one : texts.other).map { Array($0) },
            reason: asked[0].part.reason, severity: isProposed ? .look(proposed: text) : .blocked))
      }
    }
    // Without keys there may still be comments.
    if keys.isEmpty {
      draft.appendLines(base: base.yaml, ours: ours.yaml, theirs: theirs.yaml, from: (1, 1, 1))
    }
  }

  /// The lines of a key that mean a value; `nil` where both sides wrote them anew and a comment would be lost.
  private func textOfBoth(_ key: String, _ value: JSONValue) -> [UInt8]? {
    let (one, other) = isSwapped ? (theirs, ours) : (ours, theirs)
    let (before, left, right) = (base.text(key), one.text(key), other.text(key))
    guard left != nil, right != nil, left != right, left != before, right != before else {
      return text(of: key, value)
    }
    if let text = mergedLines(of: key), FrontMatterWriter.value(of: key, in: text) == value { return text }
    return FrontMatterEntry.merged(
      FrontMatterEntry(before, key: key, value: base.object[key]),
      FrontMatterEntry(left, key: key, value: one.object[key]),
      FrontMatterEntry(right, key: key, value: other.object[key]), value: value)
  }

  /// The lines of a key that mean a value: a side's own where they do, or the one that changed its
  /// spelling.
  private func text(of key: String, _ value: JSONValue) -> [UInt8] {
    let (one, other) = isSwapped ? (theirs, ours) : (ours, theirs)
    let isRespelled = one.text(key) == base.text(key) && other.object[key] == value
    let sides = isRespelled ? [other, one] : [one, other]
    for side in sides where side.object[key] == value { if let text = side.text(key) { return Array(text) } }
    if base.object[key] == value, let text = base.text(key) { return Array(text) }
    if let text = mergedLines(of: key), FrontMatterWriter.value(of: key, in: text) == value { return text }
    return FrontMatterWriter.lines(of: key, value, like: one.text(key) ?? other.text(key) ?? [])
  }

  private func mergedLines(of key: String) -> [UInt8]? {
    func lines(_ text: MarkdownText) -> TextLines? { text.entries[ExactString(key)].map { text.lines($0) } }
    guard let base = lines(base), let ours = lines(ours), let theirs = lines(theirs) else { return nil }
    return ThreeWayLines.cleanMerge(base: base, ours: ours, theirs: theirs)
  }

  /// Whether front matter that was read back is what the merge meant.
  func isMeant(_ object: JSONObject) -> Bool {
    object.members.allSatisfy { member in
      guard let wanted = meant[ExactString(member.key)] else { return false }
      return wanted == nil || wanted == member.value
    } && meant.allSatisfy { $0.value == nil || object.position(of: $0.key.text) != nil }
  }
}

/// Writes one key of front matter as YAML.
enum FrontMatterWriter {
  /// A key with its value, in the manner of the lines that stood there: comments and key are kept, a
  /// list of one line an item stays one; everything else is written as JSON, which YAML 1.2 holds.
  static func lines(of key: String, _ value: JSONValue, like model: ArraySlice<UInt8>) -> [UInt8] {
    let lines = TextLines(Array(model))
    let end: [UInt8] = model.contains(UInt8(ascii: "\r")) ? [0x0d, 0x0a] : [0x0a]
    var out: [UInt8] = []
    var index = 0
    while index < lines.count, FrontMatterReader.isComment(lines[index]) {
      out += lines[index]
      index += 1
    }
    if index < lines.count, let colon = lines[index].firstIndex(of: UInt8(ascii: ":")),
      case .object(let object)? = try? read(Array(lines[index][...colon]) + end), object.keys == [key]
    {
      out += lines[index][...colon]
    } else {
      out += JSONWriter.bytes(.string(key), .compact) + [UInt8(ascii: ":")]
    }
    if case .array(let items) = value, !items.isEmpty, index + 1 < lines.count,
      let dash = lines[index + 1].firstIndex(where: { $0 != UInt8(ascii: " ") }),
      lines[index + 1][dash] == UInt8(ascii: "-")
    {
      let indent = lines[index + 1][..<dash]
      for item in items { out += end + indent + [UInt8(ascii: "-"), UInt8(ascii: " ")] + text(item) }
      return out + end
    }
    out.append(UInt8(ascii: " "))
    if case .array(let items) = value {
      out += Array("[".utf8) + Array(items.map { text($0) }.joined(separator: ", ".utf8)) + Array("]".utf8)
      return out + end
    }
    return out + text(value) + end
  }

  /// The value that a key's lines have.
  static func value(of key: String, in text: [UInt8]) -> JSONValue? {
    if case .object(let object)? = try? read(text) { object[key] } else { nil }
  }

  private static func read(_ lines: [UInt8]) throws -> JSONValue? {
    try FrontMatter.read(Array("---\n".utf8) + lines + Array("---\n".utf8))
  }

  /// A value on one line: a word stands plain where it reads back as itself.
  private static func text(_ value: JSONValue) -> [UInt8] {
    if case .string(let text) = value, let first = text.utf8.first, !text.isEmpty {
      let isPlain = text.unicodeScalars.allSatisfy {
        $0.properties.isAlphabetic || ("0"..."9").contains($0) || $0 == "-" || $0 == " "
      }
      let isBare =
        isPlain && first != UInt8(ascii: "-") && first != UInt8(ascii: " ")
        && text.utf8.last != UInt8(ascii: " ")
      if isBare, YAMLCoreSchema.value(of: text) == value { return Array(text.utf8) }
    }
    return JSONWriter.bytes(value, .compact)
  }
}
