import ArgumentParser
import Foundation
import SheafModel
import SheafSync

/// `sheaf redact`: past content is destroyed on every copy, by two people.
struct RedactCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "redact",
    abstract: "Destroy past content on every copy, with a second person.",
    discussion: Help.text(
      """
      Names past revisions of a document; a first person asks, and when a second one names them too their content \
      is destroyed here, and on every other copy as it syncs. The log, its signatures and proofs stay. \
      What is current can't be named: first publish it without the text. With --text, every revision of any \
      document that holds the words as they are spelled. What was exported, printed or backed up is out of reach, \
      and so is a copy that never syncs again: `sheaf redactions` tells who has passed it.
      """,
      examples: [
        "sheaf redact notes/p.md 2.1 3.1 --ground \"GDPR 17(1)(b)\" -m \"Consent withdrawn\"",
        "sheaf redact --text \"Maria Lopez\" --ground \"GDPR 17(1)(b)\" -m \"Consent withdrawn\"",
        "sheaf redact --confirm 1219 -m \"Checked with the ward\" --yes",
      ], outcomes: [.done, .failed, .needsYou]))

  @Argument(help: "The document.", transform: Arguments.document)
  var doc: DocumentPath?

  @Argument(help: "The revisions whose content is to be destroyed, such as 2.1.", transform: Self.revision)
  var revisions: [RevisionName] = []

  @Option(
    help: ArgumentHelp("Every past revision of any document that holds these words.", valueName: "words"))
  var text: String?

  @Option(help: ArgumentHelp("What another person's change set asks for.", valueName: "changeset"))
  var confirm: UInt64?

  @Option(
    help: "What allows or demands it, such as the article of a law; with --confirm the same if left out.")
  var ground: String?

  @Flag(help: "Do not ask.")
  var yes = false

  @OptionGroup var reason: ReasonOption
  @OptionGroup var library: LibraryOptions
  @OptionGroup var output: OutputOptions

  private static func revision(_ text: String) throws -> RevisionName {
    guard let name = RevisionName(parsing: text) else {
      throw ValidationError("\"\(text)\" is no revision: `sheaf history DOC` lists them, such as 12.3.")
    }
    return name
  }

  func validate() throws {
    let ways = (doc == nil ? 0 : 1) + (text == nil ? 0 : 1) + (confirm == nil ? 0 : 1)
    guard ways == 1 else { throw ValidationError("Give a document with revisions, --text or --confirm.") }
    guard doc == nil || !revisions.isEmpty else { throw ValidationError("Give at least one revision.") }
    if let text, text.allSatisfy(\.isWhitespace) { throw ValidationError("--text takes words.") }
    guard ground?.trimmingWhiteSpace.isEmpty != true, ground != nil || confirm != nil else {
      throw ValidationError("Say with --ground what allows or demands it.")
    }
  }

  func perform(in session: Session) async throws -> Outcome {
    let words = try reason.text(in: session)
    return try await library.open(in: session) { library in
      let console = session.console
      var targets: [RedactionTarget] = []
      var ground = ground?.trimmingWhiteSpace
      if let confirm {
        let asked = try await library.redaction(askedIn: confirm)
        targets = asked.targets
        ground = ground ?? asked.ground
      } else if let doc {
        targets = [RedactionTarget(path: doc, revisions: Set(revisions).sorted())]
      } else if let text {
        let words = try await library.whatHolds(text)
        for mark in words.quarantined {
          console.hint(
            "draft \(mark) in quarantine holds these words: `sheaf quarantine drop \(mark)` destroys it")
        }
        for mark in words.drafts {
          console.hint("draft \(mark) of this copy holds these words: see `sheaf drafts`")
        }
        let found = words.revisions
        let current = try found.filter { try $0.isCurrent && !DocumentPath($0.path).tellsRights }
        guard current.isEmpty else { throw StillCurrent(revisions: current) }
        let asked = found.filter { $0.asked != nil }
        for one in asked {
          console.hint(
            "\(one.path) at \(one.revision) waits for another person: you asked in change set \(one.asked ?? 0)"
          )
        }
        targets = try RedactionTarget.targets(found.filter { $0.asked == nil }).filter { target in
          guard target.path.tellsRights else { return true }
          console.hint("\(target.path.text) tells who may do what, holds these words, and is never destroyed")
          return false
        }
        if targets.isEmpty, let one = asked.first {
          throw LibraryError.askedAlready(
            "\(one.path) at \(one.revision)", in: "change set \(one.asked ?? 0)")
        }
      }
      guard !targets.isEmpty else { throw NothingHolds() }
      guard let ground else { throw UsageError("a ground is missing", hint: "Say it with --ground.") }
      for target in targets {
        console.note(
          "\(target.path.text.escapedForTerminal): \(target.revisions.map(\.description).joined(separator: ", "))"
        )
      }
      let asked = try await Self.requests(for: targets, in: library)
      for line in asked { console.note(line) }
      guard yes || Self.agrees(on: console, isSecond: !asked.isEmpty) else {
        throw UsageError("nobody agreed to it", hint: "Answer yes, or give --yes.")
      }
      // A line names so many revisions at most, and a change set has one line of a document.
      for round in Self.rounds(targets) {
        let outcome = try await library.redact(round, ground: ground, reason: words)
        try output.print(outcome, on: console, words: outcome.lines)
      }
      return Self.outcome(of: try await library.unsweptContent(), on: console)
    }
  }

  /// Who asked before, with what ground: with a second person it happens at once, and can't be taken back.
  private static func requests(
    for targets: [RedactionTarget], in library: Library
  ) async throws -> [String] {
    let names = Set(targets.flatMap(\.revisions).map(\.description))
    return try await library.redactions().redactions.filter {
      $0.effective == nil && names.contains($0.revision)
    }
    .flatMap { redaction in
      redaction.requests.map { request in
        "\(redaction.revision) was asked for in change set \(request.changeSet) by \(request.by.escapedForTerminal) "
          + "on \(Position.day(request.time)): \(request.ground.escapedForTerminal)"
      }
    }
  }

  /// Says what is left in this copy's files, where something is.
  static func outcome(of unswept: UnsweptContent?, on console: Console) -> Outcome {
    guard let unswept else { return .done }
    console.warn(unswept.sentence)
    console.hint(unswept.hint)
    return .needsYou
  }

  private static func agrees(on console: Console, isSecond: Bool) -> Bool {
    let answer = console.ask(
      isSecond
        ? "Destroy what another person asked for now, and for good? (yes/no)"
        : "Ask for this content to be destroyed for good? (yes/no)")
    return answer?.trimmingWhiteSpace.lowercased() == "yes"
  }

  private static func rounds(_ targets: [RedactionTarget]) -> [[RedactionTarget]] {
    var rounds: [[RedactionTarget]] = []
    for target in targets {
      let starts = stride(from: 0, to: target.revisions.count, by: Limits.redactedRevisions)
      for (round, start) in starts.enumerated() {
        if round == rounds.count { rounds.append([]) }
        rounds[round].append(
          RedactionTarget(
            path: target.path,
            revisions: Array(target.revisions[start...].prefix(Limits.redactedRevisions))))
      }
    }
    return rounds
  }
}

