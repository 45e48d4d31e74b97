import SheafMerge
import SheafModel
import SheafStore

struct ContentRules {
  init(read: @escaping (DocumentPath) throws -> [UInt8]?) {}
  mutating func violations(of: DocumentPath, content: [UInt8]) throws -> [ContentViolation] { [] }
  mutating func mergePolicy(for: CollectionName) throws -> MergePolicy { MergePolicy() }
  mutating func searchable(_ path: DocumentPath, content: [UInt8]) -> SearchableText {
    SearchableText(title: nil, text: "")
  }
  mutating func requiresReason(_ c: CollectionName) -> Bool { false }
}
public struct ContentRefusal: SheafFailure {
  public struct Violation: Sendable, Hashable {
    public var path: String
    public var place: String
    public var rule: String
    public init(path: String, place: String, rule: String) {
      self.path = path
      self.place = place
      self.rule = rule
    }
  }
  public let violations: [Violation]
  public init(violations: [Violation]) { self.violations = violations }
  public var problem: String { "" }
}
