import Foundation
import SheafLog
import SheafModel

/// What a library offers to the world outside its process; a server speaks it over HTTP.
///
/// `Library` implements it. Every call may be made while others run; none blocks the
/// cooperative pool.
public protocol LibraryService: MemberDirectory {
  /// The library's name for people.
  var name: String { get async throws }
  /// The newest checkpoint note.
  func checkpointNote() async throws -> [UInt8]
  /// The newest checkpoint note with the cosignatures of it.
  func cosignedCheckpoint() async throws -> [UInt8]
  /// The cosignatures of checkpoints after a size (`Schemas/cosignatures.md`).
  func cosignatures(after size: UInt64) async throws -> [UInt8]
  /// Takes a witness' cosignatures, and answers with those after a size.
  func cosign(_ handed: [UInt8], after size: UInt64) async throws -> [UInt8]
  /// The newest checkpoint note where it is all there is for a pull request; `nil` where a bundle may answer it.
  ///
  /// A server asks it first: nearly all requests end here, and nobody has to wait.
  func nothingNew(for request: PullRequest) async throws -> [UInt8]?
  /// What answers a pull request; bundles are made once and kept in a bounded cache.
  func offer(_ request: PullRequest) async throws -> Offer
  /// Judges and sequences the drafts of a drafts bundle.
  ///
  /// - Parameter carrier: The member that hands them over; `nil` where nobody knows.
  func receive(push bundle: [UInt8], from carrier: MemberMark?) async throws -> [DraftAnswer]
  /// The same for a drafts bundle in a file, which is read as it is judged and belongs to the caller.
  func receive(pushed file: URL, from carrier: MemberMark?) async throws -> [DraftAnswer]
  /// A folder in which whoever takes pushes keeps what has come of large ones.
  var pushedParts: URL { get }
  /// Makes a device a member that was invited. Repeating it has no further effect.
  ///
  /// - Parameter note: A signed note (`Schemas/enrolment.md`).
  /// - Throws: `EnrolmentError`; nobody became a member.
  func enrol(_ note: [UInt8]) async throws -> EnrolmentAnswer
  /// Answers to drafts received earlier; unknown ones are left out.
  func answers(to leaves: [SHA256Hash]) async throws -> [DraftAnswer]
  /// The receipt of a change set, as text.
  func receipt(changeSet: UInt64) async throws -> String
  /// A tile or entry bundle by its C2SP path below `tile/`; `nil` when the log does not reach it.
  func tile(_ path: String) async throws -> [UInt8]?
  /// The current documents.
  func documents(in collection: CollectionName?) async throws -> [DocumentSummary]
  /// One document's current content.
  func content(of path: DocumentPath) async throws -> DocumentContent?
  /// One document's current content, to be read piece by piece.
  func open(_ path: DocumentPath) async throws -> ContentReading?
  /// A published content by its hash, an asset as a rule; `nil` when it is not held here, or no document of these collections ever had it.
  ///
  /// - Parameter collections: `nil` for all.
  func asset(_ hash: SHA256Hash, in collections: Set<CollectionName>?) async throws -> ContentReading?
  /// One document's history, newest first.
  func history(of path: DocumentPath) async throws -> [HistoryEntry]
  /// Contents of one document's past, coded (`Schemas/contents.md`); `nil` when there are none to give.
  ///
  /// - Parameter collections: Only what stood in these; `nil` for all.
  func pastContents(
    of path: DocumentPath, upTo size: UInt64, before: RevisionName?, in collections: Set<CollectionName>?
  ) async throws -> [UInt8]?
  /// Figures for monitoring.
  func figures() async throws -> ServiceFigures
}

extension LibraryService {
  /// The same where nobody knows who hands them over.
  public func receive(push bundle: [UInt8]) async throws -> [DraftAnswer] {
    try await receive(push: bundle, from: nil)
  }

  public func receive(pushed file: URL, from carrier: MemberMark?) async throws -> [DraftAnswer] {
    try await receive(push: [UInt8](try Data(contentsOf: file)), from: carrier)
  }

  public func nothingNew(for request: PullRequest) async throws -> [UInt8]? { nil }

  public func enrol(_ note: [UInt8]) async throws -> EnrolmentAnswer { throw EnrolmentError.takesNobody }

  public func cosignedCheckpoint() async throws -> [UInt8] { try await checkpointNote() }

  public func cosignatures(after size: UInt64) async throws -> [UInt8] { throw LibraryError.empty }

  public func cosign(_ handed: [UInt8], after size: UInt64) async throws -> [UInt8] {
    throw CosignatureError.unknownWitness
  }

  public func open(_ path: DocumentPath) async throws -> ContentReading? {
    try await content(of: path).map(ContentReading.init)
  }

  public func asset(_ hash: SHA256Hash, in collections: Set<CollectionName>?) async throws -> ContentReading?
  {
    nil
  }

  public func pastContents(
    of path: DocumentPath, upTo size: UInt64, before: RevisionName?, in collections: Set<CollectionName>?
  ) async throws -> [UInt8]? { nil }
}

/// What answers a pull request.
public enum Offer: Sendable {
  /// Nothing new: the checkpoint note.
  case unchanged(checkpoint: [UInt8])
  /// A finished bundle in the cache.
  case bundle(BundleFile)
}

/// A finished bundle on disk; removed by the cache some time after the last use.
public struct BundleFile: Hashable, Sendable {
  /// Where it lies. Open it at once: an open file outlives the cache's eviction.
  public let file: URL
  /// Its size in bytes.
  public let sizeInBytes: UInt64
  /// The hash of its bytes: a strong validator, the same on every server.
  public let hash: SHA256Hash

  public init(file: URL, sizeInBytes: UInt64, hash: SHA256Hash) {
    self.file = file
    self.sizeInBytes = sizeInBytes
    self.hash = hash
  }
}

/// Figures about a library for monitoring.
public struct ServiceFigures: Sendable, Hashable {
  public var changeSets: UInt64
  public var documents: UInt64
  public var conflicts: UInt64
  public var quarantined: UInt64
  /// Bundles made for replicas since the library was opened; those that were answered from the cache are not.
  public var bundlesMade: UInt64

  public init(
    changeSets: UInt64, documents: UInt64, conflicts: UInt64, quarantined: UInt64, bundlesMade: UInt64 = 0
  ) {
    self.bundlesMade = bundlesMade
    self.changeSets = changeSets
    self.documents = documents
    self.conflicts = conflicts
    self.quarantined = quarantined
  }
}
