import ArgumentParser
import SheafModel
import SheafSync

/// `sheaf resolve`: a person settles a conflict.
struct ResolveCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "resolve",
    abstract: "Settle a conflict, part by part.",
    discussion: Help.text(
      """
      Ours is the side that was published first, which everybody sees; theirs is the other one. With \
      no choice given, shows the parts that clash and, on a terminal, asks for each; nothing is \
      recorded before you say so. Parts are numbered from 1; a part that no --part names is taken \
      as --take says, or as ours; what merges by itself is in the result either way. With --whole the \
      document becomes that side byte for byte, without what the other one changed. The other sides stay in the document's history. Where more than \
      two edits met, a choice settles the first two, and the next stands against what you chose; \
      --file and --take deleted settle all of them at once.
      """,
      examples: [
        "sheaf resolve about.md", "sheaf resolve about.md --take theirs",
        "sheaf resolve about.md --whole ours -m \"Their edit was a mistake\"",
        "sheaf resolve about.md --part 1=theirs --part 2=both -m \"As agreed\"",
        "sheaf resolve about.md --file merged.md -m \"Both corrections\"",
      ],
      outcomes: [.done, .failed, .needsYou]))

  /// What a person may take.
  enum Side: String, ExpressibleByArgument, CaseIterable {
    case ours, theirs, proposed, base, both, deleted

    var choice: PartChoice? {
      switch self {
      case .ours: .ours
      case .theirs: .theirs
      case .proposed: .proposed
      case .base: .base
      case .both: .both
      case .deleted: nil
      }
    }
  }

  /// A side whose content may be taken as it is.
  enum Whole: String, ExpressibleByArgument, CaseIterable {
    case ours, theirs
  }

  @Argument(help: "The document.", transform: Arguments.document)
  var doc: DocumentPath

  @Option(
    help: "What to take of each part: ours, theirs, proposed, base, both, or deleted for no document at all.")
  var take: Side?

  @Option(help: "Take ours or theirs as it is, with nothing of the other side.")
  var whole: Whole?

  @Option(
    help: ArgumentHelp(
      "What to take for one part, such as 2=theirs; may be repeated.", valueName: "n=choice"),
    transform: ResolveCommand.part)
  var part: [PartArgument] = []

  @Option(
    help: ArgumentHelp("A file with the content to take, or - for the standard input.", valueName: "file"),
    completion: .file())
  var file: String?

  @OptionGroup var reason: UsualReasonOption
  @OptionGroup var library: LibraryOptions
  @OptionGroup var output: OutputOptions

  /// A choice for a numbered part.
  struct PartArgument: Hashable, Sendable {
    var number: Int
    var side: Side
  }

  @Sendable static func part(_ text: String) throws -> PartArgument {
    let halves = text.split(separator: "=", maxSplits: 1)
    guard halves.count == 2, let number = Int(halves[0]), number >= 1,
      let side = Side(rawValue: String(halves[1])),
      side != .deleted
    else {
      throw ValidationError(
        "\"\(text)\" is no choice for a part: give its number and a side, such as 2=theirs.")
    }
    return PartArgument(number: number, side: side)
  }

  func validate() throws {
    if file != nil, take != nil || !part.isEmpty {
      throw ValidationError("Give --take and --part, or --file, not both.")
    }
    if whole != nil, file != nil || take != nil || !part.isEmpty {
      throw ValidationError("--whole takes one side as it is: give no --take, --part or --file with it.")
    }
    if take == .deleted, !part.isEmpty { throw ValidationError("A deleted document has no parts to choose.") }
  }

  func perform(in session: Session) async throws -> Outcome {
    let content = try file.map { try ContentFile.read($0, in: session) }
    return try await library.open(in: session) { library in
      let console = session.console
      let hasChoice = take != nil || whole != nil || !part.isEmpty || content != nil
      let asks = !hasChoice && !output.json && console.isInputTerminal
      // Nobody shall answer questions, or be asked why, only to be refused in the end.
      let settlement = try await library.conflict(of: doc, toSettle: hasChoice || asks)
      if !hasChoice {
        guard asks else {
          try output.print(
            settlement.report, on: console,
            words: settlement.report.lines(isColoured: console.isOutputColoured, width: console.width))
          console.hint("choose with --take ours|theirs|proposed|both|deleted, --part N=CHOICE or --file FILE")
          return .needsYou
        }
        return try await ask(settlement, library: library, session: session)
      }
      let resolution = try resolution(content, of: settlement.report)
      let words = try reason.text(in: session, fallback: fallback)
      let report = try await library.resolve(doc, with: resolution, of: settlement, reason: words)
      try output.print(report, on: console, words: [report.sentence("Settled")])
      return try await next(after: settlement, resolution, library: library, session: session)
    }
  }

  /// Asks on the screen, step by step where more than two edits met.
  private func ask(
    _ settlement: ConflictSettlement, library: Library, session: Session
  ) async throws -> Outcome {
    var screen = ResolveScreen(
      settlement: settlement, document: doc, library: library, session: session, reason: reason)
    let outcome = try await screen.run()
    guard outcome == .done, settlement.report.sides.count > 2, library.isPublisher else {
      return outcome == .done
        ? try await next(after: settlement, .parts([]), library: library, session: session) : outcome
    }
    let rest: ConflictSettlement
    // What was left may have merged with what was chosen.
    do { rest = try await library.conflict(of: doc) } catch LibraryError.noConflict { return .done }
    session.console.print("")
    return try await ask(rest, library: library, session: session)
  }

  /// Says that a choice between two of several edits leaves the others to settle.
  private func next(
    after settlement: ConflictSettlement, _ resolution: Resolution, library: Library, session: Session
  ) async throws -> Outcome {
    switch resolution {
    case .content, .deletion: return .done
    case .ours, .theirs, .proposed, .parts: break
    }
    let left = settlement.report.sides.count - 2
    guard left > 0 else { return .done }
    if library.isPublisher {
      do { _ = try await library.conflict(of: doc) } catch LibraryError.noConflict { return .done }
    }
    let edits = left == 1 ? "one more edit stands" : "\(left) more edits stand"
    let when = library.isPublisher ? "" : "sync, then "
    session.console.hint("\(edits) against it; \(when)run `sheaf resolve \(doc)` again")
    return .needsYou
  }

  private func resolution(_ content: [UInt8]?, of report: ConflictReport) throws -> Resolution {
    if let content { return .content(content) }
    switch whole {
    case .ours: return .ours
    case .theirs: return .theirs
    case nil: break
    }
    if part.isEmpty {
      // A part that is the whole document may be an asset, which need not be held to be taken.
      let isDocument = report.parts.map(\.place) == ["document"]
      switch take {
      case .ours where isDocument: return .ours
      case .theirs where isDocument: return .theirs
      case .deleted: return .deletion
      case .proposed: return .proposed
      case .ours, .theirs, .base, .both, nil: break
      }
    }
    var choices = Array(repeating: take?.choice ?? .ours, count: report.parts.count)
    for argument in part {
      guard report.parts.indices.contains(argument.number - 1) else {
        throw UsageError(
          "\(report.path) has no part \(argument.number)", hint: "`sheaf resolve` shows the parts.")
      }
      choices[argument.number - 1] = argument.side.choice ?? .ours
    }
    for (index, (choice, part)) in zip(choices, report.parts).enumerated() {
      if case .both = choice, !part.canTakeBoth {
        throw UsageError(
          "part \(index + 1) of \(report.path) can't take both sides", hint: "Take one side, or give --file.")
      }
      if case .proposed = choice, !part.isProposed {
        throw UsageError(
          "nothing is proposed for part \(index + 1) of \(report.path)", hint: "Take a side, or give --file.")
      }
    }
    return .parts(choices)
  }

  private var fallback: String {
    guard part.isEmpty else { return "Settled a conflict part by part" }
    switch whole {
    case .ours: return "Settled a conflict: kept what was published first, as it was"
    case .theirs: return "Settled a conflict: took the other side, as it was"
    case nil: break
    }
    switch take {
    case .ours: return "Settled a conflict: kept what was published first where the sides clash"
    case .theirs: return "Settled a conflict: took the other side where they clash"
    case .proposed: return "Settled a conflict: took what the merge proposes"
    case .base: return "Settled a conflict: took what was there before"
    case .both: return "Settled a conflict: took both"
    case .deleted: return "Settled a conflict: removed the document"
    case nil: return "Settled a conflict with a content of its own"
    }
  }
}
