import SheafLog
import SheafModel
import SheafStore

/// When a change set was in the log at the latest, by the word of others than its author.
public struct SignedTime: Hashable, Sendable {
  /// The first time of the publisher's clock for the smallest checkpoint with it that the clock signed.
  public var logged: Timestamp?
  /// The earliest time that a witness cosigned a checkpoint with it.
  public var witnessed: Timestamp?
  /// The name of that witness' key.
  public var witness: String?

  public init(logged: Timestamp? = nil, witnessed: Timestamp? = nil, witness: String? = nil) {
    self.logged = logged
    self.witnessed = witnessed
    self.witness = witness
  }
}

/// Tells from timestamped cosignatures when change sets were in the log.
///
/// The same as `Library.times(ofChangeSet:)` for many change sets: all cosignatures are read once.
/// `Schemas/cosignatures.md`, "Three times of a change".
struct SignedTimes: Sendable {
  private struct Step {
    var size: UInt64
    var time: UInt64
    var witness: String?
  }

  /// The clock's first time for each checkpoint, the smallest first.
  private var logged: [Step] = []
  /// The earliest time of any witness for checkpoints of at least a size, the smallest first.
  private var witnessed: [Step] = []

  /// Reads the times of all checkpoints that this copy holds cosignatures of.
  init(_ transaction: StoreTransaction) throws {
    let origin = try transaction.facts().library.text
    let clock = TimeKey.name(origin: origin)
    for cosignature in try transaction.firstTimes().reversed() {
      let step = Step(size: cosignature.size, time: cosignature.time, witness: cosignature.name)
      if cosignature.name == clock {
        logged.append(step)
      } else if cosignature.name.hasPrefix(origin + "/witness/"), step.time <= witnessed.last?.time ?? .max {
        witnessed.append(step)
      }
    }
    logged.reverse()
    witnessed.reverse()
  }

  /// The times of a change set.
  func times(of number: UInt64) -> SignedTime {
    let witness = Self.first(witnessed, atLeast: number)
    func time(_ step: Step?) -> Timestamp? { step.map { Timestamp(seconds: Int64(clamping: $0.time)) } }
    return SignedTime(
      logged: time(Self.first(logged, atLeast: number)), witnessed: time(witness), witness: witness?.witness)
  }

  private static func first(_ steps: [Step], atLeast size: UInt64) -> Step? {
    var (low, high) = (0, steps.count)
    while low < high {
      let middle = (low + high) / 2
      if steps[middle].size < size { low = middle + 1 } else { high = middle }
    }
    return low < steps.count ? steps[low] : nil
  }
}
