import Foundation
import SheafLog
import SheafModel
import SheafStore

/// A library's local copy: the publisher's own, or a replica.
///
/// The verbs live in extensions, one file each: `Library+Publish.swift`,
/// `Library+Sync.swift`, and so on. All of them leave the copy as it was or as it is
/// after, never between, and none of them prints.
public final class Library: Sendable {
  /// The library's folder: `library.sqlite`, `keys/`, and what is being received in `incoming/`.
  public let folder: URL
  /// The library's identity.
  public let id: LibraryID
  /// Whether this is the publisher's copy.
  public let isPublisher: Bool
  let store: LibraryStore
  let keys: KeyFolder
  let records: SignerRecords
  let member: MemberKey
  let logVerifier: VerifierKey
  let environment: LibraryEnvironment
  let bundleCache: BundleCache
  let newestStates = NewestStateCache()
  /// Secrets that others on this computer could use when the library was opened.
  public let exposedSecrets: [ExposedSecret]

  private init(folder: URL, store: LibraryStore, facts: CopyFacts, environment: LibraryEnvironment) throws {
    self.folder = folder
    self.store = store
    self.environment = environment
    id = facts.library
    isPublisher = facts.isPublisher
    keys = KeyFolder(library: folder)
    records = SignerRecords(keys: keys, library: facts.library, stateFolder: environment.stateFolder)
    exposedSecrets = keys.closeExposed()
    member = try MemberKey(keys, passphrase: environment.passphrase)
    logVerifier = try VerifierKey(name: facts.library.text, publicKey: facts.logKey)
    bundleCache = BundleCache(folder: folder.appending(path: "cache"))
  }

  /// The time now, as this copy's environment tells it.
  public var now: Timestamp { environment.clock() }

  /// The mark of this copy's member.
  public var memberMark: MemberMark { MemberMark(publicKey: member.verifierKey.publicKey) }

  /// Starts a library as its publisher: a folder with a store and keys.
  ///
  /// - Parameters:
  ///   - member: The name that this copy's changes go under.
  ///   - founding: Whom the first change set makes a member, with this copy's key; `nil` founds a library without
  ///     members, in which everybody contributes.
  /// - Throws: `StoreError.alreadyThere` when the folder holds a library, `MemberError`; nothing was changed then.
  public static func create(
    at folder: URL, name: String, member: String, founding: MemberTemplate? = nil,
    environment: LibraryEnvironment
  ) async throws -> Library {
    try await make(at: folder, environment: environment, isPublisher: true) { keys in
      let logKey = try keys.logPublicKey()
      return CopyFacts(
        library: LibraryID(name: name, logKey: logKey), name: name, logKey: logKey, isPublisher: true,
        depth: .full,
        subscription: .all, member: member, remote: "")
    } fill: { library in
      if let founding { try await library.found(as: founding) }
    }.library
  }

  /// Makes the folder of a copy, with whatever facts its keys lead to, and fills it.
  ///
  /// It is a library once `fill` is done; when anything fails the folder is as it was.
  static func make<Value: Sendable>(
    at folder: URL, environment: LibraryEnvironment, isPublisher: Bool,
    memberSeed: [UInt8]? = nil, facts: @Sendable @escaping (KeyFolder) throws -> CopyFacts,
    fill: @Sendable (Library) async throws -> Value
  ) async throws -> (library: Library, value: Value) {
    let unfinished = try await Blocking.run { try UnfinishedFolder(folder) }
    var made: Library?
    do {
      let library = try await Blocking.run {
        let keys = KeyFolder(library: folder)
        try keys.create(environment: environment, withLogKey: isPublisher, memberSeed: memberSeed)
        let facts = try facts(keys)
        let store = try LibraryStore.create(in: folder, options: environment.storeOptions)
        try store.writeBlocking(purpose: "sheaf (starting a library)") { transaction in
          try transaction.setFacts(facts)
          try transaction.setPosition(CompactRange())
        }
        try store.checkpointFile()
        return try Library(folder: folder, store: store, facts: facts, environment: environment)
      }
      made = library
      let value = try await fill(library)
      try await Blocking.run { try unfinished.finish() }
      return (library, value)
    } catch {
      try? await made?.close()
      await Blocking.always { unfinished.abandon() }
      throw error
    }
  }

  /// Opens a library's folder.
  ///
  /// A publisher that was stopped between appending and signing signs now.
  public static func open(at folder: URL, environment: LibraryEnvironment) async throws -> Library {
    let library = try await Blocking.run {
      guard !UnfinishedFolder.isMarked(folder) else { throw LibraryError.unfinished(folder.path) }
      let store = try LibraryStore.open(in: folder, options: environment.storeOptions)
      let facts = try store.readBlocking { try $0.facts() }
      return try Library(folder: folder, store: store, facts: facts, environment: environment)
    }
    if library.isPublisher {
      do {
        try await library.signWhatIsUnsigned()
      } catch is SignerRefusal {
        // A copy that must not sign can still be read; every append says why it can't.
      }
    }
    // A rotation that was cut short after the log had it. A damaged copy must open all the same, to be looked at.
    do {
      if library.isPublisher {
        try await library.followOwnMember()
      } else {
        try await library.finishRotation()
      }
    } catch is StoreError {}
    // An erasure that was cut short goes on.
    do { try await library.sweepDestroyed() } catch is StoreError {}
    return library
  }

