import Foundation

/// A vector whose first line is the outcome and whose rest is the bytes it shows.
public struct OutcomeVector: Sendable {
  /// What is to be expected, as the format's page words it.
  public let outcome: String
  /// The bytes, exactly.
  public let bytes: [UInt8]

  /// Reads one by its name.
  public init(_ name: String) throws {
    let all = try vector(name)
    let end = all.firstIndex(of: UInt8(ascii: "\n")) ?? all.endIndex
    outcome = String(decoding: all[..<end], as: UTF8.self)
    bytes = Array(all[end...].dropFirst())
  }

  /// The names of all vectors that start so, sorted.
  public static func names(_ prefix: String) -> [String] {
    let folder = schemasFolder.appending(path: "vectors").path
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { $0.hasPrefix(prefix) && $0.hasSuffix(".txt") }.sorted()
  }
}

/// The lines of a vector that is a list of facts, without its comments, cut at a separator.
public func factLines(_ name: String, separator: Character) throws -> [[String]] {
  String(decoding: try vector(name), as: UTF8.self).split(separator: "\n")
    .filter { !$0.hasPrefix("#") }
    .map { line in
      // By scalar: a combining mark after a separator would make one character of the two.
      line.unicodeScalars.split(omittingEmptySubsequences: false) { Character($0) == separator }.map(
        String.init)
    }
}
