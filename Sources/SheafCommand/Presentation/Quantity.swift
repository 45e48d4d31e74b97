/// A number of things in words: `1 document`, `41 revisions`, `12,345 files`.
struct Quantity: CustomStringConvertible {
  let count: UInt64
  let noun: String
  let plural: String

  init(_ count: some BinaryInteger, _ noun: String, _ plural: String? = nil) {
    self.count = UInt64(clamping: count)
    self.noun = noun
    self.plural = plural ?? noun + "s"
  }

  var description: String { "\(Self.grouped(count)) \(count == 1 ? noun : plural)" }

  /// Digits in groups of three: `12,345`.
  static func grouped(_ count: some BinaryInteger) -> String {
    var out = ""
    let digits = String(count)
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0, out != "-" { out += "," }
      out.append(digit)
    }
    return out
  }

  /// The parts that are not zero, joined by commas; `nil` when all are.
  static func list(_ parts: [Quantity]) -> String? {
    let shown = parts.filter { $0.count > 0 }.map(\.description)
    return shown.isEmpty ? nil : shown.joined(separator: ", ")
  }
}
