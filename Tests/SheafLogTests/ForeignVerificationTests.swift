import Foundation
import SheafModel
import SheafTesting
import Testing

@testable import SheafLog

/// What others' programs say about notes and proofs, good and damaged, against what this module says.
@Suite("Verified by others", .enabled(if: ForeignVerifier.isThere))
struct ForeignVerificationTests {
  private static let origin = "library.example.org/main"
  private let logKey: SigningKey
  private let timeKey: SigningKey

  init() throws {
    logKey = try SigningKey(name: Self.origin, seed: Array(repeating: 1, count: 32))
    timeKey = try SigningKey(
      name: Self.origin + "/time", seed: Array(repeating: 2, count: 32), algorithm: .cosignature)
  }

  /// One case with what this module says of it.
  private struct Judged {
    var foreign: ForeignVerifier.Case
    var own: Bool
  }

  private func expectAgreement(_ cases: [Judged], good: Int, looseAtMost: Int) throws {
    let answers = try ForeignVerifier.judge(cases.map(\.foreign))
    var loose = 0
    var accepted = 0
    for (index, (judged, answer)) in zip(cases, answers).enumerated() {
      // Go's decoder passes over unused bits of base64; this module refuses them.
      if answer == .loose { loose += 1 }
      #expect(judged.own == (answer == .ok), "case \(index): \(judged.own) here, \(answer) there")
      if judged.own { accepted += 1 }
    }
    #expect(accepted >= good && cases.count - accepted >= 350)
    #expect(loose <= looseAtMost)
  }

  /// One small damage somewhere in the bytes.
  private func damaged(_ bytes: [UInt8], _ random: inout SplitMix64) -> [UInt8] {
    var bytes = bytes
    let place = Int.random(in: 0..<bytes.count, using: &random)
    switch Int.random(in: 0..<6, using: &random) {
    case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
    case 1: bytes.remove(at: place)
    case 2: bytes.insert(bytes[place], at: place)
    case 3: bytes.removeSubrange(place...)
    case 4: bytes.swapAt(place, Int.random(in: 0..<bytes.count, using: &random))
    default: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
    }
    return bytes
  }

  private func checkpoint(_ size: Int, _ tree: MemoryTree) throws -> SignedCheckpoint {
    let root = try MerkleProof.root(size: UInt64(size), nodes: tree.read)
    let checkpoint = try Checkpoint(origin: Self.origin, size: UInt64(size), root: root)
    let note = try logKey.signedNote(text: checkpoint.text)
      .adding(try timeKey.cosign(text: checkpoint.text, time: 1_780_000_000 + UInt64(size)))
    return try SignedCheckpoint(note: note)
  }

  @Test("Go's sumdb/note agrees on 60 checkpoints and 600 damaged ones, cosignatures included")
  func notes() throws {
    let tree = MemoryTree(size: 60)
    var random = SplitMix64(seed: 1)
    var cases: [Judged] = []
    func add(_ bytes: [UInt8]) {
      let signed = try? SignedCheckpoint(parsing: bytes)
      let isOwn = (try? signed?.verified(by: logKey.verifierKey, origin: Self.origin)) != nil
      cases.append(
        Judged(
          foreign: .checkpoint(key: logKey.verifierKey.text, origin: Self.origin, bytes), own: isOwn))
      let note = try? SignedNote(parsing: bytes, maximumSize: 16_384, maximumSignatures: 16)
      cases.append(
        Judged(
          foreign: .note(key: timeKey.verifierKey.text, bytes),
          own: note.map { timeKey.verifierKey.cosignedTime(of: $0) != nil } ?? false))
    }
    for size in 1...60 { add(try checkpoint(size, tree).bytes) }
    for _ in 0..<600 {
      add(damaged(try checkpoint(Int.random(in: 1...60, using: &random), tree).bytes, &random))
    }
    try expectAgreement(cases, good: 120, looseAtMost: 40)
  }

