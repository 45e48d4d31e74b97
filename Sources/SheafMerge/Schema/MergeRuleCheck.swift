import SheafModel

/// Whether the strategies that a schema declares fit what it says about the values.
struct MergeRuleCheck {
  private let nodes: [SchemaNode]
  private let places: [(index: Int, pointer: JSONPointer)]
  private var rules: MergeRules

  init(nodes: [SchemaNode], pointers: [JSONPointer: Int]) {
    self.nodes = nodes
    places = pointers.map { ($0.value, $0.key) }.sorted { $0.0 < $1.0 }
    rules = MergeRules(nodes: nodes)
  }

  /// - Throws: `SchemaError` at the first declaration, in the order of reading, that cannot be kept.
  mutating func check() throws(SchemaError) {
    guard nodes.contains(where: { $0.strategy != nil }) else { return }
    let reached = reachedNodes()
    for (index, pointer) in places {
      func refuse(_ reason: String) -> SchemaError {
        SchemaError(pointer: pointer, keyword: StrategyParser.keyword, reason: reason)
      }
      let closure = rules.closure([index])
      if let strategy = nodes[index].strategy {
        guard reached.contains(index) else {
          throw refuse(
            "stands where merging does not look: only below properties, patternProperties, "
              + "additionalProperties, items, allOf and $ref")
        }
        if let other = closure.compactMap({ nodes[$0].strategy }).first(where: { $0 != strategy }) {
          throw refuse(
            "declares \"\(strategy.name)\" for a value that a $ref or allOf gives \"\(other.name)\"")
        }
        if let reason = misfit(strategy, closure) { throw refuse(reason) }
      }
      if let alone = memberAloneInGroup(closure) {
        throw SchemaError(
          pointer: pointer.appending("properties").appending(alone), keyword: StrategyParser.keyword,
          reason: "names a group that no sibling belongs to")
      }
    }
  }

  /// Where merging looks, from the top.
  private func reachedNodes() -> Set<Int> {
    var seen: Set<Int> = []
    var pending = [0]
    while let index = pending.popLast() {
      guard seen.insert(index).inserted else { continue }
      pending += nodes[index].always + nodes[index].within
    }
    return seen
  }

  private mutating func misfit(_ strategy: MergeStrategy, _ closure: MergeRules.Context) -> String? {
    if let allowed = strategy.types {
      for index in closure {
        for case .type(let names) in nodes[index].checks {
          // A value may be null instead of what it is otherwise.
          let others = names.filter { !allowed.contains($0) && $0 != "null" }
          if let other = others.first {
            return "gives \"\(strategy.name)\" to a value that may be of type \(other)"
          }
        }
      }
    }
    switch strategy {
    case .group(_, let each?): return misfit(each, closure)
    case .ladder(let ladder):
      for index in closure {
        for case .enum(let allowed) in nodes[index].checks {
          let states = ladder.states.filter { !allowed.contains(.string($0)) }
          if let state = states.first {
            return "has a ladder with the state \"\(state)\", which \"enum\" does not allow"
          }
        }
      }
    case .list(let keys, _, _), .appendOnly(let keys):
      for key in keys {
        var context = rules.item(of: closure)
        for token in key.tokens {
          let isRequired = rules.closure(context).contains { index in
            nodes[index].checks.contains { check in
              if case .required(let names) = check {
                names.contains { ExactString($0) == ExactString(token) }
              } else {
                false
              }
            }
          }
          guard isRequired else { return "has the key \(key), but \"\(token)\" is not required there" }
          context = rules.member(token, of: context)
        }
      }
    case .derived(let derivation):
      if derivation.source.tokens.isEmpty { return "derives a value from itself" }
    default: break
    }
    return nil
  }

  /// A member whose group has no other member.
  private mutating func memberAloneInGroup(_ closure: MergeRules.Context) -> String? {
    var groups: [String: [String]] = [:]
    var names: Set<ExactString> = []
    for index in closure {
      for case .members(let members) in nodes[index].checks {
        for (key, node) in members.named where names.insert(key).inserted {
          if case .group(let name, _)? = rules.strategy([node]) { groups[name, default: []].append(key.text) }
        }
      }
    }
    return groups.values.filter { $0.count == 1 }.compactMap(\.first).min()
  }
}

extension MergeStrategy {
  /// The types it has a meaning for; `nil` for all.
  fileprivate var types: Set<String>? {
    switch self {
    case .register, .latest, .immutable, .owner, .derived, .atomic, .group, .manual: nil
    case .max, .min: ["string", "number", "integer"]
    case .counter: ["number", "integer"]
    case .ladder, .prose, .verbatim: ["string"]
    case .object: ["object"]
    case .set, .orderedSet, .list, .appendOnly, .sequence: ["array"]
    }
  }
}
