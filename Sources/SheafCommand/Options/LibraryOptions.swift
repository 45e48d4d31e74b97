import ArgumentParser
import Foundation
import SheafSync

/// Which library a command works in.
struct LibraryOptions: ParsableArguments {
  @Option(
    name: .customLong("library"),
    help: ArgumentHelp(
      "The library's folder; else SHEAF_LIBRARY, else the current folder.", valueName: "dir"),
    completion: .directory)
  var folder: String?

  /// The folder that was meant.
  func location(in session: Session) -> URL {
    session.url(folder ?? session.environment["SHEAF_LIBRARY"].flatMap { $0.isEmpty ? nil : $0 } ?? ".")
  }

  /// Opens the library, works with it, and closes it, also after a failure.
  ///
  /// - Parameter tellsAge: Whether a copy whose knowledge is not fresh says so first. Not where the command's own
  ///   words do.
  func open<Value>(
    in session: Session, tellsAge: Bool = true, _ work: (Library) async throws -> Value
  ) async throws -> Value {
    let library = try await Library.open(at: location(in: session), environment: .system)
    for secret in library.exposedSecrets { session.console.warn(secret.sentence) }
    return try await session.using(library) { library in
      // What is kept in step by bundle files alone hears no time; that is said by `status` and `sync`, not each time.
      if tellsAge, let freshness = try await library.freshness(), freshness.state != .unknown,
        freshness.isWorthTelling
      {
        session.console.warn(freshness.sentence)
      }
      return try await work(library)
    }
  }
}
