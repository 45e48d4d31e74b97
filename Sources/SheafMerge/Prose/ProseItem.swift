/// A stretch of a region of prose.
enum ProseItem {
  case text([UInt8])
  case clash(ProseClash)
}

/// A stretch of prose that a person is asked about.
struct ProseClash {
  /// Why, and how sure the merge is of what it proposes.
  enum Reason: String {
    case meeting = "both sides edited here, in different sentences"
    case words = "both sides edited this, in different words"
    case contained = "one side made the other's edits and more"
    case rewritten = "one side rewrote what the other touched up"
    case sameWords = "both sides edited the same words"
    case insertions = "both sides added text here"
    case sameInsertion = "both sides added nearly the same text here"
    case deletion = "one side removed this and the other changed it"
  }

  /// Where it stands in the three texts, in bytes.
  struct Places {
    var base: Range<Int>
    var ours: Range<Int>
    var theirs: Range<Int>

    func joined(_ other: Places) -> Places {
      func join(_ a: Range<Int>, _ b: Range<Int>) -> Range<Int> {
        min(a.lowerBound, b.lowerBound)..<max(a.upperBound, b.upperBound)
      }
      return Places(
        base: join(base, other.base), ours: join(ours, other.ours), theirs: join(theirs, other.theirs))
    }
  }

  var base: [UInt8]
  var ours: [UInt8]
  var theirs: [UInt8]
  /// What is proposed, if anything.
  var proposed: [UInt8]?
  var reason = Reason.sameWords
  /// The block it stands in; `nil` for several.
  var kind: ConflictPart.BlockKind?
  var places: Places

  /// Whether one of its texts ends within a line.
  var endsWithinLine: Bool {
    [base, ours, theirs, proposed ?? []].contains { $0.last.map { $0 != UInt8(ascii: "\n") } ?? false }
  }

  mutating func append(_ bytes: some Collection<UInt8>) {
    base += bytes
    ours += bytes
    theirs += bytes
    proposed? += bytes
  }

  /// Adds the clash that follows in the same line.
  mutating func append(_ other: ProseClash) {
    base += other.base
    ours += other.ours
    theirs += other.theirs
    if let more = other.proposed, proposed != nil { proposed? += more } else { proposed = nil }
    if other.proposed == nil { reason = other.reason }
    if kind != other.kind { kind = nil }
    places = places.joined(other.places)
  }

  /// Gives each clash the whole lines that it stands in, and makes one of those that share a line.
  ///
  /// What is settled in these lines is part of all its texts, so that no choice takes it back.
  static func wholeLines(_ items: [ProseItem]) -> [ProseItem] {
    var out: [ProseItem] = []
    // A clash whose last line is not whole yet; it grows in place.
    var open: ProseClash?
    for item in items {
      switch item {
      case .text where open == nil: out.append(item)
      case .text(let bytes):
        let head = bytes.prefix { $0 != UInt8(ascii: "\n") }.count
        let size = min(head + 1, bytes.count)
        open?.append(bytes[..<size])
        close(&open, into: &out)
        if size < bytes.count { out.append(.text(Array(bytes[size...]))) }
      case .clash(let clash) where open != nil:
        open?.append(clash)
        close(&open, into: &out)
      case .clash(var clash):
        if case .text(let bytes)? = out.last {
          let tail = bytes.count - bytes.reversed().prefix { $0 != UInt8(ascii: "\n") }.count
          out[out.count - 1] = .text(Array(bytes[..<tail]))
          let lead = bytes[tail...]
          clash.base.insert(contentsOf: lead, at: 0)
          clash.ours.insert(contentsOf: lead, at: 0)
          clash.theirs.insert(contentsOf: lead, at: 0)
          clash.proposed?.insert(contentsOf: lead, at: 0)
        }
        open = clash
        close(&open, into: &out)
      }
    }
    if let open { out.append(.clash(open)) }
    return out
  }

  /// Tells a clash once its last line is whole.
  private static func close(_ open: inout ProseClash?, into out: inout [ProseItem]) {
    guard let clash = open, !clash.endsWithinLine else { return }
    out.append(.clash(clash))
    open = nil
  }
}
