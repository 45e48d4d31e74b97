import Foundation
import GRDB
import SheafModel

/// A row that a statement found, whose columns are read without trust: a disk may have changed what they hold.
///
/// GRDB's own `Row` ends the process where a column holds something else than is asked for, so no statement of the
/// store hands one out.
struct StoredRow {
  private let row: Row
  private let statement: Source

  /// The statement that a row came from: its text, and its columns' names.
  struct Source {
    let sql: String
    let columns: [String]
  }

  init(_ row: Row, of statement: Source) {
    self.row = row
    self.statement = statement
  }

  /// What a column holds, by its place among those that the statement asks for; NULL only for an optional.
  ///
  /// - Throws: `StoreError.damaged`, which names the column, when that is no such value.
  subscript<Value: ColumnValue>(index: Int) -> Value {
    get throws {
      let stored = (row[index] as DatabaseValue).storage
      guard let value = Value(column: stored) else {
        throw Self.damage(in: statement.columns[index], of: statement.sql, holding: stored)
      }
      return value
    }
  }

  /// What a column holds, by its name.
  subscript<Value: ColumnValue>(name: String) -> Value {
    get throws {
      // Damage to a table's definition may have given the column another name.
      guard let index = statement.columns.firstIndex(of: name) else {
        throw StoreError.damaged("there is no column \(name)")
      }
      return try self[index]
    }
  }

  /// Says where a value was found that can't stand there, and what it was; never the text or the bytes themselves.
  static func damage(
    in column: String?, of sql: String, holding storage: DatabaseValue.Storage
  ) -> StoreError {
    let found =
      switch storage {
      case .null: "NULL"
      case .int64(let number): "the number \(number)"
      case .double: "a fraction"
      case .string(let text): "a text of \(text.utf8.count) bytes"
      case .blob(let data): "\(data.count) bytes"
      }
    let place = [column.map { "column \($0)" }, table(in: sql).map { "table \($0)" }].compactMap { $0 }
    return .damaged("\(place.joined(separator: " of ")) holds \(found)")
  }

  /// The first table that a statement names outside of brackets.
  private static func table(in sql: String) -> Substring? {
    var depth = 0
    var isNext = false
    for word in sql.split(whereSeparator: \.isWhitespace) {
      if isNext, !word.hasPrefix("(") { return word }
      isNext = depth == 0 && word == "FROM"
      for letter in word { depth += letter == "(" ? 1 : letter == ")" ? -1 : 0 }
    }
    return nil
  }
}

/// What a column may be read as: exactly what was written, and nothing that SQLite or GRDB would make of it.
protocol ColumnValue {
  /// - Returns: `nil` when the column holds no such value.
  init?(column: DatabaseValue.Storage)
}

extension Optional: ColumnValue where Wrapped: ColumnValue {
  init?(column: DatabaseValue.Storage) {
    if case .null = column {
      self = .none
    } else if let value = Wrapped(column: column) {
      self = .some(value)
    } else {
      return nil
    }
  }
}

extension ColumnValue where Self: FixedWidthInteger {
  init?(column: DatabaseValue.Storage) {
    guard case .int64(let number) = column else { return nil }
    self.init(exactly: number)
  }
}

extension Int: ColumnValue {}
extension Int64: ColumnValue {}
extension UInt32: ColumnValue {}
extension UInt64: ColumnValue {}

extension String: ColumnValue {
  init?(column: DatabaseValue.Storage) {
    guard case .string(let text) = column else { return nil }
    self = text
  }
}

extension Array: ColumnValue where Element == UInt8 {
  init?(column: DatabaseValue.Storage) {
    guard case .blob(let data) = column else { return nil }
    self.init(data)
  }
}

extension SHA256Hash: ColumnValue {
  init?(column: DatabaseValue.Storage) {
    guard case .blob(let data) = column else { return nil }
    self.init(bytes: data)
  }

  var data: Data { Data(bytes) }
}

extension Seed: ColumnValue {
  init?(column: DatabaseValue.Storage) {
    guard let bytes = [UInt8](column: column) else { return nil }
    self.init(bytes: bytes)
  }
}

extension Timestamp: ColumnValue {
  init?(column: DatabaseValue.Storage) {
    guard let seconds = Int64(column: column) else { return nil }
    self.init(seconds: seconds)
    guard self.seconds == seconds else { return nil }
  }
}

extension DocumentRow: ColumnValue {
  init?(column: DatabaseValue.Storage) {
    guard let id = Int64(column: column) else { return nil }
    self.init(id: id)
  }
}

extension DocumentPath: ColumnValue {
  init?(column: DatabaseValue.Storage) {
    guard let text = String(column: column), let path = try? DocumentPath(text) else { return nil }
    self = path
  }
}

extension CollectionName: ColumnValue {
  init?(column: DatabaseValue.Storage) {
    guard let text = String(column: column), let name = try? CollectionName(text) else { return nil }
    self = name
  }
}

extension RevisionBase: ColumnValue {
  init?(column: DatabaseValue.Storage) {
    guard let text = String(column: column), let base = try? RevisionBase(parsing: text) else { return nil }
    self = base
  }
}

extension ColumnValue where Self: RawRepresentable, RawValue: ColumnValue {
  init?(column: DatabaseValue.Storage) {
    guard let value = RawValue(column: column) else { return nil }
    self.init(rawValue: value)
  }
}

extension RevisionVerb: ColumnValue {}
extension MemberRole: ColumnValue {}
extension StoredDraft.Outcome: ColumnValue {}
extension ConflictMark.Severity: ColumnValue {}

/// What a column holds that is a row's number, or the text of what has none.
enum RowOrText: ColumnValue {
  case row(Int64)
  case text(String)

  init?(column: DatabaseValue.Storage) {
    switch column {
    case .int64(let row): self = .row(row)
    case .string(let text): self = .text(text)
    case .null, .double, .blob: return nil
    }
  }
}
