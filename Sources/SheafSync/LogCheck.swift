import Dispatch
import SheafLog
import SheafModel
import SheafStore

/// Everything that is wrong with what a copy holds, found in bounded memory; goes on after every find.
struct Findings {
  private(set) var problems: [VerifyReport.Problem] = []
  static let limit = 1_000

  /// How many more problems are told.
  var room: Int { max(0, Self.limit - problems.count) }

  mutating func add(_ place: String, _ problem: String) { add([.init(place: place, problem: problem)]) }

  mutating func add(_ more: [VerifyReport.Problem]) { problems += more.prefix(room) }

  /// Runs a part of the work; what stops it becomes a problem at `place`.
  mutating func section(_ place: String, _ body: (inout Findings) throws -> Void) {
    do {
      try body(&self)
    } catch {
      add(place, "it can't be read: \(error)")
    }
  }
}

/// Checks change sets, checkpoints and the log's tree, from the first leaf on.
struct LogCheck {
  let transaction: StoreTransaction
  let library: Library
  private let position: CompactRange
  private var range = CompactRange()
  // Roots of the sizes that were passed last, since most authors had seen one of them.
  private var recentRoots: [UInt64: SHA256Hash] = [0: MerkleHash.emptyRoot]
  private(set) var changeSets: UInt64 = 0
  private(set) var signatures: UInt64 = 0
  private(set) var checkpoints: UInt64 = 0
  private(set) var revisions: UInt64 = 0
  private static let step = 256

  init(_ transaction: StoreTransaction, library: Library) throws {
    self.transaction = transaction
    self.library = library
    position = try transaction.position()
  }

  /// Goes through a log whose change sets are held.
  mutating func run(_ findings: inout Findings, activity: ActivitySink) throws {
    var next: UInt64 = 1
    while true {
      let page = try transaction.changeSets(from: next, count: Self.step)
      guard let last = page.last else { break }
      try check(page, &findings)
      activity(.verifying(done: range.size, total: position.size))
      guard last.number < UInt64(Int64.max) else { break }
      next = last.number + 1
    }
    if range.size != position.size {
      findings.add("log", "it has \(range.size) change sets, and this copy's position is \(position.size)")
    } else if range != position {
      findings.add("log", "its root is not that of this copy's position")
    }
    let nodes = StoreTransaction.keptNodeCount(size: range.size)
    let stored = try transaction.nodeCount()
    if stored != nodes { findings.add("log", "it keeps \(stored) hashes of its tree where \(nodes) belong") }
    try checkRemainingCheckpoints(after: range.size, &findings)
  }

  /// Goes through the checkpoints of a copy that holds no change sets.
  mutating func runWithoutChangeSets(_ findings: inout Findings) throws {
    recentRoots = [position.size: position.root]
    try checkRemainingCheckpoints(after: 0, &findings)
  }

  private mutating func check(_ page: [StoredChangeSet], _ findings: inout Findings) throws {
    var checks: [ChangeSetCheck] = []
    for changeSet in page {
      var lines: [StoredRevision] = []
      findings.section("change set \(changeSet.number)") { _ in
        lines = try transaction.revisions(inChangeSet: changeSet.number)
      }
      revisions += UInt64(lines.count)
      checks.append(ChangeSetCheck(changeSet: changeSet, revisions: lines, library: library.id))
    }
    let outcomes = Self.onTwoThreads(checks) { $0.run() }
    for (changeSet, outcome) in zip(page, outcomes) {
      findings.add(outcome.problems)
      if changeSet.number != range.size + 1 {
        findings.add("change set \(changeSet.number)", "the log has a gap before it")
      }
      if let seen = outcome.fields?.seen { checkSeen(seen, of: changeSet.number, &findings) }
      append(outcome.leaf, &findings)
      changeSets += 1
      if outcome.fields != nil { signatures += 1 }
    }
    guard let first = page.first, let last = page.last else { return }
    let passed = try transaction.checkpoints(after: first.number - 1, count: page.count).filter {
      $0.size <= last.number
    }
    check(passed, &findings)
    forgetOldRoots()
  }

  private mutating func append(_ leaf: SHA256Hash, _ findings: inout Findings) {
    var completed: [(MerkleNodeID, SHA256Hash)] = []
    range.append(leaf: leaf) { completed.append(($0, $1)) }
    recentRoots[range.size] = range.root
    for (id, hash) in completed where (try? transaction.node(id)) != hash {
      findings.add(
        "log node \(id.level)/\(id.index)", "it is missing or is not the hash of what lies below it")
    }
  }

  private func checkSeen(_ seen: ChangeSetNote.Position, of number: UInt64, _ findings: inout Findings) {
    let place = "change set \(number)"
    guard seen.size < number else {
      findings.add(place, "its author claims to have seen checkpoint \(seen.size)")
      return
    }
    let root = recentRoots[seen.size] ?? (try? MerkleProof.root(size: seen.size, nodes: transaction.node))
    if root != seen.root { findings.add(place, "its author had seen another log at checkpoint \(seen.size)") }
  }

  private mutating func forgetOldRoots() {
    guard recentRoots.count > 8_192 else { return }
    let size = range.size
    recentRoots = recentRoots.filter { $0.key + 4_096 > size }
  }

  private mutating func checkRemainingCheckpoints(after size: UInt64, _ findings: inout Findings) throws {
    var after = size
    while true {
      let some = try transaction.checkpoints(after: after, count: Self.step)
      guard let last = some.last else { return }
      for checkpoint in some where checkpoint.size > position.size {
        findings.add("checkpoint \(checkpoint.size)", "it lies beyond this copy's position \(position.size)")
      }
      check(some, &findings)
      after = last.size
    }
  }

  private mutating func check(_ some: [StoredCheckpoint], _ findings: inout Findings) {
    let roots = recentRoots
    let checks = some.map {
      CheckpointCheck(checkpoint: $0, root: roots[$0.size], logKey: library.logVerifier, library: library.id)
    }
    for outcome in Self.onTwoThreads(checks, { $0.run() }) { findings.add(outcome.problems) }
    checkpoints += UInt64(some.count)
    signatures += 2 * UInt64(some.count)
  }

  // Signatures cost the most by far, and two threads are what a small computer has.
  static func onTwoThreads<Input: Sendable, Output: Sendable>(
    _ inputs: [Input], _ work: @Sendable (Input) -> Output
  ) -> [Output] {
    var outputs = [Output?](repeating: nil, count: inputs.count)
    outputs.withUnsafeMutableBufferPointer { buffer in
      // The two halves share no element, so the two threads never touch the same memory.
      nonisolated(unsafe) let buffer = buffer
      let middle = inputs.count / 2
      DispatchQueue.concurrentPerform(iterations: 2) { half in
        for index in half == 0 ? 0..<middle : middle..<inputs.count { buffer[index] = work(inputs[index]) }
      }
    }
    return outputs.compactMap { $0 }
  }
}
