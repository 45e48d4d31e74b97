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
  // What is proposed must be valid, and so must what is shown while a person is asked, whichever side that is of.
  let texts =
    draft.isClean ? [draft.bytes] : [draft.bytes] + [.ours, .theirs].map(draft.merged.content(takingOfAll:))
  func violations(_ content: [UInt8]) -> [ContentViolation] {
    ContentCheck.violations(path: "", content: content, mediaType: mediaType, schema: policy.schema)
  }
  // A rule that the sides broke before is no work of the merge. Where it is broken may have moved.
  var known: [BrokenRule: Int]?
  // What is byte for byte one of the sides needs no check: nothing was put together.
  var checked: Set<[UInt8]> = [ours, theirs]
  for text in texts.compactMap(\.self) where checked.insert(text).inserted {
    let found = violations(text)
    if found.isEmpty { continue }
    let allowed =
      known ?? BrokenRule.allowed(base: violations(base), ours: violations(ours), theirs: violations(theirs))
    known = allowed
    if let new = BrokenRule.first(in: found, beyond: allowed) {
      return clash("the two edits together break a rule at \(new)")
    }
  }
  return draft.outcome
}

/// A rule and the field whose value breaks it, whichever line or item that is in.
private struct BrokenRule: Hashable {
  let rule: String
  let place: [String]

  init(_ violation: ContentViolation) {
    rule = violation.rule
    place =
      switch violation.place {
      case .text: []
      case .field(let pointer): pointer.tokens.map { Int($0) == nil ? $0 : "" }
      }
  }

  /// How often each may be broken after a merge: three-way, as edits of it would go together.
  static func allowed(
    base: [ContentViolation], ours: [ContentViolation], theirs: [ContentViolation]
  ) -> [BrokenRule: Int] {
    func counts(_ found: [ContentViolation]) -> [BrokenRule: Int] {
      found.reduce(into: [:]) { $0[BrokenRule($1), default: 0] += 1 }
    }
    let (before, left, right) = (counts(base), counts(ours), counts(theirs))
    var allowed = left.merging(right, uniquingKeysWith: max)
    for (rule, count) in allowed {
      allowed[rule] = max(count, (left[rule] ?? 0) + (right[rule] ?? 0) - (before[rule] ?? 0))
    }
    return allowed
  }

  /// The first violation that is more than are allowed.
  static func first(in found: [ContentViolation], beyond allowed: [BrokenRule: Int]) -> ContentViolation? {
    var left = allowed
    return found.first { violation in
      let rule = BrokenRule(violation)
      left[rule, default: 0] -= 1
      return left[rule, default: 0] < 0
    }
  }
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
