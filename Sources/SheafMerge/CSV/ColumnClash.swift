import SheafModel

/// The question that is left where one side removed a column and the other wrote into it.
///
/// A column goes or stays for all rows, so this is one question about the whole table: each side's answer is
/// everything merged with the columns that this side has.
///
/// - Returns: `nil` when no column is both removed and written to.
func columnClash(
  _ texts: (base: [UInt8], ours: [UInt8], theirs: [UInt8]),
  _ tables: (base: CSVTable, ours: CSVTable, theirs: CSVTable), _ keys: [JSONPointer], _ input: MergeInput,
  _ schema: JSONSchema?
) -> MergeDraft? {
  let (base, ours, theirs) = tables
  guard let before = ColumnCells(base, keys), let left = ColumnCells(ours, keys),
    let right = ColumnCells(theirs, keys)
  else { return nil }
  // Columns that ours removed and theirs wrote into, and the other way round.
  func clashing(_ side: CSVTable, _ other: ColumnCells) -> [String] {
    base.names.filter { name in
      side.column(name) == nil && other.table.column(name) != nil && other.writes(into: name, since: before)
    }
  }
  let gone = (ours: clashing(ours, right), theirs: clashing(theirs, left))
  guard let name = gone.ours.first ?? gone.theirs.first else { return nil }
  // Everything merged, with the columns that one side removed gone and those that the other removed back.
  func merged(
    _ mine: [UInt8], _ removed: [String], _ other: ColumnCells, _ back: [String], isOurs: Bool
  ) -> [UInt8]? {
    let old = base.bytes(without: removed)
    let across = CSVTable(other.bytes(with: back, of: before))?.bytes(without: removed) ?? []
    if across == mine || across == old { return mine }
    if mine == old { return across }
    let sides = MergeInput(
      base: old, ours: isOurs ? mine : across, theirs: isOurs ? across : mine, oursSide: input.oursSide,
      theirsSide: input.theirsSide)
    return mergeCSV(sides, base: old, ours: sides.ours ?? [], theirs: sides.theirs ?? [], schema: schema)
      .merged.content(takingOfAll: isOurs ? .ours : .theirs)
  }
  return MergeDraft(
    document: ConflictPart(
      place: .field(.root), base: texts.base,
      ours: merged(texts.ours, gone.ours, right, gone.theirs, isOurs: true),
      theirs: merged(texts.theirs, gone.theirs, left, gone.ours, isOurs: false),
      reason: "one side removed the column \"\(name)\" and the other wrote into it"))
}

/// A table whose rows are found by their key.
private struct ColumnCells {
  let table: CSVTable
  private let keys: [JSONPointer]
  private var rows: [ItemKey: CSVTable.Row] = [:]

  /// `nil` where a row has no key or that of another.
  init?(_ table: CSVTable, _ keys: [JSONPointer]) {
    (self.table, self.keys) = (table, keys)
    for row in table.rows {
      guard let key = Self.key(of: row, in: table, keys), rows.updateValue(row, forKey: key) == nil else {
        return nil
      }
    }
  }

  private static func key(of row: CSVTable.Row, in table: CSVTable, _ keys: [JSONPointer]) -> ItemKey? {
    var values: [JSONValue] = []
    for pointer in keys {
      guard pointer.tokens.count == 1 else { return nil }
      // A column that only helps to tell rows apart may be missing.
      values.append(
        table.column(pointer.tokens[0]).map { .string(CSVTable.meaning(of: row.cells[$0])) } ?? .null)
    }
    return ItemKey(values: values, pointers: keys)
  }

  /// Whether a cell of a column says something that it did not say before.
  func writes(into name: String, since before: ColumnCells) -> Bool {
    guard let place = table.column(name), let old = before.table.column(name) else { return false }
    return rows.contains { key, row in
      let text = ExactString(CSVTable.meaning(of: row.cells[place]))
      return text != before.rows[key].map { ExactString(CSVTable.meaning(of: $0.cells[old])) } ?? ""
    }
  }

  /// The table with columns put back where it removed them.
  func bytes(with names: [String], of before: ColumnCells) -> [UInt8] {
    // Each stands behind the column that it stood behind.
    let order = MergedOrder.keys(
      ours: table.names,
      theirs: before.table.names.filter { name in
        table.column(name) != nil || names.contains { ExactString($0) == ExactString(name) }
      })
    func row(_ row: CSVTable.Row, _ old: CSVTable.Row?) -> [UInt8] {
      let cells = order.map { name -> ArraySlice<UInt8> in
        if let place = table.column(name) { return row.cells[place] }
        return old.flatMap { old in before.table.column(name).map { old.cells[$0] } } ?? []
      }
      return Array(cells.joined(separator: [UInt8(ascii: ",")])) + row.end
    }
    return table.mark + row(table.header, before.table.header)
      + table.rows.flatMap { line in
        row(line, Self.key(of: line, in: table, keys).flatMap { before.rows[$0] })
      }
  }
}

extension CSVTable {
  /// The table without some columns.
  fileprivate func bytes(without gone: [String]) -> [UInt8] {
    let gone = Set(gone.map { ExactString($0) })
    let kept = names.indices.filter { !gone.contains(ExactString(names[$0])) }
    return mark
      + ([header] + rows).flatMap { row in
        Array(kept.map { row.cells[$0] }.joined(separator: [UInt8(ascii: ",")])) + row.end
      }
  }
}
