import Foundation
import GRDB
import SheafLog
import SheafModel

/// A change set as it is stored.
public struct StoredChangeSet: Hashable, Sendable {
  public var number: UInt64
  public var leaf: SHA256Hash
  /// The signed note's bytes.
  public var note: [UInt8]
  public var seed: Seed?
  /// The salts that an erasure left in the seed's place, by line; line 0 is the reason's. Empty while the seed is there.
  public var salts: [UInt32: [UInt8]] = [:]
  /// The reason's bytes.
  public var reason: [UInt8]?
  public var author: [UInt8]
  public var after: SHA256Hash?
  public var seen: UInt64
  public var time: Timestamp
  /// The time it is found by: the claim about its origin where there is one, else `time`.
  public var effectiveTime: Timestamp
  public var lineCount: Int
  /// The subset proof where a part of the lines is held; empty otherwise.
  public var proof: [SHA256Hash]

  public init(
    number: UInt64, leaf: SHA256Hash, note: [UInt8], fields: ChangeSetNote, seed: Seed?, reason: [UInt8]?,
    salts: [UInt32: [UInt8]] = [:], proof: [SHA256Hash]
  ) {
    self.salts = salts
    self.number = number
    self.leaf = leaf
    self.note = note
    self.seed = seed
    self.reason = reason
    author = fields.author
    after = fields.after
    seen = fields.seen.size
    time = fields.time
    effectiveTime = reason.flatMap { try? Reason(parsing: $0) }?.claims.time ?? fields.time
    lineCount = fields.lineCount
    self.proof = proof
  }

  /// Reads a row; a note that was taken apart is put together again.
  init(_ row: StoredRow, in transaction: StoreTransaction) throws {
    let number: Int64 = try row["number"]
    let place = "change_set \(number)"
    let notes = try transaction.storedNotes()
    self.number = UInt64(clamping: number)
    seed = try row["seed"]
    if seed == nil { salts = try transaction.salts(ofChangeSet: number) }
    reason = try transaction.reason(number, in: row)
    author = try notes.author(try row["author"], in: transaction)
    after = try row["after_leaf"]
    seen = try row["seen"]
    time = try row["time"]
    effectiveTime = try row["effective_time"]
    lineCount = Int(try row["line_count"] as UInt32)
    if let note = try row["note"] as [UInt8]? {
      self.note = note
    } else {
      // What follows from elsewhere `sheaf compact` leaves out.
      let seenRoot =
        try row["seen_root"] as SHA256Hash?
        ?? transaction.value("SELECT root FROM checkpoint WHERE size = ?", [Int64(clamping: seen)])
      let seal = try row["reason_seal"] as SHA256Hash? ?? StoreTransaction.seal(of: reason, seed: seed)
      guard let seenRoot, let seal else { throw StoreError.damaged(place) }
      let fields = ChangeSetNote(
        library: try notes.libraryID(), author: author, time: time,
        seen: .init(size: seen, root: seenRoot), after: after, reason: Commitment(hash: seal),
        lineCount: lineCount, linesRoot: try row["lines_root"])
      guard let note = notes.note(fields: fields, signature: try row["signature"])
      else { throw StoreError.damaged(place) }
      self.note = note
    }
    let leaf = MerkleHash.leaf(note)
    let filed: [UInt8] = try row["leaf"]
    // Filed under the hash's first bytes; under others, it does not pass for what it is.
    self.leaf =
      Array(leaf.bytes.prefix(filed.count)) == filed && filed.count == Self.leafPrefix ? leaf : .zero
    let packed = try row["proof"] as [UInt8]? ?? []
    proof = stride(from: 0, to: packed.count - packed.count % 32, by: 32).compactMap {
      SHA256Hash(bytes: packed[$0..<$0 + 32])
    }
  }

  /// How many bytes of its leaf a change set is filed under.
  static let leafPrefix = 8

  /// The reason, read; an empty one when it is not held.
  public var readReason: Reason { reason.flatMap { try? Reason(parsing: $0) } ?? Reason(by: "", message: "") }
}

/// A signed position of the log and the state it has.
public struct StoredCheckpoint: Hashable, Sendable {
  public var size: UInt64
  /// The checkpoint note's bytes.
  public var note: [UInt8]
  /// The state note's bytes.
  public var stateNote: [UInt8]

  public init(size: UInt64, note: [UInt8], stateNote: [UInt8]) {
    self.size = size
    self.note = note
    self.stateNote = stateNote
  }
}

