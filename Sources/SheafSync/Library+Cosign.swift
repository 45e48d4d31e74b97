import Foundation
import SheafLog
import SheafModel
import SheafStore

extension Library {
  /// How old the publisher's newest time may be before it is signed again, in seconds.
  static let timeIsRenewedAfter: Int64 = 3_600
  /// How old the newest time that a replica holds may be before it asks for a newer one, in seconds.
  static let timeIsAskedAfter: Int64 = 86_400
  /// The most checkpoints whose cosignatures are sent in one list.
  private static let sentEntries = 64

  /// What the name of every witness of this library begins with.
  var witnessPrefix: String { KnownCosigners.witnessPrefix(origin: id.text) }

  // MARK: the publisher

  /// Cosigns the newest checkpoint with the time now, inside the transaction that signed it.
  ///
  /// Called only where the signer's rule was just obeyed: a time vouches for the checkpoint. A clock that is before a
  /// time which was signed already is wrong, or was then, and nothing is signed by it.
  func cosign(_ checkpoint: Checkpoint, _ transaction: StoreTransaction) throws {
    let timeKey = try self.timeKey(transaction)
    let now = environment.clock()
    guard try transaction.timeFloor().map({ $0 <= now }) ?? true else { return }
    let time = UInt64(clamping: now.seconds)
    let line = try timeKey.cosign(text: checkpoint.text, time: time)
    guard
      let cosignature = StoredCosignature(size: checkpoint.size, cosigner: timeKey.verifierKey, line: line)
    else { return }
    try transaction.insert(cosignature)
    try transaction.raiseTimeFloor(to: time)
  }

  /// The clock's key, bound to the library by its note.
  private func timeKey(_ transaction: StoreTransaction) throws -> SigningKey {
    let key = try keys.timeKey(origin: id, environment: environment)
    let held = try transaction.timeKeyNote().flatMap { try? self.timeKey(parsing: $0) }
    if held?.key != key.verifierKey {
      let bound = try TimeKey(
        binding: key.verifierKey, generation: (held?.generation ?? 0) &+ 1, origin: id.text,
        by: try keys.logKey(origin: id))
      try transaction.insertTimeKeyNote(bound.note.bytes, generation: bound.generation)
      if held != nil { try transaction.resetTimeFloor() }
    }
    return key
  }

  func timeKey(parsing note: [UInt8]) throws -> TimeKey {
    try TimeKey(parsing: note, by: logVerifier, origin: id.text)
  }

  /// Signs the time anew where the last one is an hour old; a publisher that must not sign does nothing.
  func renewTime() async throws {
    guard isPublisher else { return }
    let now = environment.clock().seconds
    let key = try await Blocking.run { [keys, id, environment] in
      try keys.timeKey(origin: id, environment: environment).verifierKey
    }
    let isDue = try await store.read { transaction in
      guard let size = try transaction.newestCheckpoint()?.size else { return false }
      let last = try transaction.cosignatures(size: size).last { $0.cosigner == key }
      return last.map { Int64(clamping: $0.time) <= now - Self.timeIsRenewedAfter } ?? true
    }
    guard isDue else { return }
    do {
      try await store.write(purpose: "sheaf (signing the time)") { transaction in
        guard let newest = try transaction.newestCheckpoint() else { return }
        try self.checkSignerRecord(transaction)
        try self.cosign(try SignedCheckpoint(parsing: newest.note).checkpoint, transaction)
      }
    } catch is SignerRefusal {
      // A publisher restored from a backup vouches for nothing; every append says why.
    }
  }

  // MARK: what both have

  /// The newest checkpoint's note with the newest cosignature of everybody who vouched for it.
  public func cosignedCheckpoint() async throws -> [UInt8] {
    try await store.read { transaction in
      guard let newest = try transaction.newestCheckpoint() else { throw LibraryError.empty }
      return try Self.cosigned(newest, transaction).note.bytes
    }
  }

  /// A checkpoint's note with as many cosignatures as every reader takes.
  static func cosigned(_ stored: StoredCheckpoint, _ transaction: StoreTransaction) throws -> SignedCheckpoint
  {
    var note = try SignedNote(
      parsing: stored.note, maximumSize: Limits.checkpointNote, maximumSignatures: Limits.signatures)
    var newest: [StoredCosignature] = []
    for cosignature in try transaction.cosignatures(size: stored.size) {
      // Ordered by time within a name: the last one of each stays.
      if newest.last?.cosigner == cosignature.cosigner { newest.removeLast() }
      newest.append(cosignature)
    }
    for cosignature in newest.prefix(max(0, Limits.signatures - note.signatures.count)) {
      note = note.adding(try cosignature.line)
    }
    return try SignedCheckpoint(note: note)
  }

