import SheafModel

/// The lines that differ between two texts.
public enum LineDiff {
  /// One stretch of lines that was replaced, removed or added.
  public struct Change: Hashable, Sendable {
    /// The old lines, counted from 0; empty for an insertion before the line at its start.
    public let old: Range<Int>
    /// The new lines, counted from 0; empty for a removal.
    public let new: Range<Int>
  }

  /// The changes from one text to another, in order; lines end with LF and are compared by bytes.
  ///
  /// - Complexity: near linear in the size times the count of differences, and capped.
  public static func between(_ old: [UInt8], _ new: [UInt8]) -> [Change] {
    between(TextLines(old), TextLines(new)).map { Change(old: $0.old, new: $0.new) }
  }

  static func between(_ old: TextLines, _ new: TextLines) -> [SequenceDiff.Change] {
    var interning = Interning<LineKey>()
    let numbers = (interning.numbers(of: old.keys), interning.numbers(of: new.keys))
    return SequenceDiff(old: numbers.0, new: numbers.1).changes
  }
}
