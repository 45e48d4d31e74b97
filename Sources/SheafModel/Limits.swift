/// The sizes above which input is refused before memory is spent on it.
///
/// The values are part of the formats: `Schemas/` names each beside its format.
public enum Limits {
  /// The largest change-set note in bytes.
  public static let changeSetNote = 4 << 10
  /// The most lines in one change set.
  public static let revisionLines = 100_000
  /// The longest document path in UTF-8 bytes.
  public static let pathBytes = 512
  /// The longest segment of a new document's path in UTF-8 bytes: the names of files are no longer on any common disk.
  public static let nameOnDiskBytes = 255
  /// The most segments in a document path.
  public static let pathSegments = 16
  /// The most revisions that one revision is made from.
  public static let parents = 8
  /// The most revisions that are looked at for who wrote a text.
  public static let writtenRevisions = 300
  /// The most revisions that one line asks to destroy.
  public static let redactedRevisions = 1_000
  /// The most signature lines below a note: as many as C2SP *signed-note* asks every reader to take.
  public static let signatures = 16
  /// The largest checkpoint or state note in bytes.
  public static let checkpointNote = 16 << 10
  /// The largest reason, claims included, in bytes.
  public static let reason = 64 << 10
  /// The largest text or record in bytes.
  public static let document = 64 << 20
  /// The largest asset in bytes: content that is kept and sent in chunks.
  public static let asset: UInt64 = 16 << 30
  /// The most change sets in one push.
  public static let pushedChangeSets = 10_000
  /// The largest push in bytes, as sent.
  public static let pushBytes = 64 << 20
  /// The most that one push may unpack to, in bytes.
  public static let draftsUnpackedBytes: UInt64 = 1 << 30
  /// The most content that one draft may hold, in bytes: what is sure to fit into a push.
  public static let draftBytes = 60 << 20
  /// The most refused change sets of one author that a publisher keeps.
  public static let quarantinedChangeSets = 10_000
  /// The most that one author's refused change sets may hold, in bytes.
  public static let quarantinedBytes = 256 << 20
  /// The largest bundle in bytes, as sent, unless assets make it larger.
  public static let bundleBytes: UInt64 = 2 << 30
  /// The largest bundle with assets in bytes, as sent; one above `bundleBytes` declares at least its own size unpacked.
  public static let assetBundleBytes: UInt64 = 64 << 30
  /// The most that a bundle may unpack to, in bytes.
  public static let bundleUnpackedBytes: UInt64 = 64 << 30
  /// The most collections in one library.
  public static let collections = 10_000
}
