import SheafModel

/// The places that references lead to: the schemas with an `$id` within one document, and their anchors.
///
/// JSON Schema 2020-12, core, sections 8.2 and 9.
struct SchemaResources {
  /// Why a reference leads nowhere.
  struct Problem: Error {
    let reason: String
  }

  private struct Anchor: Hashable {
    let resource: String
    let name: ExactString
  }

  /// Each schema with an `$id`, by its URI.
  private var places: [String: JSONPointer] = ["": .root]
  /// The URI of each of them, by its place.
  private var names: [JSONPointer: String] = [.root: ""]
  private var anchors: [Anchor: JSONPointer] = [:]

  /// Finds what a schema names.
  mutating func collect(from source: JSONValue) throws(SchemaError) {
    try collect(source, at: .root, resource: "", depth: 0)
  }

  private mutating func collect(_ value: JSONValue, at pointer: JSONPointer, resource: String, depth: Int)
    throws(SchemaError)
  {
    guard depth <= 128 else {
      throw SchemaError(pointer: pointer, keyword: nil, reason: "is nested deeper than 128")
    }
    switch value {
    case .object(let object):
      let resource = try name(object, at: pointer, within: resource)
      for member in object.members {
        // What stands in these is data, whatever it looks like.
        if ["const", "enum", "default", "examples"].contains(member.key) { continue }
        if member.key.hasPrefix("x-") { continue }
        try collect(member.value, at: pointer.appending(member.key), resource: resource, depth: depth + 1)
      }
    case .array(let items):
      for (index, item) in items.enumerated() {
        try collect(item, at: pointer.appending(index), resource: resource, depth: depth + 1)
      }
    default: break
    }
  }

  /// Notes what an object calls itself; a member of `properties` may be called `$id` too.
  private mutating func name(_ object: JSONObject, at pointer: JSONPointer, within resource: String)
    throws(SchemaError) -> String
  {
    func refuse(_ keyword: String, _ reason: String) -> SchemaError {
      SchemaError(pointer: pointer, keyword: keyword, reason: reason)
    }
    var resource = resource
    let isMap = ["properties", "patternProperties", "$defs", "dependentSchemas"].contains(
      pointer.tokens.last ?? "")
    if let id = object["$id"], !isMap {
      guard case .string(let text) = id else { throw refuse("$id", "must be a string") }
      let (uri, fragment) = SchemaURI.split(SchemaURI.resolve(text, against: resource))
      guard fragment?.isEmpty ?? true else { throw refuse("$id", "must not have a fragment") }
      if let other = places[uri], other != pointer, uri != "" {
        throw refuse("$id", "stands at \(other) already")
      }
      resource = uri
      places[uri] = pointer
      names[pointer] = uri
    }
    if let anchor = object["$anchor"], !isMap {
      guard case .string(let name) = anchor, Self.isAnchor(name) else {
        throw refuse("$anchor", "must be a name of letters, digits, \"-\", \"_\" and \".\"")
      }
      let key = Anchor(resource: resource, name: ExactString(name))
      if let other = anchors[key], other != pointer {
        throw refuse("$anchor", "\"\(name)\" stands at \(other) already")
      }
      anchors[key] = pointer
    }
    return resource
  }

  /// The place that a reference leads to, from the schema that holds it.
  func target(of reference: String, from pointer: JSONPointer) throws(Problem) -> JSONPointer {
    let (uri, fragment) = SchemaURI.split(SchemaURI.resolve(reference, against: resource(around: pointer)))
    guard let place = places[uri] else {
      throw Problem(
        reason: "leads out of the schema, which only places in it can be referred to: \(reference)")
    }
    guard let fragment, !fragment.isEmpty else { return place }
    guard let name = SchemaURI.percentDecoded(fragment) else {
      throw Problem(reason: "holds a percent sign that encodes nothing")
    }
    if let inner = JSONPointer(name) { return JSONPointer(tokens: place.tokens + inner.tokens) }
    guard let anchor = anchors[Anchor(resource: uri, name: ExactString(name))] else {
      throw Problem(reason: "names no anchor of this schema: \(reference)")
    }
    return anchor
  }

