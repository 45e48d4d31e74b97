/// What a server allows beside what the library's members may do (`Schemas/requests.md`).
public struct AccessRules: Sendable, Hashable {
  /// Whether a library without members takes drafts from everybody.
  public var takesDraftsFromEverybody: Bool
  /// Whether everybody may read the figures, for a monitor that can't sign.
  public var showsMetricsToEverybody: Bool

  /// The least: drafts from members, figures to those who look after the library.
  public init(takesDraftsFromEverybody: Bool = false, showsMetricsToEverybody: Bool = false) {
    self.takesDraftsFromEverybody = takesDraftsFromEverybody
    self.showsMetricsToEverybody = showsMetricsToEverybody
  }
}
