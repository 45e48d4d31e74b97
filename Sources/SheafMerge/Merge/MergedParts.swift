/// A document that is merged but for some parts: their list, and the text around them.
///
/// `content(taking:)` puts a document together for any choice per part. Taking `ours` of every
/// part gives what everybody is shown when `ours` is the side that was published first.
public struct MergedParts: Hashable, Sendable {
  /// What a person is asked, in the order of the document; never empty in an outcome.
  public let parts: [ConflictPart]
  /// Every automatic choice outside the parts that set somebody's edit aside.
  public let setAside: [SetAside]
  let pieces: [MergePiece]
  /// What follows from the choices; `nil` where nothing is declared.
  let settling: MergeSettling?

  init(
    parts: [ConflictPart], setAside: [SetAside] = [], pieces: [MergePiece], settling: MergeSettling? = nil
  ) {
    self.parts = parts
    self.setAside = setAside
    self.pieces = pieces
    self.settling = settling
  }

  /// A document that clashes as a whole.
  public init(document part: ConflictPart) {
    self.init(parts: [part], pieces: [.part(0)])
  }

  /// The whole content with a choice for each part, in the order of `parts`.
  ///
  /// What the schema declares as derived is computed from what was chosen, and a set that it declares sorted
  /// is sorted.
  ///
  /// - Parameter choices: What to take; `ours` for parts past its end.
  /// - Returns: The bytes, or `nil` when the choice deletes the document. What a person wrote may
  ///   break the document's format; whoever records it checks it.
  public func content(taking choices: [ConflictPart.Choice]) -> [UInt8]? {
    var rendering = MergeRendering(parts: parts, choices: choices)
    if pieces == [.part(0)] { return rendering.content(of: 0) }
    rendering.write(pieces)
    return settling?.settled(rendering.out) ?? rendering.out
  }

  /// The whole content with one choice for every part.
  public func content(takingOfAll choice: ConflictPart.Choice) -> [UInt8]? {
    content(taking: Array(repeating: choice, count: parts.count))
  }
}

/// A stretch of a document that is merged but for some parts.
enum MergePiece: Hashable, Sendable {
  /// Merged bytes.
  case text([UInt8])
  /// A part, by its index.
  case part(Int)
  /// Members or items with separators, which go where an item is absent.
  case members(MergeMembers)
}

/// What stands between the brackets of an object or list.
struct MergeMembers: Hashable, Sendable {
  struct Item: Hashable, Sendable {
    /// What separates the item from the one before; not written before the first.
    var glue: [UInt8]
    /// What stands before the value: a key and its colon, or nothing.
    var head: [UInt8]
    /// The value; an item whose value is one absent part is not written.
    var value: [MergePiece]
  }

  /// The opening bracket and the white space before the first item.
  var open: [UInt8]
  var items: [Item]
  /// The white space behind the last item and the closing bracket.
  var close: [UInt8]
  /// What is written when no item is left.
  var empty: [UInt8]
}

/// Puts pieces together for one choice per part.
struct MergeRendering {
  let parts: [ConflictPart]
  let choices: [ConflictPart.Choice]
  /// The choice for parts past the end of `choices`.
  let usual: ConflictPart.Choice
  var out: [UInt8] = []

  init(
    parts: [ConflictPart], choices: [ConflictPart.Choice], otherwise usual: ConflictPart.Choice = .ours
  ) {
    (self.parts, self.choices, self.usual) = (parts, choices, usual)
  }

  func content(of index: Int) -> [UInt8]? {
    parts[index].content(index < choices.count ? choices[index] : usual)
  }

  mutating func write(_ pieces: [MergePiece]) {
    for piece in pieces {
      switch piece {
      case .text(let bytes): out += bytes
      case .part(let index): out += content(of: index) ?? []
      case .members(let members): write(members)
      }
    }
  }

  private mutating func write(_ members: MergeMembers) {
    var isFirst = true
    for item in members.items {
      if item.value.count == 1, case .part(let index)? = item.value.first, content(of: index) == nil {
        continue
      }
      out += isFirst ? members.open : item.glue
      out += item.head
      write(item.value)
      isFirst = false
    }
    out += isFirst ? members.empty : members.close
  }
}
