import SheafModel

/// The YAML between two `---` lines at the very start of a Markdown file (`Schemas/merge.md`).
public enum FrontMatter {
  /// Where the parts of a file with front matter stand.
  public struct Split: Hashable, Sendable {
    /// The YAML between the fences, with its last line end.
    public let yaml: Range<Int>
    /// Everything after the closing fence's line.
    public let body: Range<Int>
  }

  /// The most YAML that is read, in bytes.
  public static let sizeLimitInBytes = 1 << 16
  /// How deep lists and mappings may be nested.
  public static let depthLimit = 32

  /// Finds the front matter: a first line `---`, after a byte-order mark or none, and a later line `---`.
  ///
  /// Lines end with LF or CRLF and may have blanks after the dashes. `nil` when there is no such
  /// pair; a file that merely starts with a thematic break has no front matter.
  public static func split(_ bytes: [UInt8]) -> Split? {
    let start = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0
    guard bytes.dropFirst(start).starts(with: "---".utf8) else { return nil }
    let lines = TextLines(bytes, in: start..<bytes.count)
    guard lines.count > 1, isFence(lines[0]) else { return nil }
    for index in 1..<lines.count where isFence(lines[index]) {
      return Split(
        yaml: lines[0].endIndex..<lines[index].startIndex, body: lines[index].endIndex..<bytes.count)
    }
    return nil
  }

  /// The front matter as a JSON object, or `nil` when there is none.
  ///
  /// Scalars follow the core schema of YAML 1.2.2, chapter 10.3, so that dates stay strings.
  /// - Throws: `FrontMatterError` for bad YAML, for a repeated key, an alias or a tag, for
  ///   anything but a mapping at the top, and past the limits of size and depth.
  public static func read(_ bytes: [UInt8]) throws(FrontMatterError) -> JSONValue? {
    guard let split = split(bytes) else { return nil }
    return .object(try FrontMatterReader.read(bytes, split.yaml).object)
  }

  private static func isFence(_ line: ArraySlice<UInt8>) -> Bool {
    line.starts(with: "---".utf8)
      && line.dropFirst(3).allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0d || $0 == 0x0a }
  }
}
