extension String {
  /// The text, or as many whole characters of it as fit into so many bytes of UTF-8 with an ellipsis behind them.
  public func cut(toBytes limit: Int) -> String {
    guard utf8.count > limit else { return self }
    let ellipsis = "…"
    var end = utf8.index(startIndex, offsetBy: max(0, limit - ellipsis.utf8.count))
    while end > startIndex, end.samePosition(in: self) == nil { end = utf8.index(before: end) }
    return self[..<end] + ellipsis
  }
}
