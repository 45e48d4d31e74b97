import SheafModel

/// How one content travels (`Schemas/bundle.md`, "Contents").
enum PackedContent: Hashable {
  /// Only its commitment; the content is not known any more.
  case commitment
  /// Its hash; no bytes travel.
  case hash
  /// A body without a base. `numberCount` is how many numbers its instructions are; `nil` where it is
  /// coded by models, which need none.
  case whole(numberCount: UInt64?)
  /// A body as a delta against the newest content of the same path.
  case own(numberCount: UInt64?)
  /// A body as a delta against the newest content of another path.
  case other(numberCount: UInt64?)
  /// Equal to the newest content of the same path.
  case sameAsOwn
  /// Equal to the newest content of another path.
  case sameAsOther
  /// Equal to an earlier body of this bundle: the number of bodies between the two.
  case earlier(distance: UInt64)
  /// A body as a delta against the newest content of a path that is named here.
  case similar(DocumentPath, numberCount: UInt64?)

  /// An asset, whose hash is in the digests and whose pieces, if it travels, come next.
  case asset(sizeInBytes: UInt64, form: AssetForm)

  /// Four bits in the byte of the line or state change.
  var code: UInt8 {
    switch self {
    case .commitment: 0
    case .hash: 1
    case .whole: 2
    case .own: 3
    case .other: 4
    case .sameAsOwn: 5
    case .sameAsOther: 6
    case .earlier: 7
    case .similar: 8
    case .asset: 9
    }
  }

  /// Whether the other path is needed to find it.
  var needsOther: Bool {
    switch self {
    case .other, .sameAsOther, .asset(_, .pieces(base: .other, count: _)): true
    default: false
    }
  }

  /// Whether the receiver has the bytes once it has read this.
  var isHeld: Bool {
    switch self {
    case .commitment, .hash, .asset(_, .absent): false
    default: true
    }
  }

  /// Whether the content's hash stands in the digests.
  var hasHash: Bool {
    switch self {
    case .hash, .asset: true
    default: false
    }
  }

  /// Writes what follows the code, for the content of `path`.
  func write(to out: inout ByteWriter, path: [UInt8]) {
    switch self {
    case .similar(let base, let number):
      out.path(Array(base.text.utf8), after: path)
      if let number { out.number(number) }
    case .whole(let number), .own(let number), .other(let number):
      if let number { out.number(number) }
    case .earlier(let distance): out.number(distance)
    case .asset(let size, let form):
      out.number(size)
      if case .pieces(let base, let count) = form {
        out.byte(base.code)
        if case .named(let named) = base { out.path(Array(named.text.utf8), after: path) }
        out.number(count)
      } else {
        out.byte(0)
      }
    case .commitment, .hash, .sameAsOwn, .sameAsOther: break
    }
  }

  /// Reads what follows the code, for the content of `path`.
  init(
    code: UInt8, reading input: inout ByteCursor, path: DocumentPath, coder: BundleCoder
  ) throws(BundleError) {
    func count(_ input: inout ByteCursor) throws(BundleError) -> UInt64? {
      coder == .deflate ? try input.number() : nil
    }
    switch code {
    case 0: self = .commitment
    case 1: self = .hash
    case 2: self = .whole(numberCount: try count(&input))
    case 3: self = .own(numberCount: try count(&input))
    case 4: self = .other(numberCount: try count(&input))
    case 5: self = .sameAsOwn
    case 6: self = .sameAsOther
    case 7: self = .earlier(distance: try input.number())
    case 8:
      let base = try input.path(after: Array(path.text.utf8))
      guard base != path else { throw input.malformed("a content that is similar to itself") }
      self = .similar(base, numberCount: try count(&input))
    case 9:
      let size = try input.number(atMost: Limits.asset)
      let base: AssetForm.AssetBase
      switch try input.byte() {
      case 0:
        self = .asset(sizeInBytes: size, form: .absent)
        return
      case 1: base = .none
      case 2: base = .own
      case 3: base = .other
      case 4: base = .named(try input.path(after: Array(path.text.utf8)))
      default: throw input.malformed("an asset's form")
      }
      self = .asset(sizeInBytes: size, form: .pieces(base: base, count: try input.number()))
    default: throw input.malformed("a content's code")
    }
  }
}

extension ByteWriter {
  /// A path after one that both ends know: how much they share, and the rest.
  mutating func path(_ path: [UInt8], after previous: [UInt8]) {
    var shared = 0
    while shared < min(path.count, previous.count), path[shared] == previous[shared] { shared += 1 }
    number(UInt64(shared))
    sized(path[shared...])
  }
}

extension ByteCursor {
  /// Reads a path after one that both ends know.
  mutating func path(after previous: [UInt8]) throws(BundleError) -> DocumentPath {
    let shared = try number(atMost: UInt64(previous.count))
    let rest = try sized(atMost: Limits.pathBytes, what: "a path")
    do throws(PathError) {
      return try DocumentPath(utf8: previous.prefix(Int(shared)) + rest)
    } catch {
      throw malformed(error.problem)
    }
  }
}