extension StoreTransaction {
  /// Adds a change set; its lines follow with `insertRevision`.
  public func insert(_ changeSet: StoredChangeSet) throws {
    let proof = changeSet.proof.isEmpty ? nil : Data(changeSet.proof.flatMap(\.bytes))
    let notes = try storedNotes()
    let fields =
      (try? SignedNote(
        parsing: changeSet.note, maximumSize: Limits.changeSetNote, maximumSignatures: Limits.signatures))
      .flatMap { try? ChangeSetNote(parsing: $0.text) }
    let signature = fields.flatMap { notes.signature(of: changeSet.note, fields: $0) }
    let spelled = signature == nil ? nil : fields
    try execute(
      """
      INSERT INTO change_set
        (number, leaf, note, signature, seen_root, lines_root, reason_seal, seed, reason, author, after_leaf,
         seen, time, effective_time, line_count, proof)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """,
      [
        Int64(changeSet.number), Data(changeSet.leaf.bytes.prefix(StoredChangeSet.leafPrefix)),
        signature == nil ? Data(changeSet.note) : nil, signature.map { Data($0) },
        spelled?.seen.root.data, spelled?.linesRoot.data, spelled?.reason.hash.data,
        changeSet.seed.map { Data($0.bytes) },
        changeSet.reason.map { Data($0) }, try notes.row(ofAuthor: changeSet.author, in: self),
        changeSet.after?.data, Int64(changeSet.seen),
        changeSet.time.seconds, changeSet.effectiveTime.seconds, changeSet.lineCount, proof,
      ])
    for (line, salt) in changeSet.salts {
      try execute(
        "INSERT INTO salt (change_set, line, salt) VALUES (?, ?, ?)",
        [Int64(changeSet.number), Int64(line), Data(salt)])
    }
  }

  /// A change set by its number.
  public func changeSet(_ number: UInt64) throws -> StoredChangeSet? {
    try row("SELECT * FROM change_set WHERE number = ?", [Int64(clamping: number)]).map {
      try StoredChangeSet($0, in: self)
    }
  }

  /// A change set by the hash of its note.
  public func changeSet(leaf: SHA256Hash) throws -> StoredChangeSet? {
    try rows(
      "SELECT * FROM change_set WHERE leaf = ?", [Data(leaf.bytes.prefix(StoredChangeSet.leafPrefix))]
    ).map { try StoredChangeSet($0, in: self) }.first { $0.leaf == leaf }
  }

  /// Change sets in log order.
  ///
  /// - Parameter count: The most to return, so that a long log is read in steps.
  public func changeSets(from first: UInt64, count: Int) throws -> [StoredChangeSet] {
    try rows(
      "SELECT * FROM change_set WHERE number >= ? ORDER BY number LIMIT ?", [Int64(clamping: first), count]
    ).map { try StoredChangeSet($0, in: self) }
  }

  /// The newest change set whose effective time is not after `time`; 0 when there is none.
  public func newestChangeSet(notAfter time: Timestamp) throws -> UInt64 {
    try value(
      "SELECT max(number) FROM change_set INDEXED BY change_set_by_time WHERE effective_time <= ?",
      [time.seconds]
    ) ?? 0
  }

  /// Forgets the log and the lines: before a deeper or wider copy replaces them.
  public func removeHistory() throws {
    for table in [
      "sketch", "redaction_request", "redaction", "lineage", "revision", "salt", "change_set", "reasons",
      "log_node",
    ] {
      try db.execute(sql: "DELETE FROM \(table)")
    }
    try emptySketches()
    reasonCache.span = nil
    memberCache.removeAll()
    try emptyReasonSearch()
  }

  /// Every so many levels of the log's tree are kept; the hashes between follow from at most eight below.
  private static let keptLevels = 4

  /// How many hashes of the tree are kept for a log of a size.
  public static func keptNodeCount(size: UInt64) -> UInt64 {
    stride(from: 0, to: UInt64.bitWidth, by: keptLevels).reduce(0) { $0 + size >> UInt64($1) }
  }

  /// Keeps the hash of a perfect subtree of the log, unless it follows from others.
  public func insert(node: MerkleNodeID, hash: SHA256Hash) throws {
    guard node.level % Self.keptLevels == 0 else { return }
    try execute(
      "INSERT OR REPLACE INTO log_node (level, position, hash) VALUES (?, ?, ?)",
      [node.level, Int64(clamping: node.index), hash.data])
  }

