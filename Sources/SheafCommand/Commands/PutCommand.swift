import ArgumentParser
import Foundation
import SheafModel
import SheafSync

/// `sheaf put`: a file becomes a document's content.
struct PutCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "put",
    abstract: "Give a document new content from a file.",
    discussion: Help.text(
      "A draft on a replica, a change set on the publisher's copy.",
      examples: [
        "sheaf put about.md new-about.md -m \"New opening hours\"", "fmt < old | sheaf put a.md - -m \"…\"",
      ]))

  @Argument(help: "The document, new or not.", transform: Arguments.document)
  var doc: DocumentPath

  @Argument(help: "The file, or - for the standard input.", completion: .file())
  var file: String

  @OptionGroup var reason: ReasonOption
  @OptionGroup var library: LibraryOptions
  @OptionGroup var output: OutputOptions

  func perform(in session: Session) async throws -> Outcome {
    let words = try reason.text(in: session)
    // Only what comes in through a pipe has to be held: a plain file is read in pieces.
    let source = file == "-" ? nil : try ContentFile.plain(file, in: session)
    let bytes = source == nil ? try ContentFile.read(file, in: session) : nil
    return try await library.open(in: session) { library in
      let report: DraftReport
      if let source {
        report = try await library.put(contentsOf: source, at: doc, reason: words)
      } else {
        report = try await library.put(bytes ?? [], at: doc, reason: words)
      }
      try output.print(
        report, on: session.console, words: [report.sentence("Changed")], hint: report.conflictHint)
      return .done
    }
  }
}

/// Content that a person hands over in a file.
enum ContentFile {
  /// The plain file behind a path; `nil` for a pipe or a device.
  static func plain(_ path: String, in session: Session) throws -> URL? {
    let file = session.url(path).resolvingSymlinksInPath()
    guard FileManager.default.isReadableFile(atPath: file.path) else {
      throw ContentFileError.unreadable(path, FileManager.default.fileExists(atPath: file.path))
    }
    let type = try FileManager.default.attributesOfItem(atPath: file.path)[.type] as? FileAttributeType
    return type == .typeRegular ? file : nil
  }

  /// Reads a file, or the standard input for `-`, up to the largest document.
  static func read(_ path: String, in session: Session) throws -> [UInt8] {
    let handle: FileHandle
    if path == "-" {
      handle = .standardInput
    } else {
      do { handle = try FileHandle(forReadingFrom: session.url(path)) } catch {
        throw ContentFileError.unreadable(
          path, FileManager.default.fileExists(atPath: session.url(path).path))
      }
    }
    var bytes: [UInt8] = []
    while true {
      let part: Data?
      do { part = try handle.read(upToCount: 1 << 20) } catch {
        throw ContentFileError.unreadable(path, true)
      }
      guard let part, !part.isEmpty else { return bytes }
      bytes.append(contentsOf: part)
      guard bytes.count <= Limits.document else { throw ContentFileError.tooLarge(path) }
    }
  }
}

/// Why a file can't be taken as content. Nothing was changed.
enum ContentFileError: SheafFailure, Equatable {
  /// It is missing or may not be read.
  case unreadable(String, Bool)
  /// It is larger than a document may be.
  case tooLarge(String)

  var problem: String {
    switch self {
    case .unreadable(let file, let isThere): isThere ? "\(file) can't be read" : "there is no file \(file)"
    case .tooLarge(let file): "\(file) is larger than \(ByteCount(UInt64(Limits.document)))"
    }
  }
  var unchanged: String { "the library is as it was" }
}
