import ArgumentParser
import Foundation
import SheafModel
import SheafSync

/// `sheaf clone`: a first copy.
struct CloneCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "clone",
    abstract: "Make a local copy of a library.",
    discussion: Help.text(
      """
      From a server, a folder or a bundle's file, which gives just what it holds. Everything is verified before it is stored. The \
      copy remembers its remote, and reads and searches offline from then on. With \
      --expect the library must be the one with this identity; without it, the first copy \
      decides whom later ones are measured by.
      """,
      examples: [
        "sheaf clone https://library.example.org handbook",
        "sheaf clone https://library.example.org handbook --invited",
        "sheaf clone https://library.example.org handbook --keep full --plan",
        "sheaf clone /media/stick/handbook handbook --only trials --keep trail",
      ], outcomes: [.done, .failed, .needsYou, .unverified]))

  @Argument(help: "A server's URL, a folder, or a file that ends in .sheaf.", completion: .file())
  var remote: String

  @Argument(help: "The folder for the copy, empty or not there yet.", completion: .directory)
  var dir: String

  @Option(
    help: ArgumentHelp(
      "A collection to hold; can be repeated. Everything when left out.", valueName: "collection"),
    transform: Arguments.collection)
  var only: [CollectionName] = []

  @Option(help: "How much history to keep: heads, trail or full; trail when left out.")
  var keep: Depth?

  @Option(
    name: .customLong("as"),
    help: ArgumentHelp("The name that changes made here go under.", valueName: "name"))
  var member: String?

  @Option(help: ArgumentHelp("The library's identity, as `sheaf status` shows it.", valueName: "identity"))
  var expect: String?

  @Option(
    help: ArgumentHelp(
      "A file with the code of an invitation; else SHEAF_CODE. This device becomes a member by it.",
      valueName: "file"),
    completion: .file())
  var codeFile: String?

  @Flag(help: "Ask for the code of an invitation.")
  var invited = false

  @Flag(help: "Say what it would cost in bytes and on the disk, and make no copy.")
  var plan = false

  @Flag(help: "Seal this copy's key with a passphrase, which is asked for.")
  var passphrase = false

  @OptionGroup var reach: RemoteOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if plan, codeFile != nil || invited || passphrase {
      throw ValidationError("--plan makes no copy, and so no member.")
    }
    if let expect, LibraryID(expect) == nil {
      throw ValidationError("\"\(expect)\" is no library's identity; it looks like sheaf/NAME/32 digits.")
    }
  }

  func perform(in session: Session) async throws -> Outcome {
    let address = try await NoCopyMade.telling { try session.remote(remote) }
    let folder = session.url(dir)
    let code = try CodeSource.code(file: codeFile, asks: invited, in: session)
    if code != nil, case .bundle = address {
      throw UsageError("a bundle's file carries no request to become a member")
    }
    if plan { return try await foresee(address, folder, in: session) }
    let options = CloneOptions(
      depth: keep ?? .trail, subscription: Arguments.subscription(only: only) ?? .all,
      member: member ?? session.userName,
      expectedLibrary: expect.flatMap(LibraryID.init), code: code)
    let secret = passphrase ? try Passphrase.new(in: session) : nil
    let start = ContinuousClock().now
    let (library, report) = try await NoCopyMade.telling {
      try await firstCopy(from: address, to: folder, options, in: session)
    }
    return try await session.using(library) { library in
      if let secret { try await library.setPassphrase { secret } }
      switch address {
      case .bundle: break
      case .folder, .http: try await library.setRemote(address.text)
      }
      let status = try await library.status()
      try await Collections.warn(of: only, in: library, session)
      try tell(report, status, from: address, in: Elapsed(ContinuousClock().now - start), session)
      return report.stopsShort == nil ? status.outcome : .needsYou
    }
  }

  private func firstCopy(
    from address: RemoteAddress, to folder: URL, _ options: CloneOptions, in session: Session
  ) async throws -> (library: Library, report: PullReport) {
    try await session.showingProgress { progress in
      if case .bundle(let file) = address {
        return try await Library.clone(
          fromBundle: file, to: folder, options: options,
          asked: SyncOptions(depth: keep, subscription: Arguments.subscription(only: only)),
          environment: .system, activity: progress)
      }
      return try await reach.connect(to: address, in: session) { remote in
        try await Library.clone(
          from: remote, to: folder, options: options, environment: .system, activity: progress)
      }
    }
  }

  private func foresee(_ address: RemoteAddress, _ folder: URL, in session: Session) async throws -> Outcome {
    let options = CloneOptions(
      depth: keep ?? .trail, subscription: Arguments.subscription(only: only) ?? .all, member: "")
    let plan = try await reach.connect(to: address, in: session) { remote in
      try await Library.planClone(from: remote, to: folder, options: options)
    }
    try output.print(plan, on: session.console, words: plan.lines(from: address.short))
    return .done
  }

  private func tell(
    _ report: PullReport, _ status: StatusReport, from address: RemoteAddress, in elapsed: Elapsed,
    _ session: Session
  ) throws {
    let console = session.console
    if output.json {
      try console.printJSON(report)
      return try console.printJSON(status)
    }
    console.print("Cloned \(status.name.escapedForTerminal) into \(dir.escapedForTerminal).")
    console.print(report.sentence(from: address.short, in: elapsed))
    console.print(
      "At \(Position.words(status.size, newestChange: status.newestChange)), as the publisher signed it.")
    // A first copy has heard no time of the publisher's unless somebody left one; that is no news.
    if let freshness = status.freshness, freshness.isWorthTelling, freshness.state != .unknown {
      console.print(freshness.sentence)
    }
    if let short = report.stopsShort {
      console.print("It goes no further: \(short.escapedForTerminal).")
      console.hint("run `sheaf sync` when the publisher has been there again, or with another remote")
    }
    if status.awaitsMembership {
      console.print(
        "Left the request to become a member in \(address.short); the answer comes with a later sync.")
    }
    if status.conflicts > 0 {
      console.print("\(Quantity(status.conflicts, "document")) changed on both sides.")
      console.hint("run `sheaf conflicts` to choose")
    }
    if expect == nil { console.hint("compare the identity with the publisher's: \(status.library)") }
  }
}

/// A failure before there was a copy, of which there is no library to say anything about.
struct NoCopyMade: SheafFailure {
  let cause: any SheafFailure

  var problem: String { cause.problem }
  var unchanged: String { "no copy was made" }
  var hint: String? { cause.hint }
  var kind: FailureKind { cause.kind }

  /// Does what makes a copy, and says of a failure that there is none; what says more of what is left, such as what
  /// was received so far, says that.
  static func telling<Value>(_ work: () async throws -> Value) async throws -> Value {
    do { return try await work() } catch let cause as any SheafFailure {
      throw cause.unchanged == "the library is as it was" ? NoCopyMade(cause: cause) : cause
    }
  }
}
