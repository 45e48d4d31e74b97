import SheafModel

/// Merges two edits of one base.
///
/// A pure function with the laws of `Schemas/merge.md`: the same inputs give the same bytes on
/// every machine, and swapping the sides gives the same outcome and value. A side that did not
/// change yields to the side that did, byte for byte. Otherwise JSON merges by fields, Markdown
/// by fields in its front matter and by lines in its body, other text by lines, and anything else
/// is a conflict. A merged text is checked against its format and the policy's schema.
public func merge(_ input: MergeInput, mediaType: MediaType, policy: MergePolicy) -> MergeOutcome {
  if input.ours == input.theirs { return .clean(MergedContent(input.ours, rule: .equal)) }
  if input.ours == input.base { return .clean(MergedContent(input.theirs, rule: .fastForward)) }
  if input.theirs == input.base { return .clean(MergedContent(input.ours, rule: .fastForward)) }
  guard let ours = input.ours, let theirs = input.theirs else {
    return .conflict([input.part("one side deleted the document and the other changed it")])
  }
  guard let base = input.base else {
    // Two spellings of one JSON value are no clash; either will do.
    if mediaType.kind == .json, let value = try? JSONReader.read(ours),
      value == (try? JSONReader.read(theirs))
    {
      return .clean(MergedContent(ours, rule: .equal))
    }
    return .conflict([input.part("both sides created the document, with different content")])
  }
  let merged: TextMerge
  switch mediaType.kind {
  case .json: merged = mergeJSON(base: base, ours: ours, theirs: theirs)
  case .markdown: merged = mergeMarkdown(base: base, ours: ours, theirs: theirs)
  case _ where mediaType.isText: merged = mergeLines(base: base, ours: ours, theirs: theirs)
  default: return .conflict([input.part("both sides changed content that cannot be merged")])
  }
  switch merged {
  case .conflict(let parts): return .conflict(parts)
  case .clean(let bytes, let rule):
    // What is byte for byte one of the sides needs no check: nothing was put together.
    if bytes == ours || bytes == theirs { return .clean(MergedContent(bytes, rule: rule)) }
    func violations(_ content: [UInt8]) -> [ContentViolation] {
      ContentCheck.violations(path: "", content: content, mediaType: mediaType, schema: policy.schema)
    }
    let found = violations(bytes)
    if found.isEmpty { return .clean(MergedContent(bytes, rule: rule)) }
    // A rule that a side broke before is no work of the merge.
    let known = Set(violations(ours) + violations(theirs))
    guard let new = found.first(where: { !known.contains($0) }) else {
      return .clean(MergedContent(bytes, rule: rule))
    }
    return .conflict([input.part("the two edits together break a rule at \(new)")])
  }
}

/// A merge of two texts that both differ from their base.
enum TextMerge: Equatable {
  case clean([UInt8], MergeRule)
  case conflict([ConflictPart])
}

extension MergeInput {
  /// The whole document as a conflict.
  func part(_ reason: String) -> ConflictPart {
    ConflictPart(place: .document, base: base, ours: ours, theirs: theirs, reason: reason)
  }
}

/// Merges text by lines.
func mergeLines(base: [UInt8], ours: [UInt8], theirs: [UInt8]) -> TextMerge {
  let lines = (base: TextLines(base), ours: TextLines(ours), theirs: TextLines(theirs))
  switch LineMerge(base: lines.base, ours: lines.ours, theirs: lines.theirs) {
  case .clean(let bytes): return .clean(bytes, .lines)
  case .conflict(let regions):
    return .conflict(
      regions.map {
        lineConflict($0, base: lines.base, ours: lines.ours, theirs: lines.theirs, from: (0, 0, 0))
      })
  }
}

/// A region as a conflict; `from` tells how many lines stand before each text in its file.
func lineConflict(
  _ region: ThreeWayLines.Region, base: TextLines, ours: TextLines, theirs: TextLines,
  from first: (Int, Int, Int)
) -> ConflictPart {
  func moved(_ range: Range<Int>, _ count: Int) -> Range<Int> {
    range.lowerBound + count..<range.upperBound + count
  }
  return ConflictPart(
    place: .lines(
      base: moved(region.base, first.0), ours: moved(region.ours, first.1),
      theirs: moved(region.theirs, first.2)),
    base: Array(base[region.base]), ours: Array(ours[region.ours]), theirs: Array(theirs[region.theirs]),
    reason: "both sides changed these lines")
}
