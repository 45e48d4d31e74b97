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

  /// The lines whose number says no more than their place does, as they are without it.
  var unnumbered: [Int: (digits: Range<Int>, key: LineKey)] {
    var found: [Int: (digits: Range<Int>, key: LineKey)] = [:]
    for list in lists where Self.isInOrder(list) {
      for item in list {
        let line = lines[item.line]
        // No line of text holds a NUL, so that no other line is alike.
        let key = line[..<item.digits.lowerBound] + [0] + line[item.digits.upperBound...]
        found[item.line] = (item.digits, LineKey(bytes: Array(key)[...]))
      }
    }
    return found
  }

  /// The number that each item should have whose list came out of order, by lines; only lists all of whose
  /// items are among the known ones are put in order.
  func corrections(known: Set<LineKey>) -> [Int: (digits: Range<Int>, number: Int)] {
    var corrections: [Int: (digits: Range<Int>, number: Int)] = [:]
    for list in lists where !Self.isInOrder(list) {
      let isKnown = list.allSatisfy { item in
        let line = lines[item.line]
        return known.contains(
          LineKey(
            bytes: Array(line[..<item.digits.lowerBound] + [0] + line[item.digits.upperBound...])[...]))
      }
      guard isKnown, let first = list.first else { continue }
      for (offset, item) in list.enumerated() where item.number != first.number + offset {
        corrections[item.line] = (item.digits, first.number + offset)
      }
    }
    return corrections
  }
}
