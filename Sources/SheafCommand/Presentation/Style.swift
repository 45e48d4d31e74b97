/// How a run of text stands out on a terminal that shows colours.
enum Style: String {
  case bold = "1"
  case faint = "2"
  case red = "31"
  case green = "32"
  case yellow = "33"

  /// The text in this style, or as it is where colours are not shown.
  func callAsFunction(_ text: String, isShown: Bool) -> String {
    isShown && !text.isEmpty ? "\u{1b}[\(rawValue)m\(text)\u{1b}[0m" : text
  }
}
