import SheafModel

/// Merges JSON documents field by field and splices the result into the bytes of ours.
///
/// Text that is not JSON on all three sides merges by lines, as it would without a name.
func mergeJSON(base: [UInt8], ours: [UInt8], theirs: [UInt8]) -> TextMerge {
  guard let base = try? JSONReader.readSource(base), let ours = try? JSONReader.readSource(ours),
    let theirs = try? JSONReader.readSource(theirs)
  else { return mergeLines(base: base, ours: ours, theirs: theirs) }
  if ours.value == theirs.value { return .clean(ours.bytes, .equal) }
  // A side that changed its layout only gives way.
  if ours.value == base.value { return .clean(theirs.bytes, .fastForward) }
  if theirs.value == base.value { return .clean(ours.bytes, .fastForward) }
  var merge = JSONFieldMerge()
  let sides = JSONFieldMerge.Sides(base: JSONPart(base), ours: JSONPart(ours), theirs: JSONPart(theirs))
  let body = merge.merge(sides, at: .root)
  var fields: [UInt8]?
  if let body, merge.conflicts.isEmpty {
    let range = ours.layout.range
    fields = Array(ours.bytes[..<range.lowerBound]) + body + ours.bytes[range.upperBound...]
  }
  // Lines keep what fields cannot say: order, blank lines, a value that moved under a new key. They
  // are taken when they mean the same, or when fields alone came to nothing.
  if case .clean(let lines, let rule) = mergeLines(base: base.bytes, ours: ours.bytes, theirs: theirs.bytes),
    let value = try? JSONReader.read(lines)
  {
    guard let fields, value != (try? JSONReader.read(fields)) else { return .clean(lines, rule) }
  }
  return fields.map { .clean($0, .fields) } ?? .conflict(merge.conflicts)
}

/// A value, where it stands, and the bytes it stands in.
struct JSONPart {
  let bytes: [UInt8]
  let value: JSONValue
  let layout: JSONLayout

  init(_ source: JSONSource) { (bytes, value, layout) = (source.bytes, source.value, source.layout) }

  private init(bytes: [UInt8], value: JSONValue, layout: JSONLayout) {
    (self.bytes, self.value, self.layout) = (bytes, value, layout)
  }

  /// The value as it is spelled.
  var text: ArraySlice<UInt8> { bytes[layout.range] }

  var object: JSONObject? { if case .object(let object) = value { object } else { nil } }

  func member(_ key: String) -> JSONPart? {
    guard let object, let index = object.position(of: key) else { return nil }
    return JSONPart(bytes: bytes, value: object.members[index].value, layout: layout.members[index].value)
  }
}

/// One merge by fields; collects what clashes.
struct JSONFieldMerge {
  struct Sides {
    var base: JSONPart?
    var ours: JSONPart?
    var theirs: JSONPart?
  }

  private(set) var conflicts: [ConflictPart] = []

  /// The merged value's bytes in the layout of ours, or `nil` when it is absent or clashes.
  ///
  /// Both sides differ from base here only as far as the caller has not looked; all cases are decided.
  mutating func merge(_ sides: Sides, at pointer: JSONPointer) -> [UInt8]? {
    let (base, ours, theirs) = (sides.base, sides.ours, sides.theirs)
    if ours?.value == theirs?.value {
      // Equal values: a new spelling wins over the one that was there.
      return ours?.text == base?.text ? theirs.map { Array($0.text) } : ours.map { Array($0.text) }
    }
    if theirs?.value == base?.value, let text = ours?.text { return Array(text) }
    if ours?.value == base?.value, let text = theirs?.text { return Array(text) }
    // What one side removed and the other left alone stays removed.
    if theirs?.value == base?.value || ours?.value == base?.value { return nil }
    guard let ours, let theirs else {
      return clash(sides, pointer, "one side removed this field and the other changed it")
    }
    guard let base else { return clash(sides, pointer, "both sides added this field, with different values") }
    if base.object != nil, ours.object != nil, theirs.object != nil {
      return mergeObjects(base, ours, theirs, at: pointer)
    }
    if case (.array, .array, .array) = (base.value, ours.value, theirs.value),
      let text = Self.mergeArrays(base, ours, theirs)
    {
      return text
    }
    return clash(sides, pointer, "both sides changed this field")
  }

