import SheafModel

/// Merges JSON documents by their fields and splices the result into the bytes of one side.
///
/// Text that is not JSON on all three sides merges by lines, as it would without a name.
func mergeJSON(_ input: MergeInput, base: [UInt8], ours: [UInt8], theirs: [UInt8], schema: JSONSchema?)
  -> MergeDraft
{
  guard let base = try? JSONReader.readSource(base), let ours = try? JSONReader.readSource(ours),
    let theirs = try? JSONReader.readSource(theirs)
  else { return mergeLines(base: base, ours: ours, theirs: theirs) }
  let isSwapped = LayoutChoice.prefersTheirs(base: base.bytes, ours: ours.bytes, theirs: theirs.bytes)
  let (one, other) = isSwapped ? (theirs, ours) : (ours, theirs)
  /// One side's bytes, and a note of what the other one did to the layout of what it left as it was.
  func whole(_ side: JSONSource, instead other: JSONSource, _ rule: MergeRule) -> MergeDraft {
    MergeDraft(
      side.bytes, rule: rule,
      setAside: other.bytes == base.bytes
        ? []
        : [
          SetAside(
            place: .document, kept: side.bytes, other: other.bytes,
            loser: other.bytes == ours.bytes ? .ours : .theirs, strategy: SetAside.whiteSpace)
        ])
  }
  if ours.value == theirs.value { return whole(one, instead: other, .equal) }
  // A side that changed its layout only gives way.
  if ours.value == base.value { return whole(theirs, instead: ours, .fastForward) }
  if theirs.value == base.value { return whole(ours, instead: theirs, .fastForward) }
  var merge = StructureMerge(
    rules: MergeRules(schema), isSwapped: isSwapped, ours: input.oursSide, theirs: input.theirsSide)
  let context = merge.rules.root
  let values = StructureMerge.Sides(base: JSONPart(base), one: JSONPart(one), other: JSONPart(other))
  var draft = MergeDraft(rule: .fields)
  let body = merge.merge(values, at: .root, in: context) ?? []
  draft.append(one.bytes[..<one.layout.range.lowerBound])
  draft.pieces += body
  draft.pieces.append(.text(Array(one.bytes[one.layout.range.upperBound...])))
  draft.parts = merge.parts
  draft.setAside = merge.setAside
  /// Notes the layout of the side whose bytes the result is not made of, where that side changed it.
  func noting(_ draft: MergeDraft) -> MergeDraft {
    guard JSONWhiteSpace.differs(base, other), JSONWhiteSpace.differs(one, other) else { return draft }
    var draft = draft
    draft.setAside.append(
      SetAside(
        place: .document, kept: draft.bytes ?? one.bytes, other: other.bytes,
        loser: isSwapped ? .ours : .theirs, strategy: SetAside.whiteSpace))
    return draft
  }
  let isDeclared = merge.rules.declaresAnything(context)
  if isDeclared, let schema { draft.settling = MergeSettling(schema: schema, base: base.value, kind: .json) }
  // Lines keep what fields cannot say: order, blank lines, a value that moved under a new key. They
  // are taken when they mean the same, and where no strategy had a say also when fields alone leave
  // something to ask.
  let lines = mergeLines(base: base.bytes, ours: ours.bytes, theirs: theirs.bytes)
  let isOpen = merge.declaredParts.isEmpty && !merge.isDecidedByStrategy && !merge.repeatsItems
  guard lines.isClean, let text = lines.bytes, let value = try? JSONReader.read(text) else {
    let around =
      isOpen ? LinesAroundFields(base: base, ours: ours, theirs: theirs, parts: draft.parts)?.draft : nil
    guard var around else { return noting(draft) }
    around.settling = draft.settling
    return around
  }
  if !merge.repeatsItems, let fields = draft.bytes, let meant = try? JSONReader.read(fields) {
    let isSame =
      isDeclared
      ? merge.rules.unordered(value, in: context) == merge.rules.unordered(meant, in: context)
      : value == meant
    if isSame { return MergeDraft(text, rule: .lines, setAside: draft.setAside) }
  }
  if isOpen, !draft.isClean {
    var lines = lines
    lines.settling = draft.settling
    return lines
  }
  return noting(draft)
}

/// Which side gives its layout to a merged document, whichever is called ours.
enum LayoutChoice {
  /// Whether it is theirs: the side with more of base's lines, or the one whose bytes come first.
  static func prefersTheirs(base: [UInt8], ours: [UInt8], theirs: [UInt8]) -> Bool {
    let known = Set(TextLines(base).keys)
    let kept = [ours, theirs].map { side in TextLines(side).keys.count { known.contains($0) } }
    return kept[0] == kept[1] ? theirs.lexicographicallyPrecedes(ours) : kept[1] > kept[0]
  }
}
