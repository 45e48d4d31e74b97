import ArgumentParser
import Foundation
import SheafModel
import SheafSync

/// `sheaf sync`: drafts go out, changes come in.
struct SyncCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "sync",
    abstract: "Push drafts and pull changes.",
    discussion: Help.text(
      """
      With the remote that the copy was cloned from, or another one; a folder or stick does as well \
      as a server, and a file that ends in .sheaf is applied. What was cut short goes on where it \
      stopped. --keep and --only change what this copy holds from now on. On the publisher's copy, \
      syncing with a folder takes the drafts in it and leaves what replicas need.
      """,
      examples: ["sheaf sync", "sheaf sync /media/stick/handbook", "sheaf sync --plan"],
      outcomes: [.done, .failed, .needsYou, .unverified]))

  @Argument(
    help: "A server's URL, a folder, or a file that ends in .sheaf; else the remembered one.",
    completion: .file())
  var remote: String?

  @Flag(help: "Say what a sync would cost, and do nothing.")
  var plan = false

  @Option(help: "How much history to keep from now on: heads, trail or full.")
  var keep: Depth?

  @Option(
    help: ArgumentHelp("A collection to hold from now on; can be repeated.", valueName: "collection"),
    transform: Arguments.collection)
  var only: [CollectionName] = []

  @Flag(help: "Hold every collection from now on.")
  var all = false

  @Option(help: ArgumentHelp("Sync again after so many seconds, until interrupted.", valueName: "seconds"))
  var watch: Int?

  @OptionGroup var reach: RemoteOptions
  @OptionGroup var library: LibraryOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if all, !only.isEmpty { throw ValidationError("Give --all or --only, not both.") }
    if let watch, watch < 1 { throw ValidationError("--watch takes a number of seconds, at least 1.") }
    if watch != nil, plan { throw ValidationError("Give --plan or --watch, not both.") }
  }

  func perform(in session: Session) async throws -> Outcome {
    try await library.open(in: session, tellsAge: false) { library in
      let remembered = try await library.facts().remote
      let address: RemoteAddress
      if let remote {
        address = try session.remote(remote)
      } else if !remembered.isEmpty {
        address = try session.remote(remembered, isRemembered: true)
      } else {
        throw AddressError.none
      }
      if case .bundle(let file) = address {
        return try await BundleApplyCommand.apply(file, to: library, output: output, in: session)
      }
      if library.isPublisher { return try await exchange(library, with: address, in: session) }
      let options = SyncOptions(depth: keep, subscription: all ? .all : Arguments.subscription(only: only))
      return try await reach.connect(to: address, in: session) { remote in
        if plan {
          let plan = try await library.plan(with: remote, options: options)
          try output.print(plan, on: session.console, words: plan.lines(from: address.short))
          return .done
        }
        let outcome = try await sync(library, remote, address, options, session)
        try await Collections.warn(of: only, in: library, session)
        if remembered.isEmpty { try await library.setRemote(address.text) }
        return outcome
      }
    }
  }

  /// Syncs once, or again and again.
  private func sync(
    _ library: Library, _ remote: any Remote, _ address: RemoteAddress, _ options: SyncOptions,
    _ session: Session
  ) async throws -> Outcome {
    var options = options
    while true {
      let start = ContinuousClock().now
      do {
        let report = try await session.showingProgress { progress in
          try await library.sync(with: remote, options: options, activity: progress)
        }
        try tell(report, address, Elapsed(ContinuousClock().now - start), session)
        if watch == nil { return report.outcome }
        // What the copy holds is remembered now.
        options = SyncOptions(depth: nil, subscription: nil)
      } catch {
        // While watching, a bad line is expected; anything graver ends the watch.
        guard watch != nil, error is RemoteError else { throw error }
        session.console.fail(FailureText(error))
      }
      try await Task.sleep(for: .seconds(watch ?? 1))
    }
  }

  private func tell(_ report: SyncReport, _ address: RemoteAddress, _ elapsed: Elapsed, _ session: Session)
    throws
  {
    // Who watches is told of what came and went; a program is told of each time.
    let isQuiet =
      watch != nil && report.pulled == nil && report.pushed.isEmpty && report.deposited == 0
      && !report.isNewMember
    if isQuiet, !output.json { return }
    if !output.json { report.problems.forEach(session.console.warn) }
    try output.print(
      report, on: session.console, words: report.lines(from: address.short, in: elapsed), hint: report.hint)
  }

  /// The publisher's side of a folder.
  private func exchange(_ library: Library, with address: RemoteAddress, in session: Session) async throws
    -> Outcome
  {
    guard case .folder(let folder) = address else { throw WrongCopyError.publisherWithServer(address.short) }
    guard keep == nil, only.isEmpty, !all else { throw WrongCopyError.publisherHoldsAll }
    if plan { throw UsageError("--plan is for replicas") }
    if watch != nil { throw UsageError("--watch is for replicas") }
    guard reach.limitRate == nil, reach.timeout == nil else {
      throw UsageError("--limit-rate and --timeout are for servers")
    }
    let start = ContinuousClock().now
    let report = try await session.showingProgress { progress in
      try await library.exchange(with: FolderRemote(folder: folder), activity: progress)
    }
    try tell(report, address, Elapsed(ContinuousClock().now - start), session)
    return report.outcome
  }
}
