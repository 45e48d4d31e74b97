import SheafMerge
import SheafModel
import SheafStore

/// What to take for one part of a conflict.
public enum PartChoice: Sendable, Hashable {
  /// What was published first.
  case ours
  /// What the other side has.
  case theirs
  /// What stood there before either.
  case base
  /// What the merge proposes; ours where it proposes nothing.
  case proposed
  /// Ours, then theirs.
  case both
  /// A text of one's own; `nil` takes the part away.
  case text([UInt8]?)
}

/// A conflict on a person's desk: its parts, and the document that any choice makes.
///
/// Holds the heads it was made for; settling with it fails when they are others by then.
public struct ConflictSettlement: Sendable {
  /// The conflict as it is told.
  public let report: ConflictReport
  /// The contents of the heads, `nil` for one that deletes.
  let heads: [SHA256Hash?]
  private let parts: MergedParts

  init(_ merge: HeadMerge, report: ConflictReport) {
    self.report = report
    heads = merge.heads.map(\.content)
    switch merge.outcome {
    case .clean(let merged):
      // It would merge by the rules as they stand now, so that is what is proposed for the whole.
      parts = MergedParts(
        document: ConflictPart(
          place: .document, base: merge.base, ours: merge.ours, theirs: merge.theirs, reason: "",
          severity: .look(proposed: merged.bytes)))
    case .proposed(_, let parts), .conflict(let parts): self.parts = parts
    }
  }

  /// What choices change about what everybody sees; `nil` when nothing.
  public func change(taking choices: [PartChoice]) -> DocumentDiff? {
    let before = content(taking: [])
    let after = content(taking: choices)
    guard before != after, let path = try? DocumentPath(report.path) else { return nil }
    return Library.difference(path, from: "shown", to: "settled", old: before, new: after)
  }

  /// The whole document with a choice for each part, in their order; ours for those that are missing.
  ///
  /// - Returns: `nil` when the choice deletes the document.
  public func content(taking choices: [PartChoice]) -> [UInt8]? {
    parts.content(taking: choices.map(\.choice))
  }
}

extension PartChoice {
  fileprivate var choice: ConflictPart.Choice {
    switch self {
    case .ours: .ours
    case .theirs: .theirs
    case .base: .base
    case .proposed: .proposed
    case .both: .both
    case .text(let bytes): .bytes(bytes)
    }
  }
}
