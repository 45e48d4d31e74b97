import SheafBundle
import SheafLog
import SheafModel

/// A log and a bundle of all of it, and what becomes of them when something is damaged.
///
/// Shared by `FlipTests` and by `Tools/flips`, which tries everything.
struct FlipTrial: Sendable {
  /// What can be damaged.
  enum Part: String, Sendable, CaseIterable {
    case checkpoint
    case hashes = "hash tile"
    case entries = "entries"
    /// Every change set with every body, for somebody who has nothing.
    case whole = "bundle, full"
    /// What is current, for somebody who has nothing.
    case current = "bundle, heads"
  }

  /// What became of damaged bytes.
  enum Outcome: Sendable { case refused, same, accepted }

  /// Somebody took what was never signed.
  struct Unlike: Error {}

  let history: SampleHistory
  private let log: PublishedLog
  private let bundles: [Part: [UInt8]]
  private let outcomes: [Part: String]

  init(seed: UInt64, changeSetCount: Int, documentSize: Int) throws {
    history = try SampleHistory(seed: seed, changeSetCount: changeSetCount, documentSize: documentSize)
    log = try PublishedLog(history)
    bundles = [
      .whole: try history.bundle(.full, from: 0).bytes, .current: try history.bundle(.heads, from: 0).bytes,
    ]
    var outcomes: [Part: String] = [:]
    for (part, bytes) in bundles { outcomes[part] = try Self.read(bytes, history) }
    self.outcomes = outcomes
    _ = try log.verified(by: history.logKey.verifierKey, of: history.library)
  }

  /// The bytes of the published log.
  var logSizeInBytes: Int { log.sizeInBytes }

  func bytes(of part: Part) -> [UInt8] {
    switch part {
    case .checkpoint: log.checkpoint
    case .hashes: log.hashes
    case .entries: log.entries
    case .whole, .current: bundles[part] ?? []
    }
  }

  func bitCount(of part: Part) -> Int { bytes(of: part).count * 8 }

  /// Turns one bit over and reads.
  func outcome(flipping bit: Int, of part: Part) -> Outcome {
    var bytes = bytes(of: part)
    bytes[bit / 8] ^= 1 << UInt8(bit % 8)
    switch part {
    case .checkpoint, .hashes, .entries:
      var log = log
      if part == .checkpoint { log.checkpoint = bytes }
      if part == .hashes { log.hashes = bytes }
      if part == .entries { log.entries = bytes }
      return outcome(of: log)
    case .whole, .current: return outcome(of: bytes, as: part)
    }
  }

  private func outcome(of damaged: PublishedLog) -> Outcome {
    guard let read = try? damaged.verified(by: history.logKey.verifierKey, of: history.library) else {
      return .refused
    }
    let own = try? log.verified(by: history.logKey.verifierKey, of: history.library)
    return read == own ? .same : .accepted
  }

  private func outcome(of bundle: [UInt8], as part: Part) -> Outcome {
    guard let read = try? Self.read(bundle, history) else { return .refused }
    return read == outcomes[part] ? .same : .accepted
  }

  /// Reads a bundle from nothing and does what is left to the caller: compares the state's root.
  private static func read(_ bytes: [UInt8], _ history: SampleHistory) throws -> String {
    var host = SampleHost(receiverOf: history, at: 0)
    let context = BundleContext(
      library: history.library, logKey: history.logKey.verifierKey.publicKey, position: CompactRange())
    let received = try receive(bytes, context, host: &host)
    guard let end = received.end else { throw Unlike() }
    if received.header.content == .heads {
      let state = Dictionary(received.changes.compactMap { change in change.value.map { (change.path, $0) } })
      {
        $1
      }
      let root = StateTree.libraryRoot(
        collections: try SampleHistory.collectionRoots(of: state).map { ($0.name.text, $0.root, $0.count) })
      guard root == end.seal.stateRoot else { throw Unlike() }
    }
    return received.description
  }

  // MARK: Change sets out of place

  /// The change sets of an attacker who owns the line but no key: indices into the true ones.
  enum Order: Sendable {
    case dropped(Int)
    case doubled(Int)
    case swapped(Int, Int)
    /// One is missing and its neighbour stands twice, so that the count is right.
    case replaced(Int)
  }

  /// Every way to drop, double, replace or swap.
  var orders: [Order] {
    let all = 0..<history.changeSets.count
    return all.flatMap { [.dropped($0), .doubled($0), .replaced($0)] }
      + all.flatMap { first in ((first + 1)..<max(first + 1, all.count)).map { .swapped(first, $0) } }
  }

  /// What becomes of the log and of bundles in which the change sets are out of place, whichever seal a bundle bears.
  ///
  /// Without the last change set, and with the seal that was made before it, it is an earlier truth: no damage.
  func outcomes(of order: Order) throws -> [Outcome] {
    var indices = Array(history.changeSets.indices)
    switch order {
    case .dropped(let index): indices.remove(at: index)
    case .doubled(let index): indices.insert(index, at: index)
    case .replaced(let index): indices[index] = index > 0 ? index - 1 : min(1, indices.count - 1)
    case .swapped(let first, let second): indices.swapAt(first, second)
    }
    var outcomes: [Outcome] = []
    var forged = history
    forged.changeSets = indices.enumerated().map { position, index in
      var changeSet = history.changeSets[index]
      changeSet.number = UInt64(position + 1)
      return changeSet
    }
    // The log, with its hash tile and without.
    var damaged = log
    damaged.entries = try EntryBundle.encode(forged.changeSets.map(\.note.bytes))
    outcomes.append(outcome(of: damaged))
    damaged.hashes = forged.changeSets.flatMap { MerkleHash.leaf($0.note.bytes).bytes }
    outcomes.append(outcome(of: damaged))
    damaged.entries = log.entries
    outcomes.append(outcome(of: damaged))
    // A bundle with the seal that was signed for as many change sets, and with one by the attacker's own key.
    let size = forged.changeSets.count
    while forged.states.count <= size {
      forged.states.append(history.states[history.states.count - 1])
      forged.ranges.append(history.ranges[history.ranges.count - 1])
    }
    var seals = [try forgedSeal(over: forged.changeSets)]
    let isEarlierTruth = if case .dropped(history.changeSets.count - 1) = order { true } else { false }
    if size <= history.changeSets.count, !isEarlierTruth { seals.append(try history.seal(at: UInt64(size))) }
    for seal in seals {
      // What is out of place is so with any coder, and this one is faster.
      let bytes = try forged.bundle(.full, from: 0, to: UInt64(size), seal: seal) { $0.coder = .deflate }
        .bytes
      outcomes.append(outcome(of: bytes, as: .whole))
    }
    return outcomes
  }

  private func forgedSeal(over changeSets: [OutgoingChangeSet]) throws -> BundleSeal {
    let key = try SigningKey(name: history.library.text, seed: [UInt8](repeating: 7, count: 32))
    let size = UInt64(changeSets.count)
    let leaves = changeSets.map { MerkleHash.leaf($0.note.bytes) }
    let stateRoot = try history.seal(at: history.size).stateRoot
    let root = MerkleHash.root(ofLeafHashes: leaves)
    let checkpoint = try Checkpoint(origin: history.library.text, size: size, root: root)
    let state = try StateNote(origin: history.library.text, size: size, root: stateRoot)
    return BundleSeal(
      checkpoint: try SignedCheckpoint(checkpoint, signedBy: key),
      stateNote: try key.signedNote(text: state.text), stateRoot: stateRoot)
  }
}
