import SheafModel

/// Merges Markdown: front matter key by key, body by lines.
///
/// Where front matter is missing on a side, cannot be read, or does not give each key lines of its
/// own, the whole file merges by lines.
func mergeMarkdown(base: [UInt8], ours: [UInt8], theirs: [UInt8]) -> MergeDraft {
  guard let baseText = MarkdownText(base), let oursText = MarkdownText(ours),
    let theirsText = MarkdownText(theirs)
  else { return mergeProse(base: base, ours: ours, theirs: theirs) }
  let lines = mergeLines(base: base, ours: ours, theirs: theirs)
  var draft = MergeDraft(rule: .fieldsAndLines)
  draft.append(oursText.opening(instead: baseText, or: theirsText))
  var merge = FrontMatterMerge(base: baseText, ours: oursText, theirs: theirsText)
  merge.merge(into: &draft)
  draft.append(oursText.closing(instead: baseText, or: theirsText))
  draft.appendProse(
    base: baseText.body, ours: oursText.body, theirs: theirsText.body,
    from: (baseText.bodyLine, oursText.bodyLine, theirsText.bodyLine))
  // As with JSON: lines keep order and comments, and are taken when they mean the same, or when
  // fields alone came to nothing.
  if lines.isClean, let text = lines.bytes, case .object(let object)? = try? FrontMatter.read(text) {
    if !draft.isClean || merge.isMeant(object) { return lines }
  }
  // The lines of a key were chosen without knowing what they mean together; only what reads back
  // as it was meant is taken.
  if let text = draft.bytes {
    guard case .object(let object)? = try? FrontMatter.read(text), merge.isMeant(object) else {
      return mergeProse(base: base, ours: ours, theirs: theirs)
    }
  }
  return draft
}

/// A Markdown file with front matter whose keys have lines of their own.
struct MarkdownText {
  let bytes: [UInt8]
  let split: FrontMatter.Split
  let object: JSONObject
  /// The lines of each key with what belongs to it; comments before a key go with it.
  let entries: [ExactString: Range<Int>]
  /// What stands before the first key's lines.
  let yaml: TextLines
  let body: TextLines
  let bodyLine: Int

  init?(_ bytes: [UInt8]) {
    guard let split = FrontMatter.split(bytes), let document = try? FrontMatterReader.read(bytes, split.yaml),
      document.hasLinesOfItsOwn, document.keyLines.count == document.object.count
    else { return nil }
    self.bytes = bytes
    self.split = split
    object = document.object
    yaml = TextLines(bytes, in: split.yaml)
    body = TextLines(bytes, in: split.body)
    bodyLine = TextLines(bytes, in: 0..<split.body.lowerBound).count
    var starts: [Int] = []
    for line in document.keyLines {
      var start = line
      let floor = starts.isEmpty ? 0 : document.keyLines[starts.count - 1] + 1
      while start > floor, yaml[start - 1].first == UInt8(ascii: "#") { start -= 1 }
      starts.append(start)
    }
    // Blank lines or comments before the first key go with it too.
    if !starts.isEmpty { starts[0] = 0 }
    var entries: [ExactString: Range<Int>] = [:]
    for (index, key) in document.object.keys.enumerated() {
      let end = index + 1 < starts.count ? starts[index + 1] : yaml.count
      entries[ExactString(key)] = starts[index]..<max(end, starts[index])
    }
    self.entries = entries
  }

  /// The bytes of a key's lines.
  func text(_ key: String) -> ArraySlice<UInt8>? { entries[ExactString(key)].map { yaml[$0] } }

  private var opening: ArraySlice<UInt8> { bytes[..<split.yaml.lowerBound] }
  private var closing: ArraySlice<UInt8> { bytes[split.yaml.upperBound..<split.body.lowerBound] }

  /// The first fence: ours, or theirs where only theirs changed it.
  func opening(instead base: MarkdownText, or theirs: MarkdownText) -> ArraySlice<UInt8> {
    opening == base.opening ? theirs.opening : opening
  }

  /// The second fence: ours, or theirs where only theirs changed it.
  func closing(instead base: MarkdownText, or theirs: MarkdownText) -> ArraySlice<UInt8> {
    closing == base.closing ? theirs.closing : closing
  }
}

/// One merge of front matter by its top-level keys.
struct FrontMatterMerge {
  let base: MarkdownText
  let ours: MarkdownText
  let theirs: MarkdownText
  /// What each key must mean afterwards; no value where its lines were merged.
  private var meant: [(key: String, value: JSONValue?)] = []

  init(base: MarkdownText, ours: MarkdownText, theirs: MarkdownText) {
    (self.base, self.ours, self.theirs) = (base, ours, theirs)
  }

  /// Adds the merged lines between the fences.
  mutating func merge(into draft: inout MergeDraft) {
    let keys = MergedOrder.keys(ours: ours.object.keys, theirs: theirs.object.keys)
    for key in keys {
      let values = (base: base.object[key], ours: ours.object[key], theirs: theirs.object[key])
      let texts = (base: base.text(key), ours: ours.text(key), theirs: theirs.text(key))
      if values.ours == values.theirs {
        take(key, values.ours, texts.ours == texts.base ? texts.theirs : texts.ours, to: &draft)
      } else if values.theirs == values.base {
        take(key, values.ours, texts.ours, to: &draft)
      } else if values.ours == values.base {
        take(key, values.theirs, texts.theirs, to: &draft)
      } else if let base = base.entries[ExactString(key)], let ours = ours.entries[ExactString(key)],
        let theirs = theirs.entries[ExactString(key)],
        let text = ThreeWayLines.cleanMerge(
          base: self.base.lines(base), ours: self.ours.lines(ours), theirs: self.theirs.lines(theirs))
      {
        // A list or long text of several lines, changed on different ones.
        meant.append((key, nil))
        draft.append(text)
      } else {
        draft.append(
          ConflictPart(
            place: .field(JSONPointer(tokens: [key])), base: texts.base.map { Array($0) },
            ours: texts.ours.map { Array($0) }, theirs: texts.theirs.map { Array($0) },
            reason: texts.ours == nil || texts.theirs == nil
              ? "one side removed this field and the other changed it" : "both sides changed this field"))
      }
    }
    // Without keys there may still be comments.
    if keys.isEmpty { draft.append(ours.yaml[0..<ours.yaml.count]) }
  }

  private mutating func take(
    _ key: String, _ value: JSONValue?, _ text: ArraySlice<UInt8>?, to draft: inout MergeDraft
  ) {
    guard let value, let text else { return }
    meant.append((key, value))
    draft.append(text)
  }

  /// Whether front matter that was read back is what the merge meant.
  func isMeant(_ object: JSONObject) -> Bool {
    object.count == meant.count
      && meant.allSatisfy { entry in
        guard let value = object[entry.key] else { return false }
        return entry.value.map { $0 == value } ?? true
      }
  }
}

extension MarkdownText {
  /// Some lines of the YAML.
  func lines(_ range: Range<Int>) -> TextLines {
    let text = yaml[range]
    return TextLines(bytes, in: text.startIndex..<text.endIndex)
  }
}
