/// The members of a JSON object in the order they were written, found by key.
///
/// Keys are compared by their bytes. Equality ignores order, as RFC 8259 section 4 means it.
public struct JSONObject: Sendable {
  /// One key and its value.
  public struct Member: Hashable, Sendable {
    /// The key, without its escapes.
    public let key: String
    /// The value.
    public var value: JSONValue

    /// Makes a member.
    public init(key: String, value: JSONValue) {
      self.key = key
      self.value = value
    }
  }

  /// The members in order; no key stands twice.
  public private(set) var members: [Member]
  // Only objects above this size carry an index; a scan is faster for the others.
  private static let indexedCount = 8
  private var positions: [ExactString: Int]

  /// Makes an object; a key that comes again replaces the value at its first place.
  public init(_ members: [Member] = []) {
    self.members = []
    positions = [:]
    self.members.reserveCapacity(members.count)
    for member in members { self[member.key] = member.value }
  }

  /// How many members there are.
  public var count: Int { members.count }

  /// The keys in order.
  public var keys: [String] { members.map(\.key) }

  /// The value of a key; setting `nil` removes the member, a new key goes to the end.
  public subscript(key: String) -> JSONValue? {
    get { position(of: key).map { members[$0].value } }
    set {
      switch (position(of: key), newValue) {
      case (let index?, let value?): members[index].value = value
      case (let index?, nil):
        members.remove(at: index)
        rebuildPositions()
      case (nil, let value?):
        members.append(Member(key: key, value: value))
        if !positions.isEmpty {
          positions[ExactString(key)] = members.count - 1
        } else if members.count > Self.indexedCount {
          rebuildPositions()
        }
      case (nil, nil): break
      }
    }
  }

  /// The place of a key among the members, or `nil` when there is no such key.
  public func position(of key: String) -> Int? {
    if !positions.isEmpty { return positions[ExactString(key)] }
    return members.firstIndex { $0.key.utf8.elementsEqual(key.utf8) }
  }

  private mutating func rebuildPositions() {
    positions = [:]
    guard members.count > Self.indexedCount else { return }
    for (index, member) in members.enumerated() { positions[ExactString(member.key)] = index }
  }
}

extension JSONObject: Hashable {
  public static func == (lhs: JSONObject, rhs: JSONObject) -> Bool {
    lhs.count == rhs.count && lhs.members.allSatisfy { rhs[$0.key] == $0.value }
  }

  public func hash(into hasher: inout Hasher) {
    // Order must not matter, so the members' own hashes are added up.
    var sum = 0
    for member in members {
      var inner = Hasher()
      inner.combine(ExactString(member.key))
      inner.combine(member.value)
      sum &+= inner.finalize()
    }
    hasher.combine(count)
    hasher.combine(sum)
  }
}
