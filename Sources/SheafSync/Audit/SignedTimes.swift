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
  /// Whether the publisher's clock says that nobody can have had the checkpoint then.
  public var witnessIsDoubtful: Bool

  public init(
    logged: Timestamp? = nil, witnessed: Timestamp? = nil, witness: String? = nil,
    witnessIsDoubtful: Bool = false
  ) {
    self.logged = logged
    self.witnessed = witnessed
    self.witness = witness
    self.witnessIsDoubtful = witnessIsDoubtful
  }
}

/// Tells from timestamped cosignatures when change sets were in the log.
///
/// The same as `Library.times(ofChangeSet:)` for many change sets: where all cosignatures are is read once.
/// `Schemas/cosignatures.md`, "Three times of a change".
struct SignedTimes: Sendable {
  /// Which cosignature tells of change sets up to a size, back to the step before.
  private struct Step {
    var size: UInt64
    var place: CosignaturePlace
  }

  /// The clock's first time for each checkpoint, the smallest first.
  private var logged: [Step] = []
  /// The earliest of the witnesses' first times for checkpoints of at least a size, the smallest first.
  private var witnessed: [Step] = []
  /// The same of those that are doubtful.
  private var doubtful: [Step] = []

  init(_ known: KnownCosigners, places: [CosignaturePlace]) {
    let clocks = Set(known.clocks.map(\.row))
    let names = Dictionary(known.witnesses.map { ($0.row, $0.key.name) }) { first, _ in first }
    for place in places where clocks.contains(place.cosigner) {
      if let last = logged.last, last.size == place.size {
        if place.time < last.place.time { logged[logged.count - 1].place = place }
      } else {
        logged.append(Step(size: place.size, place: place))
      }
    }
    var nearest = logged.endIndex
    var held: [Bool: [Int64: CosignaturePlace]] = [:]
    for place in places.reversed() where names[place.cosigner] != nil {
      while nearest > 0, logged[nearest - 1].size > place.size { nearest -= 1 }
      let isDoubtful =
        nearest > 0 && KnownCosigners.isDoubtful(place.time, first: logged[nearest - 1].place.time)
      held[isDoubtful, default: [:]][place.cosigner] = place
      let first = held[isDoubtful]?.values.min {
        ($0.time, $0.size, names[$0.cosigner] ?? "") < ($1.time, $1.size, names[$1.cosigner] ?? "")
      }
      guard let first else { continue }
      let step = Step(size: place.size, place: first)
      if isDoubtful { doubtful.append(step) } else { witnessed.append(step) }
    }
    witnessed.reverse()
    doubtful.reverse()
  }

  /// Which cosignatures tell of a change set.
  func places(
    of number: UInt64
  ) -> (logged: CosignaturePlace?, witnessed: CosignaturePlace?, isDoubtful: Bool) {
    let sound = Self.first(witnessed, atLeast: number)
    let witness = sound ?? Self.first(doubtful, atLeast: number)
    return (Self.first(logged, atLeast: number), witness, sound == nil && witness != nil)
  }

  private static func first(_ steps: [Step], atLeast size: UInt64) -> CosignaturePlace? {
    var (low, high) = (0, steps.count)
    while low < high {
      let middle = (low + high) / 2
      if steps[middle].size < size { low = middle + 1 } else { high = middle }
    }
    return low < steps.count ? steps[low].place : nil
  }
}
