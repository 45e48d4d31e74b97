/// Reads JSON strictly: RFC 8259 and nothing beside it (`Schemas/json.md`).
///
/// Refused although some readers take it: invalid UTF-8, a byte-order mark, a key that stands
/// twice, half a surrogate pair, and whatever passes the limits.
public struct JSONReader {
  /// Reads one value from all of the bytes.
  public static func read(
    _ bytes: [UInt8], limits: JSONLimits = .standard
  ) throws(JSONError) -> JSONValue {
    var reader = JSONReader(bytes: bytes, limits: limits, keepsLayout: false)
    return try reader.document().value
  }

  /// Reads one value and remembers where each part of it stands, so that a changed part can be
  /// spliced into the bytes.
  public static func readSource(
    _ bytes: [UInt8], limits: JSONLimits = .standard
  ) throws(JSONError) -> JSONSource {
    var reader = JSONReader(bytes: bytes, limits: limits, keepsLayout: true)
    let (value, layout) = try reader.document()
    return JSONSource(bytes: bytes, value: value, layout: layout)
  }

  private let bytes: [UInt8]
  private let limits: JSONLimits
  private let keepsLayout: Bool
  private var offset = 0
  private var memberCount = 0

  private init(bytes: [UInt8], limits: JSONLimits, keepsLayout: Bool) {
    self.bytes = bytes
    self.limits = limits
    self.keepsLayout = keepsLayout
  }

  private mutating func document() throws(JSONError) -> (value: JSONValue, layout: JSONLayout) {
    if let invalid = UTF8Text.firstInvalidOffset(in: bytes) { throw error(.invalidUTF8, at: invalid) }
    if bytes.starts(with: [0xef, 0xbb, 0xbf]) { throw error(.byteOrderMark, at: 0) }
    skipSpace()
    let result = try value(depth: 0)
    skipSpace()
    guard offset == bytes.count else { throw error(.trailingBytes, at: offset) }
    return result
  }

  private mutating func value(depth: Int) throws(JSONError) -> (value: JSONValue, layout: JSONLayout) {
    guard offset < bytes.count else { throw error(.unexpectedEnd, at: offset) }
    let start = offset
    let value: JSONValue
    switch bytes[offset] {
    case UInt8(ascii: "{"): return try object(depth: depth + 1)
    case UInt8(ascii: "["): return try array(depth: depth + 1)
    case UInt8(ascii: "\""): value = .string(try string())
    case UInt8(ascii: "t"): value = try literal("true", .bool(true))
    case UInt8(ascii: "f"): value = try literal("false", .bool(false))
    case UInt8(ascii: "n"): value = try literal("null", .null)
    case UInt8(ascii: "-"), 0x30...0x39: value = .number(try number())
    default: throw error(.expected("a value"), at: offset)
    }
    return (value, JSONLayout(range: start..<offset, members: [], items: []))
  }

  private mutating func object(depth: Int) throws(JSONError) -> (value: JSONValue, layout: JSONLayout) {
    guard depth <= limits.depth else { throw error(.tooDeep(limit: limits.depth), at: offset) }
    let start = offset
    var object = JSONObject()
    var places: [JSONLayout.Member] = []
    // Kept apart from the layout: a repeated key must be reported with both places.
    var keyOffsets: [Int] = []
    offset += 1
    skipSpace()
    if !take(UInt8(ascii: "}")) {
      repeat {
        skipSpace()
        guard offset < bytes.count else { throw error(.unexpectedEnd, at: offset) }
        guard bytes[offset] == UInt8(ascii: "\"") else {
          throw error(.expected("a key in quotes"), at: offset)
        }
        try countMember()
        let keyStart = offset
        let key = try string()
        if let first = object.position(of: key) {
          let place = UTF8Text.place(of: keyOffsets[first], in: bytes)
          throw error(
            .duplicateKey(key, firstLine: place.line, firstColumn: place.column), at: keyStart)
        }
        let keyRange = keyStart..<offset
        skipSpace()
        try expect(UInt8(ascii: ":"), "a colon")
        skipSpace()
        let (member, layout) = try value(depth: depth)
        object[key] = member
        keyOffsets.append(keyStart)
        if keepsLayout { places.append(JSONLayout.Member(key: keyRange, value: layout)) }
        skipSpace()
      } while take(UInt8(ascii: ","))
      try expect(UInt8(ascii: "}"), "a comma or a closing brace")
    }
    return (.object(object), JSONLayout(range: start..<offset, members: places, items: []))
  }

