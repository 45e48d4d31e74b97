import Foundation
import SheafModel

/// What a person typed into a search: words, and phrases in double quotes; no query syntax beyond that.
public struct SearchWords: Sendable {
  /// A word that a document must hold.
  struct Term: Sendable {
    var text: String
    /// Whether a longer word that begins so will do: the last word, for search as one types.
    var isPrefix: Bool
  }

  let terms: [Term]
  /// Phrases of several words, folded; each stands in the text as it is.
  public let phrases: [[String]]
  // What `terms` hold, folded as the index folds them.
  private let folded: [(text: String, isPrefix: Bool)]

  /// Takes apart what was typed.
  public init(_ typed: String) {
    var words: [String] = []
    var phrases: [[String]] = []
    var endsOpen = false
    for (index, part) in typed.split(separator: "\"", omittingEmptySubsequences: false).enumerated() {
      let found = Self.words(of: String(part))
      guard !found.isEmpty else { continue }
      endsOpen = index % 2 == 0
      if index % 2 == 1, found.count > 1 { phrases.append(found.map(Self.folded)) }
      words += found
    }
    // More words than anybody types would only cost time.
    words = Array(words.prefix(64))
    terms = words.enumerated().map { Term(text: $1, isPrefix: endsOpen && $0 == words.count - 1) }
    folded = terms.map { (Self.folded($0.text), $0.isPrefix) }
    self.phrases = phrases
  }

  /// Whether a word of a text is one that was looked for.
  ///
  /// - Parameter word: Folded.
  public func match(_ word: String) -> Int? {
    folded.firstIndex { $0.isPrefix ? word.hasPrefix($0.text) : word == $0.text }
  }

  /// How many of the words stand in a title.
  func countInTitle(_ title: String) -> Int {
    let words = Self.words(of: title).map(Self.folded)
    return folded.count { term in
      words.contains { term.isPrefix ? $0.hasPrefix(term.text) : $0 == term.text }
    }
  }

  /// The runs of letters and digits in a text.
  public static func words(of text: String) -> [String] {
    var words: [String] = []
    var word = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      if isPartOfWord(scalar) {
        word.append(scalar)
      } else if !word.isEmpty {
        words.append(String(word))
        word.removeAll()
      }
    }
    if !word.isEmpty { words.append(String(word)) }
    return words
  }

  private static func isPartOfWord(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.isASCII { return scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) }
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
      .decimalNumber, .letterNumber, .otherNumber, .privateUse:
      return true
    // Accents that are written apart belong to the letter before them.
    case .nonspacingMark: return (0x300...0x36f).contains(scalar.value)
    default: return false
    }
  }

  /// A word without case and accents.
  public static func folded(_ word: String) -> String {
    if word.utf8.allSatisfy({ $0 < 0x80 }) { return word.lowercased() }
    return word.folding(options: [.caseInsensitive, .diacriticInsensitive], locale: nil)
  }

  // MARK: the index

  // A private letter, which the index takes for a part of a word.
  private static let oftenMark: Character = "\u{E000}"
  private static let oftenCount = 4

  /// The text as the index takes it in: title and text, and once more, marked, the words that stand in it often.
  ///
  /// The index keeps only which document has which word. Where a word stands it does not know,
  /// and how often only by this mark.
  static func indexed(_ entry: SearchableText) -> String {
    var text = (entry.title ?? "") + "\n" + entry.text
    let bytes = Array(text.utf8)
    // Words are counted by a hash (FNV-1a): two that meet in one only cost a place in the order.
    var counts: [UInt64: (count: Int, place: Range<Int>)] = [:]
    var start = 0
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for end in 0...bytes.count {
      if end < bytes.count, isPartOfWord(bytes[end]) {
        hash = (hash ^ UInt64(bytes[end])) &* 0x100_0000_01b3
        continue
      }
      if end > start { counts[hash, default: (0, start..<end)].count += 1 }
      start = end + 1
      hash = 0xcbf2_9ce4_8422_2325
    }
    let often = counts.values.filter { $0.count >= oftenCount }.map(\.place)
    for place in often.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      text += " \(String(decoding: bytes[place], as: UTF8.self))\(oftenMark)"
    }
    return text
  }

  // Close enough to what the index takes for a word: a mark that misses costs a place in the order.
  private static func isPartOfWord(_ byte: UInt8) -> Bool {
    byte >= 0x80 || (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte)
      || (0x61...0x7a).contains(byte)
  }

  /// FTS5's query for documents with all the terms. Each is a quoted string of letters, so nothing that a
  /// person types is taken for syntax.
  static func query(_ terms: [Term]) -> String {
    terms.map { "\"\($0.text)\"" + ($0.isPrefix ? "*" : "") }.joined(separator: " ")
  }

  /// FTS5's query for documents in which a term stands often.
  static func often(_ term: Term) -> String { "\"\(term.text)\(oftenMark)\"" }
}
