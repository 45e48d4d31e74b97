import SheafModel

/// Merges two edits of one base.
///
/// A pure function with the laws of `Schemas/merge.md`: the same inputs give the same bytes on
/// every machine, and swapping the sides gives the same outcome and value. A side that did not
/// change yields to the side that did, byte for byte. Otherwise JSON merges by fields, Markdown
/// by fields in its front matter and as prose in its body, other text as prose, and anything else
/// is a conflict. A merged text is checked against its format and the policy's schema.
public func merge(_ input: MergeInput, mediaType: MediaType, policy: MergePolicy) -> MergeOutcome {
  if input.ours == input.theirs { return .clean(MergedContent(input.ours, rule: .equal)) }
  if input.ours == input.base { return .clean(MergedContent(input.theirs, rule: .fastForward)) }
  if input.theirs == input.base { return .clean(MergedContent(input.ours, rule: .fastForward)) }
  func clash(_ reason: String) -> MergeOutcome { .conflict(MergedParts(document: input.part(reason))) }
  guard let ours = input.ours, let theirs = input.theirs else {
    return clash("one side deleted the document and the other changed it")
  }
  guard let base = input.base else {
    // Two spellings of one JSON value are no clash; either will do.
    if mediaType.kind == .json, let value = try? JSONReader.read(ours),
      value == (try? JSONReader.read(theirs))
    {
      return .clean(MergedContent(ours, rule: .equal))
    }
    return clash("both sides created the document, with different content")
  }
  let draft: MergeDraft
  switch mediaType.kind {
  case .json: draft = mergeJSON(input, base: base, ours: ours, theirs: theirs, schema: policy.schema)
  case .markdown: draft = mergeMarkdown(input, base: base, ours: ours, theirs: theirs, schema: policy.schema)
  case .csv: draft = mergeCSV(input, base: base, ours: ours, theirs: theirs, schema: policy.schema)
  case _ where mediaType.isText: draft = mergeProse(base: base, ours: ours, theirs: theirs)
  default: return clash("both sides changed content that cannot be merged")
  }
  // What is shown while a person is asked must be valid too; what it is made of may be either.
  let shown = draft.bytes ?? draft.merged.content(taking: []) ?? []
  // What is byte for byte one of the sides needs no check: nothing was put together.
  if shown == ours || shown == theirs { return draft.outcome }
  func violations(_ content: [UInt8]) -> [ContentViolation] {
    ContentCheck.violations(path: "", content: content, mediaType: mediaType, schema: policy.schema)
  }
  let found = violations(shown)
  if found.isEmpty { return draft.outcome }
  // A rule that a side broke before is no work of the merge.
  let known = Set(violations(ours) + violations(theirs))
  guard let new = found.first(where: { !known.contains($0) }) else { return draft.outcome }
  return clash("the two edits together break a rule at \(new)")
}

/// Merges text by lines only: white space counts, and lines that both changed are a conflict.
func mergeLines(base: [UInt8], ours: [UInt8], theirs: [UInt8]) -> MergeDraft {
  var draft = MergeDraft(rule: .lines)
  let lines = (base: TextLines(base), ours: TextLines(ours), theirs: TextLines(theirs))
  draft.appendLines(base: lines.base, ours: lines.ours, theirs: lines.theirs, from: (0, 0, 0))
  return draft
}

/// Merges prose: by lines, and where these clash by blocks, sentences and words.
func mergeProse(base: [UInt8], ours: [UInt8], theirs: [UInt8]) -> MergeDraft {
  var draft = MergeDraft(rule: .lines)
  let lines = (base: TextLines(base), ours: TextLines(ours), theirs: TextLines(theirs))
  draft.appendProse(base: lines.base, ours: lines.ours, theirs: lines.theirs, from: (0, 0, 0))
  return draft
}