  private func resource(around pointer: JSONPointer) -> String {
    var tokens = pointer.tokens
    while true {
      if let name = names[JSONPointer(tokens: tokens)] { return name }
      guard !tokens.isEmpty else { return "" }
      tokens.removeLast()
    }
  }

  private static func isAnchor(_ name: String) -> Bool {
    guard let first = name.utf8.first else { return false }
    func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7a).contains(byte | 0x20) || byte == UInt8(ascii: "_") }
    return isLetter(first)
      && name.utf8.allSatisfy { isLetter($0) || (0x30...0x39).contains($0) || $0 == 0x2d || $0 == 0x2e }
  }
}

/// As much of RFC 3986 as tells which schema a reference means.
enum SchemaURI {
  /// A URI without its fragment, and the fragment.
  static func split(_ uri: String) -> (uri: String, fragment: Substring?) {
    guard let mark = uri.firstIndex(of: "#") else { return (uri, nil) }
    return (String(uri[..<mark]), uri[uri.index(after: mark)...])
  }

  /// A reference resolved against a base (RFC 3986 section 5.2.2).
  static func resolve(_ reference: String, against base: String) -> String {
    let parts = Parts(reference)
    if parts.scheme != nil { return parts.text }
    var target = Parts(base)
    target.fragment = parts.fragment
    if parts.authority != nil {
      (target.authority, target.path, target.query) = (parts.authority, parts.path, parts.query)
    } else if !parts.path.isEmpty {
      let isFromRoot = parts.path.hasPrefix("/")
      let folder =
        target.path.lastIndex(of: "/").map { target.path[...$0] } ?? (target.authority == nil ? "" : "/")
      target.path = withoutDots(isFromRoot ? parts.path : folder + parts.path)
      target.query = parts.query
    } else if parts.query != nil {
      target.query = parts.query
    }
    return target.text
  }

  /// A path without "." and ".." (RFC 3986 section 5.2.4).
  private static func withoutDots(_ path: String) -> String {
    var out: [Substring] = []
    let segments = path.split(separator: "/", omittingEmptySubsequences: false)
    for (index, segment) in segments.enumerated() {
      let isLast = index == segments.count - 1
      switch segment {
      case ".": if isLast { out.append("") }
      case "..":
        if out.count > 1 { out.removeLast() }
        if isLast { out.append("") }
      default: out.append(segment)
      }
    }
    return out.joined(separator: "/")
  }

  /// What a URI consists of (RFC 3986 appendix B).
  private struct Parts {
    var scheme: String?
    var authority: String?
    var path = ""
    var query: String?
    var fragment: String?

    init(_ text: String) {
      var rest = text[...]
      if let mark = rest.firstIndex(of: "#") {
        fragment = String(rest[rest.index(after: mark)...])
        rest = rest[..<mark]
      }
      if let mark = rest.firstIndex(of: "?") {
        query = String(rest[rest.index(after: mark)...])
        rest = rest[..<mark]
      }
      if let mark = rest.firstIndex(where: { ":/".contains($0) }), rest[mark] == ":", mark > rest.startIndex {
        scheme = rest[..<mark].lowercased()
        rest = rest[rest.index(after: mark)...]
      }
      if rest.hasPrefix("//") {
        rest = rest.dropFirst(2)
        let end = rest.firstIndex(of: "/") ?? rest.endIndex
        authority = String(rest[..<end])
        rest = rest[end...]
      }
      path = String(rest)
    }

    var text: String {
      (scheme.map { $0 + ":" } ?? "") + (authority.map { "//" + $0 } ?? "") + path
        + (query.map { "?" + $0 } ?? "") + (fragment.map { "#" + $0 } ?? "")
    }
  }

  static func percentDecoded(_ text: Substring) -> String? {
    var out: [UInt8] = []
    var bytes = Array(text.utf8)[...]
    while let byte = bytes.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        out.append(byte)
        continue
      }
      let digits = String(decoding: bytes.prefix(2), as: UTF8.self)
      guard digits.utf8.count == 2, let decoded = Hexadecimal.decode(digits) else { return nil }
      out += decoded
      bytes = bytes.dropFirst(2)
    }
    return UTF8Text.firstInvalidOffset(in: out) == nil ? String(decoding: out, as: UTF8.self) : nil
  }
}
