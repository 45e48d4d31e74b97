import SheafModel

/// Merges Markdown: front matter key by key, body by lines.
///
/// Where front matter is missing on a side, cannot be read, or does not give each key lines of its
/// own, the whole file merges by lines.
func mergeMarkdown(_ input: MergeInput, base: [UInt8], ours: [UInt8], theirs: [UInt8], schema: JSONSchema?)
  -> MergeDraft
{
  guard let baseText = MarkdownText(base), let oursText = MarkdownText(ours),
    let theirsText = MarkdownText(theirs)
  else { return mergeProse(base: base, ours: ours, theirs: theirs) }
  let lines = mergeLines(base: base, ours: ours, theirs: theirs)
  var draft = MergeDraft(rule: .fieldsAndLines)
  draft.append(oursText.opening(instead: baseText, or: theirsText))
  var merge = FrontMatterMerge(
    base: baseText, ours: oursText, theirs: theirsText, input: input, schema: schema)
  merge.merge(into: &draft)
  draft.settling = merge.settling
  draft.append(oursText.closing(instead: baseText, or: theirsText))
  draft.appendProse(
    base: baseText.body, ours: oursText.body, theirs: theirsText.body,
    from: (baseText.bodyLine, oursText.bodyLine, theirsText.bodyLine))
  // As with JSON: lines keep order and comments, and are taken when they mean the same, or when
  // fields alone came to nothing.
  if lines.isClean, let text = lines.bytes, case .object(let object)? = try? FrontMatter.read(text) {
    if !draft.isClean && !merge.isDecidedByStrategy || draft.isClean && merge.isMeant(object) {
      var lines = MergeDraft(text, rule: .lines, setAside: draft.setAside)
      lines.settling = merge.settling
      return lines
    }
  }
  // The lines of a key were chosen without knowing what they mean together; only what reads back
  // as it was meant is taken.
  var plain = draft
  plain.settling = nil
  if let text = plain.bytes {
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

  /// The first fence without a byte-order mark.
  private var opening: ArraySlice<UInt8> { bytes[mark.count..<split.yaml.lowerBound] }
  private var mark: [UInt8] { bytes.starts(with: [0xef, 0xbb, 0xbf]) ? Array(bytes[..<3]) : [] }
  private var closing: ArraySlice<UInt8> { bytes[split.yaml.upperBound..<split.body.lowerBound] }

  /// The byte-order mark and the first fence: of a side that changed it, whichever is called ours.
  func opening(instead base: MarkdownText, or theirs: MarkdownText) -> [UInt8] {
    (mark == base.mark ? theirs.mark : mark) + Layout.merged(base.opening, opening, theirs.opening)
  }

  /// The second fence: of a side that changed it, whichever is called ours.
  func closing(instead base: MarkdownText, or theirs: MarkdownText) -> ArraySlice<UInt8> {
    Layout.merged(base.closing, closing, theirs.closing)
  }
}

extension MarkdownText {
  /// Some lines of the YAML.
  func lines(_ range: Range<Int>) -> TextLines {
    let text = yaml[range]
    return TextLines(bytes, in: text.startIndex..<text.endIndex)
  }
}
