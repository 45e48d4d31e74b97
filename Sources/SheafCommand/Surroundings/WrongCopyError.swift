import SheafModel

/// The command fits another kind of copy. Nothing was changed.
enum WrongCopyError: SheafFailure, Equatable {
  /// `publish` on a replica.
  case publishOnReplica
  /// `commit` on the publisher's copy.
  case commitOnPublisher
  /// The publisher's copy was to sync with a server.
  case publisherWithServer(String)
  /// The publisher's copy was to hold less.
  case publisherHoldsAll
  /// A replica was to serve.
  case serveOnReplica

  var problem: String {
    switch self {
    case .publishOnReplica: "this is a replica, and only the publisher's copy publishes"
    case .commitOnPublisher: "this is the publisher's copy, which makes no drafts"
    case .publisherWithServer(let address): "this is the publisher's copy, which can't sync with \(address)"
    case .publisherHoldsAll: "this is the publisher's copy, which always holds everything"
    case .serveOnReplica: "this is a replica, and only the publisher's copy is served"
    }
  }
  var unchanged: String { "the library is as it was" }
  var hint: String? {
    switch self {
    case .publishOnReplica: "Make a draft: `sheaf commit DIR -m REASON`."
    case .commitOnPublisher: "Publish at once: `sheaf publish DIR -m REASON`."
    case .publisherWithServer: "Sync with a folder or stick, or let replicas come to `sheaf serve`."
    case .publisherHoldsAll: "Leave out --keep and --only."
    case .serveOnReplica: "Run `sheaf serve` in the publisher's folder."
    }
  }
  var kind: FailureKind { .usage }
}
