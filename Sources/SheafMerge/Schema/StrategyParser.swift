import SheafModel

/// Reads the keyword `x-merge` of one subschema (`Schemas/merge-schema.md`).
///
/// A word for a strategy without arguments, `{"name": argument}` for the others. Whether it fits
/// what the schema says of the value is for `MergeRuleCheck`.
struct StrategyParser {
  let schema: JSONObject
  let pointer: JSONPointer
  static let keyword = "x-merge"

  private func error(_ reason: String) -> SchemaError {
    SchemaError(pointer: pointer, keyword: Self.keyword, reason: reason)
  }

  /// The declared strategy, or `nil` when there is none.
  func parse() throws(SchemaError) -> MergeStrategy? {
    guard let value = schema[Self.keyword] else { return nil }
    switch value {
    case .string(let name): return try plain(name)
    case .object(let object):
      if let group = object["group"], object.count == 2, let each = object["each"] {
        let inner = try StrategyParser(
          schema: JSONObject([.init(key: Self.keyword, value: each)]), pointer: pointer
        ).parse()
        if case .group? = inner { throw error("puts a group into a group") }
        return .group(try word(group, "the group's name"), each: inner)
      }
      guard object.count == 1, let member = object.members.first else {
        throw error("must be the name of a strategy or an object with one member")
      }
      return try strategy(member.key, member.value)
    default: throw error("must be the name of a strategy or an object with one member")
    }
  }

  private func plain(_ name: String) throws(SchemaError) -> MergeStrategy {
    switch name {
    case "register": return .register
    case "latest": return .latest
    case "immutable": return .immutable
    case "max": return .max
    case "min": return .min
    case "counter": return .counter
    case "atomic": return .atomic
    case "object": return .object
    case "set": return .set(isSorted: false)
    case "ordered-set": return .orderedSet
    case "sequence": return .sequence
    case "prose": return .prose
    case "verbatim": return .verbatim
    case "manual": return .manual
    case "owner", "ladder", "derived", "group", "list-by", "append-only":
      throw error("needs an argument for \"\(name)\", as in {\"\(name)\": …}")
    default: throw error("names an unknown strategy: \"\(name)\"")
    }
  }

  private func strategy(_ name: String, _ argument: JSONValue) throws(SchemaError) -> MergeStrategy {
    switch name {
    case "owner": return .owner(role: try word(argument, "a role"))
    case "group": return .group(try word(argument, "the group's name"), each: nil)
    case "ladder": return .ladder(try ladder(argument))
    case "derived": return .derived(try derivation(argument))
    case "set":
      guard argument == .string("sorted") else { throw error("knows {\"set\": \"sorted\"} only") }
      return .set(isSorted: true)
    case "list-by":
      if case .object(let object) = argument {
        let isKnown = object.keys.allSatisfy { ["keys", "with", "order"].contains($0) }
        guard let keys = object["keys"], isKnown else {
          throw error("must give \"list-by\" the member \"keys\", and may give \"with\" and \"order\"")
        }
        var orderMatters = true
        switch object["order"] {
        case nil, .string("kept"): break
        case .string("free"): orderMatters = false
        default: throw error("knows the orders \"kept\" and \"free\"")
        }
        var with: [JSONPointer] = []
        if let others = object["with"] { with = try self.keys(others) }
        return .list(keys: try self.keys(keys), with: with, orderMatters: orderMatters)
      }
      return .list(keys: try keys(argument))
    case "append-only": return .appendOnly(keys: try keys(argument))
    default:
      _ = try plain(name)
      throw error("takes no argument for \"\(name)\"")
    }
  }

  private func word(_ value: JSONValue, _ what: String) throws(SchemaError) -> String {
    guard case .string(let text) = value, !text.isEmpty else { throw error("must name \(what)") }
    return text
  }

  /// Pointers into an item, which must always be there.
  private func keys(_ value: JSONValue) throws(SchemaError) -> [JSONPointer] {
    let texts: [JSONValue]
    if case .array(let list) = value { texts = list } else { texts = [value] }
    var keys: [JSONPointer] = []
    for text in texts {
      guard case .string(let text) = text, let key = JSONPointer(text), key != .root else {
        throw error("must give keys as JSON pointers into an item, such as \"/id\"")
      }
      guard !keys.contains(key) else { throw error("names the key \(key) twice") }
      keys.append(key)
    }
    guard !keys.isEmpty else { throw error("must name at least one key") }
    return keys
  }

  private func ladder(_ value: JSONValue) throws(SchemaError) -> MergeLadder {
    var exits: [String] = []
    var list = value
    if case .object(let object) = value {
      guard let paths = object["paths"], object.count == (object["exits"] == nil ? 1 : 2) else {
        throw error("must give \"ladder\" the member \"paths\", and may give \"exits\"")
      }
      list = paths
      if let names = object["exits"] { exits = try states(names) }
    }
    guard case .array(let items) = list, let first = items.first else {
      throw error("must give \"ladder\" its states in order")
    }
    var paths: [[String]] = []
    if case .array = first {
      for item in items { paths.append(try states(item)) }
    } else {
      paths = [try states(list)]
    }
    let ladder = MergeLadder(paths: paths, exits: exits)
    if let state = ladder.stateInCycle {
      throw error("has a ladder on which \"\(state)\" comes before itself or before a state it ends in")
    }
    return ladder
  }

  private func states(_ value: JSONValue) throws(SchemaError) -> [String] {
    guard case .array(let items) = value, !items.isEmpty else {
      throw error("must list states as texts")
    }
    var states: [String] = []
    for item in items {
      guard case .string(let state) = item else { throw error("must list states as texts") }
      guard !states.contains(where: { ExactString($0) == ExactString(state) }) else {
        throw error("names the state \"\(state)\" twice in one list")
      }
      states.append(state)
    }
    return states
  }

  private func derivation(_ value: JSONValue) throws(SchemaError) -> MergeDerivation {
    guard case .object(let object) = value, object.count == 1, let member = object.members.first,
      case .string(let text) = member.value, let source = JSONPointer(text), source != .root
    else {
      throw error("must give \"derived\" one function and a pointer, as in {\"count\": \"/items\"}")
    }
    guard let function = MergeDerivation.Function(rawValue: member.key) else {
      let known = MergeDerivation.Function.allCases.map(\.rawValue).joined(separator: ", ")
      throw error("names an unknown function: \"\(member.key)\"; known are \(known)")
    }
    return MergeDerivation(function: function, source: source)
  }
}
