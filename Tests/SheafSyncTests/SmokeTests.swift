import Foundation
import SheafBundle
import SheafLog
import SheafModel
import SheafStore
import SheafSync
import SheafTesting
import Testing

/// The whole engine in one story, through the in-process service.
@Suite struct SmokeTests {
  @Test func wholeStory() async throws {
    let root = URL(filePath: NSTemporaryDirectory()).appending(path: "sheaf-smoke-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: root) }
    let environment = LibraryEnvironment(
      clock: { Timestamp(seconds: 1_700_000_000) },
      random: { count in var r = SystemRandomNumberGenerator(); return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &r) } })
    let content = root.appending(path: "content")
    func write(_ path: String, _ text: String) throws {
      let f = content.appending(path: path)
      try FileManager.default.createDirectory(at: f.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: f)
    }
    try write("articles/a.md", "# A\n\nFirst.\n\nSecond.\n\nThird.\n")
    try write("trials/t.json", "{\n  \"id\": 1,\n  \"status\": \"open\",\n  \"contact\": \"x\"\n}\n")
    let publisher = try await Library.create(
      at: root.appending(path: "pub"), name: "Test Library", member: "Editor", environment: environment)
    let first = try await publisher.publish(folder: content, reason: "first")
    #expect(first.changeSet == 1)
    for depth in Depth.allCases {
      let file = root.appending(path: "\(depth).sheaf")
      let made = try await publisher.makeBundle(from: 0, to: nil, depth: depth, file: file)
      print(depth, made.sizeInBytes, made.bodiesInBytes)
      let (replica, report) = try await Library.clone(
        fromBundle: file, to: root.appending(path: "r-\(depth)"), options: CloneOptions(depth: depth, member: "Clinic"),
        environment: environment)
      print(report)
      let draft = try await replica.put(
        Array("# A\n\nFirst \(depth).\n\nSecond.\n\nThird.\n".utf8), at: try DocumentPath("articles/a.md"), reason: "edit \(depth)")
      #expect(draft.draft != nil)
      let sync = try await replica.sync(with: Direct(service: publisher, folder: root))
      print(sync)
      #expect(sync.isSameAsPublisher)
      let none = try await replica.sync(with: Direct(service: publisher, folder: root))
      #expect(none.pulled == nil)
      #expect(none.isSameAsPublisher)
      let r = try await replica.status()
      print(r)
    }
    print(try await publisher.conflicts())
    let resolved = try await publisher.resolve(try DocumentPath("articles/a.md"), with: .theirs, reason: "settled")
    print(resolved, try await publisher.log(newest: 10, before: nil))
  }
}

struct Direct: Remote {
  let service: any LibraryService
  let folder: URL
  var address: String { "memory" }
  func checkpoint() async throws -> [UInt8] { try await service.checkpointNote() }
  func pull(_ request: PullRequest, into: URL, progress: @escaping TransferProgress) async throws -> PullAnswer {
    switch try await service.offer(request) {
    case .unchanged(let c): return .unchanged(checkpoint: c)
    case .bundle(let b):
      let f = folder.appending(path: UUID().uuidString)
      try FileManager.default.copyItem(at: b.file, to: f)
      return .bundle(file: f, transferredInBytes: b.sizeInBytes)
    }
  }
  func preview(_ request: PullRequest) async throws -> PullPreview? { nil }
  func push(_ bundle: [UInt8], from member: MemberMark) async throws -> PushAnswer { .answered(try await service.receive(push: bundle)) }
  func answers(to leaves: [SHA256Hash], from member: MemberMark) async throws -> [DraftAnswer] { [] }
  func leave(position: PullRequest, from member: MemberMark) async throws {}
}
