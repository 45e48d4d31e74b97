import Foundation
import SheafBundle
import SheafLog
import SheafModel
import SheafStore

/// What a new copy keeps, and whom it trusts.
public struct CloneOptions: Sendable, Hashable {
  public var depth: Depth
  public var subscription: Subscription
  /// The name that the copy's member goes by.
  public var member: String
  /// The library that is expected; `nil` takes what the remote offers and shows it.
  public var expectedLibrary: LibraryID?
  /// The code by which this device becomes a member; `nil` for one that reads only, or in a library without members.
  public var code: InvitationCode?

  public init(
    depth: Depth = .trail, subscription: Subscription = .all, member: String,
    expectedLibrary: LibraryID? = nil, code: InvitationCode? = nil
  ) {
    self.code = code
    self.depth = depth
    self.subscription = subscription
    self.member = member
    self.expectedLibrary = expectedLibrary
  }
}

extension Library {
  /// Makes a local copy from a remote.
  ///
  /// An interrupted download stays beside `folder` and is continued by the next attempt.
  ///
  /// With a code the device becomes a member first, by a key of its own. Interrupted after that, the next attempt goes
  /// on with the same key; on a stick, the copy reads until a later sync brings the publisher's answer.
  ///
  /// - Throws: `RemoteError`, `BundleError`, `EnrolmentError`, `WrongInvitation`, `StoreError.alreadyThere`; no copy is made then.
  public static func clone(
    from remote: any Remote, to folder: URL, options: CloneOptions, environment: LibraryEnvironment,
    activity: @escaping ActivitySink = { _ in }
  ) async throws -> (library: Library, report: PullReport) {
    try await Blocking.run { try UnfinishedFolder.check(folder) }
    let incoming = incoming(besideCopy: folder)
    var options = options
    var pending: PendingEnrolment?
    if let code = options.code {
      let (made, library, enrolled) = try await enrol(
        with: code, at: remote, besideCopy: folder, environment: environment)
      pending = made
      guard options.expectedLibrary ?? library == library else {
        throw WrongLibrary(found: library, expected: options.expectedLibrary)
      }
      options.expectedLibrary = library
      options.member = enrolled?.name ?? options.member
      // What lies outside the member's collections would be refused.
      if options.subscription == .all, let collections = enrolled?.collections {
        options.subscription = .only(Set(collections.compactMap { try? CollectionName($0) }))
      }
    }
    let chosen = options
    let request = PullRequest(from: 0, known: 0, depth: chosen.depth, subscription: chosen.subscription)
    let answer: PullAnswer
    do {
      answer = try await remote.pull(request, into: incoming) {
        activity(.transferring(received: $0, total: $1))
      }
    } catch {
      // What was received stays; a folder without any of it goes.
      await Blocking.always { _ = rmdir(incoming.path) }
      throw error
    }
    guard case .bundle(let file, let transferred) = answer else {
      throw RemoteError.notSheaf(address: remote.address, detail: "it has no first copy to give")
    }
    var made: (library: Library, report: PullReport)
    do {
      made = try await clone(
        fromBundle: file, wanted: request, to: folder, options: chosen, memberSeed: pending?.seed,
        environment: environment, activity: activity)
    } catch let error where Self.concernsBundle(error) {
      try? await Blocking.run { try FileManager.default.removeItem(at: incoming) }
      throw error
    }
    try? await Blocking.run { try FileManager.default.removeItem(at: incoming) }
    made.report.transferredInBytes = transferred
    if let pending {
      let (note, witness) = (pending.note, pending.witnessSeed)
      try await Blocking.run { [keys = made.library.keys] in
        try keys.setWitness(seed: witness)
        try keys.setEnrolment(note)
      }
      try await made.library.followOwnMember()
      await Blocking.always { pending.remove() }
    }
    try await made.library.setRemote(remote.address)
    if remote.mayStopShort {
      // A folder keeps an older first copy for long, with the steps that lead on from it.
      do {
        let more = try await made.library.pullEverything(
          nil, from: remote, options: SyncOptions(), activity: activity)
        if let report = more.pulled.report { made.report.add(report) }
        if let failure = more.failure { throw failure }
      } catch let failure as any SheafFailure {
        // The copy is made: what hinders this is told beside it, and met again by the next sync.
        made.report.stopsShort = failure.problem
      }
    }
    try await remote.leave(
      position: try await made.library.pullRequest(SyncOptions()), from: made.library.memberMark)
    // A copy without the publisher's time can be read and edited; the next sync asks again.
    _ = try await made.library.exchangeCosignatures(with: remote, isSame: false)
    return made
  }

