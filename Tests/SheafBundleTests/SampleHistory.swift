import SheafBundle
import SheafCompression
import SheafDelta
import SheafLog
import SheafModel
import SheafTesting

/// A library with a log, made from a seed, whose bundles the tests write and read.
struct SampleHistory {
  let library: LibraryID
  let logKey: SigningKey
  var authors: [SigningKey] = []
  /// By number, from 1; the first element stands for nothing.
  var changeSets: [OutgoingChangeSet] = []
  /// What is current at every size of the log.
  var states: [[DocumentPath: StateEntry.Value]] = [[:]]
  var contents: [SHA256Hash: [UInt8]] = [:]
  var ranges: [CompactRange] = [CompactRange()]
  var nodes: [MerkleNodeID: SHA256Hash] = [:]
  /// Where each document came from, at the change set that moved it.
  var moves: [UInt64: [DocumentPath: DocumentPath]] = [:]
  /// What new documents were made after.
  var models: [DocumentPath: DocumentPath] = [:]
  /// The contents that are assets.
  var assets: Set<SHA256Hash> = []
  private var random: SplitMix64
  private var time = Timestamp(seconds: 1_790_000_000)

  var size: UInt64 { UInt64(changeSets.count) }

  init(seed: UInt64, changeSetCount: Int, documentSize: Int = 900) throws {
    var random = SplitMix64(seed: seed)
    let logSeed = random.bytes(32)
    let publicKey = try SigningKey(name: "x", seed: logSeed).verifierKey.publicKey
    library = LibraryID(name: "Trials of Sheaf", logKey: publicKey)
    logKey = try SigningKey(name: library.text, seed: logSeed)
    for _ in 0..<3 {
      let seed = random.bytes(32)
      let key = try SigningKey(name: "x", seed: seed).verifierKey.publicKey
      authors.append(try SigningKey(name: ChangeSetNote.keyName(author: key), seed: seed))
    }
    self.random = random
    for number in 0..<changeSetCount { try addChangeSet(documentCount: number == 0 ? 8 : nil, documentSize) }
  }

  // MARK: Making it

  private mutating func pick(_ count: Int) -> Int { Int(random.next() % UInt64(count)) }

  private mutating func text(_ size: Int) -> [UInt8] {
    let words = [
      "stem", "cells", "placebo", "arm", "motor", "neurons", "trial", "weeks", "outcome", "the", "of",
    ]
    var text = ""
    while text.utf8.count < size { text += words[pick(words.count)] + (pick(9) == 0 ? "\n" : " ") }
    return Array(text.utf8)
  }

  private mutating func edited(_ content: [UInt8]) -> [UInt8] {
    var bytes = content
    let start = pick(bytes.count + 1)
    bytes.replaceSubrange(start..<min(bytes.count, start + pick(20)), with: text(1 + pick(60)))
    return bytes
  }

  private mutating func newPath() throws -> DocumentPath {
    let folders = ["trials/", "articles/", "schemas/", "", "trials/NCT/", "images/"]
    return try DocumentPath(folders[pick(folders.count)] + "doc-\(pick(100_000)).md")
  }

  private func current(_ path: DocumentPath) -> [UInt8]? {
    switch states[states.count - 1][path]?.current {
    case .content(let hash): contents[hash]
    case .conflict(_, let heads): heads.compactMap { $0 }.first.flatMap { contents[$0] }
    case .proposed, nil: nil
    }
  }

  /// Adds a change set that puts a document of random bytes.
  mutating func addNoise(sizeInBytes: Int) throws {
    let path = try newPath()
    let bytes = random.bytes(sizeInBytes)
    let hash = SHA256Hash(hashing: bytes)
    contents[hash] = bytes
    let seed = Seed(using: &random)
    let line = RevisionLine(
      verb: .put, path: path, base: .none,
      content: RevisionLine.ContentReference(
        sizeInBytes: UInt64(sizeInBytes), commitment: Commitment(content: hash, seed: seed, line: 1)))
    var state = states[states.count - 1]
    state[path] = .content(hash)
    try append([OutgoingLine(index: 0, line: line, content: .body(hash))], seed: seed, state: state)
  }

