import SheafModel

/// The fields that differ between two JSON values, for a person to read.
public enum FieldDiff {
  /// One field that was added, removed or given another value.
  public struct Change: Hashable, Sendable {
    /// Where: in the new value, or in the old one for what was removed.
    public let pointer: JSONPointer
    /// The value before; `nil` when it was added.
    public let old: JSONValue?
    /// The value after; `nil` when it was removed.
    public let new: JSONValue?
  }

  /// The smallest fields that differ, removed and changed ones in the old order before added ones.
  ///
  /// Array items are matched by equality; between two matches, as many items on both sides
  /// are taken for changed one by one, else the old for removed and the new for added.
  public static func between(_ old: JSONValue, _ new: JSONValue) -> [Change] {
    var changes: [Change] = []
    compare(old, new, at: .root, into: &changes)
    return changes
  }

  private static func compare(
    _ old: JSONValue, _ new: JSONValue, at pointer: JSONPointer, into changes: inout [Change]
  ) {
    if old == new { return }
    switch (old, new) {
    case (.object(let old), .object(let new)):
      for member in old.members {
        let place = pointer.appending(member.key)
        if let value = new[member.key] {
          compare(member.value, value, at: place, into: &changes)
        } else {
          changes.append(Change(pointer: place, old: member.value, new: nil))
        }
      }
      for member in new.members where old[member.key] == nil {
        changes.append(Change(pointer: pointer.appending(member.key), old: nil, new: member.value))
      }
    case (.array(let old), .array(let new)):
      var interning = Interning<JSONValue>()
      let diff = SequenceDiff(old: interning.numbers(of: old), new: interning.numbers(of: new))
      for change in diff.changes {
        if change.old.count == change.new.count {
          for (from, to) in zip(change.old, change.new) {
            compare(old[from], new[to], at: pointer.appending(to), into: &changes)
          }
        } else {
          for index in change.old {
            changes.append(Change(pointer: pointer.appending(index), old: old[index], new: nil))
          }
          for index in change.new {
            changes.append(Change(pointer: pointer.appending(index), old: nil, new: new[index]))
          }
        }
      }
    default: changes.append(Change(pointer: pointer, old: old, new: new))
    }
  }
}
