extension MergeDraft {
  /// How many lines stand before each text in its file.
  typealias LinesBefore = (base: Int, ours: Int, theirs: Int)

  /// Adds the merge of three texts by lines.
  mutating func appendLines(
    base: TextLines, ours: TextLines, theirs: TextLines, from before: LinesBefore
  ) {
    for region in ThreeWayLines(base: base, ours: ours, theirs: theirs).regions {
      switch region.kind {
      case .unchanged, .ours, .both: append(ours[region.ours])
      case .theirs: append(theirs[region.theirs])
      case .conflict:
        append(
          ConflictPart(
            place: .lines(
              base: region.base.moved(before.base), ours: region.ours.moved(before.ours),
              theirs: region.theirs.moved(before.theirs)),
            base: Array(base[region.base]), ours: Array(ours[region.ours]),
            theirs: Array(theirs[region.theirs]), reason: "both sides changed these lines"))
      }
    }
  }
}

extension Range<Int> {
  /// The range so much further on.
  func moved(_ count: Int) -> Range<Int> { lowerBound + count..<upperBound + count }
}
