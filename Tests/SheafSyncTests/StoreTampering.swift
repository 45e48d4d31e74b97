import SheafModel

@testable import SheafStore

extension StoreTransaction {
  func unpackedReasons() throws -> Int64? {
    try integer("SELECT count(*) FROM change_set WHERE reason IS NOT NULL")
  }

  /// How many revisions name their content by its hash, and how many columns hold what follows from other rows.
  func whatFollows() throws -> [Int64?] {
    [
      try integer("SELECT count(*) FROM revision WHERE typeof(content) = 'blob'"),
      try integer("SELECT count(seen_root) + count(reason_seal) FROM change_set"),
    ]
  }

  /// Changes the file behind the engine's back, as a fault or a stranger would.
  func tamper(_ sql: String) throws { try db.execute(sql: sql) }

  /// The bytes that contents take.
  func bodiesSize() throws -> Int64 {
    try integer(
      "SELECT ifnull(sum(length(data)), 0) + (SELECT ifnull(sum(length(data)), 0) FROM pack) FROM body") ?? 0
  }

  /// Loses one content.
  func remove(body hash: SHA256Hash) throws {
    try tamper("DELETE FROM body WHERE hash = x'\(hash.hex)'")
  }
}