  /// Adds a change set that puts an asset, and answers its bytes.
  ///
  /// - Parameter change: Makes its bytes out of those before, if there were any.
  mutating func addAsset(_ path: String, _ change: (_ bytes: inout [UInt8], SplitMix64) -> Void) throws {
    let path = try DocumentPath(path)
    var state = states[states.count - 1]
    var bytes = state[path]?.first.flatMap { contents[$0] } ?? []
    change(&bytes, SplitMix64(seed: random.next()))
    let hash = SHA256Hash(hashing: bytes)
    contents[hash] = bytes
    assets.insert(hash)
    let seed = Seed(using: &random)
    let line = RevisionLine(
      verb: .put, path: path, base: state[path] == nil ? .none : .head,
      content: RevisionLine.ContentReference(
        sizeInBytes: UInt64(bytes.count), commitment: Commitment(content: hash, seed: seed, line: 1)))
    state[path] = .content(hash)
    try append([OutgoingLine(index: 0, line: line, content: .body(hash))], seed: seed, state: state)
  }

  /// Adds a change set without lines, after which every third document has open proposals.
  mutating func addProposals() throws {
    var state = states[states.count - 1]
    for (index, path) in state.keys.sorted().enumerated() where index % 3 == 0 {
      let bytes = edited(current(path) ?? [])
      guard let before = state[path], bytes.count < 100_000 else { continue }
      let hash = SHA256Hash(hashing: bytes)
      contents[hash] = bytes
      state[path] = .proposed(
        index % 2 == 0 ? before : nil,
        [
          StateEntry.Proposal(name: RevisionName(changeSet: 2, line: 1), content: hash),
          StateEntry.Proposal(name: RevisionName(changeSet: 3, line: 4), content: nil),
        ])
    }
    try append([], seed: Seed(using: &random), state: state)
  }

  /// Adds a change set that accepts, declines, and settles by steps.
  mutating func addDecisions() throws {
    var state = states[states.count - 1]
    let proposal = RevisionBase.revisions([RevisionName(changeSet: 2, line: 1)])
    let deeds: [(RevisionVerb, RevisionBase)] = [
      (.accept, proposal), (.decline, proposal), (.acceptDeleted, proposal), (.resolve, .firstTwo),
      (.resolveDeleted, .firstTwo),
    ]
    let seed = Seed(using: &random)
    var lines: [OutgoingLine] = []
    for (path, (verb, base)) in zip(state.keys.sorted(), deeds) {
      var content: RevisionLine.ContentReference?
      var hash: SHA256Hash?
      if verb.hasContent {
        let bytes = edited(current(path) ?? [])
        let new = SHA256Hash(hashing: bytes)
        contents[new] = bytes
        hash = new
        content = .init(
          sizeInBytes: UInt64(bytes.count),
          commitment: Commitment(content: new, seed: seed, line: UInt32(lines.count + 1)))
      }
      if verb != .decline { state[path] = hash.map { .content($0) } }
      lines.append(
        OutgoingLine(
          index: lines.count, line: RevisionLine(verb: verb, path: path, base: base, content: content),
          content: hash.map { .body($0) } ?? .none))
    }
    try append(lines, seed: seed, state: state)
  }

  /// Adds a change set that asks for contents to be destroyed, and leaves of two earlier ones what that leaves.
  mutating func addRedaction() throws {
    let state = states[states.count - 1]
    let names = [RevisionName(changeSet: 1, line: 1), RevisionName(changeSet: 2, line: 1)]
    let lines = state.keys.sorted().prefix(2).enumerated().map { index, path in
      OutgoingLine(
        index: index,
        line: RevisionLine(verb: .redact, path: path, base: .revisions(names), content: nil), content: .none)
    }
    try append(lines, seed: Seed(using: &random), state: state)
    redact(changeSet: 0)
    redact(changeSet: 4)
  }

