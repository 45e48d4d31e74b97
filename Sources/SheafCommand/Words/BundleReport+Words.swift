import SheafSync

extension BundleReport {
  /// What was made, one sentence a line.
  var lines: [String] {
    [
      "Made \(file.escapedForTerminal): \(mode) from checkpoint \(from) to \(to), \(ByteCount(sizeInBytes)).",
      "It carries \(Quantity(changeSets, "change set")), \(Quantity(revisions, "revision")) and \(Quantity(bodies, "content")) of \(ByteCount(unpackedInBytes)), packed into \(ByteCount(bodiesInBytes)).",
    ]
  }
}
