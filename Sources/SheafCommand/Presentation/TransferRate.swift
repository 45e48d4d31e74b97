/// How fast a transfer goes, smoothed, and what that means for the rest of it.
///
/// Says nothing before there is something to judge by: bytes over at least three seconds.
/// What was there from an earlier attempt counts as received and not as fast.
struct TransferRate {
  /// Over which time old news fade.
  private static let memoryInSeconds = 8.0
  /// How much time has to be seen before anything is said.
  private static let patience: Duration = .seconds(3)

  private var first: (received: UInt64, at: ContinuousClock.Instant)?
  private var last: (received: UInt64, at: ContinuousClock.Instant)?
  /// Bytes and seconds seen, both fading alike.
  private var bytes = 0.0
  private var seconds = 0.0

  /// Takes news of the transfer.
  mutating func note(received: UInt64, at now: ContinuousClock.Instant) {
    guard let last, received >= last.received else {
      // The first news, or the transfer began anew.
      self = TransferRate()
      first = (received, now)
      self.last = (received, now)
      return
    }
    let gap = now - last.at
    let step = Double(gap.components.seconds) + Double(gap.components.attoseconds) / 1e18
    let kept = max(0, 1 - step / Self.memoryInSeconds)
    bytes = bytes * kept + Double(received - last.received)
    seconds = seconds * kept + step
    self.last = (received, now)
  }

  /// Bytes a second; `nil` while too little was seen.
  var bytesPerSecond: Double? {
    guard let first, let last, last.at - first.at >= Self.patience, seconds > 0, bytes > 0 else { return nil }
    return bytes / seconds
  }

  /// The rate and the time left, to go behind what else is said.
  func words(received: UInt64, total: UInt64?) -> String {
    guard let rate = bytesPerSecond else { return "" }
    var words = ", \(ByteCount(UInt64(min(rate, 1e15))))/s"
    if let total, total > received {
      words += ", \(Self.timeLeft(seconds: Double(total - received) / rate))"
    }
    return words
  }

  /// No more exact than anybody can know.
  static func timeLeft(seconds: Double) -> String {
    switch seconds {
    case ..<10: "a few seconds left"
    case ..<55: "about \(Int((seconds / 10).rounded()) * 10) s left"
    case ..<5400: "about \(max(1, Int((seconds / 60).rounded()))) min left"
    case ..<360_000: "about \(Int((seconds / 3600).rounded())) h left"
    default: "days left"
    }
  }
}
