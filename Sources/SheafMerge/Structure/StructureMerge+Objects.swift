import SheafModel

extension StructureMerge {
  /// Merges objects member by member.
  mutating func mergeObjects(
    _ values: Sides, at pointer: JSONPointer, in context: MergeRules.Context
  ) -> [MergePiece]? {
    let isDeclared = rules.declaresAnything(context)
    guard let one = values.one, let other = values.other, one.object != nil, other.object != nil else {
      return clash(values, pointer, "both sides changed this field", isDeclared: isDeclared)
    }
    guard let base = values.base else {
      return clash(
        values, pointer, "both sides added this field, with different values", isDeclared: isDeclared)
    }
    guard base.object != nil else {
      return clash(values, pointer, "both sides changed this field", isDeclared: isDeclared)
    }
    let keys = MergedOrder.keys(ours: one.object?.keys ?? [], theirs: other.object?.keys ?? [])
    let groups = clashingGroups(keys, base, one, other, context)
    let doubts = doubts(base, one, other, isDescribed: trustsKeys || !context.isEmpty)
    var entries: [JSONSplice.Entry] = []
    for key in keys {
      let inner = Sides(base: base.member(key), one: one.member(key), other: other.member(key))
      let place = pointer.appending(key)
      let value: [MergePiece]?
      if let group = groups[ExactString(key)], inner.one?.value != inner.other?.value {
        value = clash(
          inner, place, "both sides changed the group \"\(group)\", which goes together", isDeclared: true)
      } else if let doubt = doubts[ExactString(key)] {
        // Only one side changed it; what it made is proposed.
        let isOther = inner.other?.value != inner.base?.value
        let proposed = (isOther ? inner.other : inner.one).map { $0.text(indentedBy: inner.indent) }
        value = clash(
          inner, place, doubt, proposed: .look(proposed: proposed),
          isDeclared: rules.declaresAnything(rules.member(key, of: context)))
      } else {
        value = merge(inner, at: place, in: rules.member(key, of: context))
      }
      guard let value else { continue }
      let head = one.head(of: key) ?? other.head(of: key)
      entries.append(
        .init(place: one.object?.position(of: key), head: Array(head ?? []), value: value))
    }
    let brackets = (UInt8(ascii: "{"), UInt8(ascii: "}"))
    return [.members(JSONSplice.container(entries, in: [one, other], brackets: brackets))]
  }

  /// Groups of members of which both sides changed some, in different ways, by their members' keys.
  private mutating func clashingGroups(
    _ keys: [String], _ base: JSONPart, _ one: JSONPart, _ other: JSONPart, _ context: MergeRules.Context
  ) -> [ExactString: String] {
    if context.isEmpty { return [:] }
    var groups: [String: [String]] = [:]
    for key in keys {
      if case .group(let name, _)? = rules.strategy(rules.member(key, of: context)) {
        groups[name, default: []].append(key)
      }
    }
    var clashing: [ExactString: String] = [:]
    for (name, keys) in groups {
      func changed(_ side: JSONPart) -> [String] {
        keys.filter { side.member($0)?.value != base.member($0)?.value }
      }
      let (left, right) = (changed(one), changed(other))
      // One and the same member on both sides merges by itself.
      guard !left.isEmpty, !right.isEmpty, left.count > 1 || left != right,
        keys.contains(where: { one.member($0)?.value != other.member($0)?.value })
      else { continue }
      for key in keys { clashing[ExactString(key)] = name }
    }
    return clashing
  }

  /// Members whose change stands alone only by its key, each with what speaks against it.
  ///
  /// A member may be new under another key because the old one went, so what the sides added where
  /// both removed the same member is proposed. Where no schema describes the object, two changes side
  /// by side may be one thought: a removal beside a member that the other side changed, and fields that both
  /// added at one place, are proposed too.
  private func doubts(_ base: JSONPart, _ one: JSONPart, _ other: JSONPart, isDescribed: Bool)
    -> [ExactString: String]
  {
    guard let members = base.object?.members else { return [:] }
    enum Change { case none, removed, changed, alike }
    func change(_ key: String) -> (one: Change, other: Change) {
      let was = base.member(key)?.value
      func of(_ side: JSONPart) -> Change {
        guard let now = side.member(key)?.value else { return was == nil ? .none : .removed }
        return now == was ? .none : .changed
      }
      let both = (of(one), of(other))
      if both.0 != .none, one.member(key)?.value == other.member(key)?.value { return (.alike, .alike) }
      return both
    }
    var doubts: [ExactString: String] = [:]
    let changes = members.map { change($0.key) }
    for index in members.indices.dropFirst() where !isDescribed {
      for (removal, edit) in [(index - 1, index), (index, index - 1)] {
        let (gone, changed) = (changes[removal], changes[edit])
        guard
          gone.one == .removed && gone.other == .none && changed.other == .changed && changed.one == .none
            || gone.other == .removed && gone.one == .none && changed.one == .changed
              && changed.other == .none
        else { continue }
        doubts[ExactString(members[removal].key)] =
          "one side removed this field and the other changed \"\(members[edit].key)\" beside it"
      }
    }
    // Entries of a map are objects and stand for themselves; fields of a record may say one thing twice.
    var gaps: [ExactString?: (one: [String], other: [String])] = [:]
    for (isOther, side) in [(false, one), (true, other)] {
      var neighbour: ExactString?
      for key in side.object?.keys ?? [] {
        if base.object?.position(of: key) != nil {
          neighbour = ExactString(key)
        } else if (isOther ? one : other).member(key) == nil {
          if isOther {
            gaps[neighbour, default: ([], [])].other.append(key)
          } else {
            gaps[neighbour, default: ([], [])].one.append(key)
          }
        }
      }
    }
    for gap in gaps.values where !isDescribed {
      guard let first = gap.one.first, let second = gap.other.first else { continue }
      let isMap =
        gap.one.allSatisfy { one.member($0)?.object != nil }
        && gap.other.allSatisfy { other.member($0)?.object != nil }
      guard !isMap else { continue }
      for key in gap.one {
        doubts[ExactString(key)] = "both sides added a field here, the other one \"\(second)\""
      }
      for key in gap.other {
        doubts[ExactString(key)] = "both sides added a field here, the other one \"\(first)\""
      }
    }
    let removedByBoth = zip(members, changes).filter {
      $0.1 == (.alike, .alike) && one.member($0.0.key) == nil
    }
    guard let removed = removedByBoth.first?.0.key else { return doubts }
    // Each side's own additions.
    var own: (one: [String], other: [String]) = ([], [])
    for key in MergedOrder.keys(ours: one.object?.keys ?? [], theirs: other.object?.keys ?? []) {
      // What was there before is nothing that was put in another's place.
      if base.member(key) != nil { continue }
      switch change(key) {
      case (.changed, .none): own.one.append(key)
      case (.none, .changed): own.other.append(key)
      default: break
      }
    }
    guard !own.one.isEmpty, !own.other.isEmpty else { return doubts }
    for key in own.one + own.other {
      doubts[ExactString(key)] =
        "both sides removed \"\(removed)\" here, and each put something else in its place"
    }
    return doubts
  }
}
