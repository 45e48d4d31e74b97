/// How long something took: 0.04 s, 2.1 s, 3 min 20 s.
struct Elapsed: CustomStringConvertible {
  let duration: Duration

  init(_ duration: Duration) { self.duration = duration }

  var description: String {
    let (seconds, attoseconds) = duration.components
    let hundredths = seconds.multipliedReportingOverflow(by: 100)
    guard seconds >= 0, !hundredths.overflow else { return "0.00 s" }
    let count = hundredths.partialValue + attoseconds / 10_000_000_000_000_000
    switch count {
    case ..<100: return "0.\(count < 10 ? "0" : "")\(count) s"
    case ..<6000: return "\(count / 100).\(count % 100 / 10) s"
    default: return "\(seconds / 60) min \(seconds % 60) s"
    }
  }
}
