/// What a pull or an applied bundle brought.
public struct PullReport: Hashable, Sendable, Codable {
  /// The position before.
  public var from: UInt64
  /// The position now.
  public var to: UInt64
  /// Change sets brought; 0 in a heads copy, which holds none.
  public var changeSets: UInt64
  /// Revisions or, in a heads copy, changed documents.
  public var revisions: UInt64
  /// How many of them delete a document.
  public var tombstones: UInt64
  /// Contents that travelled.
  public var bodies: UInt64
  /// The bundle's size.
  public var sizeInBytes: UInt64
  /// Bytes that travelled now; fewer than the size after an interruption.
  public var transferredInBytes: UInt64
  /// The state's root, recomputed, which matches the signed one, base64.
  public var stateRoot: String
  /// What became of this copy's own proposals, told once.
  public var decisions: [DecisionReport]
  /// Why a first copy is not as far as what it was made from; `nil` where nothing is known to lead further.
  public var stopsShort: String?

  public init(
    from: UInt64,
    to: UInt64,
    changeSets: UInt64,
    revisions: UInt64,
    tombstones: UInt64,
    bodies: UInt64,
    sizeInBytes: UInt64,
    transferredInBytes: UInt64,
    stateRoot: String,
    decisions: [DecisionReport] = []
  ) {
    self.from = from
    self.to = to
    self.changeSets = changeSets
    self.revisions = revisions
    self.tombstones = tombstones
    self.bodies = bodies
    self.sizeInBytes = sizeInBytes
    self.transferredInBytes = transferredInBytes
    self.stateRoot = stateRoot
    self.decisions = decisions
  }
}

extension PullReport {
  /// Takes in the step that followed.
  mutating func add(_ next: PullReport) {
    to = next.to
    changeSets += next.changeSets
    revisions += next.revisions
    tombstones += next.tombstones
    bodies += next.bodies
    sizeInBytes += next.sizeInBytes
    transferredInBytes += next.transferredInBytes
    stateRoot = next.stateRoot
    decisions += next.decisions
  }
}
