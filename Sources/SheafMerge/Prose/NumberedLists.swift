/// The ordered lists of a text, with the number in front of each item.
struct NumberedLists {
  /// An item's line and where its number stands.
  struct Item {
    let line: Int
    let digits: Range<Int>
    let number: Int
  }

  /// The items of each list in order.
  private(set) var lists: [[Item]] = []
  private let lines: TextLines

  /// Finds the lists: items of one indentation and one sign behind the number, with nothing at their
  /// indentation between them that is no item.
  init(_ text: ProseText) {
    lines = text.lines
    var open: [(indent: Int, sign: UInt8, list: Int)] = []
    var isBehindBlank = true
    for index in 0..<lines.count {
      let line = lines[index]
      let start = line.firstIndex { $0 != 0x20 && $0 != 0x09 } ?? line.endIndex
      let indent = start - line.startIndex
      switch text.kind(of: index) {
      case .blank, .code: break
      case .item:
        let end = line[start...].firstIndex { !(0x30...0x39).contains($0) } ?? line.endIndex
        open.removeAll { $0.indent > indent }
        guard end > start, end < line.endIndex, let number = Self.number(line[start..<end]) else {
          open.removeAll { $0.indent >= indent }
          break
        }
        let item = Item(line: index, digits: start..<end, number: number)
        if let last = open.last, last.indent == indent, last.sign == line[end] {
          lists[last.list].append(item)
        } else {
          open.removeAll { $0.indent >= indent }
          open.append((indent, line[end], lists.count))
          lists.append([item])
        }
      case .text: if isBehindBlank { open.removeAll { $0.indent >= indent } }
      case .fence, .heading, .row, .single: open.removeAll { $0.indent >= indent }
      }
      isBehindBlank = text.kind(of: index) == .blank
    }
  }

  private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
    digits.count > 9 ? nil : digits.reduce(0) { 10 * $0 + Int($1 - 0x30) }
  }

  /// Whether the numbers say no more than the order does: each follows the one before, or all are one.
  static func isInOrder(_ list: [Item]) -> Bool {
    let pairs = zip(list, list.dropFirst())
    return pairs.allSatisfy { $1.number == $0.number + 1 } || pairs.allSatisfy { $1.number == $0.number }
  }

  /// How much more each number of a list in order is than the one before; `nil` for a single item.
  static func step(_ list: [Item]) -> Int? { list.count > 1 ? list[1].number - list[0].number : nil }

  /// An item's line without its number.
  func key(_ item: Item) -> LineKey {
    let line = lines[item.line]
    // No line of text holds a NUL, so that no other line is alike.
    return LineKey(
      bytes: (Array(line[..<item.digits.lowerBound]) + [0] + line[item.digits.upperBound...])[...])
  }
}
