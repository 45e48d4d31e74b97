import SheafModel

/// One merge of values by fields, items and declared strategies.
///
/// Which side is called ours must not decide what comes out, so the sides are put in an order of
/// their own first: `one` is the side that keeps more of base's lines, and gives the layout.
struct StructureMerge {
  /// The three states of one value; `nil` where it is absent.
  struct Sides {
    var base: JSONPart?
    var one: JSONPart?
    var other: JSONPart?
  }

  /// The parts, each with the reason for asking.
  private(set) var parts: [ConflictPart] = []
  private(set) var setAside: [SetAside] = []
  /// Parts that a declared strategy asks for, or in which one is declared; a merge by lines, which knows
  /// nothing of strategies, never overrides these.
  private(set) var declaredParts: Set<Int> = []
  /// Whether a declared strategy decided anything, so that a merge by lines may have it otherwise.
  private(set) var isDecidedByStrategy = false
  /// Whether an item of a list would stand twice where lists are merged by their lines.
  var repeatsItems = false
  var rules: MergeRules
  /// Whether two changes of one object are taken for two thoughts where nothing is declared.
  var trustsKeys = false
  /// Whether `one` is theirs.
  let isSwapped: Bool
  let sides: (one: MergeSide, other: MergeSide)

  init(rules: MergeRules, isSwapped: Bool, ours: MergeSide, theirs: MergeSide) {
    self.rules = rules
    self.isSwapped = isSwapped
    sides = isSwapped ? (theirs, ours) : (ours, theirs)
  }

  /// The merged value in the layout of `one`, or `nil` when it is absent.
  ///
  /// - Parameter isMatched: Whether a declared key says that both sides mean the same thing, so that
  ///   two additions are two edits of one.
  mutating func merge(
    _ values: Sides, at pointer: JSONPointer, in context: MergeRules.Context, isMatched: Bool = false
  ) -> [MergePiece]? {
    let (base, one, other) = (values.base, values.one, values.other)
    if one?.value == other?.value {
      if one?.value != base?.value, rules.declaresCounter(context),
        let both = countBoth(values, at: pointer, in: context)
      {
        return both.pieces
      }
      return equal(values)
    }
    if other?.value == base?.value { return one.map { [.text(Array($0.text))] } }
    if one?.value == base?.value {
      return other.map { [.text($0.text(indentedBy: values.indent))] }
    }
    let strategy = rules.effective(context)
    if let strategy, let decided = decide(strategy, values, at: pointer) {
      isDecidedByStrategy = true
      return decided.pieces
    }
    guard let one, let other else {
      return clash(
        values, pointer, "one side removed this field and the other changed it",
        isDeclared: rules.declaresAnything(context))
    }
    if base == nil, strategy?.looksInside ?? isMatched {
      return mergeAdditions(values, at: pointer, in: context)
    }
    switch strategy ?? .natural(for: one.value, other.value) {
    case .object: return mergeObjects(values, at: pointer, in: context)
    case .set(let isSorted): return mergeSets(values, at: pointer, .free, isSorted: isSorted)
    case .orderedSet: return mergeSets(values, at: pointer, .matters, isSorted: false)
    case .list(let keys, let with, let orderMatters):
      return mergeList(
        values, by: keys, with: with, at: pointer, in: context, orderMatters ? .matters : .free)
    case .appendOnly(let keys): return mergeAppendOnly(values, by: keys, at: pointer)
    case .sequence: return mergeSequences(values, at: pointer, in: context)
    case .prose: return mergeText(values, at: pointer, isProse: true)
    case .verbatim: return mergeText(values, at: pointer, isProse: false)
    default: break
    }
    return clash(
      values, pointer,
      base == nil ? "both sides added this field, with different values" : "both sides changed this field",
      isDeclared: strategy != nil || rules.declaresAnything(context))
  }

  /// Two additions of one thing, merged with nothing as their base.
  ///
  /// Without a base nothing tells what one side added from what the other left out, so what comes out
  /// is proposed, but where one side's list holds all of the other's.
  private mutating func mergeAdditions(
    _ values: Sides, at pointer: JSONPointer, in context: MergeRules.Context
  ) -> [MergePiece]? {
    let reason = "both sides added this, with differences"
    let isDeclared = rules.declaresAnything(context)
    guard let one = values.one, let other = values.other, let empty = JSONPart.empty(like: one),
      one.value.typeName == other.value.typeName, !empty.isNull
    else { return clash(values, pointer, reason, isDeclared: isDeclared) }
    let before = moment
    let pieces = merge(Sides(base: empty, one: one, other: other), at: pointer, in: context) ?? []
    guard parts[before.parts...].allSatisfy(\.isProposed) else { return pieces }
    let proposed = text(of: pieces)
    if parts.count == before.parts, one.list != nil, let value = try? JSONReader.read(proposed) {
      let meant = rules.unordered(value, in: context)
      if [one, other].contains(where: { rules.unordered($0.value, in: context) == meant }) { return pieces }
    }
    forget(since: before)
    return clash(values, pointer, reason, proposed: .look(proposed: proposed), isDeclared: isDeclared)
  }

