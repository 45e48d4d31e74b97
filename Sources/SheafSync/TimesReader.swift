import SheafLog
import SheafModel
import SheafStore

/// Tells the times of change sets inside one transaction; whose words count is found out once, when it is first asked.
final class TimesReader {
  private let transaction: StoreTransaction
  private var known: KnownCosigners?

  init(_ transaction: StoreTransaction) { self.transaction = transaction }

  /// The times of a change set: a few look-ups by index.
  func times(of changeSet: StoredChangeSet) throws -> ChangeTimes {
    let known = try self.known ?? KnownCosigners(transaction)
    self.known = known
    let covering = try known.logged(atLeast: changeSet.number, transaction)
    let before = try known.logged(below: changeSet.number, transaction)
    let witness = try known.witnessed(atLeast: changeSet.number, transaction)
    // Who saw a checkpoint saw it after the publisher had signed its time.
    var made = try known.logged(atLeast: max(1, changeSet.seen), transaction)
    if let found = made, found.size >= changeSet.number || changeSet.seen == 0 {
      made = try known.logged(below: max(1, changeSet.seen), transaction)
    }
    let claimed = changeSet.time.seconds
    let isEarly = made.map { claimed < Int64(clamping: $0.time) - ChangeTimes.tolerance } ?? false
    // By the first sound word of anybody it was there.
    let wasThere = [covering, witness.flatMap { $0.isDoubtful ? nil : $0.cosignature }]
      .compactMap { $0?.time }.min()
    let isLate = wasThere.map { claimed - ChangeTimes.tolerance > Int64(clamping: $0) } ?? false
    func text(_ cosignature: StoredCosignature?) -> String? {
      cosignature.map { Timestamp(seconds: Int64(clamping: $0.time)).description }
    }
    return ChangeTimes(
      claimed: changeSet.time.description, loggedAfter: text(before), loggedBy: text(covering),
      witnessed: text(witness?.cosignature), witness: witness?.cosignature.cosigner.name,
      witnessIsDoubtful: witness?.isDoubtful ?? false, madeAfter: text(made),
      claimIsOutside: isEarly || isLate)
  }
}