  /// Where the download of a first copy stays until the copy is made.
  static func incoming(besideCopy folder: URL) -> URL {
    folder.deletingLastPathComponent().appending(path: ".\(folder.lastPathComponent).incoming")
  }

  /// Makes a local copy from a bundle that starts at nothing; what it keeps is what the bundle holds.
  ///
  /// - Parameter asked: What a person asked for beyond that; `nil` where nothing was.
  /// - Throws: `BundleError`, `BundleMisfit`, `OtherBundle`, `StoreError.alreadyThere`; no copy is made then.
  public static func clone(
    fromBundle file: URL, to folder: URL, options: CloneOptions, asked: SyncOptions = SyncOptions(),
    environment: LibraryEnvironment, activity: @escaping ActivitySink = { _ in }
  ) async throws -> (library: Library, report: PullReport) {
    let header = try await Blocking.run {
      let source = try BundleSource(file)
      return try BundleReader(source: source.read).readHeader()
    }
    let fits =
      asked.depth.map { $0 == header.content.depth } ?? true
      && asked.subscription.map { $0.text == header.subscription.text } ?? true
    if let depth = header.content.depth, !fits {
      throw OtherBundle(file: file.path, depth: depth, subscription: header.subscription)
    }
    return try await clone(
      fromBundle: file, wanted: nil, to: folder, options: options, environment: environment,
      activity: activity)
  }

  private static func clone(
    fromBundle file: URL, wanted: PullRequest?, to folder: URL, options: CloneOptions,
    memberSeed: [UInt8]? = nil,
    environment: LibraryEnvironment, activity: @escaping ActivitySink
  ) async throws -> (library: Library, report: PullReport) {
    let header = try await Blocking.run {
      try UnfinishedFolder.check(folder)
      let source = try BundleSource(file)
      return try BundleReader(source: source.read).readHeader()
    }
    guard let logKey = header.logKey, header.from == 0 else {
      throw BundleMisfit.wrongStart(from: header.from, own: 0)
    }
    if let expected = options.expectedLibrary, expected != header.library {
      throw WrongLibrary(found: header.library, expected: expected)
    }
    let made = try await make(
      at: folder, environment: environment, isPublisher: false, memberSeed: memberSeed
    ) { _ in
      CopyFacts(
        library: header.library, name: header.library.slug, logKey: logKey, isPublisher: false,
        depth: header.content.depth ?? options.depth, subscription: header.subscription,
        member: options.member,
        remote: "")
    } fill: { library in
      let report = try await library.apply(
        bundle: file, mayChangeDepth: true, wanted: wanted, activity: activity)
      try await library.takeName()
      return report
    }
    return (made.library, made.value)
  }

  /// Takes the library's name for people from its settings document, where there is one.
  private func takeName() async throws {
    try await store.write(purpose: "sheaf clone") { transaction in
      guard let bytes = try transaction.currentBytes(of: try DocumentPath(LibrarySettings.path)),
        let settings = try? LibrarySettings(parsing: bytes), let name = settings.name
      else { return }
      var facts = try transaction.facts()
      facts.name = name
      try transaction.setFacts(facts)
    }
  }
}

/// A bundle's file holds another depth or other collections than were asked for. Nothing was made.
public struct OtherBundle: SheafFailure, Equatable {
  public let file: String
  public let depth: Depth
  public let subscription: Subscription
  public var problem: String {
    let collections: String =
      switch subscription {
      case .all: "every collection"
      case .only(let names):
        names.isEmpty ? "no collection" : names.map(\.text).sorted().joined(separator: ", ")
      }
    return
      "\(file) holds \(collections), with a history of the depth \(depth.rawValue), and can give nothing else"
  }
  public var unchanged: String { "no copy was made" }
  public var hint: String? { "Leave --keep and --only out, or clone from a server or folder." }
  public var kind: FailureKind { .usage }
}

/// What is offered is not the library that was asked for, or not what it says it is.
public struct WrongLibrary: SheafFailure, Equatable {
  public let found: LibraryID
  public let expected: LibraryID?
  public var problem: String {
    if let expected {
      "the library offered is \(found), not \(expected)"
    } else {
      "the library \(found) comes with a key that is not its own"
    }
  }
  public var unchanged: String { "no copy was made" }
  public var hint: String? { "Ask the publisher for the library's identity; `sheaf status` shows it there." }
  public var kind: FailureKind { .verification }
}
