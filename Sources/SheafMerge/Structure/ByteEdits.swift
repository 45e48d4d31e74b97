extension [UInt8] {
  /// These bytes with others in place of some ranges; of ranges that overlap the first counts.
  func replacing(_ edits: [(range: Range<Int>, text: [UInt8])]) -> [UInt8] {
    var out: [UInt8] = []
    var told = 0
    for edit in edits.sorted(by: { $0.range.lowerBound < $1.range.lowerBound })
    where edit.range.lowerBound >= told {
      out += self[told..<edit.range.lowerBound]
      out += edit.text
      told = edit.range.upperBound
    }
    return out + self[told...]
  }
}
