import SheafModel
import SheafStore

extension Library {
  /// Every collection that the publisher's library has content in, whether this copy holds it or not.
  ///
  /// The names are covered by the state root that the publisher signs.
  public func collectionNames() async throws -> [String] {
    try await store.read { try $0.collectionRoots().map(\.name) }
  }
}
