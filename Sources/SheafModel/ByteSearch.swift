/// Looks for bytes in a content that comes piece by piece.
public struct ByteSearch {
  private let needle: [UInt8]
  private var tail: [UInt8] = []
  /// Whether the bytes were there so far.
  public private(set) var hasFound = false

  /// - Parameter needle: Not empty.
  public init(_ needle: [UInt8]) { self.needle = needle }

  /// Looks through the next piece, and across its start.
  public mutating func take(_ piece: [UInt8]) {
    guard !hasFound else { return }
    let bytes = tail + piece
    hasFound = bytes.withUnsafeBytes { haystack in
      needle.withUnsafeBytes { needle in
        guard let first = needle.first, haystack.count >= needle.count else { return false }
        for start in 0...(haystack.count - needle.count) where haystack[start] == first {
          if haystack[start..<start + needle.count].elementsEqual(needle) { return true }
        }
        return false
      }
    }
    tail = Array(bytes.suffix(needle.count - 1))
  }

  /// Whether bytes stand somewhere in others.
  public static func finds(_ needle: [UInt8], in bytes: [UInt8]) -> Bool {
    var search = ByteSearch(needle)
    search.take(bytes)
    return search.hasFound
  }
}