  private mutating func array(depth: Int) throws(JSONError) -> (value: JSONValue, layout: JSONLayout) {
    guard depth <= limits.depth else { throw error(.tooDeep(limit: limits.depth), at: offset) }
    let start = offset
    var items: [JSONValue] = []
    var places: [JSONLayout] = []
    offset += 1
    skipSpace()
    if !take(UInt8(ascii: "]")) {
      repeat {
        skipSpace()
        try countMember()
        let (item, layout) = try value(depth: depth)
        items.append(item)
        if keepsLayout { places.append(layout) }
        skipSpace()
      } while take(UInt8(ascii: ","))
      try expect(UInt8(ascii: "]"), "a comma or a closing bracket")
    }
    return (.array(items), JSONLayout(range: start..<offset, members: [], items: places))
  }

  private mutating func number() throws(JSONError) -> JSONNumber {
    let length = JSONNumber.length(in: bytes, from: offset)
    guard length > 0 else {
      throw error(.expected("a number without leading zeros or missing digits"), at: offset)
    }
    guard length <= limits.numberLength else {
      throw error(.numberTooLong(limit: limits.numberLength), at: offset)
    }
    let start = offset
    offset += length
    return JSONNumber(checked: String(decoding: bytes[start..<offset], as: UTF8.self))
  }

  private mutating func literal(_ text: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
    let size = text.utf8CodeUnitCount
    let matches = text.withUTF8Buffer { bytes[offset...].prefix(size).elementsEqual($0) }
    guard matches else { throw error(.expected("a value"), at: offset) }
    offset += size
    return value
  }

  private mutating func string() throws(JSONError) -> String {
    let start = offset
    offset += 1
    var run = offset
    // Stays empty for a string without escapes, which is then made in one piece.
    var text: [UInt8] = []
    while offset < bytes.count {
      let byte = bytes[offset]
      if byte == UInt8(ascii: "\"") {
        guard text.count + offset - run <= limits.stringSizeInBytes else {
          throw error(.stringTooLong(limit: limits.stringSizeInBytes), at: start)
        }
        let last = bytes[run..<offset]
        offset += 1
        if text.isEmpty { return String(decoding: last, as: UTF8.self) }
        return String(decoding: text + last, as: UTF8.self)
      }
      if byte < 0x20 { throw error(.controlCharacter, at: offset) }
      if byte == UInt8(ascii: "\\") {
        text += bytes[run..<offset]
        try escape(into: &text)
        run = offset
      } else {
        offset += 1
      }
    }
    throw error(.unexpectedEnd, at: offset)
  }

  private mutating func escape(into text: inout [UInt8]) throws(JSONError) {
    let start = offset
    guard offset + 1 < bytes.count else { throw error(.unexpectedEnd, at: bytes.count) }
    let byte = bytes[offset + 1]
    offset += 2
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0c)
    case UInt8(ascii: "n"): text.append(0x0a)
    case UInt8(ascii: "r"): text.append(0x0d)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"):
      var code = try hexadecimal(from: start)
      if (0xdc00...0xdfff).contains(code) { throw error(.unpairedSurrogate, at: start) }
      if (0xd800...0xdbff).contains(code) {
        guard bytes[offset...].starts(with: [UInt8(ascii: "\\"), UInt8(ascii: "u")]) else {
          throw error(.unpairedSurrogate, at: start)
        }
        offset += 2
        let low = try hexadecimal(from: offset - 2)
        guard (0xdc00...0xdfff).contains(low) else { throw error(.unpairedSurrogate, at: start) }
        code = 0x10000 + (code - 0xd800) << 10 + (low - 0xdc00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw error(.invalidEscape, at: start) }
      text += UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
    default: throw error(.invalidEscape, at: start)
    }
  }

  private mutating func hexadecimal(from start: Int) throws(JSONError) -> UInt32 {
    guard offset + 4 <= bytes.count else { throw error(.invalidEscape, at: start) }
    var code: UInt32 = 0
    for digit in bytes[offset..<offset + 4] {
      switch digit {
      case 0x30...0x39: code = code << 4 | UInt32(digit - 0x30)
      case 0x41...0x46: code = code << 4 | UInt32(digit - 0x37)
      case 0x61...0x66: code = code << 4 | UInt32(digit - 0x57)
      default: throw error(.invalidEscape, at: start)
      }
    }
    offset += 4
    return code
  }

  private mutating func skipSpace() {
    while offset < bytes.count {
      switch bytes[offset] {
      case 0x20, 0x09, 0x0a, 0x0d: offset += 1
      default: return
      }
    }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard offset < bytes.count, bytes[offset] == byte else { return false }
    offset += 1
    return true
  }

  private mutating func expect(_ byte: UInt8, _ name: String) throws(JSONError) {
    if take(byte) { return }
    throw error(offset < bytes.count ? .expected(name) : .unexpectedEnd, at: offset)
  }

  private mutating func countMember() throws(JSONError) {
    memberCount += 1
    if memberCount > limits.members { throw error(.tooManyMembers(limit: limits.members), at: offset) }
  }

  private func error(_ rule: JSONError.Rule, at offset: Int) -> JSONError {
    JSONError(rule, at: offset, in: bytes)
  }
}