/// Words that are to be destroyed are current somewhere. The library is as it was.
struct StillCurrent: SheafFailure {
  let revisions: [FoundRevision]

  var problem: String {
    "these words are current, proposed, or what a conflict is about:"
      + revisions.map { "\n  \($0.path) at \($0.revision)" }.joined()
  }
  var unchanged: String { "nothing was asked for" }
  var hint: String? { "Publish these without the words, decide the proposal, or settle the conflict first." }
}

/// No content holds words that were looked for.
struct NothingHolds: SheafFailure {
  var problem: String { "no revision holds these words" }
  var unchanged: String { "nothing was asked for" }
  var hint: String? { "Words are looked for as they are spelled, upper case and white space included." }
}

/// `sheaf redactions`: what was asked to be destroyed, and who has passed it.
struct RedactionsCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "redactions",
    abstract: "List what was destroyed or waits for a second person, and who has passed it.",
    discussion: Help.text(
      """
      A member's position is the newest that its change sets had seen or that it cosigned. A copy that is behind \
      may still hold what was destroyed elsewhere. Where this copy's own file still does, because somebody read it \
      all the while or the disk had no room to write it anew, this tries again at once.
      """, examples: ["sheaf redactions", "sheaf redactions --json"]))

  @OptionGroup var library: LibraryOptions
  @OptionGroup var output: OutputOptions

  func perform(in session: Session) async throws -> Outcome {
    try await library.open(in: session) { library in
      // Whoever asks wants it done: what hindered it may have ended a moment ago.
      let unswept = try await library.sweep()
      let report = try await library.redactions()
      try output.print(report, on: session.console, words: report.lines(width: session.console.width))
      return RedactCommand.outcome(of: unswept, on: session.console)
    }
  }
}
