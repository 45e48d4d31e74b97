import SheafModel

@testable import SheafStore

extension StoreTransaction {
  /// Changes the file behind the engine's back, as a fault or a stranger would.
  func tamper(_ sql: String) throws { try db.execute(sql: sql) }

  /// Loses one content.
  func remove(body hash: SHA256Hash) throws {
    try tamper("DELETE FROM body WHERE hash = x'\(hash.hex)'")
  }
}
