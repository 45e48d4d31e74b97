import Foundation
import SheafLog
import SheafModel

/// Another place that holds the library, as seen from here.
///
/// Folder, HTTP and in-memory remotes implement it, and one conformance suite
/// (`Tests/SheafTesting/RemoteConformance.swift`) runs against all of them. A remote is
/// never trusted: what it hands over is verified by the caller.
public protocol Remote: Sendable {
  /// The remote's address in the words a person used: a URL or a folder.
  var address: String { get }

  /// Whether a bundle may end before the remote's newest checkpoint, so that a sync asks again after it.
  var mayStopShort: Bool { get }

  /// Whether drafts are only left here, and answered at a later sync.
  var answersLater: Bool { get }

  /// Says who asks from now on: a member of a library, for a remote that asks whom it answers.
  ///
  /// A remote that asks nobody forgets it.
  ///
  /// - Parameter floor: The largest time of the publisher's that the copy ever saw; `nil` for none.
  func introduce(_ library: LibraryID, floor: Timestamp?, signer: @escaping RequestSigner)

  /// How far this computer's clock is behind the remote's (ahead when negative), where that was in the way; `nil` where not.
  var clockIsBehind: Duration? { get }

  /// The newest checkpoint note that the remote holds, unverified.
  func checkpoint() async throws -> [UInt8]

  /// Asks for what leads from `request` to the remote's newest checkpoint.
  ///
  /// A bundle is written below `folder`, which belongs to this replica and this
  /// remote; an interrupted transfer leaves its part there, and asking again goes on
  /// after the last byte received.
  ///
  /// - Throws: `RemoteError`. The library is untouched; a part may stay in `folder`.
  func pull(_ request: PullRequest, into folder: URL, progress: @escaping TransferProgress) async throws
    -> PullAnswer

  /// Says what a pull would bring, for little: the size of the bundle and its first bytes.
  ///
  /// - Parameter folder: Where a pull would write. Where that would go on with what an earlier one left there, this says
  ///   what that leads to, and `mayStopShort` is true from then on.
  /// - Returns: `nil` when there is nothing new.
  func preview(_ request: PullRequest, into folder: URL) async throws -> PullPreview?

  /// Hands over the drafts in a drafts bundle. Repeating it has no further effect.
  ///
  /// - Parameters:
  ///   - bundle: A drafts bundle (`Schemas/bundle.md`), at most `Limits.pushBytes`.
  ///   - sent: Told how much of it the line has taken, where that can be said.
  func push(
    _ bundle: [UInt8], from member: MemberMark, sent: @escaping TransferProgress
  ) async throws -> PushAnswer

  /// Hands over drafts and asks for what leads on from `request`, which is one exchange where the remote can.
  ///
  /// The same as `push` and then `pull`. What became of the drafts is told even when the
  /// bundle did not come.
  ///
  /// - Parameters:
  ///   - bundle: A drafts bundle, as for `push`.
  ///   - leaves: The leaf hashes of the drafts in it.
  ///   - sent: As for `push`.
  /// - Throws: What `push` throws; nothing was asked for then.
  func exchange(
    _ bundle: [UInt8], of leaves: [SHA256Hash], from member: MemberMark, asking request: PullRequest,
    into folder: URL, sent: @escaping TransferProgress, progress: @escaping TransferProgress
  ) async throws -> ExchangeAnswer

  /// Hands over the request to become a member. Repeating it has no further effect.
  ///
  /// - Parameter note: A signed note (`Schemas/enrolment.md`).
  /// - Returns: What the publisher made of it; `nil` where it comes by later, and the answer is the member's document
  ///   in what it leaves.
  /// - Throws: `EnrolmentError`, `RemoteError`.
  func enrol(_ note: [UInt8], from member: MemberMark) async throws -> EnrolmentAnswer?

  /// Answers to drafts that were handed over earlier (folders answer late).
  func answers(to leaves: [SHA256Hash], from member: MemberMark) async throws -> [DraftAnswer]

  /// Tells the remote where this replica stands, so that a publisher that meets the
  /// same stick later can prepare the bundle it needs. Servers need no such word.
  func leave(position: PullRequest, from member: MemberMark) async throws

  /// Gets one asset by its hash, for a copy that knows of it and does not hold it.
  ///
  /// The file is below `folder`, belongs to the caller, and is unverified; an interrupted transfer
  /// leaves its part there, and asking again goes on after the last byte received.
  ///
  /// - Returns: The file and the bytes that travelled for it now; `nil` when the remote does not hold the asset.
  /// - Throws: `RemoteError`.
  func asset(
    _ hash: SHA256Hash, sizeInBytes: UInt64, into folder: URL, progress: @escaping TransferProgress
  ) async throws -> (file: URL, transferredInBytes: UInt64)?

