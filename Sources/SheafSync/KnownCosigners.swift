import SheafLog
import SheafModel
import SheafStore

/// Whose cosignatures count in a library: those by its clock's keys and by its witnesses'.
///
/// Whoever has the database can write rows that name anybody. So a clock's key counts where a key note that the log's key
/// signed binds it, and a witness's where a revision of that member's document names it
/// (`Schemas/cosignatures.md`, "Whose cosignatures count").
struct KnownCosigners: Sendable {
  /// The clock's keys, of all generations.
  private(set) var clocks: [StoredCosigner] = []
  /// The witnesses' keys, those of members included that were revoked since.
  private(set) var witnesses: [StoredCosigner] = []
  /// Everybody else.
  private(set) var strangers: [StoredCosigner] = []
  /// The generations of key notes that bind no key to the library.
  private(set) var falseNotes: [UInt64] = []

  init(_ transaction: StoreTransaction) throws {
    let facts = try transaction.facts()
    let origin = facts.library.text
    let logKey = try VerifierKey(name: origin, publicKey: facts.logKey)
    var clockKeys: Set<VerifierKey> = []
    for (generation, note) in try transaction.timeKeyNotes() {
      if let bound = try? TimeKey(parsing: note, by: logKey, origin: origin), bound.generation == generation {
        clockKeys.insert(bound.key)
      } else {
        falseNotes.append(generation)
      }
    }
    for cosigner in try transaction.cosigners() {
      if clockKeys.contains(cosigner.key) {
        clocks.append(cosigner)
      } else if let path = Self.memberPath(ofWitness: cosigner.key.name, origin: origin),
        try transaction.witnessKeys(at: path).contains(cosigner.key.publicKey)
      {
        witnesses.append(cosigner)
      } else {
        strangers.append(cosigner)
      }
    }
  }

  /// What the name of every witness of a log begins with.
  static func witnessPrefix(origin: String) -> String { origin + "/witness/" }

  /// The document of the member that a witness's name is of; `nil` for other names.
  static func memberPath(ofWitness name: String, origin: String) -> DocumentPath? {
    let prefix = witnessPrefix(origin: origin)
    guard name.hasPrefix(prefix), let mark = MemberMark(String(name.dropFirst(prefix.count))) else {
      return nil
    }
    return Member.path(of: mark)
  }

  // MARK: times

  /// How far two honest clocks may be apart, in seconds.
  static let tolerance: UInt64 = UInt64(ChangeTimes.tolerance)
  /// How many doubtful times of one witness are passed over in search of a sound one.
  private static let doubtfulLimit = 32

  /// The clock's first time for the smallest checkpoint of at least `size` leaves that it cosigned.
  func logged(atLeast size: UInt64, _ transaction: StoreTransaction) throws -> StoredCosignature? {
    try clocks.compactMap { try transaction.cosignature(by: $0.row, after: size > 0 ? size - 1 : 0) }
      .min { ($0.size, $0.time) < ($1.size, $1.time) }
  }

  /// The clock's first time for the largest checkpoint of less than `size` leaves that it cosigned.
  func logged(below size: UInt64, _ transaction: StoreTransaction) throws -> StoredCosignature? {
    try clocks.compactMap { try transaction.lastCosignature(by: $0.row, below: size) }
      .min { ($1.size, $0.time) < ($0.size, $1.time) }
  }

  /// Whether nobody can have had a checkpoint at a time, by the publisher's word.
  ///
  /// - Parameter first: The clock's first time for the largest checkpoint that it cosigned up to this one, which was
  ///   signed before anybody else had either.
  static func isDoubtful(_ time: UInt64, first: UInt64) -> Bool {
    first > tolerance && time < first - tolerance
  }

  /// The same of a cosignature; where no word of the publisher's is at hand nothing is.
  func isDoubtful(_ cosignature: StoredCosignature, _ transaction: StoreTransaction) throws -> Bool {
    try logged(below: cosignature.size + 1, transaction).map {
      Self.isDoubtful(cosignature.time, first: $0.time)
    } ?? false
  }

  /// When the first witness vouched for a checkpoint of at least `size` leaves: the earliest of those
  /// that are not doubtful, else the earliest.
  ///
  /// Nobody cosigns a smaller checkpoint at a later time, so each witness's smallest is its first: a few look-ups by
  /// index for each of them.
  func witnessed(
    atLeast size: UInt64, _ transaction: StoreTransaction
  ) throws -> (cosignature: StoredCosignature, isDoubtful: Bool)? {
    var sound: [StoredCosignature] = []
    var doubtful: [StoredCosignature] = []
    for witness in witnesses {
      var next = try transaction.cosignature(by: witness.row, after: size > 0 ? size - 1 : 0)
      for count in 0..<Self.doubtfulLimit {
        guard let found = next else { break }
        guard try isDoubtful(found, transaction) else {
          sound.append(found)
          break
        }
        if count == 0 { doubtful.append(found) }
        next = try transaction.cosignature(by: witness.row, after: found.size, found.time)
      }
    }
    func first(_ some: [StoredCosignature]) -> StoredCosignature? {
      some.min { ($0.time, $0.size, $0.cosigner.name) < ($1.time, $1.size, $1.cosigner.name) }
    }
    return first(sound).map { ($0, false) } ?? first(doubtful).map { ($0, true) }
  }
}

extension TimeKey {
  /// Reads the bytes of a key note and checks that the log's key signed it for this log.
  init(parsing note: [UInt8], by logKey: VerifierKey, origin: String) throws {
    try self.init(
      verifying: SignedNote(
        parsing: note, maximumSize: Limits.checkpointNote, maximumSignatures: Limits.signatures),
      by: logKey, origin: origin)
  }
}

/// A cosignature and the text that it must be over.
struct CosignatureCheck: Sendable {
  var cosignature: StoredCosignature
  /// The checkpoint's three lines, by this copy's own log.
  var text: String

  func holds() -> Bool {
    guard let line = try? cosignature.line else { return false }
    return cosignature.cosigner.cosignedTime(text: text, signature: line) != nil
  }
}