  /// Leaves of a change set what the redaction of its first line with content leaves: the others' salts and the reason's.
  mutating func redact(changeSet index: Int) {
    guard let seed = changeSets[index].seed else { return }
    changeSets[index].seed = nil
    changeSets[index].salts[0] = seed.salt(line: 0)
    var isHidden = false
    for place in changeSets[index].lines.indices where changeSets[index].lines[place].line.content != nil {
      if isHidden {
        let number = UInt32(changeSets[index].lines[place].index + 1)
        changeSets[index].salts[number] = seed.salt(line: number)
      } else {
        changeSets[index].lines[place].content = .unknown
        isHidden = true
      }
    }
  }

  mutating func addChangeSet(documentCount: Int?, _ documentSize: Int) throws {
    let number = size + 1
    var lines: [DocumentPath: (RevisionVerb, RevisionBase, [UInt8]?)] = [:]
    var state = states[states.count - 1]
    for _ in 0..<(documentCount ?? 1 + pick(4)) {
      let existing = state.keys.sorted().filter { lines[$0] == nil }
      let choice = existing.isEmpty || documentCount != nil ? 0 : pick(12)
      let path = choice < 2 ? try newPath() : existing[pick(existing.count)]
      guard lines[path] == nil else { continue }
      let old = current(path) ?? []
      switch choice {
      case 0:
        guard state[path] == nil else { continue }
        lines[path] = (.put, .none, text(documentSize / 2 + pick(documentSize)))
      case 1:
        guard state[path] == nil else { continue }
        let model = existing[pick(existing.count)]
        lines[path] = (.put, .none, edited(current(model) ?? []))
        models[path] = model
      case 2: lines[path] = (.delete, .head, nil)
      case 3:
        let new = try newPath()
        guard state[new] == nil, lines[new] == nil else { continue }
        lines[path] = (.delete, .head, nil)
        lines[new] = (.move, .headOf(path), pick(2) == 0 ? old : edited(old))
        moves[number, default: [:]][new] = path
      case 4:
        let names = [
          RevisionName(changeSet: number, line: 1),
          RevisionName(changeSet: 1 + UInt64(pick(Int(number))), line: UInt32(2 + pick(9))),
        ]
        lines[path] = (.merge, .revisions(names), edited(old))
      case 5: lines[path] = (.resolve, number % 2 == 0 ? .head : .firstTwo, edited(old))
      case 6:
        // An edit that is taken back later, or content that stands elsewhere already.
        let others = existing.compactMap { current($0) }
        lines[path] = (.put, .head, others[pick(others.count)])
      default: lines[path] = (.put, .head, edited(old))
      }
    }
    let seed = Seed(using: &random)
    var outgoing: [OutgoingLine] = []
    for (index, path) in lines.keys.sorted().enumerated() {
      guard let (verb, base, bytes) = lines[path] else { continue }
      let before = state[path]
      guard let bytes else {
        outgoing.append(
          OutgoingLine(
            index: index, line: RevisionLine(verb: verb, path: path, base: base, content: nil), content: .none
          ))
        state[path] = nil
        continue
      }
      let hash = SHA256Hash(hashing: bytes)
      contents[hash] = bytes
      let reference = RevisionLine.ContentReference(
        sizeInBytes: UInt64(bytes.count),
        commitment: Commitment(content: hash, seed: seed, line: UInt32(index + 1)))
      outgoing.append(
        OutgoingLine(
          index: index, line: RevisionLine(verb: verb, path: path, base: base, content: reference),
          content: .body(hash, similarTo: models[path])))
      if case .content(let other) = before, pick(6) == 0, other != hash {
        state[path] = .conflict(base: pick(2) == 0 ? nil : other, heads: [other, pick(3) == 0 ? nil : hash])
      } else {
        state[path] = .content(hash)
      }
    }
    try append(outgoing, seed: seed, state: state)
  }

