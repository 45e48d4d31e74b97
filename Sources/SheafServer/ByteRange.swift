/// What a `Range` header field asks for, of a body whose size is known (RFC 9110 section 14).
enum ByteRange: Equatable {
  /// No range, or one that is better ignored: the whole body.
  case whole
  /// These bytes, never empty.
  case part(Range<UInt64>)
  /// A well-formed range that holds no byte of the body.
  case unsatisfiable

  /// Reads a `Range` field.
  ///
  /// Other units, several ranges and what can't be read are answered with the whole body,
  /// as the RFC allows: nobody needs several ranges of a bundle, and answering them costs
  /// more than it gives.
  init(_ field: String?, size: UInt64) {
    self = .whole
    guard let field, field.lowercased().hasPrefix("bytes=") else { return }
    let ends = field.dropFirst("bytes=".count).split(separator: "-", omittingEmptySubsequences: false)
    guard ends.count == 2, !field.contains(",") else { return }
    let first = Self.number(ends[0])
    let last = Self.number(ends[1])
    switch (ends[0].isEmpty, ends[1].isEmpty) {
    case (true, true): return
    case (true, false):
      guard let count = last else { return }
      self = count == 0 || size == 0 ? .unsatisfiable : .part(size - min(count, size)..<size)
    case (false, let isOpen):
      guard let first, isOpen || last != nil else { return }
      let last = last ?? .max
      guard first <= last else { return }
      self = first < size ? .part(first..<min(last, size - 1) + 1) : .unsatisfiable
    }
  }

  /// Decimal digits; a number too large for 64 bits counts as the largest.
  private static func number(_ text: Substring) -> UInt64? {
    guard !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
      return nil
    }
    return UInt64(text) ?? .max
  }
}
