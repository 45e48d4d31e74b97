import SheafModel
import SheafSync

extension Freshness {
  /// How old the copy's knowledge is, and what follows from that, in one or two sentences.
  var sentence: String {
    var words: String
    switch state {
    case .fresh: words = "Fresh: \(asOf)."
    case .stale: words = "Stale: \(asOf); sync to learn what is new."
    case .expired:
      words = "Expired: \(asOf). Reading and drafts go on; deciding and signing wait for a sync."
    case .unknown:
      words =
        "Age unknown: the publisher's time was never heard here. Deciding and signing wait for a sync."
    }
    if clockIsBehind { words += " This computer's clock is behind the publisher's." }
    return words
  }

  private var asOf: String {
    let age = (ageInSeconds ?? 0) / 86_400
    let ago = age == 0 ? "today" : age == 1 ? "a day ago" : "\(Quantity.grouped(age)) days ago"
    return "the publisher's newest word is of \(Position.day(newest ?? "")), \(ago)"
  }

  /// What is said of evidence.
  static func splitViews(_ count: UInt64) -> String {
    "The publisher's key signed \(Quantity(count, "checkpoint")) that \(count == 1 ? "contradicts" : "contradict") this copy's; `sheaf verify --evidence DIR` writes them out."
  }
}
