import SheafModel

/// Whether a merge that took one side wherever it could holds all of that side.
///
/// Compared is what the two mean, as the policy's schema has it: values computed from others are computed first,
/// the layout of JSON and the order of its sets say nothing. Of other texts every byte counts.
///
/// - Parameters:
///   - edit: The side.
///   - shown: What the merge came to.
///   - base: What the side was made from, if anything.
public func isKept(
  _ edit: [UInt8], in shown: [UInt8], base: [UInt8]?, mediaType: MediaType, policy: MergePolicy
) -> Bool {
  if edit == shown { return true }
  switch mediaType.kind {
  case .json:
    guard let value = try? JSONReader.read(edit), let merged = try? JSONReader.read(shown) else {
      return false
    }
    guard let schema = policy.schema else { return value == merged }
    let before = base.flatMap { try? JSONReader.read($0) } ?? .null
    let settled = MergeSettling(schema: schema, base: before, kind: .json).settled(edit)
    guard let value = try? JSONReader.read(settled) else { return false }
    var rules = MergeRules(schema)
    return rules.unordered(value, in: rules.root) == rules.unordered(merged, in: rules.root)
  case .markdown:
    guard let schema = policy.schema else { return false }
    let before = base.flatMap { (try? FrontMatter.read($0)) ?? nil } ?? .object(JSONObject())
    return MergeSettling(schema: schema, base: before, kind: .frontMatter).settled(edit) == shown
  default: return false
  }
}
