import ArgumentParser
import SheafMerge
import SheafModel
import SheafSync

extension Depth: ExpressibleByArgument {}

/// What a person may write for a place in a library.
enum Arguments {
  /// Refuses arguments that are not UTF-8, before one that was silently repaired names something else.
  static func checkText() throws {
    for index in 0..<Int(CommandLine.argc) {
      guard let argument = CommandLine.unsafeArgv[index] else { continue }
      guard String(validatingCString: argument) != nil else {
        throw UsageError("argument \(index) is not UTF-8")
      }
    }
  }

  /// A document's path; a `./` in front of it is the shell's habit and means nothing.
  static func document(_ text: String) throws -> DocumentPath {
    do { return try DocumentPath(text.hasPrefix("./") ? String(text.dropFirst(2)) : text) } catch {
      throw ValidationError(error.problem.capitalizingFirst)
    }
  }

  /// A collection's name; the slash that completion leaves behind is cut off.
  static func collection(_ text: String) throws -> CollectionName {
    do {
      return try CollectionName(text.count > 1 && text.hasSuffix("/") ? String(text.dropLast()) : text)
    } catch { throw ValidationError(error.problem.capitalizingFirst) }
  }

  /// A moment: `now`, a revision `1219.3`, a checkpoint `1219`, a time
  /// `2026-11-22T10:00:00Z`, or a day, whose end is meant.
  static func moment(_ text: String) throws -> Moment {
    if text == "now" { return .now }
    if let revision = RevisionName(parsing: text) { return .revision(revision) }
    if let size = CanonicalNumber.parse(text) { return .checkpoint(size) }
    if let time = Timestamp(parsing: text) { return .time(time) }
    if let end = Timestamp(parsing: text + "T23:59:59Z") { return .time(end) }
    throw ValidationError(
      "\"\(text)\" is no moment: give a revision (12.3), a checkpoint (12), a day (2026-11-22), a time (2026-11-22T10:00:00Z) or now."
    )
  }

  /// A document, perhaps with a revision behind an @: `trials/NCT02943850.json@1219.3`.
  static func reference(_ text: String) throws -> DocumentReference {
    if let mark = text.lastIndex(of: "@"),
      let revision = RevisionName(parsing: text[text.index(after: mark)...])
    {
      return DocumentReference(path: try document(String(text[..<mark])), revision: revision)
    }
    return DocumentReference(path: try document(text), revision: nil)
  }

  /// What a signature means.
  static func meaning(_ text: String) throws -> SignatureMeaning {
    guard let meaning = SignatureMeaning(rawValue: text) else {
      throw ValidationError(
        "A signature is one of \(SignatureMeaning.allCases.map(\.rawValue).joined(separator: ", ")).")
    }
    return meaning
  }

  /// A part of a document: a JSON pointer, or a heading.
  static func part(_ text: String) throws -> DocumentQuestion {
    if text.isEmpty || text.hasPrefix("/") { return .field(try pointer(text)) }
    return .section(text)
  }

  /// A rate in bytes a second: `2500`, `64k`, `1.5M`.
  static func rate(_ text: String) throws -> UInt64 {
    let factor: Double =
      switch text.last {
      case "k", "K": 1000
      case "m", "M": 1_000_000
      default: 1
      }
    let digits = factor == 1 ? text[...] : text.dropLast()
    guard digits.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }), let number = Double(digits),
      // A server ends what is sent to it more slowly than 1 KiB/s.
      (2000...1e12).contains(number * factor)
    else {
      throw ValidationError(
        "\"\(text)\" is no rate: give bytes a second, at least 2000, as in 2500, 64k or 1.5M.")
    }
    return UInt64(number * factor)
  }

  /// The subscription that `--only` options name; `nil` when there are none.
  static func subscription(only: [CollectionName]) -> Subscription? {
    only.isEmpty ? nil : .only(Set(only))
  }
}

/// A document, or one revision of it.
struct DocumentReference: Hashable, Sendable {
  var path: DocumentPath
  var revision: RevisionName?
}

extension String {
  /// The text with its first letter in upper case, as a sentence starts.
  var capitalizingFirst: String { prefix(1).uppercased() + dropFirst() }
}
