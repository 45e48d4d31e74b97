import SheafSync

extension ConflictReport {
  /// The conflict in full: its sides, then each part that clashes.
  func lines(isColoured: Bool, width: Int?) -> [String] {
    head(isColoured: isColoured)
      + parts.flatMap { $0.lines(of: parts.count, isColoured: isColoured, width: width) }
  }

  /// The document and its sides.
  func head(isColoured: Bool) -> [String] {
    var lines = [Style.bold(path.escapedForTerminal, isShown: isColoured)]
    for (index, side) in sides.enumerated() {
      let label = index == 0 ? "ours" : index == 1 ? "theirs" : "also"
      let what = side.isDeletion ? "removed" : "changed"
      let name = side.revision.map { " \($0.escapedForTerminal)" } ?? ""
      // A copy of depth heads knows the contents and not who made them.
      let who =
        side.by.isEmpty && side.time.isEmpty
        ? "; this copy keeps too little to say by whom"
        : " by \(side.by.escapedForTerminal) on \(Position.day(side.time)): \(side.reason.firstLine.escapedForTerminal)"
      lines.append("  \(label)\(name): \(what)\(who)")
    }
    if sides.count > 2 {
      lines.append(
        "  What is chosen here is between ours and theirs; what is also there stands against that, to be settled next."
      )
    }
    return lines
  }
}

extension ConflictReport.Part {
  /// The part: its place and reason, then base, ours and theirs with the words that differ marked.
  func lines(of count: Int, isColoured: Bool, width: Int?) -> [String] {
    let title = "Part \(number) of \(count), \(place.escapedForTerminal): \(reason.escapedForTerminal)"
    var columns = [
      SideBySide.Column(title: "base", runs: base.map { [.init(kind: .same, text: $0)] }),
      SideBySide.Column(title: "ours", runs: runs(oursWords)),
      SideBySide.Column(title: "theirs", runs: runs(theirsWords)),
    ]
    var lines = ["", title]
    // What is proposed gets a line of its own below: four columns are too narrow to read.
    let proposal = SideBySide.Column(title: "proposed", runs: isProposed ? runs(proposedWords) : nil)
    if base == nil, ours != nil, theirs != nil { columns.removeFirst() }
    lines += SideBySide.lines(columns, width: width, isColoured: isColoured)
    if isProposed {
      lines += SideBySide.stacked(proposal, width: width, isColoured: isColoured)
    }
    return lines
  }

  private func runs(_ words: [DocumentDiff.Word]?) -> [SideBySide.Run]? {
    words.map { words in
      words.map {
        .init(kind: $0.kind == "added" ? .added : $0.kind == "removed" ? .removed : .same, text: $0.text)
      }
    }
  }
}