  /// The cosignatures of checkpoints after a size, thinned, the newest always; a publisher renews its time first.
  public func cosignatures(after size: UInt64) async throws -> [UInt8] {
    try await renewTime()
    return try await store.read { transaction in
      let keyNote = try transaction.timeKeyNote().flatMap {
        try? SignedNote(
          parsing: $0, maximumSize: Limits.checkpointNote, maximumSignatures: Limits.signatures)
      }
      var sizes = try transaction.cosignedSizes(after: size)
      if sizes.isEmpty, let newest = try transaction.newestCheckpoint()?.size,
        try !transaction.cosignatures(size: newest).isEmpty
      {
        sizes = [newest]
      }
      let step = max(1, (sizes.count + Self.sentEntries - 1) / Self.sentEntries)
      let chosen = sizes.enumerated().filter { (sizes.count - 1 - $0.offset) % step == 0 }.map(\.element)
      let entries = try chosen.map { size in
        CosignatureList.Entry(
          size: size,
          signatures: try transaction.cosignatures(size: size).prefix(CosignatureList.maximumLines)
            .map { try $0.line })
      }
      // The oldest give way where long names or many witnesses would make the list too large.
      var list = CosignatureList(keyNote: keyNote, entries: entries)
      while list.bytes.count > CosignatureList.maximumSize {
        list = CosignatureList(
          keyNote: keyNote, entries: Array(list.entries.dropFirst((list.entries.count + 1) / 2)))
      }
      return list.bytes
    }
  }

  /// Takes the cosignatures that a witness hands over, and answers with those after a size.
  ///
  /// - Throws: `CosignatureError`; nothing of the list was kept then.
  public func cosign(_ handed: [UInt8], after size: UInt64) async throws -> [UInt8] {
    let list = try CosignatureList(parsing: handed, maximumSize: CosignatureList.maximumHandedSize)
    guard try await take(list, isHanded: true) > 0 else { throw CosignatureError.unknownWitness }
    return try await cosignatures(after: size)
  }

  /// Checks a list against this copy's own log and keeps what is true.
  ///
  /// - Parameter isHanded: Whether a witness brings it: the clock's own lines are not taken then.
  /// - Returns: How many cosignatures of known keys it held for checkpoints that are known here.
  /// - Throws: `CosignatureError`; nothing was kept.
  @discardableResult
  func take(_ list: CosignatureList, isHanded: Bool) async throws -> Int {
    try await store.write(purpose: "sheaf (times and witnesses)") { transaction in
      var timeKey = try transaction.timeKeyNote().flatMap { try? self.timeKey(parsing: $0) }
      if let note = list.keyNote, !isHanded {
        let brought: TimeKey
        do throws(CheckpointError) {
          brought = try TimeKey(verifying: note, by: self.logVerifier, origin: self.id.text)
        } catch { throw CosignatureError.keyNote(error) }
        // An old key's note stays true for ever; whoever shows it again must not bring the key back.
        if brought.generation > timeKey?.generation ?? 0 {
          if timeKey != nil { try transaction.resetTimeFloor() }
          timeKey = brought
          try transaction.insertTimeKeyNote(note.bytes, generation: brought.generation)
        }
      }
      if isHanded { timeKey = nil }
      var witnesses: [String: VerifierKey?] = [:]
      var count = 0
      let position = try transaction.position().size
      var beyond: UInt64?
      for entry in list.entries {
        guard let root = try self.root(at: entry.size, transaction) else {
          // Without the checkpoint nobody can tell whether it is true; that a witness brings it is told.
          let isByWitness = try entry.signatures.contains {
            try self.witness(named: $0.name, transaction)?.matches($0) ?? false
          }
          if isHanded, entry.size > position, isByWitness { beyond = entry.size }
          continue
        }
        let text = try Checkpoint(origin: self.id.text, size: entry.size, root: root).text
        for line in entry.signatures {
          if witnesses[line.name] == nil {
            witnesses[line.name] = .some(try self.witness(named: line.name, transaction))
          }
          let keys = [timeKey?.key, witnesses[line.name] ?? nil].compactMap { $0 }
          guard let key = keys.first(where: { $0.matches(line) }),
            let cosignature = StoredCosignature(size: entry.size, cosigner: key, line: line)
          else { continue }
          guard let time = key.cosignedTime(text: text, signature: line) else {
            throw CosignatureError.falseSignature(by: key.name, size: entry.size)
          }
          try transaction.insert(cosignature)
          if key == timeKey?.key { try transaction.raiseTimeFloor(to: time) }
          count += 1
        }
      }
      if let beyond, count == 0 { throw CosignatureError.beyond(size: beyond, own: position) }
      return count
    }
  }

