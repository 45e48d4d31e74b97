import Foundation
import GRDB
import SheafDelta
import SheafModel

/// The stored index of what contents are like (`Schemas/store.md`, "Sketches").
///
/// A document is in it by its first, fourth, sixteenth … revision: what comes between is seldom like
/// something else. So what it says of any position of the log follows from the log up to there.
extension StoreTransaction {
  /// How many change sets the index has taken in.
  public func sketchedSize() throws -> UInt64 {
    try value("SELECT CAST(CAST(value AS TEXT) AS INTEGER) FROM meta WHERE key = 'sketched'") ?? 0
  }

  /// Takes more change sets into the index.
  ///
  /// - Parameter bytes: About how much content to look at before it is time for another transaction.
  /// - Returns: Whether all are in it.
  public func extendSketches(bytes limit: Int) throws -> Bool {
    let size = try position().size
    var done = try sketchedSize()
    var looked = 0
    while done < size, looked < limit {
      done += 1
      let places = RevisionRows.lines(of: done)
      let lines = try rows(
        """
        SELECT r.id, \(RevisionRows.content), (SELECT count(*) FROM revision o WHERE o.document = r.document AND o.id <= r.id)
        FROM revision r WHERE r.id BETWEEN ? AND ? AND r.size BETWEEN ? AND ? ORDER BY r.id
        """,
        [
          places.first, places.last, SimilaritySketch.smallestContent,
          SimilaritySketch.largestContent,
        ])
      for line in lines where try Self.isSketched(line[2]) {
        guard let content = try line[1] as SHA256Hash?,
          let bytes = try body(content)
        else { continue }
        looked += bytes.count
        for value in SimilaritySketch(bytes).values {
          try execute(
            "INSERT OR IGNORE INTO sketch (value, revision) VALUES (?, ?)", [Int64(value), line[0] as Int64])
        }
      }
    }
    try execute("INSERT OR REPLACE INTO meta (key, value) VALUES ('sketched', ?)", [Data(String(done).utf8)])
    return done >= size
  }

  private static func isSketched(_ ordinal: Int) -> Bool {
    ordinal > 0 && ordinal.nonzeroBitCount == 1 && ordinal.trailingZeroBitCount % 2 == 0
  }

  /// Documents that may be like a content, as the log up to a position knows them, at most eight: the best first.
  ///
  /// A number counts for more the fewer have it: what every document of a collection has tells them apart from nothing.
  public func similarDocuments(to sketch: SimilaritySketch, at size: UInt64) throws -> [DocumentRow] {
    var shared: [Int64: (weight: Int, newest: Int64)] = [:]
    for value in sketch.values {
      let found = try rows(
        """
        SELECT s.revision, r.document FROM sketch s JOIN revision r ON r.id = s.revision
        WHERE s.value = ? AND s.revision < ? ORDER BY s.revision DESC LIMIT \(Self.newestOfNumber)
        """, [Int64(value), RevisionRows.end(size)])
      let weight = 720_720 / max(1, found.count)
      var seen: Set<Int64> = []
      for row in found {
        let (revision, document): (Int64, Int64) = (try row[0], try row[1])
        guard seen.insert(document).inserted else { continue }
        let known = shared[document] ?? (0, 0)
        shared[document] = (known.weight + weight, max(known.newest, revision))
      }
    }
    return shared.sorted { ($0.value.weight, $0.value.newest) > ($1.value.weight, $1.value.newest) }
      .prefix(8).map { DocumentRow(id: $0.key) }
  }

  /// How many of those that share a number are looked at, the newest.
  private static let newestOfNumber = 16

  /// Empties the index; it is made anew when a bundle is.
  func emptySketches() throws {
    try db.execute(sql: "DELETE FROM sketch; DELETE FROM meta WHERE key = 'sketched'")
  }
}