  private mutating func clash(_ sides: Sides, _ pointer: JSONPointer, _ reason: String) -> [UInt8]? {
    conflicts.append(
      ConflictPart(
        place: .field(pointer), base: sides.base.map { Array($0.text) },
        ours: sides.ours.map { Array($0.text) },
        theirs: sides.theirs.map { Array($0.text) }, reason: reason))
    return nil
  }

  private mutating func mergeObjects(
    _ base: JSONPart, _ ours: JSONPart, _ theirs: JSONPart, at pointer: JSONPointer
  ) -> [UInt8]? {
    var members: [(key: String, text: [UInt8])] = []
    for key in MergedOrder.keys(ours: ours.object?.keys ?? [], theirs: theirs.object?.keys ?? []) {
      let sides = Sides(base: base.member(key), ours: ours.member(key), theirs: theirs.member(key))
      guard let value = merge(sides, at: pointer.appending(key)) else { continue }
      members.append((key, Self.memberText(key, value, ours: ours, theirs: theirs)))
    }
    return JSONSplice.object(members, in: ours, or: theirs)
  }

  /// The member in the spelling of the side that has it: its key, colon and white space, then the value.
  private static func memberText(_ key: String, _ value: [UInt8], ours: JSONPart, theirs: JSONPart) -> [UInt8]
  {
    for side in [ours, theirs] {
      guard let index = side.object?.position(of: key) else { continue }
      let place = side.layout.members[index]
      return Array(side.bytes[place.key.lowerBound..<place.value.range.lowerBound]) + value
    }
    return Array(JSONWriter.bytes(.string(key), .compact)) + [UInt8(ascii: ":"), UInt8(ascii: " ")] + value
  }

  /// Arrays are one value each, but where changes on lines of their own go together, as in any
  /// merge by lines, and an array comes out, nobody is asked.
  private static func mergeArrays(_ base: JSONPart, _ ours: JSONPart, _ theirs: JSONPart) -> [UInt8]? {
    func lines(_ part: JSONPart) -> TextLines { TextLines(part.bytes, in: part.layout.range) }
    guard case .clean(let text) = LineMerge(base: lines(base), ours: lines(ours), theirs: lines(theirs)),
      case .array? = try? JSONReader.read(text)
    else { return nil }
    return text
  }
}

/// The order of both sides' keys: that of ours, with what only theirs has behind its neighbour there.
enum MergedOrder {
  static func keys(ours: [String], theirs: [String]) -> [String] {
    let known = Set(ours.map { ExactString($0) })
    var followers: [ExactString: [String]] = [:]
    var leading: [String] = []
    var neighbour: ExactString?
    for key in theirs {
      let exact = ExactString(key)
      if known.contains(exact) {
        neighbour = exact
      } else if let neighbour {
        followers[neighbour, default: []].append(key)
      } else {
        leading.append(key)
      }
    }
    var keys = leading
    for key in ours {
      keys.append(key)
      keys += followers[ExactString(key)] ?? []
    }
    return keys
  }
}

/// Writes an object's members into the layout it had.
enum JSONSplice {
  /// The bytes of an object with these members, in the white space of ours, or of theirs where ours
  /// was empty.
  static func object(_ members: [(key: String, text: [UInt8])], in ours: JSONPart, or theirs: JSONPart)
    -> [UInt8]
  {
    let model = ours.layout.members.isEmpty ? theirs : ours
    let places = model.layout.members
    guard let first = places.first, let last = places.last, !members.isEmpty else { return Array("{}".utf8) }
    let bytes = model.bytes
    let lead = bytes[model.layout.range.lowerBound + 1..<first.range.lowerBound]
    let tail = bytes[last.range.upperBound..<model.layout.range.upperBound - 1]
    func glue(after index: Int) -> ArraySlice<UInt8> {
      bytes[places[index].range.upperBound..<places[index + 1].range.lowerBound]
    }
    let usual = places.count > 1 ? Array(glue(after: 0)) : [UInt8(ascii: ",")] + lead
    var out = [UInt8(ascii: "{")] + lead
    var before: Int?
    for (index, member) in members.enumerated() {
      let place = model.object?.position(of: member.key)
      if index > 0 {
        if let before, let place, place == before + 1 { out += glue(after: before) } else { out += usual }
      }
      out += member.text
      before = place
    }
    return out + tail + [UInt8(ascii: "}")]
  }
}
