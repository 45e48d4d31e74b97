import SheafModel

/// Bytes cut into lines, each with its LF; a last line may stand without one.
struct TextLines: Sendable {
  /// The bytes that were cut.
  let bytes: [UInt8]
  /// Where each line ends and the next starts; the first entry is where the first starts.
  private let bounds: [Int]

  /// Cuts bytes, or the part of them in `range`.
  init(_ bytes: [UInt8], in range: Range<Int>? = nil) {
    let range = (range ?? 0..<bytes.count).clamped(to: 0..<bytes.count)
    self.bytes = bytes
    bounds = bytes.withUnsafeBufferPointer { bytes in
      var bounds = [range.lowerBound]
      for offset in range where bytes[offset] == UInt8(ascii: "\n") { bounds.append(offset + 1) }
      if bounds.last != range.upperBound { bounds.append(range.upperBound) }
      return bounds
    }
  }

  /// How many lines there are; none in no bytes.
  var count: Int { bounds.count - 1 }

  /// The bytes of one line.
  subscript(index: Int) -> ArraySlice<UInt8> { bytes[bounds[index]..<bounds[index + 1]] }

  /// The bytes of adjoining lines.
  subscript(range: Range<Int>) -> ArraySlice<UInt8> {
    bytes[bounds[range.lowerBound]..<bounds[range.upperBound]]
  }

  /// The line in which a byte stands; the count of lines at the end of the bytes that were cut.
  func line(at offset: Int) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if bounds[middle + 1] <= offset { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Where a line starts.
  func start(of index: Int) -> Int { bounds[index] }

  /// Each line as a value to compare.
  var keys: [LineKey] { (0..<count).map { LineKey(bytes: self[$0]) } }
}

/// A line compared by its bytes.
struct LineKey: Hashable {
  let bytes: ArraySlice<UInt8>

  func hash(into hasher: inout Hasher) {
    bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
  }
}
