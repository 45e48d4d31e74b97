import SheafModel

/// Merges tables whose rows have a declared key: rows by key, cells by column.
///
/// The key is the `list-by` of the collection's schema, which describes a table as a list of objects
/// with one text per column. A table without one, or whose key is missing or stands twice, merges by
/// lines.
func mergeCSV(_ input: MergeInput, base: [UInt8], ours: [UInt8], theirs: [UInt8], schema: JSONSchema?)
  -> MergeDraft
{
  let lines = mergeLines(base: base, ours: ours, theirs: theirs)
  var rules = MergeRules(schema)
  guard case .list(let keys, let others, _)? = rules.strategy(rules.root),
    let baseTable = CSVTable(base), let oursTable = CSVTable(ours), let theirsTable = CSVTable(theirs)
  else { return lines }
  if let draft = columnClash(
    (base, ours, theirs), (baseTable, oursTable, theirsTable), keys + others, input, schema)
  {
    return draft
  }
  let isSwapped = LayoutChoice.prefersTheirs(base: base, ours: ours, theirs: theirs)
  let tables = (
    base: baseTable, one: isSwapped ? theirsTable : oursTable, other: isSwapped ? oursTable : theirsTable
  )
  var merge = StructureMerge(
    rules: rules, isSwapped: isSwapped, ours: input.oursSide, theirs: input.theirsSide)
  func part(_ table: CSVTable) -> JSONPart? {
    (try? JSONReader.readSource(JSONWriter.bytes(table.value, .compact))).map { JSONPart($0) }
  }
  guard let before = part(tables.base), let one = part(tables.one), let other = part(tables.other) else {
    return lines
  }
  let pieces = merge.merge(.init(base: before, one: one, other: other), at: .root, in: rules.root) ?? []
  // The rows are one value as a whole where the key does not hold; lines know more of them.
  if merge.parts.contains(where: { $0.place == .field(.root) && !$0.isProposed }) { return lines }
  let writer = CSVMergeWriter(tables: tables, keys: keys + others)
  func rows(_ choice: ConflictPart.Choice) -> [JSONObject] {
    let whole = MergedParts(parts: merge.parts, pieces: pieces).content(takingOfAll: choice) ?? []
    guard case .array(let items)? = try? JSONReader.read(whole) else { return [] }
    return items.compactMap { if case .object(let row) = $0 { row } else { nil } }
  }
  let columns = writer.columns
  var draft = MergeDraft(rule: .rows)
  draft.setAside = merge.setAside
  if let schema { draft.settling = MergeSettling(schema: schema, base: before.value, kind: .table) }
  draft.append(tables.one.mark + writer.header(columns))
  guard let whole = merge.parts.first, whole.place == .field(.root) else {
    writer.write(merge.parts, pieces, rows(.proposed), rows(.ours), rows(.theirs), columns, into: &draft)
    guard lines.isClean, draft.isClean, let text = lines.bytes,
      CSVTable(text)?.value == .array(rows(.ours).map { .object($0) })
    else { return draft }
    var settled = MergeDraft(text, rule: .lines, setAside: draft.setAside)
    settled.settling = draft.settling
    return settled
  }
  // Only the order of rows is asked about.
  if lines.isClean { return lines }
  func text(_ choice: ConflictPart.Choice) -> [UInt8] { rows(choice).flatMap { writer.row($0, columns) } }
  draft.append(
    ConflictPart(
      place: .field(.root), base: tables.base.rows.flatMap { $0.cells.joined(separator: [0x2c]) + $0.end },
      ours: text(.ours), theirs: text(.theirs), reason: whole.reason,
      severity: .look(proposed: text(.proposed))))
  return draft
}

/// Writes merged rows with the spelling that their cells had.
private struct CSVMergeWriter {
  let tables: (base: CSVTable, one: CSVTable, other: CSVTable)
  private let keys: [JSONPointer]
  /// For each row's key, the rows as they were spelled, of the side that gives the layout first.
  private var spelled: [ItemKey: [(table: Int, row: CSVTable.Row)]] = [:]

  init(tables: (base: CSVTable, one: CSVTable, other: CSVTable), keys: [JSONPointer]) {
    (self.tables, self.keys) = (tables, keys)
    for (index, table) in [tables.one, tables.other, tables.base].enumerated() {
      guard case .array(let values) = table.value else { continue }
      for (value, row) in zip(values, table.rows) {
        if let key = key(of: value) { spelled[key, default: []].append((index, row)) }
      }
    }
  }

