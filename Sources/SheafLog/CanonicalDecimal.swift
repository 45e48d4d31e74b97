extension UInt64 {
  /// Reads ASCII digits without a needless leading zero, up to 2⁶³ − 1; `nil` for anything else.
  init?(canonicalDecimal text: some StringProtocol) {
    let digits = Array(text.utf8)
    guard (1...19).contains(digits.count), digits[0] != UInt8(ascii: "0") || digits.count == 1 else {
      return nil
    }
    var value: UInt64 = 0
    for digit in digits {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
      // Nineteen digits stay below 10¹⁹, which fits.
      value = value * 10 + UInt64(digit - UInt8(ascii: "0"))
    }
    guard value <= MerkleNodeID.largestTreeSize else { return nil }
    self = value
  }
}

extension String {
  /// The lines of a text that ends in a line feed, without their line feeds; `nil` for any other text.
  ///
  /// By bytes, because Swift takes "\r\n" for one character.
  var canonicalLines: [String]? {
    guard utf8.last == UInt8(ascii: "\n") else { return nil }
    return utf8.dropLast().split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      .compactMap { String($0) }
  }

  /// Whether two texts are the same bytes; `==` also takes equivalent spellings.
  func isSameBytes(as other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}