  /// Equal values in which something is counted: two equal differences are two, as two unequal ones are.
  private mutating func countBoth(
    _ values: Sides, at pointer: JSONPointer, in context: MergeRules.Context
  ) -> Decision? {
    guard let base = values.base, let one = values.one else { return nil }
    let strategy = rules.effective(context) ?? .natural(for: one.value, one.value)
    switch strategy {
    case .counter:
      guard let decided = decide(strategy, values, at: pointer) else { return nil }
      isDecidedByStrategy = true
      return decided
    case .object where base.object != nil && one.object != nil:
      return Decision(pieces: mergeObjects(values, at: pointer, in: context))
    case .list(let keys, let with, let orderMatters) where base.list != nil && one.list != nil:
      return Decision(
        pieces: mergeList(
          values, by: keys, with: with, at: pointer, in: context, orderMatters ? .matters : .free))
    default: return nil
    }
  }

  /// Equal values: a scalar's new spelling wins over the one that was there; anything larger keeps
  /// the layout around it.
  private func equal(_ values: Sides) -> [MergePiece]? {
    guard let one = values.one, let other = values.other else { return nil }
    let isRespelled = one.isOnOneLine && other.isOnOneLine && one.text == values.base?.text
    return [.text(Array(isRespelled ? other.text : one.text))]
  }

  /// Asks a person about a field.
  mutating func clash(
    _ values: Sides, _ pointer: JSONPointer, _ reason: String, proposed: ConflictPart.Severity = .blocked,
    isDeclared: Bool = false
  ) -> [MergePiece] {
    ask(values, .field(pointer), reason, severity: proposed, isDeclared: isDeclared)
  }

  /// Asks a person about a part.
  mutating func ask(
    _ values: Sides, _ place: ConflictPart.Place, _ reason: String,
    severity: ConflictPart.Severity = .blocked, isDeclared: Bool = false
  ) -> [MergePiece] {
    let one = values.one.map { Array($0.text) }
    let other = values.other.map { $0.text(indentedBy: values.indent) }
    if isDeclared { declaredParts.insert(parts.count) }
    parts.append(
      ConflictPart(
        place: place, base: values.base.map { $0.text(indentedBy: values.indent) },
        ours: isSwapped ? other : one, theirs: isSwapped ? one : other, reason: reason, severity: severity))
    return [.part(parts.count - 1)]
  }

  /// Forgets what was asked since a moment, because the value around it is asked about instead.
  mutating func forget(since moment: (parts: Int, notes: Int)) {
    for index in moment.parts..<parts.count { declaredParts.remove(index) }
    parts.removeSubrange(moment.parts...)
    setAside.removeSubrange(moment.notes...)
  }

  /// How much was asked and noted so far.
  var moment: (parts: Int, notes: Int) { (parts.count, setAside.count) }

  /// Pieces as text, with every proposal taken.
  func text(of pieces: [MergePiece]) -> [UInt8] {
    var rendering = MergeRendering(parts: parts, choices: [], otherwise: .proposed)
    rendering.write(pieces)
    return rendering.out
  }

  /// Takes one side and notes the other.
  mutating func take(
    other isOther: Bool, of values: Sides, at pointer: JSONPointer, by strategy: MergeStrategy
  ) -> [MergePiece]? {
    let kept =
      isOther ? values.other.map { $0.text(indentedBy: values.indent) } : values.one.map { Array($0.text) }
    let left = isOther ? values.one : values.other
    // The side that loses is `one` exactly when `other` is taken.
    let loser: SetAside.Loser = isOther != isSwapped ? .ours : .theirs
    setAside.append(
      SetAside(
        place: .field(pointer), kept: kept, other: left.map { Array($0.text) }, loser: loser,
        strategy: strategy.name))
    return kept.map { [.text($0)] }
  }
}

extension StructureMerge.Sides {
  /// The indentation of the line on which the value stands in the result.
  var indent: ArraySlice<UInt8> { one?.indent ?? other?.indent ?? [] }

  /// Whether a value is there on both sides, and neither left it as it was.
  var areBothEdits: Bool {
    one?.value != base?.value && other?.value != base?.value && one?.value != other?.value
  }
}

extension MergeStrategy {
  /// Whether it merges what is inside a value.
  fileprivate var looksInside: Bool {
    switch self {
    case .object, .set, .orderedSet, .list, .appendOnly: true
    default: false
    }
  }

  /// What holds where nothing is declared.
  static func natural(for one: JSONValue, _ other: JSONValue) -> MergeStrategy {
    switch (one, other) {
    case (.object, .object): .object
    case (.array, .array): .sequence
    default: .register
    }
  }
}
