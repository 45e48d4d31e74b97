/// What a verification looked at and found.
public struct VerifyReport: Hashable, Sendable, Codable {
  /// The log's size.
  public var size: UInt64
  /// Change sets checked.
  public var changeSets: UInt64
  /// Signatures of change sets, checkpoints, state notes and drafts checked; cosignatures, which change with time, are not counted.
  public var signatures: UInt64
  /// Signed checkpoints checked.
  public var checkpoints: UInt64
  /// Revisions checked.
  public var revisions: UInt64
  /// Contents hashed.
  public var bodies: UInt64
  /// Documents whose content is an asset that was not fetched.
  public var absent: UInt64
  /// Revisions whose content is redacted, and gone.
  public var redacted: UInt64 = 0
  /// Current documents in the state tree.
  public var documents: UInt64
  /// The recomputed state root, base64.
  public var stateRoot: String
  /// Whether the projections were dropped and rebuilt.
  public var isRebuilt: Bool
  /// What is wrong; empty when everything holds.
  public var problems: [Problem]

  public init(
    size: UInt64,
    changeSets: UInt64,
    signatures: UInt64,
    checkpoints: UInt64,
    revisions: UInt64,
    bodies: UInt64,
    documents: UInt64,
    stateRoot: String,
    isRebuilt: Bool,
    problems: [Problem],
    absent: UInt64 = 0
  ) {
    self.absent = absent
    self.size = size
    self.changeSets = changeSets
    self.signatures = signatures
    self.checkpoints = checkpoints
    self.revisions = revisions
    self.bodies = bodies
    self.documents = documents
    self.stateRoot = stateRoot
    self.isRebuilt = isRebuilt
    self.problems = problems
  }

  /// One thing that does not hold.
  public struct Problem: Hashable, Sendable, Codable {
    /// Where.
    public var place: String
    /// What.
    public var problem: String

    public init(
      place: String,
      problem: String
    ) {
      self.place = place
      self.problem = problem
    }
  }
}
