import SheafModel

extension StructureMerge {
  /// What a strategy made of two edits; no pieces where the value goes.
  struct Decision {
    var pieces: [MergePiece]?
  }

  /// Decides what a strategy decides without looking inside; `nil` where it looks inside.
  mutating func decide(_ strategy: MergeStrategy, _ values: Sides, at pointer: JSONPointer) -> Decision? {
    switch strategy {
    case .immutable: return ask(values, pointer, "this field must not change, and both sides changed it")
    case .manual: return ask(values, pointer, "both sides changed this field, which a person decides about")
    case .atomic: return ask(values, pointer, "both sides changed this value, which is taken as a whole")
    case .latest:
      guard let isOther = sides.other.isLater(than: sides.one) else {
        return ask(values, pointer, "both sides changed this field, and which was later is not known")
      }
      return Decision(pieces: take(other: isOther, of: values, at: pointer, by: strategy))
    case .owner(let role):
      let owns = (one: sides.one.role == role, other: sides.other.role == role)
      // Who is not known may own it too.
      guard owns.one != owns.other, sides.one.role != nil, sides.other.role != nil else {
        return ask(values, pointer, "both sides changed this field, which belongs to the role \"\(role)\"")
      }
      return Decision(pieces: take(other: owns.other, of: values, at: pointer, by: strategy))
    case .max, .min:
      guard let one = values.one?.value, let other = values.other?.value, let isLess = one.isLess(than: other)
      else { return nil }
      return Decision(
        pieces: take(other: isLess == (strategy == .max), of: values, at: pointer, by: strategy))
    case .derived:
      // Computed from what comes out; until then either will do.
      guard values.one != nil, values.other != nil else { return nil }
      return Decision(pieces: values.one.map { [.text(Array($0.text))] })
    case .counter: return count(values)
    case .ladder(let ladder): return climb(ladder, values, at: pointer)
    case .register, .group, .object, .set, .orderedSet, .list, .appendOnly, .sequence, .prose, .verbatim:
      return nil
    }
  }

  private mutating func ask(_ values: Sides, _ pointer: JSONPointer, _ reason: String) -> Decision {
    Decision(pieces: clash(values, pointer, reason, isDeclared: true))
  }

  private func count(_ values: Sides) -> Decision? {
    func integer(_ part: JSONPart?) -> Int? {
      if case .number(let number)? = part?.value { number.int } else { nil }
    }
    guard let base = integer(values.base), let one = integer(values.one), let other = integer(values.other)
    else { return nil }
    let (difference, overflow) = other.subtractingReportingOverflow(base)
    let (sum, overflowOfSum) = one.addingReportingOverflow(difference)
    if overflow || overflowOfSum { return nil }
    return Decision(pieces: [.text(Array(String(sum).utf8))])
  }

  private mutating func climb(_ ladder: MergeLadder, _ values: Sides, at pointer: JSONPointer) -> Decision? {
    func state(_ part: JSONPart?) -> String? {
      if case .string(let text)? = part?.value { text } else { nil }
    }
    guard let one = state(values.one), let other = state(values.other) else { return nil }
    for (isOther, nearer, further) in [(true, one, other), (false, other, one)]
    where ladder.leads(from: nearer, to: further) {
      // A side that went back, as a correction does, is on no path with the other.
      guard values.base == nil || state(values.base).map({ ladder.leads(from: $0, to: nearer) }) == true
      else { break }
      return Decision(pieces: take(other: isOther, of: values, at: pointer, by: .ladder(ladder)))
    }
    return ask(values, pointer, "both sides changed this state, and no path leads from one to the other")
  }

  /// Merges what a string says.
  mutating func mergeText(_ values: Sides, at pointer: JSONPointer, isProse: Bool) -> [MergePiece]? {
    func bytes(_ part: JSONPart?) -> [UInt8]? {
      if case .string(let text)? = part?.value { Array(text.utf8) } else { nil }
    }
    let reason = "both sides changed this text in one place"
    guard let base = bytes(values.base), let one = bytes(values.one), let other = bytes(values.other) else {
      return clash(values, pointer, reason, isDeclared: true)
    }
    let draft =
      isProse
      ? mergeProse(base: base, ours: one, theirs: other) : mergeLines(base: base, ours: one, theirs: other)
    guard let merged = draft.bytes, UTF8Text.firstInvalidOffset(in: merged) == nil else {
      return clash(values, pointer, reason, isDeclared: true)
    }
    let text = JSONWriter.bytes(.string(String(decoding: merged, as: UTF8.self)), .compact)
    if draft.isClean { return [.text(text)] }
    return clash(values, pointer, reason, proposed: .look(proposed: text), isDeclared: true)
  }
}
