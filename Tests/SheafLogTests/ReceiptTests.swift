import SheafLog
import SheafModel
import SheafTesting
import Testing

@Suite("Receipts")
struct ReceiptTests {
  private func verify(_ file: VectorFile) throws {
    let receipt = try Receipt(parsing: file.body)
    #expect(receipt.bytes == file.body)
    let leaf = try #require(Hexadecimal.decode(file["leaf"]))
    try receipt.verify(leaf: leaf, key: VerifierKey(parsing: file["key"]), origin: file["origin"])
  }

  @Test(
    "Receipts made elsewhere verify and keep their bytes", arguments: ["valid", "extra", "only-leaf"])
  func valid(name: String) throws {
    let file = try VectorFile("log-receipt-" + name)
    #expect(try file["expected"] == "verifies")
    try verify(file)
  }

  @Test(
    "A receipt that deviates in one thing is refused for that",
    arguments: [
      ("wrong-index", ReceiptError.notIncluded(index: 4, size: 8)),
      ("index-beyond", .notIncluded(index: 13, size: 8)),
      ("other-leaf", .notIncluded(index: 5, size: 8)), ("hash-missing", .notIncluded(index: 5, size: 8)),
      ("hash-too-many", .notIncluded(index: 5, size: 8)), ("hash-changed", .notIncluded(index: 5, size: 8)),
      ("other-key", .checkpoint(.notSigned(by: "library.example.org/main"))),
      ("other-header", .wrongHeader), ("leading-zero", .malformedIndex),
      ("64-hashes", .malformedProof(line: 64)), ("no-blank-line", .malformedProof(line: 4)),
      ("empty-extra", .malformedExtra),
    ])
  func refused(name: String, error: ReceiptError) throws {
    let file = try VectorFile("log-receipt-" + name)
    #expect(throws: error) { try verify(file) }
  }

  @Test("A receipt made from the log's tree verifies; without the leaf in the checkpoint there is none")
  func making() throws {
    let tree = MemoryTree(size: 21)
    let key = try SigningKey(name: "k", seed: Array(repeating: 3, count: 32))
    let root = try MerkleProof.root(size: 13, nodes: tree.read)
    let signed = try SignedCheckpoint(Checkpoint(origin: "o", size: 13, root: root), signedBy: key)
    for index in 0..<13 {
      let receipt = try Receipt.make(index: UInt64(index), checkpoint: signed, nodes: tree.read)
      let read = try Receipt(parsing: receipt.bytes)
      #expect(read == receipt)
      try read.verify(leaf: MemoryTree.entry(index), key: key.verifierKey, origin: "o")
    }
    #expect(throws: MerkleError.outsideTree(index: 13, size: 13)) {
      try Receipt.make(index: 13, checkpoint: signed, nodes: tree.read)
    }
  }

  @Test("No changed byte and no cut passes")
  func damage() throws {
    let file = try VectorFile("log-receipt-valid")
    let key = try VerifierKey(parsing: file["key"])
    let leaf = try #require(Hexadecimal.decode(file["leaf"]))
    let origin = try file["origin"]
    func passes(_ bytes: [UInt8]) -> Bool {
      (try? Receipt(parsing: bytes).verify(leaf: leaf, key: key, origin: origin)) != nil
    }
    #expect(passes(file.body))
    for index in file.body.indices {
      var bytes = file.body
      bytes[index] ^= 4
      #expect(!passes(bytes), "byte \(index)")
      #expect(!passes(Array(file.body.prefix(index))), "cut at \(index)")
    }
    let text = String(decoding: file.body, as: UTF8.self)
    let beyond = "index 9223372036854775808"
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      .map { $0 == "index 5" ? beyond : String($0) }
    #expect(throws: ReceiptError.malformedIndex) {
      try Receipt(parsing: Array(lines.joined(separator: "\n").utf8))
    }
    #expect(throws: ReceiptError.tooLarge(size: 40_000, limit: 32_768)) {
      try Receipt(parsing: Array(repeating: 10, count: 40_000))
    }
  }
}
