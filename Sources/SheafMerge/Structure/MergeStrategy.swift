import SheafModel

/// How a value merges that both sides changed differently (`Schemas/merge-schema.md`).
///
/// A schema declares it with the keyword `x-merge`. Without one, objects merge as `object`, arrays as
/// `sequence`, and everything else as `register`.
public indirect enum MergeStrategy: Hashable, Sendable {
  /// Two different values are a conflict.
  case register
  /// The later edit in log order is taken; the other is kept in the record.
  case latest
  /// A change is refused when it is published; two that meet are a conflict.
  case immutable
  /// The edit of the author with this role is taken; the other is kept in the record.
  case owner(role: String)
  /// The greater of two numbers, or of two texts by their bytes.
  case max
  /// The lesser of two numbers, or of two texts by their bytes.
  case min
  /// Both differences are added to the base.
  case counter
  /// The further of two states on one path.
  case ladder(MergeLadder)
  /// Computed again from the merged document.
  case derived(MergeDerivation)
  /// One value, whatever changed inside.
  case atomic
  /// One value together with the siblings of the same group; where both sides changed this member
  /// alone, it merges by a strategy of its own.
  case group(String, each: MergeStrategy?)
  /// Member by member.
  case object
  /// The union of what was added, without what was removed; order means nothing.
  case set(isSorted: Bool)
  /// As a set, with the order of both sides.
  case orderedSet
  /// Items matched by their key, and by what else tells them apart where it is there; each merged by
  /// its own schema.
  case list(keys: [JSONPointer], with: [JSONPointer] = [], orderMatters: Bool = true)
  /// Items that are only ever added, matched by their key.
  case appendOnly(keys: [JSONPointer])
  /// Items by their place between equal items.
  case sequence
  /// Text by blocks, sentences and words.
  case prose
  /// Text by lines, white space included.
  case verbatim
  /// Two changes go to a person, whatever they are.
  case manual

  /// The name a schema gives it.
  public var name: String {
    switch self {
    case .register: "register"
    case .latest: "latest"
    case .immutable: "immutable"
    case .owner: "owner"
    case .max: "max"
    case .min: "min"
    case .counter: "counter"
    case .ladder: "ladder"
    case .derived: "derived"
    case .atomic: "atomic"
    case .group: "group"
    case .object: "object"
    case .set: "set"
    case .orderedSet: "ordered-set"
    case .list: "list-by"
    case .appendOnly: "append-only"
    case .sequence: "sequence"
    case .prose: "prose"
    case .verbatim: "verbatim"
    case .manual: "manual"
    }
  }
}

/// States in the order in which they can follow each other.
public struct MergeLadder: Hashable, Sendable {
  /// Each state with those that may follow it directly.
  private let followers: [ExactString: [ExactString]]
  /// States that may follow every state which is none of them, and that nothing follows.
  private let exits: Set<ExactString>

  /// All states.
  public var states: [String] { (Set(followers.keys).union(exits)).sorted().map(\.text) }

  /// A state that can be reached from itself, if there is one.
  private(set) var stateInCycle: String?

  /// Makes a ladder of paths, each from its first state to its last.
  init(paths: [[String]], exits: [String]) {
    var followers: [ExactString: [ExactString]] = [:]
    for path in paths {
      for (index, state) in path.enumerated() {
        let next = index + 1 < path.count ? [ExactString(path[index + 1])] : []
        followers[ExactString(state), default: []] += next
      }
    }
    self.followers = followers
    self.exits = Set(exits.map { ExactString($0) })
    stateInCycle = nil
    let inCycle = followers.keys.filter { state in
      followers[state, default: []].contains { $0 == state || reaches($0, state) }
    }
    let leaving = self.exits.filter { !followers[$0, default: []].isEmpty }
    stateInCycle = (inCycle + leaving).min()?.text
  }

  /// Whether a later state can follow an earlier one, at once or over others.
  public func leads(from earlier: String, to later: String) -> Bool {
    reaches(ExactString(earlier), ExactString(later))
  }

  private func reaches(_ earlier: ExactString, _ later: ExactString) -> Bool {
    if earlier == later { return false }
    if exits.contains(later) { return followers[earlier] != nil && !exits.contains(earlier) }
    var seen: Set<ExactString> = [earlier]
    var pending = followers[earlier, default: []]
    while let state = pending.popLast() {
      if state == later { return true }
      if seen.insert(state).inserted { pending += followers[state, default: []] }
    }
    return false
  }
}

/// A value that follows from its siblings.
public struct MergeDerivation: Hashable, Sendable {
  /// What is computed.
  public enum Function: String, Hashable, Sendable, CaseIterable {
    /// How many items a list has, or members an object.
    case count
    /// How many words a text has: runs of anything but white space.
    case words
    /// The greatest of the texts or numbers that a list holds.
    case greatest
  }

  /// What is computed.
  public let function: Function
  /// Of what, from the object that holds the value.
  public let source: JSONPointer

  /// The value, or `nil` where the source is missing or of another type.
  func value(in holder: JSONValue) -> JSONValue? {
    guard let source = holder[source] else { return nil }
    switch (function, source) {
    case (.count, .array(let items)): return .number(JSONNumber(items.count))
    case (.count, .object(let object)): return .number(JSONNumber(object.count))
    case (.words, .string(let text)):
      let words = text.unicodeScalars.split { $0.properties.isWhitespace }
      return .number(JSONNumber(words.count))
    case (.greatest, .array(let items)):
      var greatest: JSONValue?
      for item in items {
        guard let known = greatest else {
          greatest = item
          continue
        }
        guard let isLess = known.isLess(than: item) else { return nil }
        if isLess { greatest = item }
      }
      return greatest
    default: return nil
    }
  }
}

extension JSONValue {
  /// Whether a number is less than another, or a text's bytes than another's; `nil` for other values.
  func isLess(than other: JSONValue) -> Bool? {
    switch (self, other) {
    case (.number(let one), .number(let other)): one < other
    case (.string(let one), .string(let other)): ExactString(one) < ExactString(other)
    default: nil
    }
  }
}
