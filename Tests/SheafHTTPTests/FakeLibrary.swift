import Foundation
import SheafHTTP
import SheafLog
import SheafModel
import SheafSync
import SheafTesting
import Synchronization

/// A library that a test fills by hand.
final class FakeLibrary: LibraryService {
  struct Contents: Sendable {
    /// The log's size.
    var size: UInt64 = 1219
    /// The bundle's bytes by the log size it leads to.
    var bundles: [UInt64: [UInt8]] = [:]
    var answers: [DraftAnswer] = []
    var pushed: [[UInt8]] = []
    var asked: [PullRequest] = []
    var tiles: [String: [UInt8]] = [:]
    var documents: [String: DocumentContent] = [:]
    var assets: [SHA256Hash: DocumentContent] = [:]
    /// The members; `nil` in an open library.
    var members: [Member]?
    var isPublic = false
    /// What becomes of requests to become a member.
    var enrolment: Result<EnrolmentAnswer, EnrolmentError> = .failure(.takesNobody)
    var enrolled: [[UInt8]] = []
    /// What answers for contents of a document's past, by the request's parts.
    var past: [String: [UInt8]] = [:]
    var cosignatures: [UInt8] = []
    var failure: (any Error)?
    /// Called before an offer or a push is answered.
    var delay: (@Sendable () async throws -> Void)?
  }

  let id: LibraryID
  let folder: URL
  let contents: Mutex<Contents>