  /// Ends all connections. The library must not be used afterwards.
  public func close() async throws {
    try await Blocking.run { try self.store.close() }
  }

  /// What the copy knows about itself.
  public func facts() async throws -> CopyFacts { try await store.read { try $0.facts() } }

  /// Sets the remote that `sync` uses when none is named.
  public func setRemote(_ address: String) async throws {
    try await store.write(purpose: "sheaf") { transaction in
      var facts = try transaction.facts()
      facts.remote = address
      try transaction.setFacts(facts)
    }
  }
}

/// Why a verb can't be done on this copy. The library is as it was.
public enum LibraryError: SheafFailure, Equatable {
  /// The folder holds other things.
  case folderNotEmpty(String)
  /// The copy was being made, and that was cut short or still goes on.
  case unfinished(String)
  /// Only the publisher's copy can do this.
  case onlyPublisher(String)
  /// Only a replica can do this.
  case onlyReplica
  /// The copy doesn't hold enough history.
  case needsDepth(Depth, what: String)
  /// There is no such document.
  case noDocument(String)
  /// There is no such revision or checkpoint.
  case noMoment(String)
  /// The content is not held here.
  case notHeld(String)
  /// The content was destroyed.
  case redacted(String, at: UInt64, ground: String)
  /// The same person asked for the content to be destroyed before; it takes another.
  case askedAlready(String, in: String)
  /// The document's content is an asset of this size that was not fetched.
  case absent(String, UInt64)
  /// The document's content is an asset of this size, which is not taken whole.
  case asset(String, UInt64)
  /// The document isn't in conflict.
  case noConflict(String)
  /// A move between a collection under review and one that is not would be decided by half.
  case moveAcrossReview(String, to: String)
  /// Nothing would change.
  case nothingChanged(String)
  /// The library has no checkpoint yet.
  case empty
  /// The document's collection is outside the subscription.
  case notSubscribed(String)
  /// An edit waits for its answer and stands in the way.
  case draftInTheWay(String)
  /// A conflict has to be settled first, so that one revision is meant.
  case conflictInTheWay(String)
  /// The conflict is not the one that was looked at any more.
  case changedMeanwhile(String)
  /// The other edit that the document is in conflict with would take back something of an edit.
  case takenBack(String)
  /// Nothing is proposed for the document.
  case nothingProposed(String)
  /// Several proposals are open for the document.
  case severalProposals(String, names: [String])
  /// This copy's member may not decide on proposals.
  case mayNotDecide(String)
  /// No revision of the document has such a part.
  case noPart(String, String)
  /// Nobody is a member here.
  case isOpen
  /// The library has members already.
  case isClosed
  /// There is no such member.
  case noMember(String)
  /// Several members have this name.
  case severalMembers(String, marks: [String])
  /// Nobody else could do what this member may.
  case lastGovernor(String)
  /// Somebody else than who revoked the author's key must take the change set over.
  case mayNotRelease(String)
  /// This copy's own key is no key for this.
  case ownKey(String)
  /// There is no such draft.
  case noDraft(String)
  /// Nothing in quarantine is named so, or several are.
  case notInQuarantine(String)
  /// No invitation that holds is named so, or several are.
  case noInvitation(String)
  /// What is wanted can't be done with a draft in this state.
  case draftState(String)

