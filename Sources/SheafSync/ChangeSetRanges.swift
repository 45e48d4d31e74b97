/// Numbers of change sets, as a request names them: `12-14,19`.
public struct ChangeSetRanges: Hashable, Sendable, CustomStringConvertible {
  /// The most ranges, and the most numbers in all.
  public static let limits = (ranges: 64, numbers: 10_000)

  /// Ascending, with gaps between them.
  public private(set) var ranges: [ClosedRange<UInt64>] = []

  public init() {}

  /// The smallest of these numbers, as many as may be named.
  public init(_ numbers: some Sequence<UInt64>) {
    var count = 0
    for number in Set(numbers).sorted() {
      if let last = ranges.last, last.upperBound + 1 == number {
        ranges[ranges.count - 1] = last.lowerBound...number
      } else {
        guard ranges.count < Self.limits.ranges else { return }
        ranges.append(number...number)
      }
      count += 1
      guard count < Self.limits.numbers else { return }
    }
  }

  /// Reads what `description` writes; `nil` for anything else, and for more than may be named.
  public init?(_ text: String) {
    func number(_ text: Substring) -> UInt64? {
      guard let number = UInt64(text), number > 0, number < .max, "\(number)" == text else { return nil }
      return number
    }
    var count: UInt64 = 0
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let ends = part.split(separator: "-", omittingEmptySubsequences: false)
      guard let first = ends.first.flatMap(number), ends.count <= 2 else { return nil }
      guard let last = ends.count == 2 ? number(ends[1]) : first, ends.count == 1 || first < last,
        ranges.last.map({ $0.upperBound + 1 < first }) ?? true
      else { return nil }
      let (sum, overflows) = count.addingReportingOverflow(last - first + 1)
      count = sum
      guard !overflows, count <= UInt64(Self.limits.numbers), ranges.count < Self.limits.ranges else {
        return nil
      }
      ranges.append(first...last)
    }
  }

  public var isEmpty: Bool { ranges.isEmpty }

  /// The numbers, ascending.
  public var numbers: [UInt64] { ranges.flatMap { Array($0) } }

  /// These numbers and others.
  public func union(_ others: some Sequence<UInt64>) -> ChangeSetRanges {
    ChangeSetRanges(numbers + Array(others))
  }

  public var description: String {
    ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }.joined(
      separator: ",")
  }
}
