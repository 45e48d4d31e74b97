import ArgumentParser
import Foundation
import SheafModel
import SheafStore
import SheafSync

/// `sheaf recover`: a publisher restored from an old backup gets the missing tail back.
struct RecoverCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "recover",
    abstract: "Bring back what a publisher lost that was restored from an old backup.",
    discussion: Help.text(
      """
      A publisher never signs two histories: restored from a backup that is older than what it signed \
      last, it refuses to publish. This takes the missing change sets, verified, from a replica that keeps \
      full; then publishing works again. What this copy published meanwhile by itself, and \
      contradicts what replicas hold, is kept in quarantine with --set-aside.
      """,
      examples: ["sheaf recover --from /media/clinic/handbook", "sheaf recover --from tail.sheaf"],
      outcomes: [.done, .failed, .needsYou, .unverified]))

  @Option(
    help: ArgumentHelp(
      "A replica's folder, or a bundle of mode full that it made, ending in .sheaf.", valueName: "replica"),
    completion: .file())
  var from: String

  @Flag(help: "Keep this copy's own change sets that contradict the replica's log in quarantine.")
  var setAside = false

  @OptionGroup var library: LibraryOptions
  @OptionGroup var output: OutputOptions

  func perform(in session: Session) async throws -> Outcome {
    try await library.open(in: session) { library in
      let source = session.url(from)
      let report = try await session.showingProgress { progress in
        if from.hasSuffix(".sheaf") {
          return try await library.recover(fromBundle: source, activity: progress)
        }
        let replica = try await Library.open(at: source, environment: .system)
        return try await session.using(replica) { replica in
          try await library.recover(from: replica, setsAside: setAside, activity: progress)
        }
      }
      try output.print(report, on: session.console, words: report.lines, hint: report.nextStep)
      return report.missing > 0 ? .needsYou : .done
    }
  }
}

extension RecoverReport {
  /// What is to be done now; `nil` for nothing.
  var nextStep: String? {
    if missing > 0 {
      "try other replicas; where nobody has them, this log can't go on: `sheaf export` what is here and start a new library"
    } else if setAside + skipped > 0 {
      "\(Quantity.grouped(to)) is the newest checkpoint that this replica knows; ask the others first before you publish: what only they have would be contradicted"
    } else {
      nil
    }
  }

  /// What came back, one sentence a line.
  var lines: [String] {
    var lines: [String] = []
    let back = to >= from ? to - from : 0
    if setAside > 0 {
      lines.append("Took the replica's log; at checkpoint \(Quantity.grouped(to)).")
      lines.append(
        "\(Quantity(setAside, "change set")) of this copy \(setAside == 1 ? "is" : "are") kept in quarantine."
      )
      if skipped > 0 {
        lines.append(
          "\(Quantity(skipped, "change set")) of this copy could not be kept: no reason of theirs is here.")
      }
    } else {
      lines.append("Got \(Quantity(back, "change set")) back; at checkpoint \(Quantity.grouped(to)).")
    }
    lines.append(
      missing > 0
        ? "\(Quantity(missing, "change set")) that \(missing == 1 ? "was" : "were") signed \(missing == 1 ? "is" : "are") still missing, so nothing can be signed."
        : "Publishing works again.")
    return lines
  }
}
