import SheafModel

/// Whether a new revision keeps what its collection's schema declares `immutable`.
public enum ImmutableCheck {
  /// The declared fields that a new content changes or takes away; none for content that cannot be
  /// read, which is for `ContentCheck` to tell.
  ///
  /// A field that was not there before may be added once. Items of lists are matched by their
  /// declared key; those of other lists have no identity and are not compared.
  public static func violations(old: [UInt8], new: [UInt8], mediaType: MediaType, schema: JSONSchema?)
    -> [ContentViolation]
  {
    guard let schema, old != new, let before = value(of: old, mediaType),
      let after = value(of: new, mediaType)
    else { return [] }
    var rules = MergeRules(schema)
    var found: [ContentViolation] = []
    compare(before, after, at: .root, in: rules.root, &rules, &found)
    return found
  }

  private static func value(of content: [UInt8], _ mediaType: MediaType) -> JSONValue? {
    switch mediaType.kind {
    case .json: return try? JSONReader.read(content)
    case .markdown:
      // No front matter is empty front matter: dropping it takes away what was in it.
      do { return try FrontMatter.read(content) ?? .object(JSONObject()) } catch { return nil }
    case .csv: return CSVTable(content)?.value
    default: return nil
    }
  }

  private static func compare(
    _ old: JSONValue, _ new: JSONValue, at pointer: JSONPointer, in context: MergeRules.Context,
    _ rules: inout MergeRules, _ found: inout [ContentViolation]
  ) {
    guard !context.isEmpty, old != new else { return }
    let strategy = rules.effective(context)
    if strategy == .immutable {
      // What it was is not said: refusals are kept and carried where no redaction reaches.
      found.append(.init(place: .field(pointer), rule: "must not change"))
      return
    }
    switch (old, new) {
    case (.object(let old), .object(let new)):
      for member in old.members {
        let inner = rules.member(member.key, of: context)
        let place = pointer.appending(member.key)
        if let value = new[member.key] {
          compare(member.value, value, at: place, in: inner, &rules, &found)
        } else if rules.effective(inner) == .immutable {
          found.append(.init(place: .field(place), rule: "must not be taken away"))
        }
      }
    case (.array(let old), .array(let new)):
      guard case .list(let keys, let others, _)? = strategy else { return }
      func key(_ item: JSONValue) -> [JSONValue] { (keys + others).map { item[$0] ?? .null } }
      let inner = rules.item(of: context)
      let before = Dictionary(old.map { (key($0), $0) }, uniquingKeysWith: { first, _ in first })
      for (index, item) in new.enumerated() {
        guard let known = before[key(item)] else { continue }
        compare(known, item, at: pointer.appending(index), in: inner, &rules, &found)
      }
    default: return
    }
  }
}
