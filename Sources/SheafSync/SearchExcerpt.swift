import SheafModel
import SheafStore

/// Where the words of a search stand in a text.
struct SearchExcerpt {
  private static let wordCount = 24
  private static let begin = "\u{2}"
  private static let end = "\u{3}"

  private let text: [UInt8]
  /// The runs of letters and digits; any byte above ASCII counts as part of one.
  private let places: [Range<Int>]
  /// For each of them the place of its term among the words.
  private let matches: [Int?]
  private let holdsPhrases: Bool

  /// Looks through a text once.
  init(_ text: String, words: SearchWords) {
    let bytes = Array(text.utf8)
    var places: [Range<Int>] = []
    var start: Int?
    for (index, byte) in bytes.enumerated() {
      let isPart =
        byte >= 0x80 || (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte)
        || (0x61...0x7a).contains(byte)
      if isPart {
        start = start ?? index
      } else if let from = start {
        places.append(from..<index)
        start = nil
      }
    }
    if let from = start { places.append(from..<bytes.count) }
    var known: [ArraySlice<UInt8>: Int?] = [:]
    matches = places.map { place in
      let word = bytes[place]
      if let match = known[word] { return match }
      // A run may hold several words with other than ASCII marks between them.
      let match = SearchWords.words(of: String(decoding: word, as: UTF8.self)).lazy
        .compactMap { words.match(SearchWords.folded($0)) }.first
      known[word] = .some(match)
      return match
    }
    if words.phrases.isEmpty {
      holdsPhrases = true
    } else {
      let folded = SearchWords.words(of: text).map(SearchWords.folded)
      holdsPhrases = words.phrases.allSatisfy { phrase in
        folded.indices.contains { folded[$0...].starts(with: phrase) }
      }
    }
    self.text = bytes
    self.places = places
  }

  /// Whether every phrase stands in the text, word for word.
  var isMatch: Bool { holdsPhrases }

  /// The part of the text with the most of the words, each found one between U+0002 and U+0003.
  var marked: String {
    guard !places.isEmpty else { return String(decoding: text.prefix(200), as: UTF8.self) }
    var best = 0
    var bestCount = -1
    // A window starts at a found word, or at the text's first.
    for start in places.indices where start == 0 || matches[start] != nil {
      let window = matches[start..<min(places.count, start + Self.wordCount)]
      let count = Set(window.compactMap { $0 }).count
      if count > bestCount { (best, bestCount) = (start, count) }
    }
    // Some words before the first found one tell what it is about.
    let first = max(0, min(best - 4, places.count - Self.wordCount))
    let window = first..<min(places.count, first + Self.wordCount)
    var out = first > 0 ? "…" : ""
    var position = places[window.lowerBound].lowerBound
    for index in window {
      let place = places[index]
      out += String(decoding: text[position..<place.lowerBound], as: UTF8.self)
      let word = String(decoding: text[place], as: UTF8.self)
      out += matches[index] == nil ? word : Self.begin + word + Self.end
      position = place.upperBound
    }
    return out + (window.upperBound < places.count ? "…" : "")
  }
}