  init(_ contents: Contents = Contents()) throws {
    id = Self.identity
    folder = FileManager.default.temporaryDirectory.appending(path: "sheaf-http-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    self.contents = Mutex(contents)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  func set(_ change: @Sendable (inout Contents) -> Void) { contents.withLock { change(&$0) } }

  static let identity = LibraryID(name: "Clinics", logKey: [1, 2, 3])

  /// A checkpoint note of the size that real ones have: three lines, a log signature, a timestamped cosignature.
  static func note(_ size: UInt64) -> [UInt8] {
    let root = SHA256Hash(hashing: Array("\(size)".utf8)).base64
    let signature = String(repeating: "S", count: 92)
    let cosignature = String(repeating: "T", count: 104)
    let lines = [
      "\(identity)", "\(size)", root, "", "\u{2014} \(identity) \(signature)",
      "\u{2014} \(identity)/time \(cosignature)", "",
    ]
    return Array(lines.joined(separator: "\n").utf8)
  }

  /// Bytes of which no two stretches nearby are alike; a block of a prime size, repeated.
  static func bytes(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var random = SplitMix64(seed: seed)
    let block = random.bytes(min(count, 8191))
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + block.count)
    while bytes.count < count { bytes += block }
    return Array(bytes.prefix(count))
  }

  private func check() throws { if let failure = contents.withLock({ $0.failure }) { throw failure } }

  func asset(_ hash: SHA256Hash, in collections: Set<CollectionName>?) async throws -> ContentReading? {
    guard let asset = contents.withLock({ $0.assets[hash] }),
      collections?.contains(asset.path.collection) ?? true
    else { return nil }
    return ContentReading(asset)
  }

  func standing(of mark: MemberMark?) async throws -> Standing {
    contents.withLock { contents in
      Standing(
        isClosed: contents.members != nil, isPublic: contents.isPublic,
        member: contents.members?.first { $0.mark == mark })
    }
  }

  func cosignatures(after size: UInt64) async throws -> [UInt8] { contents.withLock { $0.cosignatures } }
  func cosign(_ handed: [UInt8], after size: UInt64) async throws -> [UInt8] { [] }

  func enrol(_ note: [UInt8]) async throws -> EnrolmentAnswer {
    try contents.withLock { contents in
      contents.enrolled.append(note)
      return try contents.enrolment.get()
    }
  }

  func pastContents(
    of path: DocumentPath, upTo size: UInt64, before: RevisionName?, in collections: Set<CollectionName>?
  ) async throws -> [UInt8]? {
    contents.withLock { $0.past["\(path) \(size) \(before.map(\.description) ?? "-")"] }
  }

  var name: String { get async throws { "Test" } }

  func checkpointNote() async throws -> [UInt8] {
    try check()
    return Self.note(contents.withLock { $0.size })
  }

  func offer(_ request: PullRequest) async throws -> Offer {
    try check()
    let (bundle, size, delay) = contents.withLock {
      $0.asked.append(request)
      return ($0.bundles[request.to ?? $0.size], $0.size, $0.delay)
    }
    try await delay?()
    if request.from == size { return .unchanged(checkpoint: Self.note(size)) }
    guard let bundle else { throw RemoteError.nothingFits(address: "here", position: request.from) }
    let file = folder.appending(path: "\(request.to ?? size).bundle")
    try Data(bundle).write(to: file)
    return .bundle(
      BundleFile(file: file, sizeInBytes: UInt64(bundle.count), hash: SHA256Hash(hashing: bundle)))
  }

  func receive(push bundle: [UInt8], from carrier: MemberMark?) async throws -> [DraftAnswer] {
    try check()
    let delay = contents.withLock { $0.delay }
    try await delay?()
    return contents.withLock {
      $0.pushed.append(bundle)
      return $0.answers
    }
  }

  var pushedParts: URL { folder.appending(path: "pushed") }

  func answers(to leaves: [SHA256Hash]) async throws -> [DraftAnswer] {
    try check()
    let wanted = Set(leaves.map(\.base64))
    return contents.withLock { $0.answers.filter { wanted.contains($0.leaf) } }
  }

  func receipt(changeSet: UInt64) async throws -> String {
    try check()
    return "receipt \(changeSet)\n"
  }

  func tile(_ path: String) async throws -> [UInt8]? { contents.withLock { $0.tiles[path] } }

  func documents(in collection: CollectionName?) async throws -> [DocumentSummary] {
    contents.withLock { $0.documents.values.sorted { $0.path < $1.path } }
      .filter { collection == nil || $0.path.collection == collection }
      .map {
        DocumentSummary(
          path: $0.path.text, revision: $0.revision, mediaType: $0.mediaType.essence,
          sizeInBytes: UInt64($0.bytes.count), title: nil, isConflicted: $0.isConflicted, hasDraft: false)
      }
  }

  func content(of path: DocumentPath) async throws -> DocumentContent? {
    contents.withLock { $0.documents[path.text] }
  }

  func history(of path: DocumentPath) async throws -> [HistoryEntry] {
    guard contents.withLock({ $0.documents[path.text] }) != nil else { return [] }
    return [
      HistoryEntry(
        revision: "3.1", verb: "put", path: path.text, parents: [], time: "2026-11-22T08:00:00Z", by: "Ada",
        member: "0011223344556677", author: nil, claimedTime: nil, source: nil, reason: "first",
        sizeInBytes: 5,
        isHeld: true)
    ]
  }

  func figures() async throws -> ServiceFigures {
    ServiceFigures(
      changeSets: contents.withLock { $0.size }, documents: 12, conflicts: 2, quarantined: 1)
  }
}

/// A member with a key of its own.
struct FakeMember: Sendable {
  var member: Member
  let key: SigningKey

  init(
    _ role: MemberRole, seed: UInt8 = 1, collections: [String]? = nil, revoked: String? = nil
  ) throws {
    key = try SigningKey(name: "sheaf-member", seed: [UInt8](repeating: seed, count: 32))
    member = Member(
      key: key.verifierKey.publicKey, name: "Member \(seed)", role: role,
      collections: try collections.map { Set(try $0.map { try CollectionName($0) }) }, revoked: revoked)
  }

  var signer: RequestSigner { { [key] in try RequestSignature(of: $0, at: $1, by: key) } }

  /// What `Authorization` says of a request to the fake library, or another.
  func authorization(
    _ method: String, _ target: String, at time: UInt32, length: Int = 0,
    library: LibraryID = FakeLibrary.identity, authority: String = "h"
  ) throws -> String {
    let request = RequestText(
      library: library, authority: authority, method: method, target: target, lengthInBytes: UInt64(length))
    return "Sheaf " + (try RequestSignature(of: request, at: time, by: key)).credential
  }
}

struct TestError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

/// A failure as a library reports it.
struct FakeFailure: SheafFailure {
  var problem = "the drafts are not in order"
  var hint: String? = "Sort them."
  var kind: FailureKind
}