  /// Asks for contents of one document's past, coded together (`Schemas/contents.md`), unverified.
  ///
  /// - Parameters:
  ///   - size: This copy's position.
  ///   - before: Only revisions before this one.
  /// - Returns: `nil` from a remote that can't, or has none.
  func pastContents(of path: DocumentPath, upTo size: UInt64, before: RevisionName?) async throws -> [UInt8]?

  /// Which assets this replica told a folder that it lacks and wants. Servers need no such word.
  func wishes(of member: MemberMark) async throws -> [SHA256Hash]

  /// Asks for cosignatures of checkpoints after a size, and hands over own ones where there are any.
  ///
  /// - Parameter handing: A list of own cosignatures (`Schemas/cosignatures.md`), or `nil`.
  /// - Returns: A list, unverified; `nil` where the remote has none.
  /// - Throws: `RemoteError`.
  func cosignatures(after size: UInt64, handing own: [UInt8]?, from member: MemberMark) async throws
    -> [UInt8]?

  /// Tells a folder which assets this replica lacks and wants, in place of what it told before. Servers need no such word.
  func leave(wishes: [SHA256Hash], from member: MemberMark) async throws
}

extension Remote {
  public func asset(
    _ hash: SHA256Hash, sizeInBytes: UInt64, into folder: URL, progress: @escaping TransferProgress
  ) async throws -> (file: URL, transferredInBytes: UInt64)? { nil }

  public func pastContents(
    of path: DocumentPath, upTo size: UInt64, before: RevisionName?
  ) async throws -> [UInt8]? { nil }

  public func wishes(of member: MemberMark) async throws -> [SHA256Hash] { [] }

  public func leave(wishes: [SHA256Hash], from member: MemberMark) async throws {}

  public func introduce(_ library: LibraryID, floor: Timestamp?, signer: @escaping RequestSigner) {}

  /// The same for somebody who has no copy yet.
  public func introduce(_ library: LibraryID, signer: @escaping RequestSigner) {
    introduce(library, floor: nil, signer: signer)
  }
  public var clockIsBehind: Duration? { nil }

  public func enrol(_ note: [UInt8], from member: MemberMark) async throws -> EnrolmentAnswer? {
    throw RemoteError.refused(address: address, detail: "nobody becomes a member through it")
  }

  public func cosignatures(
    after size: UInt64, handing own: [UInt8]?, from member: MemberMark
  ) async throws -> [UInt8]? { nil }

  /// Hands over drafts without being told how far it is.
  public func push(_ bundle: [UInt8], from member: MemberMark) async throws -> PushAnswer {
    try await push(bundle, from: member, sent: { _, _ in })
  }

  /// The same as one exchange, without being told how far the drafts are.
  public func exchange(
    _ bundle: [UInt8], of leaves: [SHA256Hash], from member: MemberMark, asking request: PullRequest,
    into folder: URL, progress: @escaping TransferProgress
  ) async throws -> ExchangeAnswer {
    try await exchange(
      bundle, of: leaves, from: member, asking: request, into: folder, sent: { _, _ in }, progress: progress)
  }

  public var mayStopShort: Bool { false }
  public var answersLater: Bool { false }

  public func exchange(
    _ bundle: [UInt8], of leaves: [SHA256Hash], from member: MemberMark, asking request: PullRequest,
    into folder: URL, sent: @escaping TransferProgress, progress: @escaping TransferProgress
  ) async throws -> ExchangeAnswer {
    let pushed = try await push(bundle, from: member, sent: sent)
    var request = request
    if case .answered(let answers) = pushed { request = request.holding(answers) }
    do {
      return ExchangeAnswer(
        push: pushed, pull: .success(try await pull(request, into: folder, progress: progress)))
    } catch {
      return ExchangeAnswer(push: pushed, pull: .failure(error))
    }
  }
}

/// Bytes received or sent so far, and the whole size when it is known.
public typealias TransferProgress = @Sendable (_ received: UInt64, _ total: UInt64?) -> Void

