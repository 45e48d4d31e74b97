import SheafModel

/// How long ago something was: 5 min, 3 h, 12 d.
struct Age: CustomStringConvertible {
  let description: String

  /// - Parameters:
  ///   - time: A claimed time; one that can't be read, or lies ahead, has no age.
  init(_ time: String, now: Timestamp) {
    guard let then = Timestamp(parsing: time) else {
      description = ""
      return
    }
    let seconds = max(0, now.seconds.subtractingReportingOverflow(then.seconds).partialValue)
    switch seconds {
    case ..<60: description = "now"
    case ..<3_600: description = "\(seconds / 60) min"
    case ..<86_400: description = "\(seconds / 3_600) h"
    default: description = "\(Quantity.grouped(seconds / 86_400)) d"
    }
  }
}
