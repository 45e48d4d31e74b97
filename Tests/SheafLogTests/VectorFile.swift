import SheafModel
import SheafTesting

/// A vector with `name: value` lines on top, then `---`, then the bytes it shows.
struct VectorFile {
  let headers: [String: String]
  let body: [UInt8]

  init(_ name: String) throws {
    let bytes = try vector(name)
    let rule = Array("---\n".utf8)
    guard let start = bytes.indices.first(where: { bytes[$0...].starts(with: rule) }) else {
      throw MissingHeader(name: "---")
    }
    var headers: [String: String] = [:]
    for line in String(decoding: bytes[..<start], as: UTF8.self).split(separator: "\n") {
      let colon = line.firstIndex(of: ":") ?? line.endIndex
      headers[String(line[..<colon])] = String(line[colon...].dropFirst(2))
    }
    self.headers = headers
    body = Array(bytes[(start + rule.count)...])
  }

  /// The value of a line that must be there.
  subscript(_ name: String) -> String {
    get throws {
      guard let value = headers[name] else { throw MissingHeader(name: name) }
      return value
    }
  }

  struct MissingHeader: Error {
    let name: String
  }
}

/// The lines of a vector that is a list of facts, without its comments, cut at spaces.
func facts(_ name: String) throws -> [[String]] {
  String(decoding: try vector(name), as: UTF8.self).split(separator: "\n")
    .filter { !$0.hasPrefix("#") }
    .map { $0.split(separator: " ").map(String.init) }
}
