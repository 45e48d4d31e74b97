import SheafModel

/// A value, where it stands, and the bytes it stands in.
struct JSONPart {
  let bytes: [UInt8]
  let value: JSONValue
  let layout: JSONLayout
  private let indents: JSONIndents

  init(_ source: JSONSource) {
    (bytes, value, layout) = (source.bytes, source.value, source.layout)
    indents = JSONIndents(source.bytes)
  }

  private init(_ whole: JSONPart, value: JSONValue, layout: JSONLayout) {
    (bytes, indents) = (whole.bytes, whole.indents)
    (self.value, self.layout) = (value, layout)
  }

  /// The value as it is spelled.
  var text: ArraySlice<UInt8> { bytes[layout.range] }

  var object: JSONObject? { if case .object(let object) = value { object } else { nil } }

  var list: [JSONValue]? { if case .array(let items) = value { items } else { nil } }

  /// The items of a list with their bytes; none for other values.
  var items: [JSONPart] {
    zip(list ?? [], layout.items).map { JSONPart(self, value: $0, layout: $1) }
  }

  func member(_ key: String) -> JSONPart? {
    guard let object, let index = object.position(of: key) else { return nil }
    return JSONPart(self, value: object.members[index].value, layout: layout.members[index].value)
  }

  /// A member's key, colon and white space, as they are spelled.
  func head(of key: String) -> ArraySlice<UInt8>? {
    guard let index = object?.position(of: key) else { return nil }
    let place = layout.members[index]
    return bytes[place.key.lowerBound..<place.value.range.lowerBound]
  }

  var isNull: Bool { value == .null }

  /// Whether the value stands on one line, as every scalar does.
  var isOnOneLine: Bool { indents.isOnOneLine(layout.range) }

  /// The blanks that start the line on which the value starts.
  var indent: ArraySlice<UInt8> { bytes[indents.range(at: layout.range.lowerBound)] }

  /// The blanks that start the line on which a list's first item starts; else those of its own.
  var itemIndent: ArraySlice<UInt8> {
    layout.items.first.map { bytes[indents.range(at: $0.range.lowerBound)] } ?? indent
  }

  // A line is moved no further: else a few blanks in one text would cost as many for each line of another.
  private static let indentLimit = 256

  /// The value as it is spelled, with its later lines moved to another indentation.
  ///
  /// No string holds a line end, so only white space between values moves.
  func text(indentedBy other: ArraySlice<UInt8>) -> [UInt8] {
    let own = indent
    guard !isOnOneLine, other.count <= Self.indentLimit, own != other else { return Array(text) }
    var out: [UInt8] = []
    var rest = text
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
      out += rest[...end]
      rest = rest[(end + 1)...]
      if rest.starts(with: own) {
        out += other
        rest = rest.dropFirst(own.count)
      }
    }
    return out + rest
  }

  /// An object or list without members, to merge with where there was none.
  static func empty(like part: JSONPart) -> JSONPart? {
    let text = part.object != nil ? "{}" : part.list != nil ? "[]" : "null"
    return (try? JSONReader.readSource(Array(text.utf8))).map { JSONPart($0) }
  }
}

/// The blanks that start each line of a text, found once for all values in it.
private struct JSONIndents {
  /// Where each line starts, and where its blanks end.
  private let starts: [Int]
  private let ends: [Int]

  init(_ bytes: [UInt8]) {
    (starts, ends) = bytes.withUnsafeBufferPointer { bytes in
      var (starts, ends): ([Int], [Int]) = ([0], [])
      var isLead = true
      for (offset, byte) in bytes.enumerated() {
        if isLead, byte != UInt8(ascii: " "), byte != UInt8(ascii: "\t") {
          ends.append(offset)
          isLead = false
        }
        if byte == UInt8(ascii: "\n") {
          starts.append(offset + 1)
          isLead = true
        }
      }
      if isLead { ends.append(bytes.count) }
      return (starts, ends)
    }
  }

  /// The line in which a byte stands.
  private func line(at offset: Int) -> Int {
    var (low, high) = (0, starts.count - 1)
    while low < high {
      let middle = (low + high + 1) / 2
      if starts[middle] <= offset { low = middle } else { high = middle - 1 }
    }
    return low
  }

  func range(at offset: Int) -> Range<Int> {
    let line = line(at: offset)
    return starts[line]..<ends[line]
  }

  func isOnOneLine(_ range: Range<Int>) -> Bool {
    let next = line(at: range.lowerBound) + 1
    return next >= starts.count || starts[next] > range.upperBound
  }
}

/// Puts members or items into the layout that an object or list had.
enum JSONSplice {
  struct Entry {
    /// The place among the model's own entries, where it is one.
    let place: Int?
    /// A key and colon; nothing for items.
    let head: [UInt8]
    let value: [MergePiece]
  }

  /// An object or list with these entries, in the white space of the first model that has entries.
  static func container(_ entries: [Entry], in models: [JSONPart], brackets: (UInt8, UInt8)) -> MergeMembers {
    let empty = [brackets.0, brackets.1]
    func ranges(_ part: JSONPart) -> [Range<Int>] {
      part.object != nil ? part.layout.members.map(\.range) : part.layout.items.map(\.range)
    }
    guard let model = models.first(where: { !ranges($0).isEmpty }), let first = ranges(model).first,
      let last = ranges(model).last
    else { return MergeMembers(open: empty, items: [], close: [], empty: empty) }
    let places = ranges(model)
    let bytes = model.bytes
    let lead = bytes[model.layout.range.lowerBound + 1..<first.lowerBound]
    let tail = bytes[last.upperBound..<model.layout.range.upperBound - 1]
    func glue(after index: Int) -> ArraySlice<UInt8> {
      bytes[places[index].upperBound..<places[index + 1].lowerBound]
    }
    let usual = places.count > 1 ? Array(glue(after: 0)) : [UInt8(ascii: ",")] + lead
    var merged = MergeMembers(open: [brackets.0] + lead, items: [], close: tail + [brackets.1], empty: empty)
    // Places count only where they are the first model's.
    let isFirst = models.first.map { !ranges($0).isEmpty } ?? false
    var before: Int?
    for entry in entries {
      let place = isFirst ? entry.place : nil
      var own = usual
      if let before, let place, place == before + 1, place < places.count { own = Array(glue(after: before)) }
      merged.items.append(.init(glue: own, head: entry.head, value: entry.value))
      before = place
    }
    return merged
  }
}
