import SheafModel

/// Merges JSON documents field by field and splices the result into the bytes of ours.
///
/// Text that is not JSON on all three sides merges by lines, as it would without a name.
func mergeJSON(base: [UInt8], ours: [UInt8], theirs: [UInt8]) -> MergeDraft {
  guard let base = try? JSONReader.readSource(base), let ours = try? JSONReader.readSource(ours),
    let theirs = try? JSONReader.readSource(theirs)
  else { return mergeLines(base: base, ours: ours, theirs: theirs) }
  if ours.value == theirs.value { return MergeDraft(ours.bytes, rule: .equal) }
  // A side that changed its layout only gives way.
  if ours.value == base.value { return MergeDraft(theirs.bytes, rule: .fastForward) }
  if theirs.value == base.value { return MergeDraft(ours.bytes, rule: .fastForward) }
  var merge = JSONFieldMerge()
  let sides = JSONFieldMerge.Sides(base: JSONPart(base), ours: JSONPart(ours), theirs: JSONPart(theirs))
  var draft = MergeDraft(rule: .fields)
  let body = merge.merge(sides, at: .root) ?? []
  let range = ours.layout.range
  draft.append(ours.bytes[..<range.lowerBound])
  draft.pieces += body
  draft.pieces.append(.text(Array(ours.bytes[range.upperBound...])))
  draft.parts = merge.conflicts
  // Lines keep what fields cannot say: order, blank lines, a value that moved under a new key. They
  // are taken when they mean the same, or when fields alone came to nothing.
  let lines = mergeLines(base: base.bytes, ours: ours.bytes, theirs: theirs.bytes)
  if lines.isClean, let text = lines.bytes, let value = try? JSONReader.read(text) {
    guard draft.isClean, let fields = draft.bytes, value != (try? JSONReader.read(fields)) else {
      return lines
    }
  }
  return draft
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

  /// The merged value in the layout of ours, or `nil` when it is absent.
  ///
  /// Both sides differ from base here only as far as the caller has not looked; all cases are decided.
  mutating func merge(_ sides: Sides, at pointer: JSONPointer) -> [MergePiece]? {
    let (base, ours, theirs) = (sides.base, sides.ours, sides.theirs)
    if ours?.value == theirs?.value {
      // Equal values: a new spelling wins over the one that was there.
      return (ours?.text == base?.text ? theirs : ours).map { [.text(Array($0.text))] }
    }
    if theirs?.value == base?.value, let text = ours?.text { return [.text(Array(text))] }
    if ours?.value == base?.value, let text = theirs?.text { return [.text(Array(text))] }
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
      return [.text(text)]
    }
    return clash(sides, pointer, "both sides changed this field")
  }

  private mutating func clash(_ sides: Sides, _ pointer: JSONPointer, _ reason: String) -> [MergePiece] {
    conflicts.append(
      ConflictPart(
        place: .field(pointer), base: sides.base.map { Array($0.text) },
        ours: sides.ours.map { Array($0.text) },
        theirs: sides.theirs.map { Array($0.text) }, reason: reason))
    return [.part(conflicts.count - 1)]
  }

  private mutating func mergeObjects(
    _ base: JSONPart, _ ours: JSONPart, _ theirs: JSONPart, at pointer: JSONPointer
  ) -> [MergePiece] {
    var members: [JSONSplice.Member] = []
    for key in MergedOrder.keys(ours: ours.object?.keys ?? [], theirs: theirs.object?.keys ?? []) {
      let sides = Sides(base: base.member(key), ours: ours.member(key), theirs: theirs.member(key))
      guard let value = merge(sides, at: pointer.appending(key)) else { continue }
      members.append(
        .init(key: key, head: Self.head(of: key, ours: ours, theirs: theirs), value: value))
    }
    return [.members(JSONSplice.object(members, in: ours, or: theirs))]
  }

  /// A member's key, colon and white space in the spelling of the side that has it.
  private static func head(of key: String, ours: JSONPart, theirs: JSONPart) -> [UInt8] {
    for side in [ours, theirs] {
      guard let index = side.object?.position(of: key) else { continue }
      let place = side.layout.members[index]
      return Array(side.bytes[place.key.lowerBound..<place.value.range.lowerBound])
    }
    return Array(JSONWriter.bytes(.string(key), .compact)) + [UInt8(ascii: ":"), UInt8(ascii: " ")]
  }

  /// Arrays are one value each, but where changes on lines of their own go together, as in any
  /// merge by lines, and an array comes out, nobody is asked.
  private static func mergeArrays(_ base: JSONPart, _ ours: JSONPart, _ theirs: JSONPart) -> [UInt8]? {
    func lines(_ part: JSONPart) -> TextLines { TextLines(part.bytes, in: part.layout.range) }
    guard
      let text = ThreeWayLines.cleanMerge(base: lines(base), ours: lines(ours), theirs: lines(theirs)),
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

/// Puts an object's members into the layout it had.
enum JSONSplice {
  struct Member {
    let key: String
    let head: [UInt8]
    let value: [MergePiece]
  }

  /// An object with these members, in the white space of ours, or of theirs where ours was empty.
  static func object(_ members: [Member], in ours: JSONPart, or theirs: JSONPart) -> MergeMembers {
    let model = ours.layout.members.isEmpty ? theirs : ours
    let places = model.layout.members
    let empty = Array("{}".utf8)
    guard let first = places.first, let last = places.last else {
      return MergeMembers(open: empty, items: [], close: [], empty: empty)
    }
    let bytes = model.bytes
    let lead = bytes[model.layout.range.lowerBound + 1..<first.range.lowerBound]
    let tail = bytes[last.range.upperBound..<model.layout.range.upperBound - 1]
    func glue(after index: Int) -> ArraySlice<UInt8> {
      bytes[places[index].range.upperBound..<places[index + 1].range.lowerBound]
    }
    let usual = places.count > 1 ? Array(glue(after: 0)) : [UInt8(ascii: ",")] + lead
    var merged = MergeMembers(
      open: [UInt8(ascii: "{")] + lead, items: [], close: tail + [UInt8(ascii: "}")], empty: empty)
    var before: Int?
    for member in members {
      let place = model.object?.position(of: member.key)
      var own = usual
      if let before, let place, place == before + 1 { own = Array(glue(after: before)) }
      merged.items.append(.init(glue: own, head: member.head, value: member.value))
      before = place
    }
    return merged
  }
}
