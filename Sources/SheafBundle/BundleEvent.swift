import SheafLog
import SheafModel

/// What a reader gives out, in the order of the bundle.
///
/// Everything is only to be staged until `end` has come and the state root is right.
public enum BundleEvent: Sendable {
  /// A body. It comes before the change set or state change that needs it, which
  /// verifies it; the host answers `bytes(of:)` for it from now on.
  ///
  /// `base` is the content that it travelled as a delta against, where there was one.
  case body(SHA256Hash, [UInt8], base: SHA256Hash?)
  /// The next part of an asset, verified only once `asset` has come.
  case assetPart(AssetPart)
  /// The parts since the last asset are all of one that has this hash and size. It comes
  /// before what needs it; the host answers `chunks(of:)` for it from now on.
  case asset(SHA256Hash, sizeInBytes: UInt64)
  /// An asset that does not travel or, with `isBuiltOnAbsent`, that builds on one which the receiver never fetched.
  ///
  /// The size is the bundle's word until a line's commitment or the bytes themselves prove it.
  case absentAsset(SHA256Hash, sizeInBytes: UInt64, isBuiltOnAbsent: Bool)
  /// A change set whose author's signature, library, commitments and list root hold.
  case changeSet(ReceivedChangeSet)
  /// What is current at a path; `nil` for nothing. Contents that did not travel in
  /// this bundle are held by the receiver, or the publisher made a mistake: the caller checks.
  case stateChange(path: DocumentPath, value: StateEntry.Value?)
  /// All there was. Drafts end without it.
  case end(BundleEnd)
}

/// A change set that was received and verified.
public struct ReceivedChangeSet: Sendable {
  /// Its number in the log, from 1; 0 in drafts.
  public let number: UInt64
  /// Its note, byte for byte as it was signed.
  public let note: SignedNote
  /// What the note's text says.
  public let fields: ChangeSetNote
  /// The hash of the note as a leaf of the log.
  public let leafHash: SHA256Hash
  /// The seed of its salts; `nil` when it was destroyed.
  public let seed: Seed?
  /// The salts that are left of a destroyed seed, by line; line 0 is the reason's.
  public let salts: [UInt32: [UInt8]]
  /// The reason's bytes, which fit the note's commitment; `nil` when they did not travel.
  public let reason: [UInt8]?
  /// How many lines its list has.
  public let totalLines: Int
  /// The lines that travelled, by ascending index.
  public let lines: [ReceivedLine]
  /// What proves the lines against the list's root; empty when they are all.
  public let subsetProof: [SHA256Hash]
}

/// A line of a change set that was received.
public struct ReceivedLine: Hashable, Sendable {
  /// Its place in the revision list, from 0.
  public let index: Int
  /// The line.
  public let line: RevisionLine
  /// Its content's hash; `nil` for a tombstone and for content that is not known any more.
  public let content: SHA256Hash?
  /// Whether the bytes came in this bundle or a delta was made against them; when
  /// false, the receiver may still have them from elsewhere.
  public let isHeld: Bool
}

/// What a bundle led to.
public struct BundleEnd: Sendable {
  /// What the publisher signed for this position. The caller compares the state
  /// root with its own after it has applied all.
  public let seal: BundleSeal
  /// The log's right edge at `to`; its root is the signed one.
  public let position: CompactRange
  /// The state of the collections that the bundle does not carry.
  public let otherCollections: [CollectionRoot]
}

/// Where the receiver of a bundle stands.
public struct BundleContext: Sendable {
  /// The receiver's library; `nil` for a first copy.
  public var library: LibraryID?
  /// The log key that the receiver trusts; `nil` for a first copy, which takes the
  /// header's when it fits the library's identity.
  public var logKey: [UInt8]?
  /// The log as the receiver knows it; empty for a first copy.
  public var position: CompactRange

  public init(library: LibraryID?, logKey: [UInt8]?, position: CompactRange) {
    self.library = library
    self.logKey = logKey
    self.position = position
  }
}
