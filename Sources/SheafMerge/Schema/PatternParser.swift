/// Reads the regular part of ECMA-262's patterns (section 22.2.1) into a tree.
struct PatternParser {
  private let scalars: [Unicode.Scalar]
  private var position = 0
  private var depth = 0
  private static let depthLimit = 100
  private static let countLimit = 1_000

  init(_ pattern: String) { scalars = Array(pattern.unicodeScalars) }

  private var next: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

  private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    guard next == scalar else { return false }
    position += 1
    return true
  }

  private func error(_ reason: String) -> SchemaPatternError { SchemaPatternError(reason: reason) }

  mutating func parse() throws(SchemaPatternError) -> PatternTree {
    let tree = try choice()
    guard next == nil else { throw error("closes a group that is not open") }
    return tree
  }

  private mutating func choice() throws(SchemaPatternError) -> PatternTree {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.depthLimit else { throw error("is nested deeper than \(Self.depthLimit)") }
    var parts = [try sequence()]
    while take("|") { parts.append(try sequence()) }
    return parts.count == 1 ? parts[0] : .choice(parts)
  }

  private mutating func sequence() throws(SchemaPatternError) -> PatternTree {
    var parts: [PatternTree] = []
    while let scalar = next, scalar != "|", scalar != ")" {
      let part = try atom()
      parts.append(try repetition(of: part))
    }
    return parts.count == 1 ? parts[0] : .sequence(parts)
  }

  private mutating func atom() throws(SchemaPatternError) -> PatternTree {
    guard let scalar = next else { return .empty }
    position += 1
    switch scalar {
    case "^": return .start
    case "$": return .end
    case ".": return .one(.line)
    case "(": return try group()
    case "[": return .one(try characterClass())
    case "\\": return try escape()
    case "*", "+", "?": throw error("repeats nothing")
    default: return .one(PatternSet(ranges: [scalar.value...scalar.value]))
    }
  }

  private mutating func group() throws(SchemaPatternError) -> PatternTree {
    if take("?") {
      if take(":") {
        // A group that only groups.
      } else if take("<"), next != "=", next != "!" {
        while let scalar = next, scalar != ">" {
          guard
            scalar == "_" || scalar == "$" || scalar.properties.isAlphabetic
              || scalar.properties.numericType != nil
          else { throw error("gives a group a name that is none") }
          position += 1
        }
        guard take(">") else { throw error("has a group whose name does not end") }
      } else {
        throw error("looks ahead or behind, which is not supported")
      }
    }
    let tree = try choice()
    guard take(")") else { throw error("has a group that is not closed") }
    return tree
  }

  private mutating func repetition(of part: PatternTree) throws(SchemaPatternError) -> PatternTree {
    let bounds: (Int, Int?)
    switch next {
    case "*": bounds = (0, nil)
    case "+": bounds = (1, nil)
    case "?": bounds = (0, 1)
    case "{":
      guard let counted = try counts() else { return part }
      _ = take("?")
      return .repeated(part, least: counted.0, most: counted.1)
    default: return part
    }
    position += 1
    // Whether as few or as many as possible makes no difference to whether there is a match.
    _ = take("?")
    return .repeated(part, least: bounds.0, most: bounds.1)
  }

  /// `{2}`, `{2,}` or `{2,5}`; `nil` where the brace stands for itself.
  private mutating func counts() throws(SchemaPatternError) -> (Int, Int?)? {
    let start = position
    position += 1
    guard let least = number() else {
      position = start
      return nil
    }
    var most: Int? = least
    if take(",") { most = next == "}" ? nil : number() }
    guard take("}") else {
      position = start
      return nil
    }
    guard least <= Self.countLimit, most ?? 0 <= Self.countLimit else {
      throw error("repeats more than \(Self.countLimit) times")
    }
    if let most, most < least { throw error("has a repetition that ends before it starts") }
    return (least, most)
  }

  private mutating func number() -> Int? {
    var value: Int?
    while let digit = next, (0x30...0x39).contains(digit.value) {
      value = min((value ?? 0) * 10 + Int(digit.value - 0x30), Self.countLimit + 1)
      position += 1
    }
    return value
  }

  private mutating func escape() throws(SchemaPatternError) -> PatternTree {
    switch next {
    case "b":
      position += 1
      return .border(true)
    case "B":
      position += 1
      return .border(false)
    case let digit? where (0x31...0x39).contains(digit.value):
      throw error("refers back to a group, which is not supported")
    case "k": throw error("refers back to a group, which is not supported")
    default: return .one(try escapedSet())
    }
  }

  /// What stands behind a backslash, in a class or outside.
  private mutating func escapedSet() throws(SchemaPatternError) -> PatternSet {
    guard let scalar = next else { throw error("ends in a backslash") }
    position += 1
    func one(_ value: UInt32) -> PatternSet { PatternSet(ranges: [value...value]) }
    switch scalar {
    case "d": return .digit
    case "D": return PatternSet(excluded: [.digit])
    case "w": return .word
    case "W": return PatternSet(excluded: [.word])
    case "s": return .space
    case "S": return PatternSet(excluded: [.space])
    case "t": return one(0x09)
    case "n": return one(0x0a)
    case "v": return one(0x0b)
    case "f": return one(0x0c)
    case "r": return one(0x0d)
    case "0": return one(0)
    case "c":
      guard let letter = next, (0x41...0x5a).contains(letter.value & ~0x20), letter.isASCII else {
        throw error("has a control character that is none")
      }
      position += 1
      return one(letter.value & 0x1f)
    case "x": return one(try hexadecimal(2))
    case "u": return one(try codePoint())
    case "p", "P":
      guard take("{") else { throw error("names no property behind \\\(scalar)") }
      var name = ""
      while let scalar = next, scalar != "}" {
        name.unicodeScalars.append(scalar)
        position += 1
      }
      guard take("}"), let kind = PatternSet.property(name) else {
        throw error("names the property \"\(name)\", which is not known")
      }
      return PatternSet(kinds: [(kind, scalar == "P")])
    default:
      guard !scalar.isASCII || !(scalar.properties.isAlphabetic || (0x30...0x39).contains(scalar.value))
      else {
        throw error("has the escape \\\(scalar), which does not exist")
      }
      return one(scalar.value)
    }
  }

  private mutating func hexadecimal(_ count: Int) throws(SchemaPatternError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<count {
      guard let scalar = next, let digit = Character(scalar).hexDigitValue, scalar.isASCII else {
        throw error("has an escape with too few digits")
      }
      value = value << 4 | UInt32(digit)
      position += 1
    }
    return value
  }

  private mutating func codePoint() throws(SchemaPatternError) -> UInt32 {
    if take("{") {
      var value: UInt32 = 0
      while let scalar = next, scalar != "}" {
        guard let digit = Character(scalar).hexDigitValue, scalar.isASCII, value < 0x110000 else {
          throw error("has an escape with no code point")
        }
        value = value << 4 | UInt32(digit)
        position += 1
      }
      guard take("}"), Unicode.Scalar(value) != nil else { throw error("has an escape with no code point") }
      return value
    }
    let first = try hexadecimal(4)
    // Two halves of a surrogate pair are one scalar.
    if (0xd800...0xdbff).contains(first), position + 1 < scalars.count, scalars[position] == "\\",
      scalars[position + 1] == "u"
    {
      position += 2
      let second = try hexadecimal(4)
      guard (0xdc00...0xdfff).contains(second) else { throw error("has half a surrogate pair") }
      return 0x10000 + (first - 0xd800) << 10 + (second - 0xdc00)
    }
    return first
  }

  private mutating func characterClass() throws(SchemaPatternError) -> PatternSet {
    var set = PatternSet(isNegated: take("^"))
    while let scalar = next, scalar != "]" {
      let low = try classAtom()
      guard next == "-", position + 1 < scalars.count, scalars[position + 1] != "]" else {
        set.add(low)
        continue
      }
      _ = scalar
      position += 1
      let high = try classAtom()
      guard let first = low.only, let last = high.only else {
        // A dash between sets stands for itself.
        set.add(low)
        set.add(PatternSet(ranges: [0x2d...0x2d]))
        set.add(high)
        continue
      }
      guard first <= last else { throw error("has a range that ends before it starts") }
      set.ranges.append(first...last)
    }
    guard take("]") else { throw error("has a class that is not closed") }
    return set
  }

  private mutating func classAtom() throws(SchemaPatternError) -> PatternSet {
    guard let scalar = next else { throw error("has a class that is not closed") }
    position += 1
    guard scalar == "\\" else { return PatternSet(ranges: [scalar.value...scalar.value]) }
    if take("b") { return PatternSet(ranges: [0x08...0x08]) }
    if take("-") { return PatternSet(ranges: [0x2d...0x2d]) }
    return try escapedSet()
  }
}

extension PatternSet {
  /// The scalar that is the only one in the set.
  fileprivate var only: UInt32? {
    guard let range = ranges.first, ranges.count == 1, range.count == 1, kinds.isEmpty, excluded.isEmpty
    else {
      return nil
    }
    return range.lowerBound
  }

  fileprivate mutating func add(_ other: PatternSet) {
    ranges += other.ranges
    kinds += other.kinds
    excluded += other.excluded
  }
}
