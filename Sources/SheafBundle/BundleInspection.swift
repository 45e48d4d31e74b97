import SheafDelta
import SheafLog
import SheafModel

/// A stretch of a bundle, or of one of its unpacked streams, and what it says.
public struct BundleItem: Hashable, Sendable {
  /// Where the stretch lies.
  public enum Place: Hashable, Sendable {
    /// In the file.
    case file
    /// In an unpacked stream of this block, counted from 1.
    case stream(BundleSummary.Part, block: Int)
    /// In the account that stands at the end: all bytes of one part, one part after the other.
    case account
  }

  /// Where it lies.
  public let place: Place
  /// Where it begins there.
  public let offset: UInt64
  /// How many bytes it is.
  public let sizeInBytes: UInt64
  /// What it is.
  public let label: String
  /// What it says, in words or hexadecimal digits.
  public let value: String
}

/// Tells what every byte of a bundle says, without any library.
///
/// The items of the file follow each other without a gap from its first byte to its
/// last, and so do those of each block's streams. The last items are an account of
/// the file by parts (`BundleSummary.sizes`), whose sizes add up to the file's. Nothing is verified: bases and
/// hashes need a library, and so do bodies that models have coded. What is not well
/// formed is refused as the reader would.
public struct BundleInspection {
  private var source: ByteSource
  private let report: (BundleItem) throws -> Void
  private let notes = Notes()

  /// Collects what the field readers tell, in the order of the file.
  private final class Notes {
    var waiting: [BundleItem] = []
    private var end: UInt64 = 0

    func add(_ end: UInt64, _ label: String, _ value: String) {
      guard end > self.end else { return }
      waiting.append(
        BundleItem(place: .file, offset: self.end, sizeInBytes: end - self.end, label: label, value: value))
      self.end = end
    }
  }

  private init(source: ByteSource, report: @escaping (BundleItem) throws -> Void) {
    self.source = source
    self.report = report
  }

  /// Reads a bundle to its end and reports its items.
  ///
  /// - Parameters:
  ///   - source: At most as many bytes as asked for, empty at the end.
  ///   - report: Is told every item; a block's streams after the frame they came in.
  /// - Returns: The header.
  /// - Throws: `BundleError`; what `source` or `report` throws.
  @discardableResult
  public static func inspect(
    source: @escaping (_ maximumCount: Int) throws -> [UInt8], report: @escaping (BundleItem) throws -> Void
  ) throws -> BundleHeader {
    var inspection = BundleInspection(source: ByteSource(source), report: report)
    do { return try inspection.run() } catch { throw inspection.source.failure ?? error }
  }

  private mutating func run() throws -> BundleHeader {
    let notes = notes
    let header = try BundleHeader(reading: &source) { notes.add($0, $1, $2) }
    try reportNotes()
    var account = BundleSummary()
    account.add(Int(source.position), to: .header)
    if header.content != .drafts {
      _ = try PackedSeal(reading: &source, header: header) { notes.add($0, $1, $2) }
      account.add(Int(source.position - account.sizeInBytes), to: .seal)
      for node in header.proofNodes {
        let hash = try source.hash()
        notes.add(source.position, "proof, level \(node.level), index \(node.index)", hash.hex)
      }
      try reportNotes()
      account.add(Int(source.position - account.sizeInBytes), to: .proof)
    }
    let frames = FrameReader { notes.add($0, $1, $2) }
    var entries = EntryInspector(header: header, report: report)
    repeat {
      let block = try frames.next(&source, coder: header.coder)
      try reportNotes()
      try entries.read(block)
    } while !entries.isAtEnd
    guard try source.isAtEnd() else { throw BundleError.trailing(offset: source.position) }
    for (part, size) in entries.account.sizes { account.add(Int(size), to: part) }
    var start: UInt64 = 0
    for part in BundleSummary.Part.allCases {
      guard let size = account.sizes[part], size > 0 else { continue }
      try report(
        BundleItem(
          place: .account, offset: start, sizeInBytes: size, label: part.rawValue,
          value: "of \(account.sizeInBytes)"))
      start += size
    }
    return header
  }

  private func reportNotes() throws {
    for item in notes.waiting { try report(item) }
    notes.waiting = []
  }
}
