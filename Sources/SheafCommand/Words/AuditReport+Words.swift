import SheafSync

extension AuditReport {
  /// What was written and what does not hold.
  func lines(as file: String) -> [String] {
    guard to > 0 else { return ["Wrote \(file.escapedForTerminal): no change sets in the period."] }
    var lines = [
      "Wrote \(file.escapedForTerminal), \(ByteCount(sizeInBytes)): \(Quantity(changeSets, "change set")) of \(from) to \(to), \(Quantity(revisions, "revision")), \(Quantity(parts, "changed part"))."
    ]
    if redacted > 0 {
      lines.append(
        "\(Quantity(redacted, "revision")) could not be told: content before or after was redacted by two people."
      )
    }
    if untold > 0 {
      lines.append("\(Quantity(untold, "revision")) could not be told: not held here, or an asset.")
    }
    if !backdated.isEmpty {
      lines.append(
        "\(Quantity(backdated.count, "change set")) \(backdated.count == 1 ? "claims" : "claim") a time before what the author had seen: \(Self.list(backdated))."
      )
    }
    guard unverified.isEmpty, checkpoint >= to else {
      return lines + [
        "Not verified: \(unverified.isEmpty ? "there is no signed checkpoint" : Self.list(unverified))."
      ]
    }
    return lines + ["Everything in it is verified at checkpoint \(checkpoint)."]
  }

  private static func list(_ numbers: [UInt64]) -> String {
    let shown = numbers.prefix(10).map(String.init).joined(separator: ", ")
    return numbers.count > 10 ? shown + " and \(numbers.count - 10) more" : shown
  }

  /// 0 or 4.
  var outcome: Outcome { unverified.isEmpty ? .done : .unverified }
}