  @Test("Go's sumdb/tlog agrees on inclusion and consistency, 400 good proofs and 800 damaged ones")
  func proofs() throws {
    let tree = MemoryTree(size: 300)
    var random = SplitMix64(seed: 2)
    var cases: [Judged] = []
    func add(
      leaf: SHA256Hash, index: UInt64, size: UInt64, proof: [SHA256Hash], root: SHA256Hash
    ) {
      cases.append(
        Judged(
          foreign: .inclusion(leaf: leaf, index: index, size: size, proof: proof, root: root),
          own: MerkleProof.verifyInclusion(leaf: leaf, index: index, size: size, proof: proof, root: root)))
    }
    func add(from: UInt64, fromRoot: SHA256Hash, to: UInt64, toRoot: SHA256Hash, proof: [SHA256Hash]) {
      // Go has no proof from nothing.
      guard from > 0 else { return }
      cases.append(
        Judged(
          foreign: .consistency(from: from, fromRoot: fromRoot, to: to, toRoot: toRoot, proof: proof),
          own: MerkleProof.verifyConsistency(
            from: from, fromRoot: fromRoot, to: to, toRoot: toRoot, proof: proof)))
    }
    func changed(_ proof: [SHA256Hash]) -> [SHA256Hash] {
      var proof = proof
      let place = proof.isEmpty ? 0 : Int.random(in: 0..<proof.count, using: &random)
      switch proof.isEmpty ? 3 : Int.random(in: 0..<5, using: &random) {
      case 0: proof[place] = proof[place].flipping(bit: Int.random(in: 0..<256, using: &random))
      case 1: proof.remove(at: place)
      case 2: proof.swapAt(place, Int.random(in: 0..<proof.count, using: &random))
      case 3: proof.insert(MerkleHash.leaf([1]), at: place)
      default: proof.insert(proof[place], at: place)
      }
      return proof
    }
    for _ in 0..<200 {
      let size = UInt64.random(in: 1...300, using: &random)
      let index = UInt64.random(in: 0..<size, using: &random)
      let root = try MerkleProof.root(size: size, nodes: tree.read)
      let leaf = MerkleHash.leaf(MemoryTree.entry(Int(index)))
      let proof = try MerkleProof.inclusion(index: index, size: size, nodes: tree.read)
      add(leaf: leaf, index: index, size: size, proof: proof, root: root)
      add(leaf: leaf, index: index, size: size, proof: changed(proof), root: root)
      switch Int.random(in: 0..<4, using: &random) {
      case 0: add(leaf: leaf, index: index ^ 1, size: size, proof: proof, root: root)
      case 1: add(leaf: leaf, index: index, size: size + 1, proof: proof, root: root)
      case 2: add(leaf: leaf, index: index, size: size, proof: proof, root: root.flipping(bit: 9))
      default: add(leaf: leaf.flipping(bit: 200), index: index, size: size, proof: proof, root: root)
      }
      let from = UInt64.random(in: 1...size, using: &random)
      let fromRoot = try MerkleProof.root(size: from, nodes: tree.read)
      let extends = try MerkleProof.consistency(from: from, to: size, nodes: tree.read)
      add(from: from, fromRoot: fromRoot, to: size, toRoot: root, proof: extends)
      add(from: from, fromRoot: fromRoot, to: size, toRoot: root, proof: changed(extends))
      switch Int.random(in: 0..<4, using: &random) {
      case 0: add(from: from - 1, fromRoot: fromRoot, to: size, toRoot: root, proof: extends)
      case 1: add(from: from, fromRoot: fromRoot, to: size + 1, toRoot: root, proof: extends)
      case 2: add(from: from, fromRoot: fromRoot.flipping(bit: 3), to: size, toRoot: root, proof: extends)
      default: add(from: from, fromRoot: root, to: size, toRoot: fromRoot, proof: extends)
      }
    }
    try expectAgreement(cases, good: 400, looseAtMost: 0)
  }

  @Test("A receipt is verified elsewhere as here: 40 good ones, 400 damaged ones")
  func receipts() throws {
    let tree = MemoryTree(size: 40)
    let signed = try checkpoint(40, tree)
    var random = SplitMix64(seed: 3)
    var cases: [Judged] = []
    func add(_ bytes: [UInt8], leaf: [UInt8]) {
      let receipt = try? Receipt(parsing: bytes)
      let isOwn =
        (try? receipt?.verify(leaf: leaf, key: logKey.verifierKey, origin: Self.origin)) != nil
      cases.append(
        Judged(
          foreign: .receipt(key: logKey.verifierKey.text, origin: Self.origin, leaf: leaf, bytes), own: isOwn)
      )
    }
    for index in 0..<40 {
      let receipt = try Receipt.make(index: UInt64(index), checkpoint: signed, nodes: tree.read)
      let leaf = MemoryTree.entry(index)
      add(receipt.bytes, leaf: leaf)
      for _ in 0..<10 { add(damaged(receipt.bytes, &random), leaf: leaf) }
    }
    try expectAgreement(cases, good: 40, looseAtMost: 30)
  }
}
