import SheafLog
import SheafModel

/// A change set whose lines are still coming.
struct OpenChangeSet {
  let number: UInt64
  let head: PackedChangeSet
  /// The note as it was sent, when it was; and what it says.
  let verbatim: (note: SignedNote, fields: ChangeSetNote)?
  let author: VerifierKey
  let time: Timestamp
  let seen: ChangeSetNote.Position
  let after: SHA256Hash?
  var context: PackedLine.Context
  var lines: [ReceivedLine] = []
  /// The salts that came in the place of the seed.
  var salts: [UInt32: [UInt8]] = [:]
  var lineHashes: [(index: Int, hash: SHA256Hash)] = []

  var isComplete: Bool { lines.count == head.carriedLines ?? head.totalLines }
}

/// A conflict, or a document with proposals, whose contents are still coming.
struct OpenConflict {
  let path: DocumentPath
  let other: DocumentPath?
  private let headCount: Int
  private let hasBase: Bool
  private let proposals: [RevisionName]
  private var contents: [SHA256Hash?] = []

  init(path: DocumentPath, other: DocumentPath?, headCount: Int, hasBase: Bool, proposals: [RevisionName]) {
    self.path = path
    self.other = other
    self.headCount = headCount
    self.hasBase = hasBase
    self.proposals = proposals
  }

  var isBaseNext: Bool { hasBase && contents.isEmpty }
  var isComplete: Bool { contents.count == (hasBase ? 1 : 0) + headCount + proposals.count }

  mutating func add(_ content: SHA256Hash?) { contents.append(content) }

  var event: BundleEvent {
    let base = hasBase ? contents.first ?? nil : nil
    let rest = contents.dropFirst(hasBase ? 1 : 0)
    let heads = Array(rest.prefix(headCount))
    let proposed = zip(proposals, rest.dropFirst(headCount)).map {
      StateEntry.Proposal(name: $0, content: $1)
    }
    var current: StateEntry.Value?
    if !proposals.isEmpty, !hasBase, heads.count <= 1 {
      current = (heads.first ?? nil).map { .content($0) }
    } else {
      current = .conflict(base: base, heads: heads)
    }
    return .stateChange(path: path, value: .of(current, proposals: proposed))
  }
}

/// The authors that the change sets so far have named.
struct AuthorTable {
  var context = PackedChangeSet.Context()
  var previousSeen: ChangeSetNote.Position?
  var previousLeaf: SHA256Hash?
  private var keys: [VerifierKey] = []

  mutating func key(of author: PackedChangeSet.Author, input: ByteCursor) throws(BundleError) -> VerifierKey {
    switch author {
    case .known(let index):
      guard index < UInt64(keys.count) else { throw input.malformed("an author's number") }
      return keys[Int(index)]
    case .new(let publicKey):
      let key = try Self.key(publicKey, input: input)
      keys.append(key)
      context.authorCount += 1
      return key
    }
  }

  static func key(_ publicKey: [UInt8], input: ByteCursor) throws(BundleError) -> VerifierKey {
    guard
      let key = try? VerifierKey(name: ChangeSetNote.keyName(author: publicKey), publicKey: publicKey)
    else { throw input.malformed("an author's key") }
    return key
  }
}