  public var problem: String {
    switch self {
    case .folderNotEmpty(let folder): "\(folder) is not empty"
    case .unfinished(let folder): "the library in \(folder) was never finished"
    case .onlyPublisher(let what): "only the publisher's copy can \(what)"
    case .onlyReplica: "the publisher's copy has nobody to pull from"
    case .needsDepth(let depth, let what):
      "this copy keeps too little history to \(what); it takes \(depth.rawValue)"
    case .noDocument(let path): "there is no document \(path)"
    case .noMoment(let what): "there is no \(what) in this copy"
    case .notHeld(let what): "this copy does not hold the content of \(what)"
    case .redacted(let what, let number, let ground):
      "the content of \(what) is redacted at \(number): \(ground)"
    case .askedAlready(let what, let place):
      "the same person asked for the content of \(what) to be destroyed before, in \(place)"
    case .absent(let path, let size): "the \(size) bytes of \(path) have not been fetched to this copy"
    case .asset(let path, let size): "\(path) is an asset of \(size) bytes, which is not taken whole"
    case .noConflict(let path): "\(path) is not in conflict"
    case .moveAcrossReview(let old, let new):
      "\(old) can't be moved to \(new): edits of one of the two are reviewed and of the other not"
    case .nothingChanged(let what): "\(what) is as it was"
    case .empty: "nothing has been published in this library yet"
    case .notSubscribed(let path): "\(path) lies outside this copy's subscription"
    case .draftInTheWay(let what), .draftState(let what): what
    case .conflictInTheWay(let path): "\(path) is in conflict, and only one revision can be signed"
    case .changedMeanwhile(let path): "\(path) has changed since its conflict was looked at"
    case .takenBack(let path):
      "\(path) is in conflict, and the other edit would put back some of what this one changes"
    case .nothingProposed(let path): "nothing is proposed for \(path)"
    case .severalProposals(let path, let names):
      "\(names.count) proposals are open for \(path): \(names.joined(separator: ", "))"
    case .mayNotDecide(let path): "this copy's member may not decide on the proposal for \(path)"
    case .noPart(let part, let path): "no revision of \(path) has \(part)"
    case .isOpen: "this library has no members; everybody contributes to it"
    case .isClosed: "this library has members already"
    case .noMember(let who): "there is no member \(who)"
    case .severalMembers(let name, let marks):
      "\(marks.count) members are called \(name): \(marks.joined(separator: ", "))"
    case .lastGovernor(let name): "\(name) is the last who may do this, and nobody could give the right back"
    case .mayNotRelease(let mark):
      "who revoked or replaced the key that signed \(mark) can't take it over alone"
    case .ownKey(let name): "\(name) is this copy's own member"
    case .noDraft(let mark): "this copy has no draft \(mark)"
    case .notInQuarantine(let mark): "nothing in quarantine is named \(mark), or several drafts are"
    case .noInvitation(let name): "\(name) names no invitation that holds, or several"
    }
  }
  public var unchanged: String {
    switch self {
    case .folderNotEmpty, .unfinished: "nothing was changed"
    case .nothingChanged: "nothing was recorded"
    default: "the library is as it was"
    }
  }
  public var hint: String? {
    switch self {
    case .folderNotEmpty: "Choose a folder that is empty or does not exist."
    case .unfinished: "Run the `sheaf init` or `sheaf clone` again that was to make it."
    case .onlyPublisher: "Run the command in the publisher's folder."
    case .onlyReplica: "Name a folder to exchange with, or run the command in a replica's folder."
    case .needsDepth(let depth, _): "Run `sheaf sync --keep \(depth.rawValue)` first."
    case .noDocument: "`sheaf list` shows what there is."
    case .noMoment: "`sheaf log` shows what there is."
    case .notHeld:
      "Run `sheaf history DOC --fetch` to get what is missing of one document, or `sheaf sync --keep full` for all."
    case .redacted: "`sheaf redactions` tells who asked for it and why; no copy that follows the log has it."
    case .askedAlready:
      "It waits for another person who may: `sheaf redact --confirm NUMBER` in their copy; `sheaf redactions` lists the numbers."
    case .absent(let path, _): "Run `sheaf fetch \(path)` when the remote can be reached."
    case .asset: "Write it to a file: `sheaf show DOC > FILE`."
    case .noConflict: "`sheaf conflicts` lists those that are."
    case .moveAcrossReview(let old, let new):
      "Put it under \(new) first, and remove \(old) once that is current."
    case .nothingChanged: nil
    case .empty: "Run `sheaf publish DIR -m REASON`."
    case .notSubscribed: "Run `sheaf sync --only …` with its collection."
    case .draftInTheWay: "Run `sheaf sync` first."
    case .conflictInTheWay(let path):
      "Settle it with `sheaf resolve \(path)`, or name a revision: `DOC@REVISION`."
    case .changedMeanwhile: "Look at it again with `sheaf resolve`."
    case .takenBack(let path): "Settle the conflict with it: `sheaf resolve \(path) --file FILE`."
    case .nothingProposed:
      "`sheaf proposals` lists what waits; `sheaf resolve` settles a conflict part by part."
    case .severalProposals: "Name one: `DOC@REVISION`."
    case .mayNotDecide:
      "`sheaf members --roles` tells which roles may; an edit that needs an approval takes somebody else's than its author's."
    case .noPart(_, let path): "`sheaf blame \(path)` lists the parts that it has."
    case .isOpen: "`sheaf init` starts a library with members."
    case .isClosed: "`sheaf invite` brings in more."
    case .noMember, .severalMembers: "`sheaf members` lists them; a mark names one for certain."
    case .lastGovernor: "Give another member the role first."
    case .mayNotRelease:
      "Let another administrator revoke the key, or put what is right in it in your own name."
    case .ownKey: "`sheaf rotate` puts another key in its place; another administrator can revoke it."
    case .noDraft: "`sheaf drafts` lists them."
    case .notInQuarantine: "`sheaf quarantine` lists what waits there."
    case .noInvitation: "`sheaf invitations` lists them with their marks."
    case .draftState: "`sheaf drafts` says what each draft waits for."
    }
  }
}

/// Runs work that waits for disks on a thread of its own, never on the cooperative pool.
enum Blocking {
  private static let queue = DispatchQueue(label: "sheaf.blocking", attributes: .concurrent)

  static func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      queue.async { continuation.resume(with: Result { try body() }) }
    }
  }

  /// The same for work that can't fail.
  static func always<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
    await withCheckedContinuation { continuation in queue.async { continuation.resume(returning: body()) } }
  }
}