  private mutating func append(
    _ lines: [OutgoingLine], seed: Seed, state: [DocumentPath: StateEntry.Value]
  ) throws {
    let number = size + 1
    time = Timestamp(seconds: time.seconds + Int64(pick(90_000)) - 1_000)
    let author = authors[pick(authors.count)]
    let seenSize = pick(4) == 0 ? pick(Int(number)) : Int(number) - 1
    let reason = Reason(by: "Ann Editor", message: "Change \(number): \(pick(9)) weeks later").bytes
    let fields = ChangeSetNote(
      library: library, author: author.verifierKey.publicKey, time: time,
      seen: ChangeSetNote.Position(size: UInt64(seenSize), root: ranges[seenSize].root),
      after: pick(5) == 0 ? changeSets.last.map { MerkleHash.leaf($0.note.bytes) } : nil,
      reason: Commitment(reason: SHA256Hash(hashing: reason), seed: seed), lineCount: lines.count,
      linesRoot: MerkleHash.root(ofLeafHashes: lines.map { MerkleHash.leaf($0.line.bytes) }))
    let note = try author.signedNote(text: fields.text)
    changeSets.append(
      OutgoingChangeSet(
        number: number, note: note, fields: fields, seed: seed, reason: pick(6) == 0 ? nil : reason,
        totalLines: lines.count, lines: lines))
    states.append(state)
    var range = ranges[ranges.count - 1]
    var completed: [(MerkleNodeID, SHA256Hash)] = []
    range.append(leaf: MerkleHash.leaf(note.bytes)) { completed.append(($0, $1)) }
    for (id, hash) in completed { nodes[id] = hash }
    ranges.append(range)
  }

  // MARK: What a publisher derives from it

  func collectionRoots(at size: UInt64) throws -> [CollectionRoot] {
    try Self.collectionRoots(of: states[Int(size)])
  }

  static func collectionRoots(of state: [DocumentPath: StateEntry.Value]) throws -> [CollectionRoot] {
    var collections: [CollectionName: [(key: SHA256Hash, leaf: SHA256Hash)]] = [:]
    for (path, value) in state {
      let entry = try StateEntry(path: path.text, value: value)
      collections[path.collection, default: []].append((entry.key, entry.leafHash))
    }
    return collections.map {
      CollectionRoot(name: $0.key, root: StateTree.root(ofLeaves: $0.value), count: UInt64($0.value.count))
    }.sorted { $0.name < $1.name }
  }

  func seal(at size: UInt64) throws -> BundleSeal {
    let root = StateTree.libraryRoot(
      collections: try collectionRoots(at: size).map { ($0.name.text, $0.root, $0.count) })
    let checkpoint = try Checkpoint(origin: library.text, size: size, root: ranges[Int(size)].root)
    let state = try StateNote(origin: library.text, size: size, root: root)
    return BundleSeal(
      checkpoint: try SignedCheckpoint(checkpoint, signedBy: logKey),
      stateNote: try logKey.signedNote(text: state.text), stateRoot: root)
  }

  /// The change sets after `from`, cut to a subscription and to what a depth carries.
  func outgoing(
    _ content: BundleContent, from: UInt64, to: UInt64, subscription: Subscription
  ) -> [OutgoingChangeSet] {
    let current = Set(states[Int(to)].values.flatMap(\.contents))
    return changeSets[Int(from)..<Int(to)].map { whole in
      var changeSet = whole
      changeSet.lines = whole.lines.filter { subscription.holds($0.line.path.collection) }.map { line in
        var line = line
        if content == .trail, case .body(let hash, _) = line.content, !current.contains(hash) {
          line.content = .hashOnly(hash)
        }
        return line
      }
      if changeSet.lines.count < whole.lines.count {
        changeSet.subsetProof = SubsetProof.make(
          leafHashes: whole.lines.map { MerkleHash.leaf($0.line.bytes) }, wanted: changeSet.lines.map(\.index)
        )
      }
      return changeSet
    }
  }

  /// The paths whose state differs, in byte order.
  func stateChanges(from: UInt64, to: UInt64, subscription: Subscription) -> [OutgoingStateChange] {
    let (before, after) = (states[Int(from)], states[Int(to)])
    let held = Set(before.filter { subscription.holds($0.key.collection) }.values.flatMap(\.contents))
    return Set(before.keys).union(after.keys).sorted()
      .filter { subscription.holds($0.collection) && before[$0] != after[$0] }
      .map { path in
        OutgoingStateChange(
          path: path, value: after[path], bodies: Set(after[path]?.contents ?? []).subtracting(held),
          movedFrom: (from..<to).compactMap { moves[$0 + 1]?[path] }.last, similarTo: models[path])
      }
  }

