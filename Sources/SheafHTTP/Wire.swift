/// The names on the wire that both ends agree on (`Schemas/http.yaml`).
public enum Wire {
  /// The media type of a bundle.
  public static let bundle = "application/vnd.sheaf.bundle"
  /// The media type of a checkpoint note that answers a pull: it means "nothing new".
  public static let checkpoint = "text/vnd.sheaf.checkpoint"
  /// The media type of the answer to drafts with what is new behind it (`Schemas/exchange.md`).
  public static let exchange = "application/vnd.sheaf.exchange"
  /// The media type of a request to become a member (`Schemas/enrolment.md`).
  public static let enrolment = "text/vnd.sheaf.enrolment"
  /// The media type of contents of one document's past (`Schemas/contents.md`).
  public static let contents = "application/vnd.sheaf.contents"
  /// The media type of JSON answers.
  public static let json = "application/json"
  /// The media type of problem documents (RFC 9457).
  public static let problem = "application/problem+json"
  /// The media type of receipts, and of the checkpoint at its own address (C2SP *tlog-tiles*).
  public static let text = "text/plain; charset=utf-8"
  /// The field with cosignatures that came along with what a pull was answered with: a list
  /// (`Schemas/cosignatures.md`) in base64.
  public static let cosignatures = "sheaf-cosignatures"
  /// The longest list that travels so, in bytes; a longer one is asked for by itself.
  public static let cosignaturesAlong = 4 << 10
  /// The longest target in bytes; with method and version it fits a request line of 4 KiB.
  public static let targetBytes = (4 << 10) - 32
}
