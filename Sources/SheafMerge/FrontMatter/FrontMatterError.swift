import SheafModel

/// Why front matter cannot be read, and where in the file.
public struct FrontMatterError: SheafFailure, Hashable {
  /// Where, in lines of the file from 1.
  public let line: Int
  /// Where, in Unicode scalars from 1.
  public let column: Int
  /// What is wrong, as a sentence without a full stop.
  public let reason: String

  public var problem: String { "front matter cannot be read at line \(line), column \(column): \(reason)" }
  public var hint: String? { "Correct the lines between the two \"---\" at the start of the file." }
}
