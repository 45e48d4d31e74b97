/// The words that differ between two texts, for a person to read.
public enum WordDiff {
  /// A run of text that both share, or that one of the two has.
  public enum Change: Hashable, Sendable {
    case equal(String)
    case removed(String)
    case added(String)
  }

  /// The runs that lead from one text to the other, in order; what was removed stands before
  /// what was added in its place.
  ///
  /// A word is a run of letters, digits and marks; white space and every other scalar stand
  /// alone, as do ideographs and kana, which are written without spaces. The equal and removed
  /// runs together spell `old`, the equal and added runs spell `new`.
  public static func between(_ old: String, _ new: String) -> [Change] {
    let (oldWords, newWords) = (words(of: old), words(of: new))
    var interning = Interning<[Unicode.Scalar]>()
    let diff = SequenceDiff(
      old: interning.numbers(of: oldWords.map { Array($0.unicodeScalars) }),
      new: interning.numbers(of: newWords.map { Array($0.unicodeScalars) }))
    var changes: [Change] = []
    var told = 0
    for change in diff.changes {
      if change.old.lowerBound > told {
        changes.append(.equal(oldWords[told..<change.old.lowerBound].joined()))
      }
      if !change.old.isEmpty { changes.append(.removed(oldWords[change.old].joined())) }
      if !change.new.isEmpty { changes.append(.added(newWords[change.new].joined())) }
      told = change.old.upperBound
    }
    if told < oldWords.count { changes.append(.equal(oldWords[told...].joined())) }
    return changes
  }

  private enum Class { case word, space, alone }

  static func words(of text: String) -> [Substring] {
    var words: [Substring] = []
    var start = text.startIndex
    var last = Class.alone
    for index in text.unicodeScalars.indices {
      let kind = kind(of: text.unicodeScalars[index])
      if index > start, kind != last || kind == .alone {
        words.append(Substring(text.unicodeScalars[start..<index]))
        start = index
      }
      last = kind
    }
    if start < text.endIndex { words.append(Substring(text.unicodeScalars[start...])) }
    return words
  }

  private static func kind(of scalar: Unicode.Scalar) -> Class {
    switch scalar.value {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: return .word
    case 0x3040...0x30ff, 0x3400...0x4dbf, 0x4e00...0x9fff, 0x20000...0x3ffff: return .alone
    default: break
    }
    if scalar.properties.isWhitespace { return .space }
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
      .letterNumber, .otherNumber, .nonspacingMark, .spacingMark, .enclosingMark, .connectorPunctuation:
      return .word
    default: return .alone
    }
  }
}