  /// Makes a bundle as a publisher would.
  func bundle(
    _ content: BundleContent, from: UInt64, known: UInt64? = nil, to: UInt64? = nil,
    subscription: Subscription = .all, seal: BundleSeal? = nil,
    change: (inout BundleHeader) -> Void = { _ in }
  ) throws -> (bytes: [UInt8], summary: BundleSummary) {
    let to = to ?? size
    let known = known ?? from
    var header = BundleHeader(
      content: content, library: library, logKey: from == 0 ? logKey.verifierKey.publicKey : nil, from: from,
      known: known, to: to, subscription: subscription, changeSetCount: content == .heads ? 0 : to - from,
      revisionCount: 0, bodyCount: 0, unpackedSizeInBytes: 0)
    let lists = content == .heads ? [] : outgoing(content, from: from, to: to, subscription: subscription)
    let changes = content == .heads ? stateChanges(from: from, to: to, subscription: subscription) : []
    var bodies = changes.flatMap { Array($0.bodies) }
    for case .body(let hash, _) in lists.flatMap({ $0.lines.map(\.content) }) { bodies.append(hash) }
    header.revisionCount = UInt64(lists.reduce(changes.count) { $0 + $1.lines.count })
    header.bodyCount = UInt64(bodies.count)
    header.unpackedSizeInBytes = bodies.reduce(0) { $0 + UInt64(contents[$1]?.count ?? 0) }
    change(&header)
    var proof: [MerkleNodeID] = []
    if content == .heads {
      if from == 0 { proof += MerkleProof.extensionNodes(from: 0, to: known) }
      proof += MerkleProof.extensionNodes(from: known, to: to)
    }
    var bytes: [UInt8] = []
    let writer = try BundleWriter(
      header: header, seal: try seal ?? self.seal(at: to), proof: proof.compactMap { nodes[$0] },
      otherCollections: subscription == .all
        ? [] : try collectionRoots(at: to).filter { !subscription.holds($0.name) },
      range: ranges[Int(from)], sink: { bytes += $0 })
    var host = SampleHost(history: self, at: from, subscription: subscription)
    for changeSet in lists { try writer.append(changeSet, host: &host) }
    for change in changes { try writer.append(change, host: &host) }
    let summary = try writer.finish()
    return (bytes, summary)
  }
}

extension StateEntry.Value {
  var contents: [SHA256Hash] {
    switch self {
    case .content(let hash): [hash]
    case .conflict(let base, let heads): (base.map { [$0] } ?? []) + heads.compactMap { $0 }
    case .proposed(let current, let proposals): (current?.contents ?? []) + proposals.compactMap(\.content)
    }
  }

  var first: SHA256Hash? {
    switch self {
    case .content(let hash): hash
    case .conflict(_, let heads): heads.first ?? nil
    case .proposed(let current, _): current?.first
    }
  }
}

/// What one end holds: the state at a position, and the bytes it was given.
struct SampleHost: BundleHost {
  var state: [DocumentPath: StateEntry.Value]
  var contents: [SHA256Hash: [UInt8]]
  /// What was seen, in drafts.
  var seen: [ChangeSetNote.Position] = []
  /// The contents that are assets, as runs of chunks; and these, by number and by hash.
  private var assets: [SHA256Hash: [AssetChunk]] = [:]
  private var chunks: [[UInt8]] = []
  private var chunkNumbers: [SHA256Hash: Int] = [:]

  init(state: [DocumentPath: StateEntry.Value], contents: [SHA256Hash: [UInt8]]) {
    self.state = state
    self.contents = contents
  }

  /// The publisher's end, which has all bytes.
  init(history: SampleHistory, at size: UInt64, subscription: Subscription = .all) {
    state = history.states[Int(size)].filter { subscription.holds($0.key.collection) }
    contents = history.contents
    for asset in history.assets.sorted() { add(asset: asset) }
  }