/// "I hold this library up to here": what a replica asks a remote for.
public struct PullRequest: Hashable, Sendable {
  /// The log size whose content the receiver holds; 0 for a first copy or a deeper one.
  public var from: UInt64
  /// The log size whose root the receiver knows, at least `from`.
  public var known: UInt64
  /// How much history is wanted.
  public var depth: Depth
  /// Which collections are wanted.
  public var subscription: Subscription
  /// The position wanted, or `nil` for the newest.
  public var to: UInt64?
  /// The checkpoint note that the asker holds; a remote whose newest is the same need not send it again.
  public var held: CheckpointMark?
  /// Whether the receiver holds all that was current at `known`, assets aside, though `from` is 0: a deeper history
  /// need not bring it again.
  public var holdsCurrent: Bool
  /// Change sets whose contents the receiver holds because they were its own drafts: these need not come back.
  public var holds: ChangeSetRanges
  /// The size after which cosignatures are wanted along with the answer, for the asker's newest time is old; `nil`:
  /// none are. A remote need not give any.
  public var timesAfter: UInt64?

  public init(
    from: UInt64, known: UInt64, depth: Depth, subscription: Subscription, to: UInt64? = nil,
    held: CheckpointMark? = nil, holdsCurrent: Bool = false, holds: ChangeSetRanges = ChangeSetRanges(),
    timesAfter: UInt64? = nil
  ) {
    self.from = from
    self.known = known
    self.depth = depth
    self.subscription = subscription
    self.to = to
    self.held = held
    self.holdsCurrent = holdsCurrent
    self.holds = holds
    self.timesAfter = timesAfter
  }

  /// The same without what the asker says of itself: two that are equal so are answered with the same bundle.
  public var ofBundle: PullRequest {
    var request = self
    request.held = nil
    request.timesAfter = nil
    return request
  }

  /// The same for an asker whose drafts were just taken.
  public func holding(_ answers: [DraftAnswer]) -> PullRequest {
    // A request names one of the two.
    guard !holdsCurrent else { return self }
    var request = self
    request.holds = holds.union(answers.compactMap(\.changeSet).filter { $0 > from })
    return request
  }
}

/// The short mark of a checkpoint note: the first 6 bytes of its SHA-256 in base64 for URLs, 8 characters.
///
/// It saves sending a note that the asker holds already. A remote that lies about it can
/// only hold back what is new, as it could by sending an old note.
public struct CheckpointMark: Hashable, Sendable, CustomStringConvertible {
  /// 8 characters of `A-Z a-z 0-9 - _`.
  public let text: String

  /// Marks a note.
  public init(note: [UInt8]) {
    text = Base64.encodeForURLs(Array(SHA256Hash(hashing: note).bytes.prefix(6)))
  }

  /// Reads a mark; `nil` unless it is 8 characters of the alphabet.
  public init?(_ text: String) {
    let isClean = text.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
        true
      default: false
      }
    }
    guard isClean, text.utf8.count == 8 else { return nil }
    self.text = text
  }

  public var description: String { text }
}

/// What a remote has for a pull request.
public enum PullAnswer: Sendable {
  /// Nothing new: the remote's checkpoint note, which the caller compares with its own.
  case unchanged(checkpoint: [UInt8])
  /// Nothing new: the remote's checkpoint note is the one whose mark was sent.
  case same
  /// A whole bundle in a file that the caller owns and removes; the bytes that travelled for it this time.
  case bundle(file: URL, transferredInBytes: UInt64)
}

/// What a pull would bring.
public struct PullPreview: Sendable, Hashable {
  /// How many of a bundle's first bytes a preview carries at most: enough for its header.
  public static let prefixSizeInBytes = 4096
  /// The exact size of the bundle.
  public var sizeInBytes: UInt64
  /// Its first bytes.
  public var prefix: [UInt8]

  public init(sizeInBytes: UInt64, prefix: [UInt8]) {
    self.sizeInBytes = sizeInBytes
    self.prefix = prefix
  }
}

/// What came of handing over drafts and asking for what is new in one exchange.
public struct ExchangeAnswer: Sendable {
  /// What became of the drafts.
  public var push: PushAnswer
  /// What the remote has, or why it did not come.
  public var pull: Result<PullAnswer, any Error>

  public init(push: PushAnswer, pull: Result<PullAnswer, any Error>) {
    self.push = push
    self.pull = pull
  }
}

/// What became of pushed drafts.
public enum PushAnswer: Sendable {
  /// The publisher has judged them.
  case answered([DraftAnswer])
  /// They lie where the publisher will find them; ask `answers(to:from:)` later.
  case deposited
}

/// What the publisher did with one draft.
public struct DraftAnswer: Hashable, Sendable, Codable {
  /// The leaf hash of the draft's note, in base64.
  public var leaf: String
  /// The change set's number in the log when it was taken; `nil` when it waits in quarantine.
  public var changeSet: UInt64?
  /// The receipt (`Schemas/log.md`) when it was taken; `nil` also where the change set itself comes in the
  /// same exchange, which proves more.
  public var receipt: String?
  /// Why it was not taken, for the author to read.
  public var refusal: String?
  /// The log's signature of the refusal (`Schemas/log.md`), in base64.
  public var signature: String?

