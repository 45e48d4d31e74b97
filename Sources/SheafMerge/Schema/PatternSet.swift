/// Which scalars one place of a pattern takes.
struct PatternSet: Sendable {
  /// A kind of scalar that is not a range.
  enum Kind: Sendable {
    case space
    case categories([Unicode.GeneralCategory])
    case alphabetic
    case ascii
    case any
  }

  var ranges: [ClosedRange<UInt32>] = []
  var kinds: [(kind: Kind, isNegated: Bool)] = []
  /// Sets within a class that are taken the other way round, such as `\W`.
  var excluded: [PatternSet] = []
  var isNegated = false

  static let digit = PatternSet(ranges: [0x30...0x39])
  static let word = PatternSet(ranges: [0x30...0x39, 0x41...0x5a, 0x5f...0x5f, 0x61...0x7a])
  static let space = PatternSet(kinds: [(.space, false)])
  /// What a full stop takes: all but line ends (ECMA-262, LineTerminator).
  static let line = PatternSet(ranges: [0x0a...0x0a, 0x0d...0x0d, 0x2028...0x2029], isNegated: true)

  func contains(_ scalar: Unicode.Scalar) -> Bool {
    let value = scalar.value
    let isIn =
      ranges.contains { $0.contains(value) }
      || kinds.contains { Self.is(scalar, $0.kind) != $0.isNegated }
      || excluded.contains { !$0.contains(scalar) }
    return isIn != isNegated
  }

  private static func `is`(_ scalar: Unicode.Scalar, _ kind: Kind) -> Bool {
    switch kind {
    case .space:
      // ECMA-262: WhiteSpace and LineTerminator.
      switch scalar.value {
      case 0x09...0x0d, 0x20, 0xa0, 0x2028, 0x2029, 0xfeff: return true
      default: return scalar.properties.generalCategory == .spaceSeparator
      }
    case .categories(let categories): return categories.contains(scalar.properties.generalCategory)
    case .alphabetic: return scalar.properties.isAlphabetic
    case .ascii: return scalar.isASCII
    case .any: return true
    }
  }

  /// The kind that `\p{name}` means: a general category by its short or long name, `Alphabetic`,
  /// `ASCII` or `Any`.
  static func property(_ name: String) -> Kind? {
    var key = name[...]
    for prefix in ["General_Category=", "gc="] where key.hasPrefix(prefix) {
      key = key.dropFirst(prefix.count)
    }
    switch key {
    case "L", "Letter": return .categories(letters)
    case "Lu", "Uppercase_Letter": return .categories([.uppercaseLetter])
    case "Ll", "Lowercase_Letter": return .categories([.lowercaseLetter])
    case "Lt", "Titlecase_Letter": return .categories([.titlecaseLetter])
    case "Lm", "Modifier_Letter": return .categories([.modifierLetter])
    case "Lo", "Other_Letter": return .categories([.otherLetter])
    case "M", "Mark": return .categories([.nonspacingMark, .spacingMark, .enclosingMark])
    case "Mn", "Nonspacing_Mark": return .categories([.nonspacingMark])
    case "N", "Number": return .categories([.decimalNumber, .letterNumber, .otherNumber])
    case "Nd", "Decimal_Number", "digit": return .categories([.decimalNumber])
    case "Nl", "Letter_Number": return .categories([.letterNumber])
    case "No", "Other_Number": return .categories([.otherNumber])
    case "P", "Punctuation", "punct":
      return .categories([
        .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
        .finalPunctuation, .otherPunctuation,
      ])
    case "S", "Symbol":
      return .categories([.mathSymbol, .currencySymbol, .modifierSymbol, .otherSymbol])
    case "Sc", "Currency_Symbol": return .categories([.currencySymbol])
    case "Sm", "Math_Symbol": return .categories([.mathSymbol])
    case "Z", "Separator": return .categories([.spaceSeparator, .lineSeparator, .paragraphSeparator])
    case "Zs", "Space_Separator": return .categories([.spaceSeparator])
    case "C", "Other": return .categories([.control, .format, .surrogate, .privateUse, .unassigned])
    case "Cc", "Control", "cntrl": return .categories([.control])
    case "Alphabetic", "Alpha": return .alphabetic
    case "ASCII": return .ascii
    case "Any": return .any
    default: return nil
    }
  }

  private static let letters: [Unicode.GeneralCategory] = [
    .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
  ]
}
