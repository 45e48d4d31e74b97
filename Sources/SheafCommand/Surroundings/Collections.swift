import SheafModel
import SheafSync

/// What a person called a collection, held against what the library has.
enum Collections {
  /// Warns of names that the library has nothing under: a slip of the pen, or what will be published later.
  static func warn(of names: [CollectionName], in library: Library, _ session: Session) async throws {
    guard !names.isEmpty else { return }
    let there = try await library.collectionNames()
    for name in names where !there.contains(name.text) {
      session.console.warn(
        "the library has no collection \(name.text); it has \(there.joined(separator: ", "))")
    }
  }
}
