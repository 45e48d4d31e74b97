import SheafModel

/// A merge in the making: text that is settled, and parts that a person is asked about.
struct MergeDraft: Hashable {
  var pieces: [MergePiece] = []
  var parts: [ConflictPart] = []
  var setAside: [SetAside] = []
  var rule: MergeRule
  /// What follows from the choices of a person.
  var settling: MergeSettling?

  init(rule: MergeRule) { self.rule = rule }

  /// A settled text.
  init(_ bytes: [UInt8], rule: MergeRule, setAside: [SetAside] = []) {
    self.rule = rule
    self.setAside = setAside
    pieces = [.text(bytes)]
  }

  /// A document that clashes as a whole.
  init(document part: ConflictPart) {
    rule = .lines
    parts = [part]
    pieces = [.part(0)]
  }

  /// Adds settled text.
  mutating func append(_ bytes: some Sequence<UInt8>) {
    if case .text(var text)? = pieces.last {
      pieces.removeLast()
      text += bytes
      pieces.append(.text(text))
    } else {
      pieces.append(.text(Array(bytes)))
    }
  }

  /// Adds a part that a person is asked about.
  mutating func append(_ part: ConflictPart) {
    pieces.append(.part(parts.count))
    parts.append(part)
  }

  /// Whether nobody is asked.
  var isClean: Bool { parts.isEmpty }

  /// Whether every part has a proposal.
  var isSettled: Bool { parts.allSatisfy(\.isProposed) }

  /// The text with every proposal taken; `nil` when something is blocked.
  var bytes: [UInt8]? {
    isSettled ? merged.content(takingOfAll: .proposed) : nil
  }

  /// The document with its parts.
  var merged: MergedParts {
    MergedParts(parts: parts, setAside: setAside, pieces: pieces, settling: settling)
  }

  /// What the merge came to.
  var outcome: MergeOutcome {
    let merged = merged
    guard isSettled else { return .conflict(merged) }
    let content = MergedContent(merged.content(takingOfAll: .proposed), rule: rule, setAside: setAside)
    return isClean ? .clean(content) : .proposed(content, parts: merged)
  }
}

extension MergeInput {
  /// The whole document as a conflict.
  func part(_ reason: String) -> ConflictPart {
    ConflictPart(place: .document, base: base, ours: ours, theirs: theirs, reason: reason)
  }
}
