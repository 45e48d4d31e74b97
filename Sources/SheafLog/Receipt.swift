import SheafModel

/// The proof that a change set is in the log, in one file that verifies by itself.
///
/// C2SP *tlog-proof*; `Schemas/log.md`, "Receipts".
public struct Receipt: Hashable, Sendable {
  /// The place of the leaf in the log, counted from 0.
  public let index: UInt64
  /// The inclusion proof, the leaf's sibling first.
  public let proof: [SHA256Hash]
  /// The checkpoint whose root the proof leads to.
  public let checkpoint: SignedCheckpoint
  /// What a maker put beside the proof. Nothing vouches for it.
  public let extra: [UInt8]?

  /// The most hashes a proof can have.
  public static let maximumProofCount = 63
  /// The largest receipt a reader takes by default, in bytes.
  public static let defaultMaximumSize = 32 * 1024

  private static let header = "c2sp.org/tlog-proof@v1"

  /// Puts a receipt together from what is known to belong together.
  public init(
    index: UInt64, proof: [SHA256Hash], checkpoint: SignedCheckpoint, extra: [UInt8]? = nil
  ) {
    self.index = index
    self.proof = proof
    self.checkpoint = checkpoint
    self.extra = extra
  }

  /// Makes the receipt of a leaf under a checkpoint of a log whose tree can be read.
  ///
  /// - Throws: `MerkleError.outsideTree` when the checkpoint is older than the leaf; what `nodes` throws.
  public static func make(
    index: UInt64, checkpoint: SignedCheckpoint, nodes: NodeReader
  ) throws -> Receipt {
    let size = checkpoint.checkpoint.size
    return Receipt(
      index: index, proof: try MerkleProof.inclusion(index: index, size: size, nodes: nodes),
      checkpoint: checkpoint)
  }

  /// Reads a receipt.
  ///
  /// - Throws: `ReceiptError` for the first check that fails, in the order of `Schemas/log.md`.
  public init(parsing bytes: [UInt8], maximumSize: Int = defaultMaximumSize) throws(ReceiptError) {
    guard bytes.count <= maximumSize else { throw .tooLarge(size: bytes.count, limit: maximumSize) }
    var rest = bytes[...]
    func nextLine() -> String? {
      guard let end = rest.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
      defer { rest = rest[(end + 1)...] }
      return String(validating: rest[..<end], as: UTF8.self)
    }
    func value(of line: String?, _ field: String) -> Substring? {
      guard let line, line.hasPrefix(field + " ") else { return nil }
      return line.dropFirst(field.count + 1)
    }

    guard let header = nextLine(), header.isSameBytes(as: Self.header) else { throw .wrongHeader }
    var line = nextLine()
    var extra: [UInt8]?
    if let text = value(of: line, "extra") {
      guard let bytes = Base64.decode(text), !bytes.isEmpty else { throw .malformedExtra }
      extra = bytes
      line = nextLine()
    }
    self.extra = extra
    guard let text = value(of: line, "index"), let index = UInt64(canonicalDecimal: text) else {
      throw .malformedIndex
    }
    self.index = index
    var proof: [SHA256Hash] = []
    while let line = nextLine() {
      if line.isEmpty {
        self.proof = proof
        do throws(CheckpointError) {
          checkpoint = try SignedCheckpoint(parsing: Array(rest))
        } catch {
          throw .checkpoint(error)
        }
        return
      }
      guard proof.count < Self.maximumProofCount, let hash = SHA256Hash(base64: line) else {
        throw .malformedProof(line: proof.count + 1)
      }
      proof.append(hash)
    }
    throw .malformedProof(line: proof.count + 1)
  }

  /// The receipt as it is stored and sent.
  public var bytes: [UInt8] {
    var text = Self.header + "\n"
    if let extra { text += "extra \(Base64.encode(extra))\n" }
    text += "index \(index)\n"
    for hash in proof { text += hash.base64 + "\n" }
    return Array(text.utf8) + [UInt8(ascii: "\n")] + checkpoint.bytes
  }

  /// Checks that the leaf is in the log at `index`, by the word of the log's key.
  ///
  /// - Returns: The checkpoint it is under.
  /// - Throws: `ReceiptError.checkpoint` when the checkpoint is not the log's,
  ///   `ReceiptError.notIncluded` when the proof does not lead from the leaf to its root.
  @discardableResult
  public func verify(
    leaf: [UInt8], key: VerifierKey, origin: String
  ) throws(ReceiptError) -> Checkpoint {
    let signed: Checkpoint
    do throws(CheckpointError) {
      signed = try checkpoint.verified(by: key, origin: origin)
    } catch {
      throw .checkpoint(error)
    }
    let isIncluded = MerkleProof.verifyInclusion(
      leaf: MerkleHash.leaf(leaf), index: index, size: signed.size, proof: proof, root: signed.root)
    guard isIncluded else { throw .notIncluded(index: index, size: signed.size) }
    return signed
  }
}

/// Why a receipt was refused.
public enum ReceiptError: SheafFailure, Equatable {
  /// It has more bytes than its reader takes.
  case tooLarge(size: Int, limit: Int)
  /// The first line is not that of a receipt.
  case wrongHeader
  /// The line of extra data is not canonical base64.
  case malformedExtra
  /// The line of the index is not there or not canonical.
  case malformedIndex
  /// Line `line` of the proof, counted from 1, is no hash, or one too many, or missing.
  case malformedProof(line: Int)
  /// The checkpoint is malformed or not the log's.
  case checkpoint(CheckpointError)
  /// The proof does not lead from the leaf to the checkpoint's root.
  case notIncluded(index: UInt64, size: UInt64)

  public var problem: String {
    switch self {
    case .tooLarge(let size, let limit): "a receipt of \(size) bytes is above the limit of \(limit)"
    case .wrongHeader: "the first line is not that of a receipt"
    case .malformedExtra: "the receipt's extra data is malformed"
    case .malformedIndex: "the receipt does not say which place it is for"
    case .malformedProof(let line): "line \(line) of the receipt's proof is not a hash"
    case .checkpoint(let error): error.problem
    case .notIncluded(let index, let size):
      "the receipt does not prove that this is entry \(index) of the log of size \(size)"
    }
  }

  public var hint: String? {
    switch self {
    case .checkpoint(let error): error.hint
    case .notIncluded: "Check that the receipt belongs to this change set."
    default: "Get the receipt again."
    }
  }

  public var kind: FailureKind { .verification }
}
