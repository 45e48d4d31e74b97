import ArgumentParser
import Foundation
import SheafModel
import SheafSync

/// `sheaf show`: one document's content.
struct ShowCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Print a document, as it is or as it was.",
    discussion: Help.text(
      """
      Prints exactly the bytes that were published, unless the output is a terminal: there, control \
      characters are shown as escapes, and content that is not text is not printed.
      """,
      examples: [
        "sheaf show about.md", "sheaf show about.md@12.1", "sheaf show about.md --at 2026-11-22",
        "sheaf show images/map.png > map.png",
      ]))

  @Argument(
    help: "The document, perhaps with a revision: DOC or DOC@REVISION.", transform: Arguments.reference)
  var doc: DocumentReference

  @Option(
    help: ArgumentHelp("When: a checkpoint, a day, a time, or now.", valueName: "moment"),
    transform: Arguments.moment)
  var at: Moment?

  @Flag(help: "Don't ask the remote for an asset that is not here.")
  var offline = false

  @OptionGroup var reach: RemoteOptions
  @OptionGroup var library: LibraryOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if doc.revision != nil, at != nil { throw ValidationError("Give a revision or --at, not both.") }
  }

  func perform(in session: Session) async throws -> Outcome {
    try await library.open(in: session) { library in
      let console = session.console
      let moment = doc.revision.map(Moment.revision) ?? at ?? .now
      let reading = try await open(moment, in: library, session)
      let isDocument = reading.sizeInBytes <= UInt64(Limits.document)
      let signatures = try await library.signatures(on: reading)
      if output.json {
        var shown = isDocument ? ShownDocument(try await reading.content()) : ShownDocument(reading)
        shown.signatures = signatures
        try console.printJSON(shown)
        return .done
      }
      if !console.isOutputTerminal {
        try await write(reading, to: console)
      } else if reading.mediaType.isText, isDocument,
        let text = String(validating: try await reading.content().bytes, as: UTF8.self)
      {
        console.print(
          text.hasSuffix("\n")
            ? String(text.dropLast()).escapedLinesForTerminal : text.escapedLinesForTerminal)
      } else {
        console.note(
          "\(doc.path.text.escapedForTerminal) is \(reading.mediaType), \(ByteCount(reading.sizeInBytes))."
        )
        console.hint("write it to a file: `sheaf show \(doc.path.text) > FILE`")
      }
      for signature in signatures { console.note(signature.sentence) }
      if reading.isConflicted {
        console.warn("\(doc.path.text) is in conflict; this is what everybody sees until it is settled")
        console.hint("run `sheaf resolve \(doc.path.text)` to choose")
      }
      return .done
    }
  }

  /// Opens the content, and gets an asset that is not here from the remembered remote.
  private func open(
    _ moment: Moment, in library: Library, _ session: Session
  ) async throws -> ContentReading {
    do {
      return try await library.open(doc.path, at: moment)
    } catch let error as LibraryError {
      if case .noDocument = error, let hint = await Self.hint(doc, in: library) { session.console.hint(hint) }
      guard case .absent = error, !offline, try await !library.facts().remote.isEmpty else { throw error }
      let report = try await FetchCommand.fetch([doc.path], to: library, from: nil, reach, in: session)
      guard report.missing.isEmpty else { throw error }
      return try await library.open(doc.path, at: moment)
    }
  }

  private func write(_ reading: ContentReading, to console: Console) async throws {
    var offset: UInt64 = 0
    while offset < reading.sizeInBytes {
      let bytes = try await reading.bytes(from: offset, count: 1 << 18)
      guard !bytes.isEmpty else { throw LibraryError.notHeld(doc.path.text) }
      console.write(bytes)
      try console.checkOutput()
      offset += UInt64(bytes.count)
    }
  }
}

extension ShowCommand {
  /// What somebody may have meant who asked for a document that is not there; `nil` where nothing comes to mind.
  private static func hint(_ doc: DocumentReference, in library: Library) async -> String? {
    if let mark = doc.path.text.lastIndex(of: "@"), doc.revision == nil {
      let place = doc.path.text[doc.path.text.index(after: mark)...]
      if CanonicalNumber.parse(place) != nil {
        return "a revision has two numbers, as in \(doc.path.text).1; for a checkpoint say "
          + "`sheaf show \(doc.path.text[..<mark]) --at \(place)`"
      }
    }
    guard let newest = try? await library.history(of: doc.path).first(where: { $0.sizeInBytes != nil }) else {
      return nil
    }
    return "it is not there any more; `sheaf history \(doc.path.text)` says why, and "
      + "`sheaf show \(doc.path.text)@\(newest.revision)` shows what it was"
  }
}

/// A document's content, for `show --json`.
struct ShownDocument: Codable, Hashable {
  /// The document.
  var path: String
  /// The revision, where the copy knows its name; `draft` for a draft's content.
  var revision: String?
  /// Its media type.
  var mediaType: String
  /// Its size.
  var sizeInBytes: UInt64
  /// Whether other heads stand beside this one.
  var isConflicted: Bool
  /// The electronic signatures on the revision.
  var signatures: [SignatureReport] = []
  /// The content, when it is UTF-8 text.
  var text: String?
  /// The content, when it is not.
  var base64: String?

  /// An asset, whose bytes no line of JSON should hold.
  init(_ reading: ContentReading) {
    path = reading.path.text
    revision = reading.revision
    mediaType = reading.mediaType.essence
    sizeInBytes = reading.sizeInBytes
    isConflicted = reading.isConflicted
  }

  init(_ content: DocumentContent) {
    path = content.path.text
    revision = content.revision
    mediaType = content.mediaType.essence
    sizeInBytes = UInt64(content.bytes.count)
    isConflicted = content.isConflicted
    text = content.mediaType.isText ? String(validating: content.bytes, as: UTF8.self) : nil
    base64 = text == nil ? Base64.encode(content.bytes) : nil
  }
}