  /// The root of this copy's log at a size; `nil` where the copy can't know it.
  func root(at size: UInt64, _ transaction: StoreTransaction) throws -> SHA256Hash? {
    let position = try transaction.position()
    guard size > 0, size <= position.size else { return nil }
    if size == position.size { return position.root }
    if try transaction.facts().depth >= .trail {
      return try MerkleProof.root(size: size, nodes: transaction.node)
    }
    return try transaction.checkpoint(size: size).flatMap { try? SignedCheckpoint(parsing: $0.note) }?
      .checkpoint.root
  }

  /// The key of the witness of a name, from its member's document as it is now; `nil` for nobody.
  private func witness(named name: String, _ transaction: StoreTransaction) throws -> VerifierKey? {
    guard let path = KnownCosigners.memberPath(ofWitness: name, origin: id.text),
      let member = try transaction.member(at: path),
      member.revoked == nil, let key = member.witness
    else { return nil }
    return try? VerifierKey(name: name, algorithm: .cosignature, publicKey: key)
  }

  // MARK: a replica

  /// The public half of the key with which this copy cosigns what it verified; made when it is first asked for.
  ///
  /// It counts once an administrator has written it into this copy's member document.
  public func witnessKey() throws -> [UInt8] {
    try keys.witnessKey(name: witnessPrefix + memberMark.text, environment: environment)
      .verifierKey.publicKey
  }

  /// The newest time of the publisher's, by the clock's key that holds now; `nil` for none.
  func newestTime(_ transaction: StoreTransaction) throws -> StoredCosignature? {
    guard let key = try transaction.timeKeyNote().flatMap({ try? timeKey(parsing: $0) })?.key else {
      return nil
    }
    return try transaction.newestCosignature(by: key)
  }

  /// The size after which a newer time is to be asked for; `nil` where the one that is held is young.
  func timesAfter(_ transaction: StoreTransaction, now: Timestamp) throws -> UInt64? {
    guard let newest = try newestTime(transaction) else { return 0 }
    let time = Int64(clamping: newest.time)
    // A local clock that is behind can't tell how old a time is.
    let isOld = time <= now.seconds - Self.timeIsAskedAfter || time > now.seconds + Self.timeIsRenewedAfter
    return isOld ? newest.size : nil
  }

  /// After a sync: asks for a newer time where the one held is old, and hands over an own cosignature.
  ///
  /// One request, and none where there is neither to ask nor to say, or where the remote gave the time along with the
  /// pull.
  ///
  /// - Returns: What went wrong, one sentence each; the sync stands all the same.
  func exchangeCosignatures(with remote: any Remote, isSame: Bool) async throws -> [String] {
    let own = isSame ? try await ownCosignature() : nil
    let now = environment.clock()
    let (newest, wanted) = try await store.read {
      (try self.newestTime($0), try self.timesAfter($0, now: now))
    }
    // A folder costs no request, and may hold a newer time.
    guard wanted != nil || own != nil || remote.answersLater else { return [] }
    do {
      let handed = own.map { CosignatureList(keyNote: nil, entries: [$0.entry]).bytes }
      guard
        let answer = try await remote.cosignatures(
          after: newest?.size ?? 0, handing: handed, from: memberMark)
      else { return [] }
      try await take(try CosignatureList(parsing: answer), isHanded: false)
      if let own {
        try await store.write(purpose: "sheaf sync") { transaction in
          try transaction.insert(own.cosignature)
          try transaction.setWitnessedSize(own.entry.size)
        }
      }
      return []
    } catch let error as any SheafFailure where !(error is StoreError) {
      return [error.problem]
    }
  }

  /// This copy's cosignature of its position; `nil` where it is no witness or has handed one over already.
  private func ownCosignature() async throws -> (
    cosignature: StoredCosignature, entry: CosignatureList.Entry
  )? {
    let name = witnessPrefix + memberMark.text
    guard let key = try keys.existingWitnessKey(name: name) else { return nil }
    return try await store.read { transaction in
      let position = try transaction.position()
      guard position.size > (try transaction.witnessedSize()),
        try self.witness(named: name, transaction) == key.verifierKey
      else { return nil }
      let checkpoint = try Checkpoint(
        origin: self.id.text, size: position.size, root: position.root)
      let line = try key.cosign(
        text: checkpoint.text, time: UInt64(clamping: self.environment.clock().seconds))
      guard
        let cosignature = StoredCosignature(size: position.size, cosigner: key.verifierKey, line: line)
      else { return nil }
      return (cosignature, CosignatureList.Entry(size: position.size, signatures: [line]))
    }
  }
}