  public init(
    leaf: String, changeSet: UInt64?, receipt: String?, refusal: String?, signature: String? = nil
  ) {
    self.leaf = leaf
    self.changeSet = changeSet
    self.receipt = receipt
    self.refusal = refusal
    self.signature = signature
  }

  /// The answer to a draft that was not taken.
  public init(leaf: String, _ refusal: Refusal) {
    self.init(
      leaf: leaf, changeSet: nil, receipt: nil, refusal: refusal.reason,
      signature: Base64.encode(refusal.signature))
  }

  /// The refusal as it was signed; `nil` where there is none, or no signature with it.
  public var signedRefusal: Refusal? {
    guard let refusal, let signature = signature.flatMap(Base64.decode) else { return nil }
    return Refusal(reason: refusal, signature: signature)
  }
}

/// Why an exchange with a remote failed. The library is as it was.
public enum RemoteError: SheafFailure, Equatable {
  /// Nobody answers at the address.
  case unreachable(address: String, detail: String)
  /// The line was cut or stalled; what came so far is kept.
  case interrupted(address: String, detail: String)
  /// What answers there is not a Sheaf library.
  case notSheaf(address: String, detail: String)
  /// The remote points elsewhere, which is never followed.
  case redirected(address: String, to: String)
  /// The remote answers members, and this copy is not one that it knows.
  case unauthorized(address: String)
  /// The remote knows who asks, and the member may not have or do this.
  case forbidden(address: String, detail: String, hint: String? = nil)
  /// The remote holds nothing that leads on from this position.
  case nothingFits(address: String, position: UInt64)
  /// The remote refused the request, in its own words.
  case refused(address: String, detail: String)
  /// The folder's disk has no room for what was to be left on it.
  case full(address: String, detail: String)
  /// The folder's file system takes no file of the size of what was to be left in it.
  case fileTooLarge(address: String, file: String)
  /// The remote sends more than it declared or than is allowed.
  case tooMuch(address: String)

  public var problem: String {
    switch self {
    case .unreachable(let address, let detail): "\(address) can't be reached: \(detail)"
    case .interrupted(let address, let detail): "the exchange with \(address) was cut short: \(detail)"
    case .notSheaf(let address, let detail): "\(address) is not a Sheaf library: \(detail)"
    case .redirected(let address, let to): "\(address) points to \(to), and a redirection is never followed"
    case .unauthorized(let address): "\(address) answers members only, and does not know this copy as one"
    case .forbidden(let address, let detail, _): "\(address) does not allow this: \(detail)"
    case .nothingFits(let address, let position):
      "\(address) holds nothing that leads on from checkpoint \(position)"
    case .refused(let address, let detail), .full(let address, let detail): "\(address) refused: \(detail)"
    case .fileTooLarge(let address, let file):
      "\(address) refused: its file system takes no file as large as \(file)"
    case .tooMuch(let address): "\(address) sends more than it declared"
    }
  }

  /// Whether a remote that fails so while drafts are handed over may still have something to give.
  var concernsDraftsOnly: Bool {
    switch self {
    case .unauthorized, .forbidden, .refused, .full, .fileTooLarge, .tooMuch: true
    case .unreachable, .interrupted, .notSheaf, .redirected, .nothingFits: false
    }
  }

  public var unchanged: String {
    switch self {
    case .interrupted: "the library is as it was, and what was received so far is kept"
    default: "the library is as it was"
    }
  }

  public var hint: String? {
    switch self {
    case .unreachable: "Check the address and the line, then run the command again."
    case .interrupted: "Run the command again; it goes on where it stopped."
    case .notSheaf(let address, _):
      address.contains("://")
        ? "Check the address; it is the one that `sheaf serve` printed."
        : "Check the folder; the publisher prepares one with `sheaf sync \(address)`."
    case .redirected(_, let to): "If you trust it, use \(to) as the remote."
    case .unauthorized: "Ask an administrator of the library for an invitation."
    case .forbidden(_, _, let hint): hint
    case .nothingFits: "Let the publisher sync with this folder once more, or clone afresh from it."
    case .refused, .full: nil
    case .fileTooLarge:
      "Use a disk with another file system (FAT32 takes no file of 4 GiB), or let copies keep less: `--keep heads`, `--only COLLECTION`."
    case .tooMuch: "Tell the publisher; the server may be faulty or hostile."
    }
  }
}
