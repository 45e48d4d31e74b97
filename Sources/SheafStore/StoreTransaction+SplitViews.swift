import Foundation
import GRDB
import SheafModel

/// Two checkpoints that the log's key signed and that can't both be true.
public struct StoredSplitView: Hashable, Sendable {
  /// The size that the other one states.
  public var size: UInt64
  /// This copy's checkpoint note.
  public var own: [UInt8]
  /// The note that contradicts it.
  public var theirs: [UInt8]
  /// Where it was seen.
  public var place: String
  /// When, by the local clock.
  public var time: Timestamp

  public init(size: UInt64, own: [UInt8], theirs: [UInt8], place: String, time: Timestamp) {
    self.size = size
    self.own = own
    self.theirs = theirs
    self.place = place
    self.time = time
  }
}

extension StoreTransaction {
  /// The most pairs that are kept as evidence.
  public static let splitViewLimit = 100

  /// Keeps evidence; the same note again, or one beyond the limit, changes nothing.
  public func insert(_ view: StoredSplitView) throws {
    guard try splitViewCount() < UInt64(Self.splitViewLimit) else { return }
    try execute(
      "INSERT OR IGNORE INTO split_view (theirs, own, size, place, time) VALUES (?, ?, ?, ?, ?)",
      [Data(view.theirs), Data(view.own), Int64(clamping: view.size), view.place, view.time.seconds])
  }

  /// All evidence, the oldest first.
  public func splitViews() throws -> [StoredSplitView] {
    try rows("SELECT * FROM split_view ORDER BY time, size, theirs").map { row in
      StoredSplitView(
        size: try row["size"], own: try row["own"],
        theirs: try row["theirs"], place: try row["place"],
        time: try row["time"])
    }
  }

  /// How many pairs are kept.
  public func splitViewCount() throws -> UInt64 {
    try value("SELECT count(*) FROM split_view") ?? 0
  }
}