  /// The hash of a perfect subtree of the log.
  ///
  /// - Throws: `StoreError.damaged` when this copy doesn't hold it, or what it follows from.
  public func node(_ id: MerkleNodeID) throws -> SHA256Hash {
    let place = "log node \(id.level)/\(id.index)"
    let above = id.level % Self.keptLevels
    guard id.level >= 0, id.index <= UInt64(Int64.max) >> UInt64(above) - 1 else {
      throw StoreError.damaged("\(place) is missing")
    }
    let first = Int64(id.index << UInt64(above))
    var hashes = try rows(
      "SELECT hash FROM log_node WHERE level = ? AND position BETWEEN ? AND ? ORDER BY position",
      [id.level - above, first, first + (1 << Int64(above)) - 1]
    ).map { try $0[0] as SHA256Hash }
    guard hashes.count == 1 << above else { throw StoreError.damaged("\(place) is missing") }
    while hashes.count > 1 {
      hashes = stride(from: 0, to: hashes.count, by: 2).map { MerkleHash.node(hashes[$0], hashes[$0 + 1]) }
    }
    return hashes[0]
  }

  /// Keeps a checkpoint and its state note.
  public func insert(_ checkpoint: StoredCheckpoint) throws {
    let fields = try storedNotes().fields(of: checkpoint)
    try execute(
      """
      INSERT OR REPLACE INTO checkpoint (size, root, signature, state_root, state_signature, note, state_note)
      VALUES (?, ?, ?, ?, ?, ?, ?)
      """,
      [
        Int64(checkpoint.size), fields?.root.data, fields.map { Data($0.signature) }, fields?.stateRoot.data,
        fields.map { Data($0.stateSignature) }, fields == nil ? Data(checkpoint.note) : nil,
        fields == nil ? Data(checkpoint.stateNote) : nil,
      ])
  }

  /// The checkpoint at exactly this size.
  public func checkpoint(size: UInt64) throws -> StoredCheckpoint? {
    try row("SELECT * FROM checkpoint WHERE size = ?", [Int64(clamping: size)]).map(checkpoint)
  }

  /// The newest checkpoint.
  public func newestCheckpoint() throws -> StoredCheckpoint? {
    try row("SELECT * FROM checkpoint ORDER BY size DESC LIMIT 1").map(checkpoint)
  }

  /// All checkpoints after a size, in order.
  public func checkpoints(after size: UInt64, count: Int) throws -> [StoredCheckpoint] {
    try rows("SELECT * FROM checkpoint WHERE size > ? ORDER BY size LIMIT ?", [Int64(clamping: size), count])
      .map(checkpoint)
  }

  private func checkpoint(_ row: StoredRow) throws -> StoredCheckpoint {
    let size: UInt64 = try row["size"]
    if let note = try row["note"] as [UInt8]?, let stateNote = try row["state_note"] as [UInt8]? {
      return StoredCheckpoint(size: size, note: note, stateNote: stateNote)
    }
    guard
      let notes = try storedNotes().notes(
        size: size,
        (
          root: try row["root"], signature: try row["signature"], stateRoot: try row["state_root"],
          stateSignature: try row["state_signature"]
        ))
    else { throw StoreError.damaged("checkpoint \(size)") }
    return StoredCheckpoint(size: size, note: notes.note, stateNote: notes.stateNote)
  }

  /// Notes the state root of a change set that is not signed yet.
  public func insertUnsigned(size: UInt64, stateRoot: SHA256Hash) throws {
    try execute("INSERT INTO unsigned (size, state_root) VALUES (?, ?)", [Int64(size), stateRoot.data])
  }

  /// Positions that wait for their signatures, in order.
  public func unsigned() throws -> [(size: UInt64, stateRoot: SHA256Hash)] {
    try rows("SELECT size, state_root FROM unsigned ORDER BY size").map {
      (try $0[0], try $0[1])
    }
  }

  /// Forgets positions that have been signed.
  public func removeUnsigned(upTo size: UInt64) throws {
    try execute("DELETE FROM unsigned WHERE size <= ?", [Int64(clamping: size)])
  }

  /// Runs a part of a transaction that leaves nothing behind when it throws, while the rest stands.
  public func attempt<Value>(_ body: () throws -> Value) throws -> Value {
    var result: Result<Value, any Error>?
    try db.inSavepoint {
      do {
        result = .success(try body())
        return .commit
      } catch {
        result = .failure(error)
        bodyCache.removeAll()
        packCache.removeAll()
        reasonCache.span = nil
        noteCache.notes?.forgetAuthors()
        draftChains.removeAll()
        memberCache.removeAll()
        return .rollback
      }
    }
    guard let result else { throw StoreError.sqlite("a savepoint did not run") }
    return try result.get()
  }
}
