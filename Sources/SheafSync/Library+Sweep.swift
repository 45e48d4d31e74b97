import Foundation
import SheafStore

extension Library {
  /// Sweeps out of files and free pages what redactions destroyed in the rows, when that is due.
  ///
  /// Where somebody reads the library all the while, or the disk has no room to write it anew, it stays due: the
  /// next change, or the next opening, tries again. `Schemas/redaction.md`, "What is destroyed".
  func sweepDestroyed() async throws {
    guard try await store.read({ try $0.isSweepDue() }) else { return }
    try environment.step(.erased)
    await bundleCache.removeAll()
    let places = [folder.appending(path: "incoming"), folder.appending(path: "cache")]
    let isEmpty = await Blocking.always {
      for place in places { try? FileManager.default.removeItem(at: place) }
      return places.allSatisfy { !FileManager.default.fileExists(atPath: $0.path) }
    }
    guard isEmpty else { return }
    try environment.step(.cachesEmptied)
    do { try await store.sweep() } catch is StoreError { return }
    try environment.step(.swept)
    try await store.write(purpose: "sheaf (destroying content)") { try $0.noteSwept() }
  }

  /// Whether content was destroyed and not everything that may still hold it is swept out.
  public func isSweepDue() async throws -> Bool { try await store.read { try $0.isSweepDue() } }
}
