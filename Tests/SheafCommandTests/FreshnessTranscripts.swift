import Foundation
import SheafModel
import SheafSync
import SheafTesting
import Testing

@Suite("A copy that has not heard of the publisher for long")
struct FreshnessTranscripts {
  @Test("Says so with every answer, beside the answer, and decides nothing")
  func expired() async throws {
    let folder = try TestFolder()
    // Its publisher's clock stood still half a year before this program was written.
    let publisher = try await Library.create(
      at: folder.url.appending(path: "lib"), name: "Demo", member: "Ada",
      environment: TestWorld(seed: 1).environment)
    _ = try await publisher.put(Array("one\n".utf8), at: DocumentPath("a.md"), reason: "First")
    let copy = folder.url.appending(path: "clinic")
    let replica = try await Library.clone(
      from: MemoryRemote(service: publisher), to: copy, options: CloneOptions(member: "Ben"),
      environment: TestWorld(seed: 2).environment
    ).library
    _ = try await replica.sync(with: MemoryRemote(service: publisher))
    try await replica.close()
    try await publisher.close()
    try await Transcript.play(
      """
      $ sheaf show a.md --library "\(copy.path)"
      warning: Expired: the publisher's newest word is of 2026-05-28, … days ago. Reading and drafts go on; deciding and signing wait for a sync.
      one

      $ sheaf list --json --library "\(copy.path)" 2>/dev/null | head -c 1
      {

      $ sheaf status --library "\(copy.path)" 2>&1 | grep -c Expired
      1

      $ sheaf sign a.md --meaning reviewed -m r --library "\(copy.path)" 2>&1 | tail -2
      sheaf: this copy is too old to sign: it last heard of the publisher as of 2026-05-28T…; the library is as it was.
      hint: Run `sheaf sync` with the publisher's server or a folder it has visited lately.
      """)
  }
}
