import ArgumentParser
import Foundation
import SheafModel
import SheafSync

/// `sheaf edit`: a document in the person's editor.
struct EditCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "edit",
    abstract: "Edit a document in your editor.",
    discussion: Help.text(
      """
      Opens a copy in $VISUAL, $EDITOR or vi, and takes what you saved: as a draft on a replica, as \
      a change set on the publisher's copy. If it can't be taken, your text is kept in a file.
      """,
      examples: ["sheaf edit articles/what-is-als.md -m \"Clearer first paragraph\""]))

  @Argument(help: "The document; a new one is made when there is none.", transform: Arguments.document)
  var doc: DocumentPath

  @OptionGroup var reason: ReasonOption
  @OptionGroup var library: LibraryOptions
  @OptionGroup var output: OutputOptions

  func perform(in session: Session) async throws -> Outcome {
    // Asked before the editor opens: nobody should write a text and then be refused for want of a reason.
    let words = try reason.text(in: session)
    return try await library.open(in: session) { library in
      let before = try await current(in: library)
      if let before, !before.mediaType.isText { throw EditError.notText(doc.text, before.mediaType.essence) }
      let folder = FileManager.default.temporaryDirectory.appending(path: "sheaf-edit-\(UUID().uuidString)")
      try FileManager.default.createDirectory(
        at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
      // The document's own name, so that the editor knows what kind of text it is.
      let file = folder.appending(path: doc.name)
      try Data(before?.bytes ?? []).write(to: file)
      var isKept = false
      defer { if !isKept { try? FileManager.default.removeItem(at: folder) } }
      try Self.edit(file, environment: session.environment)
      guard let data = FileManager.default.contents(atPath: file.path) else {
        throw EditError.lost(file.path)
      }
      let bytes = [UInt8](data)
      if bytes == before?.bytes ?? [] { throw LibraryError.nothingChanged(doc.text) }
      do {
        let report = try await library.put(bytes, at: doc, reason: words)
        try output.print(
          report, on: session.console, words: [report.sentence("Changed")], hint: report.conflictHint)
      } catch {
        isKept = true
        session.console.hint("your text is kept in \(file.path)")
        throw error
      }
      return .done
    }
  }

  private func current(in library: Library) async throws -> DocumentContent? {
    do { return try await library.editable(doc) } catch LibraryError.noDocument { return nil }
  }

  /// Runs the person's editor on a file and waits for it.
  static func edit(_ file: URL, environment: [String: String]) throws {
    let editor =
      ["VISUAL", "EDITOR"].compactMap { environment[$0]?.trimmingWhiteSpace }.first { !$0.isEmpty } ?? "vi"
    Interruption.leaveToChild()
    defer { Interruption.install() }
    // The variable may hold options, so a shell reads it; the file's name is never part of the script.
    let code = ChildProcess.run(["/bin/sh", "-c", "exec \(editor) \"$1\"", "sheaf", file.path])
    guard code == 0 else { throw EditError.editor(editor, code: code) }
  }
}

/// Why an edit came to nothing. The library is as it was.
enum EditError: SheafFailure, Equatable {
  /// The content is not text.
  case notText(String, String)
  /// The editor failed or was left with an error.
  case editor(String, code: Int32)
  /// The editor removed the file.
  case lost(String)

  var problem: String {
    switch self {
    case .notText(let path, let type): "\(path) is \(type), which an editor for text can't change"
    case .editor(let editor, let code): "the editor \"\(editor)\" ended with code \(code)"
    case .lost(let file): "the editor left no file \(file)"
    }
  }
  var unchanged: String { "the library is as it was" }
  var hint: String? {
    switch self {
    case .notText: "Give the new content as a file: `sheaf put DOC FILE -m REASON`."
    case .editor: "Set EDITOR to a program that edits text."
    case .lost: nil
    }
  }
}
