import SheafMerge
import SheafModel
import SheafTesting

/// A base and two edits of it as prose.
struct ProseTriple {
  var base: [UInt8]
  var ours: [UInt8]
  var theirs: [UInt8]

  var outcome: MergeOutcome { Self.merged(base, ours, theirs) }
  var swapped: MergeOutcome { Self.merged(base, theirs, ours) }

  static func merged(_ base: [UInt8]?, _ ours: [UInt8]?, _ theirs: [UInt8]?) -> MergeOutcome {
    merge(
      MergeInput(base: base, ours: ours, theirs: theirs), mediaType: MediaType(essence: "text/markdown"),
      policy: MergePolicy())
  }

  /// How often each word stands in a text; generated words are all different.
  static func words(_ bytes: [UInt8]) -> [ArraySlice<UInt8>: Int] {
    bytes.split { !(0x30...0x39).contains($0) && !(0x61...0x7a).contains($0 | 0x20) }
      .reduce(into: [:]) { $0[$1, default: 0] += 1 }
  }
}

/// Makes small Markdown documents and edits them as people do.
struct ProseGenerator {
  var random: SplitMix64
  private var count = 0

  init(seed: UInt64) { random = SplitMix64(seed: seed) }

  /// A block: its sentences, each a list of words, or lines of code.
  struct Block {
    enum Kind: CaseIterable { case heading, paragraph, item, row, code }
    var kind: Kind
    var sentences: [[String]]
    /// Whether each word stands on a line of its own.
    var isNarrow = false
  }

  private mutating func word() -> String {
    count += 1
    return "w\(count)"
  }

  private mutating func sentence() -> [String] {
    (0..<Int.random(in: 1...4, using: &random)).map { _ in word() }
  }

  private mutating func block() -> Block {
    let kind = Block.Kind.allCases.randomElement(using: &random) ?? .paragraph
    let count = kind == .heading ? 1 : Int.random(in: 1...3, using: &random)
    return Block(kind: kind, sentences: (0..<count).map { _ in sentence() })
  }

  /// - Parameter moving: Whether blocks may change places; a block that one side moves and the other
  ///   moves or removes too has no one right place.
  mutating func triple(moving: Bool = true) -> ProseTriple {
    let base = (0..<Int.random(in: 1...4, using: &random)).map { _ in block() }
    return ProseTriple(base: text(base), ours: text(edited(base, moving)), theirs: text(edited(base, moving)))
  }

  /// A text that stands apart from whatever comes behind it.
  mutating func preface() -> (old: [UInt8], new: [UInt8]) {
    let (old, new) = ([block()], [block()])
    let rest = "\n## \(word())\n\n\(word()) \(word()).\n\n### \(word())\n\n"
    return (text(old) + rest.utf8, text(new) + rest.utf8)
  }

  private mutating func edited(_ blocks: [Block], _ moving: Bool) -> [Block] {
    var blocks = blocks
    for _ in 0..<Int.random(in: 1...2, using: &random) {
      guard let index = blocks.indices.randomElement(using: &random) else {
        blocks.append(block())
        continue
      }
      let sentences = blocks[index].sentences
      switch Int.random(in: 0..<10, using: &random) {
      case 0: blocks.insert(block(), at: index)
      case 1: blocks.append(block())
      case 2: blocks.remove(at: index)
      case 3: blocks[index].isNarrow.toggle()
      case 4 where moving: blocks.swapAt(index, 0)
      case 5:
        blocks[index].sentences.insert(sentence(), at: Int.random(in: 0...sentences.count, using: &random))
      case 6 where sentences.count > 1: blocks[index].sentences.remove(at: 0)
      default:
        let sentence = Int.random(in: 0..<sentences.count, using: &random)
        let at = Int.random(in: 0..<sentences[sentence].count, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: blocks[index].sentences[sentence].insert(word(), at: at)
        case 1 where sentences[sentence].count > 1: blocks[index].sentences[sentence].remove(at: at)
        default: blocks[index].sentences[sentence][at] = word()
        }
      }
    }
    return blocks
  }

  private func text(_ blocks: [Block]) -> [UInt8] {
    var out = ""
    for block in blocks {
      let gap = block.isNarrow ? "\n" : " "
      let sentences = block.sentences.map { words in
        words.enumerated().map { $0 == 0 ? $1.capitalizedFirst : $1 }.joined(separator: gap)
      }
      let prose = sentences.map { $0 + "." }.joined(separator: gap)
      switch block.kind {
      case .heading: out += "# \(sentences.joined(separator: " ").replacing("\n", with: " "))\n\n"
      case .paragraph: out += prose + "\n\n"
      case .item: out += "- " + prose + "\n"
      case .row: out += "| " + sentences.joined(separator: " | ").replacing("\n", with: " ") + " |\n"
      case .code: out += "```\n" + sentences.joined(separator: "\n") + "\n```\n"
      }
    }
    return Array(out.utf8)
  }
}

extension String {
  fileprivate var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
