import SheafSync

extension PullReport {
  /// What came, in one sentence.
  ///
  /// - Parameter source: The remote or file, in short.
  func sentence(from source: String, in elapsed: Elapsed?) -> String {
    let time = elapsed.map { " in \($0)" } ?? ""
    let size =
      transferredInBytes < sizeInBytes && transferredInBytes > 0
      ? "\(ByteCount(transferredInBytes)) of \(ByteCount(sizeInBytes))" : "\(ByteCount(sizeInBytes))"
    if changeSets > 0 {
      var parts = [Quantity(revisions, "revision").description]
      if tombstones > 0 { parts.append(Quantity(tombstones, "tombstone").description) }
      return
        "Pulled \(Quantity(changeSets, "change set")) from \(source): \(parts.joined(separator: ", ")), \(size)\(time)."
    }
    // A whole that mends a copy may hold nothing that was not known.
    if revisions == 0 { return "Pulled what was missing from \(source): \(size)\(time)." }
    var what = Quantity(revisions, "changed document").description
    if tombstones > 0 { what += ", \(Quantity.grouped(tombstones)) of them removed" }
    return "Pulled \(what) from \(source): \(size)\(time)."
  }
}
