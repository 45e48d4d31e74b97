import Foundation
import GRDB
import SheafModel

/// A sweep that could not be done: the copy's file still holds what was destroyed in its rows.
public struct FailedSweep: Hashable, Sendable {
  /// The newest redaction that was to be swept out.
  public var redaction: UInt64
  /// When it was tried.
  public var time: Timestamp
  /// Before this moment no append, bundle or opening tries again.
  public var next: Timestamp
  /// Why not, and what to do about it; each a line.
  public var why: String
  public var hint: String

  public init(redaction: UInt64, time: Timestamp, next: Timestamp, why: String, hint: String) {
    self.redaction = redaction
    self.time = time
    self.next = next
    self.why = why
    self.hint = hint
  }

  /// Whether a sweep of a redaction is to wait: this one failed for the same, not long ago.
  public func holdsOff(_ redaction: UInt64, at now: Timestamp) -> Bool {
    // A clock that was put back must not make it wait for years.
    redaction <= self.redaction && now >= time && now < next
  }

  fileprivate var text: String {
    [
      String(redaction), String(time.seconds), String(next.seconds), Self.line(why), Self.line(hint),
    ].joined(separator: "\n")
  }

  private static func line(_ text: String) -> String { text.replacing("\n", with: " ") }

  fileprivate init?(parsing text: String) {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    guard lines.count == 5, let redaction = UInt64(lines[0]), let time = Int64(lines[1]),
      let next = Int64(lines[2])
    else { return nil }
    self.init(
      redaction: redaction, time: Timestamp(seconds: time), next: Timestamp(seconds: next), why: lines[3],
      hint: lines[4])
  }
}

extension StoreTransaction {
  /// The newest redaction of which rows were destroyed and SQLite and the folder may still hold something.
  public func unswept() throws -> UInt64? {
    let newest = try number("unswept")
    return newest > 0 ? newest : nil
  }

  /// The newest sweep that failed since the last one that did not.
  public func failedSweep() throws -> FailedSweep? {
    try blob("SELECT value FROM meta WHERE key = 'sweep-failed'").flatMap {
      FailedSweep(parsing: String(decoding: $0, as: UTF8.self))
    }
  }

  /// Takes note that everything was swept out.
  public func noteSwept() throws { try execute("DELETE FROM meta WHERE key IN ('unswept', 'sweep-failed')") }

  /// Takes note of a sweep that failed.
  public func note(_ failed: FailedSweep) throws {
    try execute(
      "INSERT OR REPLACE INTO meta (key, value) VALUES ('sweep-failed', ?)", [Data(failed.text.utf8)])
  }
}

extension LibraryStore {
  /// Writes the file anew, without what was deleted, and empties the write-ahead log.
  ///
  /// - Throws: `StoreError.locked` when somebody reads all the while, before the file is written anew where that can be
  ///   told; `StoreError.diskFull`, and others of SQLite. The library is as it was, and may still hold what was deleted.
  public func sweep() async throws {
    try await exclusively(purpose: "sheaf (destroying content)") { db in
      // As long as somebody reads an earlier moment the log can't be emptied. It would only grow by the whole file.
      try db.execute(sql: "PRAGMA busy_timeout = \(self.patienceInMilliseconds)")
      defer { try? db.execute(sql: "PRAGMA busy_timeout = \(Self.busyInSeconds * 1_000)") }
      _ = try db.checkpoint(.truncate)
      try db.execute(sql: "PRAGMA secure_delete = ON")
      defer { try? db.execute(sql: "PRAGMA secure_delete = OFF") }
      try db.execute(sql: "VACUUM")
      _ = try db.checkpoint(.truncate)
    }
  }
}
