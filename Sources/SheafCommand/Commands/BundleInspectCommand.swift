import ArgumentParser
import Foundation
import SheafBundle
import SheafModel

/// `sheaf bundle inspect`: what the bytes of a bundle say.
struct BundleInspectCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Show what a bundle's file holds, byte by byte.",
    discussion: Help.text(
      "Needs no library, and verifies nothing: it says what the bytes claim. `Schemas/bundle.md` is the format.",
      examples: ["sheaf bundle inspect update.sheaf"], outcomes: [.done, .failed, .unverified]))

  @Argument(help: "The bundle's file.", completion: .file(extensions: ["sheaf"]))
  var file: String

  @OptionGroup var output: OutputOptions

  func perform(in session: Session) async throws -> Outcome {
    let handle: FileHandle
    do { handle = try FileHandle(forReadingFrom: session.url(file)) } catch {
      throw ContentFileError.unreadable(file, FileManager.default.fileExists(atPath: session.url(file).path))
    }
    defer { try? handle.close() }
    let inspection = try BundleInspection { count in
      try handle.read(upToCount: count).map { [UInt8]($0) } ?? []
    }
    if output.json {
      for entry in inspection.entries { try session.console.printJSON(InspectedBytes(entry)) }
      return .done
    }
    var table = Table(.number("OFFSET"), .number("SIZE"), .text("WHAT"), .text("VALUE"))
    for entry in inspection.entries {
      table.append(String(entry.offset), String(entry.size), entry.label, entry.value)
    }
    session.console.print(table.lines(width: session.console.width))
    return .done
  }
}

/// Some bytes of a bundle, for `bundle inspect --json`.
struct InspectedBytes: Codable, Hashable {
  /// Where they start in the file.
  var offset: UInt64
  /// How many they are.
  var sizeInBytes: UInt64
  /// What they are.
  var label: String
  /// What they say.
  var value: String

  init(_ entry: BundleInspection.Entry) {
    offset = UInt64(entry.offset)
    sizeInBytes = UInt64(entry.size)
    label = entry.label
    value = entry.value
  }
}