  func key(of value: JSONValue) -> ItemKey? {
    ItemKey(values: keys.map { value[$0] ?? .null }, pointers: keys)
  }

  /// The columns of the result: added ones stay, removed ones go.
  var columns: [String] {
    MergedOrder.keys(ours: tables.one.names, theirs: tables.other.names).filter { name in
      tables.base.column(name) == nil || tables.one.column(name) != nil && tables.other.column(name) != nil
    }
  }

  func header(_ columns: [String]) -> [UInt8] {
    let cells = columns.map { name -> [UInt8] in
      for table in [tables.one, tables.other] {
        if let index = table.column(name) { return Array(table.header.cells[index]) }
      }
      return CSVTable.cell(name)
    }
    return Array(cells.joined(separator: [UInt8(ascii: ",")])) + end
  }

  private var end: [UInt8] { tables.one.header.end.isEmpty ? [0x0a] : Array(tables.one.header.end) }

  /// A row in the spelling of the side whose cell it is; a cell that no row had is empty.
  func row(_ row: JSONObject, _ columns: [String]) -> [UInt8] {
    let known = key(of: .object(row)).flatMap { spelled[$0] } ?? []
    let all = [tables.one, tables.other, tables.base]
    let cells = columns.map { name -> [UInt8] in
      guard case .string(let text)? = row[name] else { return [] }
      for entry in known {
        guard let index = all[entry.table].column(name),
          ExactString(CSVTable.meaning(of: entry.row.cells[index])) == ExactString(text)
        else { continue }
        return Array(entry.row.cells[index])
      }
      return CSVTable.cell(text)
    }
    return Array(cells.joined(separator: [UInt8(ascii: ",")])) + end
  }

  /// Writes rows; a row that somebody is asked about is a part of its own.
  func write(
    _ parts: [ConflictPart], _ pieces: [MergePiece], _ proposed: [JSONObject], _ ours: [JSONObject],
    _ theirs: [JSONObject], _ columns: [String], into draft: inout MergeDraft
  ) {
    var asked: [ItemKey: ConflictPart] = [:]
    for part in parts {
      let name: JSONValue?
      switch part.place {
      case .item(_, let key): name = key
      case .field(let pointer): name = pointer.tokens.first.flatMap { try? JSONReader.read(Array($0.utf8)) }
      default: name = nil
      }
      guard case .object(let members)? = name else { continue }
      let key = ItemKey(
        values: keys.map { members[$0.tokens.joined(separator: "/")] ?? .null }, pointers: keys)
      if asked[key] == nil || !part.isProposed { asked[key] = part }
    }
    func byKey(_ rows: [JSONObject]) -> [ItemKey: JSONObject] {
      Dictionary(
        rows.compactMap { row in key(of: .object(row)).map { ($0, row) } },
        uniquingKeysWith: { first, _ in first })
    }
    let sides = (
      proposed: byKey(proposed), ours: byKey(ours), theirs: byKey(theirs),
      base: byKey(Self.objects(tables.base))
    )
    let order = MergedOrder.unique((ours + theirs).compactMap { key(of: .object($0)) })
    let shown = MergedOrder.weave(
      base: [], one: ours.compactMap { key(of: .object($0)) },
      other: theirs.compactMap { key(of: .object($0)) }
    ).keys
    for key in shown.count == order.count ? shown : order {
      guard let part = asked[key] else {
        if let row = sides.ours[key] { draft.append(self.row(row, columns)) }
        continue
      }
      func text(_ row: JSONObject?) -> [UInt8]? { row.map { self.row($0, columns) } }
      let name = ItemKey.json(key.values, keys)
      draft.append(
        ConflictPart(
          place: .item(list: .root, key: name), base: text(sides.base[key]), ours: text(sides.ours[key]),
          theirs: text(sides.theirs[key]), reason: part.reason,
          severity: part.isProposed ? .look(proposed: text(sides.proposed[key])) : .blocked))
    }
  }

  private static func objects(_ table: CSVTable) -> [JSONObject] {
    guard case .array(let items) = table.value else { return [] }
    return items.compactMap { if case .object(let row) = $0 { row } else { nil } }
  }
}
