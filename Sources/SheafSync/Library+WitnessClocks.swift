import SheafLog
import SheafModel
import SheafStore

extension Library {
  /// The most witnesses that are told of one by one.
  private static let toldWitnesses = 5

  /// Which witnesses' clocks can't be right, one sentence each.
  ///
  /// Told of are members that are witnesses now, by their first time of all and their newest checkpoint; marks of single
  /// times stand in `ChangeTimes` and in the audit, also after a witness is none any more.
  func witnessWarnings(_ transaction: StoreTransaction, now: Timestamp) throws -> [String] {
    let known = try KnownCosigners(transaction)
    let latest = max(now, try transaction.timeFloor() ?? now).seconds
    var warnings: [String] = []
    for witness in known.witnesses {
      guard let path = KnownCosigners.memberPath(ofWitness: witness.key.name, origin: id.text),
        let member = try transaction.member(at: path), member.revoked == nil,
        member.witness == witness.key.publicKey
      else { continue }
      let name = "\(member.name) (\(member.mark))"
      func words(_ cosignature: StoredCosignature) -> String {
        "it vouched for checkpoint \(cosignature.size) at \(Timestamp(seconds: Int64(clamping: cosignature.time)))"
      }
      let newest = try transaction.lastCosignature(by: witness.row, below: .max)
      if let newest, Int64(clamping: newest.time) - latest > Freshness.aheadLimit {
        warnings.append("the clock of the witness \(name) is ahead of this computer's: \(words(newest))")
      }
      let earliest = try transaction.earliestCosignature(by: witness.row)
      if let doubtful = try [newest, earliest].compactMap({ $0 }).first(where: {
        try known.isDoubtful($0, transaction)
      }) {
        warnings.append(
          "the clock of the witness \(name) does not fit the publisher's: \(words(doubtful)), which the publisher had not signed by then"
        )
      }
    }
    guard warnings.count > Self.toldWitnesses else { return warnings }
    return warnings.prefix(Self.toldWitnesses) + [
      "\(warnings.count - Self.toldWitnesses) more witnesses' clocks are wrong"
    ]
  }
}
