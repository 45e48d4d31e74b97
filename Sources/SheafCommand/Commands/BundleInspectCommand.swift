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
    var items: [InspectedBytes] = []
    _ = try BundleInspection.inspect { count in
      try handle.read(upToCount: count).map { [UInt8]($0) } ?? []
    } report: { item in
      // A table waits for its widest cell; lines of JSON need not be held.
      if output.json {
        try session.console.printJSON(InspectedBytes(item))
      } else {
        items.append(InspectedBytes(item))
      }
    }
    if output.json { return .done }
    var table = Table(.text("IN"), .number("OFFSET"), .number("SIZE"), .text("WHAT"), .text("VALUE"))
    for item in items {
      table.append(item.place, String(item.offset), String(item.sizeInBytes), item.label, item.value)
    }
    session.console.print(table.lines(width: session.console.width))
    return .done
  }
}

/// Some bytes of a bundle, for `bundle inspect --json`.
struct InspectedBytes: Codable, Hashable {
  /// Where they lie: `file`, or a stream and its block such as `literals 1`; `account` for all bytes of a part.
  var place: String
  /// Where they start there.
  var offset: UInt64
  /// How many they are.
  var sizeInBytes: UInt64
  /// What they are.
  var label: String
  /// What they say.
  var value: String

  init(_ item: BundleItem) {
    place =
      switch item.place {
      case .file: "file"
      case .account: "account"
      case .stream(let part, let block): "\(part) \(block)"
      }
    offset = item.offset
    sizeInBytes = item.sizeInBytes
    label = item.label
    value = item.value
  }
}
