import ArgumentParser
import SheafModel
import SheafSync

/// Which change sets a command is about; all that is given must hold.
struct LogFilterOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Only by this person: words of the name, or a key's mark.", valueName: "name"))
  var by: String?

  @Option(help: ArgumentHelp("Only by people who had this role then.", valueName: "role"))
  var role: String?

  @Option(help: ArgumentHelp("Only from this place.", valueName: "site"))
  var site: String?

  @Option(
    help: ArgumentHelp("Only with changes in this collection.", valueName: "collection"),
    transform: Arguments.collection)
  var collection: CollectionName?

  @Option(
    help: ArgumentHelp("Only with changes of this document.", valueName: "doc"), transform: Arguments.document
  )
  var document: DocumentPath?

  @Option(
    help: ArgumentHelp("Only where this value changed, a JSON pointer.", valueName: "pointer"),
    transform: Arguments.pointer)
  var field: JSONPointer?

  @Option(
    help: ArgumentHelp(
      "Only with this action: \(RevisionVerb.allCases.map(\.rawValue).joined(separator: ", ")).",
      valueName: "verb"),
    transform: Arguments.verb)
  var action: RevisionVerb?

  @Option(
    help: ArgumentHelp("Only claimed to be of this day or time, or later.", valueName: "time"),
    transform: Arguments.start)
  var since: Timestamp?

  @Option(
    help: ArgumentHelp("Only claimed to be of this day or time, or earlier.", valueName: "time"),
    transform: Arguments.end)
  var until: Timestamp?

  @Option(help: ArgumentHelp("Only with these words in the reason.", valueName: "words"))
  var reason: String?

  var filter: LogFilter {
    var filter = LogFilter()
    filter.by = by
    filter.role = role
    filter.site = site
    filter.collection = collection
    filter.document = document
    filter.field = field
    filter.verb = action
    filter.since = since
    filter.until = until
    filter.reason = reason
    return filter
  }
}

extension Arguments {
  /// A JSON pointer (RFC 6901).
  static func pointer(_ text: String) throws -> JSONPointer {
    guard let pointer = JSONPointer(text) else {
      throw ValidationError("\"\(text)\" is no JSON pointer: give one as in /status or /sponsors/0/name.")
    }
    return pointer
  }

  /// What a revision can do.
  static func verb(_ text: String) throws -> RevisionVerb {
    guard let verb = RevisionVerb(rawValue: text) else {
      throw ValidationError(
        "\"\(text)\" is no action: give one of \(RevisionVerb.allCases.map(\.rawValue).joined(separator: ", "))."
      )
    }
    return verb
  }

  /// A time, or a day, whose start is meant.
  static func start(_ text: String) throws -> Timestamp { try time(text, ofDay: "T00:00:00Z") }

  /// A time, or a day, whose end is meant.
  static func end(_ text: String) throws -> Timestamp { try time(text, ofDay: "T23:59:59Z") }

  private static func time(_ text: String, ofDay clock: String) throws -> Timestamp {
    guard let time = Timestamp(parsing: text) ?? Timestamp(parsing: text + clock) else {
      throw ValidationError(
        "\"\(text)\" is no time: give a day (2026-11-22) or a time (2026-11-22T10:00:00Z).")
    }
    return time
  }
}