  /// The receiver's end, which has the bytes of its state only.
  init(receiverOf history: SampleHistory, at size: UInt64, subscription: Subscription = .all) {
    self.init(history: history, at: size, subscription: subscription)
    let held = Set(state.values.flatMap(\.contents))
    contents = contents.filter { held.contains($0.key) }
    assets = assets.filter { held.contains($0.key) }
  }

  /// Cuts a content that is held into chunks.
  mutating func add(asset hash: SHA256Hash) {
    guard assets[hash] == nil, let bytes = contents[hash] else { return }
    var cuts: [[UInt8]] = []
    var chunker = ContentChunker()
    bytes.withUnsafeBytes { chunker.add($0) { cuts.append(Array($0)) } }
    chunker.finish { cuts.append(Array($0)) }
    assets[hash] = cuts.map { cut in
      let name = SHA256Hash(hashing: cut)
      let number = chunkNumbers[name] ?? chunks.count
      if chunkNumbers.updateValue(number, forKey: name) == nil { chunks.append(cut) }
      return AssetChunk(id: Int64(number), sizeInBytes: cut.count)
    }
  }

  mutating func assetSize(of content: SHA256Hash) -> UInt64? {
    assets[content].map { $0.reduce(0) { $0 + UInt64($1.sizeInBytes) } }
  }

  mutating func chunks(of content: SHA256Hash) -> [AssetChunk]? { assets[content] }
  mutating func bytes(of chunk: AssetChunk) -> [UInt8] { chunks[Int(chunk.id)] }

  mutating func packed(_ chunk: AssetChunk) -> (isDeflated: Bool, bytes: [UInt8]) {
    let bytes = chunks[Int(chunk.id)]
    let packed = Deflate.compress(bytes, level: 6)
    return packed.count < bytes.count * 15 / 16 ? (true, packed) : (false, bytes)
  }

  mutating func heldContent(of path: DocumentPath) -> SHA256Hash? { state[path]?.first }
  mutating func bytes(of content: SHA256Hash) -> [UInt8]? { contents[content] }
  mutating func willCompare(seen: ChangeSetNote.Position) { self.seen.append(seen) }
}

/// What came out of a bundle.
struct Received {
  var header: BundleHeader
  var changeSets: [ReceivedChangeSet] = []
  var changes: [(path: DocumentPath, value: StateEntry.Value?)] = []
  var bodies: [SHA256Hash: [UInt8]] = [:]
  var end: BundleEnd?

  /// All that a receiver would store, to compare two readings.
  var description: String {
    var text = bodies.keys.sorted().map(\.hex).joined(separator: " ")
    for changeSet in changeSets {
      text += "\n\(changeSet.number) \(changeSet.note.bytes) \(changeSet.lines) \(changeSet.subsetProof)"
      text += " \(String(describing: changeSet.reason)) \(String(describing: changeSet.seed))"
    }
    for change in changes { text += "\n\(change.path) \(String(describing: change.value))" }
    if let end { text += "\n\(end.position) \(end.otherCollections) \(end.seal.stateRoot)" }
    return text
  }
}

/// Reads a whole bundle; `step` is how many bytes the source gives at once.
func receive(
  _ bytes: [UInt8], _ context: BundleContext, host: inout SampleHost, step: Int = .max
) throws -> Received {
  var offset = 0
  let reader = BundleReader { count in
    let part = bytes[offset..<min(bytes.count, offset + min(count, step))]
    offset = part.endIndex
    return Array(part)
  }
  var received = Received(header: try reader.readHeader())
  try reader.begin(context)
  var asset: [UInt8] = []
  while let event = try reader.next(host: &host) {
    switch event {
    case .body(let hash, let bytes, _):
      received.bodies[hash] = bytes
      host.contents[hash] = bytes
    case .changeSet(let changeSet): received.changeSets.append(changeSet)
    case .assetPart(.chunk(let bytes)), .assetPart(.copied(_, let bytes)): asset += bytes
    case .asset(let hash, _):
      received.bodies[hash] = asset
      host.contents[hash] = asset
      host.add(asset: hash)
      asset = []
    case .absentAsset: break
    case .stateChange(let path, let value): received.changes.append((path, value))
    case .end(let end): received.end = end
    }
  }
  return received
}
