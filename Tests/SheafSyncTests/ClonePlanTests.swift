import Foundation
import SheafModel
import SheafSync
import SheafTesting
import Testing

@Suite("What a first copy would cost")
struct ClonePlanTests {
  @Test(
    "Is told to the byte before anything is fetched, and leaves nothing behind", arguments: Depth.allCases)
  func exact(depth: Depth) async throws {
    let world = try await SyncWorld()
    var random = SplitMix64(seed: 1)
    for number in 0..<4 {
      try world.content.write(random.bytes(20_000), to: "images/\(number).bin")
      try world.content.write("text \(number)\n", to: "notes/a.md")
      _ = try await world.publish()
    }
    let remote = MemoryRemote(service: world.publisher)
    let folder = world.folder.appending("copy")
    let options = CloneOptions(
      depth: depth, subscription: .only([try CollectionName("notes")]), member: "copy")
    let plan = try await Library.planClone(from: remote, to: folder, options: options)
    let left = try FileManager.default.contentsOfDirectory(atPath: folder.deletingLastPathComponent().path)
    #expect(!left.contains { $0.contains("copy") })
    #expect(plan.to == 4 && plan.from == 0 && plan.drafts == 0)
    #expect(plan.contents == (depth == .full ? 4 : 1) && plan.freeInBytes != nil)
    let made = try await Library.clone(
      from: remote, to: folder, options: options, environment: world.environment)
    #expect(made.report.transferredInBytes == plan.downloadInBytes)
    #expect(made.report.to == plan.to)
  }
}
