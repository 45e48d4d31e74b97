import SheafModel

/// The words of HTML, XML or SVG without the tags around them, for the search index.
///
/// No parser: it only has to be quick, bounded and never to fail. What it shows is
/// never used as markup.
enum TagStripper {
  /// The content of the first `title` element, if any, and all text in the order it stands.
  static func read(_ bytes: [UInt8], limit: Int) -> (title: String?, text: String) {
    var text: [UInt8] = []
    var title: [UInt8] = []
    var isInTitle = false
    var titleIsDone = false
    var offset = 0
    while offset < bytes.count, text.count < limit {
      let byte = bytes[offset]
      guard byte == UInt8(ascii: "<") else {
        if byte == UInt8(ascii: "&"), let (decoded, end) = reference(in: bytes, at: offset) {
          text += decoded
          if isInTitle { title += decoded }
          offset = end
        } else {
          text.append(byte)
          if isInTitle { title.append(byte) }
          offset += 1
        }
        continue
      }
      if bytes[offset...].starts(with: "<!--".utf8) {
        offset = end(of: "-->", in: bytes, from: offset + 4)
        continue
      }
      if bytes[offset...].starts(with: "<![CDATA[".utf8) {
        let end = end(of: "]]>", in: bytes, from: offset + 9)
        text += bytes[min(offset + 9, end)..<max(min(offset + 9, end), end - 3)].prefix(limit)
        offset = end
        continue
      }
      let name = elementName(in: bytes, at: offset + 1)
      offset = endOfTag(in: bytes, from: offset + 1)
      // Two words of two elements are two words.
      text.append(UInt8(ascii: " "))
      switch name {
      case "title":
        isInTitle = !titleIsDone
      case "/title":
        isInTitle = false
        titleIsDone = !title.isEmpty
      case "script", "style":
        offset = end(of: "</\(name)", in: bytes, from: offset)
        offset = endOfTag(in: bytes, from: offset)
      default: break
      }
    }
    let found = SearchableContent.oneLine(String(decoding: title, as: UTF8.self))
    return (found, SearchableContent.oneLine(String(decoding: text, as: UTF8.self)) ?? "")
  }

  private static func elementName(in bytes: [UInt8], at offset: Int) -> String {
    let name = bytes[min(offset, bytes.count)...].prefix(16).prefix {
      (0x41...0x5a).contains($0 & 0xdf) || $0 == UInt8(ascii: "/")
    }
    return String(decoding: name, as: UTF8.self).lowercased()
  }

  // A quoted attribute may hold a closing bracket.
  private static func endOfTag(in bytes: [UInt8], from start: Int) -> Int {
    var offset = start
    var quote: UInt8?
    while offset < bytes.count {
      let byte = bytes[offset]
      offset += 1
      if let open = quote {
        if byte == open { quote = nil }
      } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
        quote = byte
      } else if byte == UInt8(ascii: ">") {
        return offset
      }
    }
    return bytes.count
  }

  // The offset after the next mark, letters of either case; the end when there is none.
  private static func end(of mark: String, in bytes: [UInt8], from start: Int) -> Int {
    let wanted = Array(mark.utf8)
    var offset = start
    while offset + wanted.count <= bytes.count {
      var index = 0
      while index < wanted.count {
        let byte = bytes[offset + index]
        let folded = (0x41...0x5a).contains(byte) ? byte | 0x20 : byte
        if folded != wanted[index] { break }
        index += 1
      }
      if index == wanted.count { return offset + wanted.count }
      offset += 1
    }
    return bytes.count
  }

  private static func reference(in bytes: [UInt8], at offset: Int) -> (text: [UInt8], end: Int)? {
    let body = bytes[(offset + 1)...].prefix(12)
    guard let semicolon = body.firstIndex(of: UInt8(ascii: ";")) else { return nil }
    let name = String(decoding: body[..<semicolon], as: UTF8.self)
    let text: String
    switch name {
    case "amp": text = "&"
    case "lt": text = "<"
    case "gt": text = ">"
    case "quot": text = "\""
    case "apos": text = "'"
    case "nbsp": text = " "
    default:
      guard name.hasPrefix("#") else { return nil }
      let digits = name.dropFirst()
      let isHexadecimal = digits.hasPrefix("x") || digits.hasPrefix("X")
      let code = isHexadecimal ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
      guard let code, code >= 0x20, let scalar = Unicode.Scalar(code) else { return nil }
      text = String(scalar)
    }
    return (Array(text.utf8), semicolon + 1)
  }
}
