import SheafModel

/// What a schema says about merging, asked value by value.
///
/// Rules reach a value through `properties`, `patternProperties`, `additionalProperties` and `items`
/// of the schemas that always apply: the schema itself, `$ref` and `allOf`. Alternatives do not
/// count, because which one applies may differ between the sides.
struct MergeRules {
  /// The subschemas that a value stands under; none when nothing is said about it.
  typealias Context = [Int]

  private let nodes: [SchemaNode]
  private var closures: [Context: Context] = [:]
  private var patterns: [ExactString: SchemaPattern] = [:]

  init(_ schema: JSONSchema?) { nodes = schema?.nodes ?? [] }

  init(nodes: [SchemaNode]) { self.nodes = nodes }

  /// Where the document itself stands.
  var root: Context { nodes.isEmpty ? [] : [0] }

  /// The context with all that it always refers to, each once.
  mutating func closure(_ context: Context) -> Context {
    if context.isEmpty { return [] }
    if let known = closures[context] { return known }
    var closure: Context = []
    var seen: Set<Int> = []
    var pending = Array(context.reversed())
    while let index = pending.popLast() {
      guard seen.insert(index).inserted else { continue }
      closure.append(index)
      pending += nodes[index].always.reversed()
    }
    closures[context] = closure
    return closure
  }

  /// The declared strategy; `manual` where two schemas declare different ones.
  mutating func strategy(_ context: Context) -> MergeStrategy? {
    var found: MergeStrategy?
    for index in closure(context) {
      guard let strategy = nodes[index].strategy else { continue }
      if let found, found != strategy { return .manual }
      found = strategy
    }
    return found
  }

  /// The strategy by which a value merges by itself: within a group that of each member.
  mutating func effective(_ context: Context) -> MergeStrategy? {
    if case .group(_, let each)? = strategy(context) { return each ?? .register }
    return strategy(context)
  }

  /// The context of a member.
  mutating func member(_ key: String, of context: Context) -> Context {
    var inner: Context = []
    for index in closure(context) {
      for case .members(let members) in nodes[index].checks {
        var isNamed = false
        if let node = members.named[ExactString(key)] {
          inner.append(node)
          isNamed = true
        }
        for pattern in members.patterns where isFound(pattern.key, in: key) {
          inner.append(pattern.consequence)
          isNamed = true
        }
        if !isNamed, let node = members.additional { inner.append(node) }
      }
    }
    return inner
  }

  /// The context of a list's items, which all share one.
  mutating func item(of context: Context) -> Context {
    var inner: Context = []
    for index in closure(context) {
      for case .items(let prefix, let rest?) in nodes[index].checks where prefix.isEmpty {
        inner.append(rest)
      }
    }
    return inner
  }

  /// Whether a strategy is declared for a value or for anything within it.
  func declaresAnything(_ context: Context) -> Bool { declares(context) { _ in true } }

  /// Whether a value or anything within it is a counter.
  func declaresCounter(_ context: Context) -> Bool {
    declares(context) { strategy in
      if case .group(_, let each) = strategy { each == .counter } else { strategy == .counter }
    }
  }

  private func declares(_ context: Context, where isMeant: (MergeStrategy) -> Bool) -> Bool {
    var seen: Set<Int> = []
    var pending = context
    while let index = pending.popLast() {
      guard seen.insert(index).inserted else { continue }
      if let strategy = nodes[index].strategy, isMeant(strategy) { return true }
      pending += nodes[index].always + nodes[index].within
    }
    return false
  }

  private mutating func isFound(_ pattern: String, in text: String) -> Bool {
    let key = ExactString(pattern)
    if let compiled = patterns[key] { return compiled.isFound(in: text) ?? false }
    guard let compiled = SchemaPattern(pattern) else { return false }
    patterns[key] = compiled
    return compiled.isFound(in: text) ?? false
  }
}

extension SchemaNode {
  /// Subschemas of members and items through which merge rules reach what is inside a value.
  var within: [Int] {
    checks.flatMap { check -> [Int] in
      switch check {
      case .members(let members):
        Array(members.named.values) + members.patterns.map(\.consequence)
          + [members.additional].compactMap(\.self)
      case .items(let prefix, let rest): prefix.isEmpty ? [rest].compactMap(\.self) : []
      default: []
      }
    }
  }
}
