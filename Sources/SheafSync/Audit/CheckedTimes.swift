import SheafLog
import SheafModel
import SheafStore

/// Tells an audit the times that others vouch for, each verified once before it is told.
final class CheckedTimes {
  private let transaction: StoreTransaction
  private let origin: String
  private let times: SignedTimes
  private var names: [Int64: String] = [:]
  private var checked: [CosignaturePlace: Bool] = [:]

  init(_ transaction: StoreTransaction) throws {
    self.transaction = transaction
    origin = try transaction.facts().library.text
    let known = try KnownCosigners(transaction)
    times = SignedTimes(known, places: try transaction.cosignaturePlaces())
    for cosigner in known.clocks + known.witnesses { names[cosigner.row] = cosigner.key.name }
  }

  /// Fills in the times of change sets; a false one is a problem of the change set and is not told.
  ///
  /// - Parameter node: The hash of a node of the log's tree.
  func tell(_ inputs: inout [AuditInput], node: (MerkleNodeID) throws -> SHA256Hash) throws {
    let found = inputs.map { times.places(of: $0.changeSet.number) }
    try check(found.flatMap { [$0.logged, $0.witnessed].compactMap { $0 } }, node: node)
    for (index, places) in found.enumerated() {
      func time(_ place: CosignaturePlace?) -> Timestamp? {
        guard let place else { return nil }
        guard checked[place] == true else {
          inputs[index].timeProblems.append(
            "the time of checkpoint \(place.size) by \(names[place.cosigner] ?? "nobody") is not what was signed"
          )
          return nil
        }
        return Timestamp(seconds: Int64(clamping: place.time))
      }
      var told = SignedTime(logged: time(places.logged), witnessed: time(places.witnessed))
      if told.witnessed != nil {
        told.witness = places.witnessed.flatMap { names[$0.cosigner] }
        told.witnessIsDoubtful = places.isDoubtful
      }
      inputs[index].times = told
    }
  }

  private func check(
    _ places: [CosignaturePlace], node: (MerkleNodeID) throws -> SHA256Hash
  ) throws {
    var waiting: [CosignatureCheck] = []
    var asked: [CosignaturePlace] = []
    let size = try transaction.position().size
    for place in places where checked[place] == nil {
      checked[place] = false
      guard place.size > 0, place.size <= size, let cosignature = try transaction.cosignature(at: place)
      else { continue }
      let root = try MerkleProof.root(size: place.size, nodes: node)
      waiting.append(
        CosignatureCheck(
          cosignature: cosignature, text: try Checkpoint(origin: origin, size: place.size, root: root).text))
      asked.append(place)
    }
    for (place, holds) in zip(asked, LogCheck.onTwoThreads(waiting) { $0.holds() }) { checked[place] = holds }
  }
}
