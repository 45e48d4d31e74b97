/// Writes JSON text: members in their order, numbers as spelled, no escape that is not needed.
public enum JSONWriter {
  /// How the text is laid out.
  public enum Layout: Sendable {
    /// One line without white space.
    case compact
    /// Two spaces a level, one member or item a line, a line feed at the end.
    case pretty
  }

  /// The UTF-8 bytes of a value.
  public static func bytes(_ value: JSONValue, _ layout: Layout = .pretty) -> [UInt8] {
    var out: [UInt8] = []
    write(value, layout, level: 0, to: &out)
    if layout == .pretty { out.append(UInt8(ascii: "\n")) }
    return out
  }

  /// The text of a value.
  public static func text(_ value: JSONValue, _ layout: Layout = .compact) -> String {
    String(decoding: bytes(value, layout), as: UTF8.self)
  }

  private static func write(_ value: JSONValue, _ layout: Layout, level: Int, to out: inout [UInt8]) {
    switch value {
    case .null: out += "null".utf8
    case .bool(let value): out += (value ? "true" : "false").utf8
    case .number(let number): out += number.literal.utf8
    case .string(let text): write(text, to: &out)
    case .array(let items):
      out.append(UInt8(ascii: "["))
      for (index, item) in items.enumerated() {
        startEntry(isFirst: index == 0, layout, level: level + 1, to: &out)
        write(item, layout, level: level + 1, to: &out)
      }
      if !items.isEmpty { startLine(layout, level: level, to: &out) }
      out.append(UInt8(ascii: "]"))
    case .object(let object):
      out.append(UInt8(ascii: "{"))
      for (index, member) in object.members.enumerated() {
        startEntry(isFirst: index == 0, layout, level: level + 1, to: &out)
        write(member.key, to: &out)
        out.append(UInt8(ascii: ":"))
        if layout == .pretty { out.append(UInt8(ascii: " ")) }
        write(member.value, layout, level: level + 1, to: &out)
      }
      if object.count > 0 { startLine(layout, level: level, to: &out) }
      out.append(UInt8(ascii: "}"))
    }
  }

  private static func startEntry(isFirst: Bool, _ layout: Layout, level: Int, to out: inout [UInt8]) {
    if !isFirst { out.append(UInt8(ascii: ",")) }
    startLine(layout, level: level, to: &out)
  }

  private static func startLine(_ layout: Layout, level: Int, to out: inout [UInt8]) {
    guard layout == .pretty else { return }
    out.append(UInt8(ascii: "\n"))
    out += repeatElement(UInt8(ascii: " "), count: 2 * level)
  }

  private static func write(_ text: String, to out: inout [UInt8]) {
    out.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""): out += "\\\"".utf8
      case UInt8(ascii: "\\"): out += "\\\\".utf8
      case 0x08: out += "\\b".utf8
      case 0x09: out += "\\t".utf8
      case 0x0a: out += "\\n".utf8
      case 0x0c: out += "\\f".utf8
      case 0x0d: out += "\\r".utf8
      case 0..<0x20: out += "\\u00\(Hexadecimal.encode([byte]))".utf8
      default: out.append(byte)
      }
    }
    out.append(UInt8(ascii: "\""))
  }
}
