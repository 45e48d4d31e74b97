import Foundation
import SheafModel
import SheafTesting
import Synchronization
import Testing

@testable import SheafSync

/// Damaged bundles against a real copy: refused with the copy unchanged to the last byte of its
/// files, or taken with the same outcome as the whole one.
@Suite("Damaged bundles against a copy")
struct BundleApplyTests {
  /// Bits flipped in each kind of bundle; five kinds make more than 2,000.
  private static let flips = 420

  @Test("A step that is cut or flipped anywhere changes nothing", arguments: Depth.allCases)
  func step(depth: Depth) async throws {
    try await withTemporaryFolder { folder in
      let scene = try await Scene(folder, depth: depth)
      var bench = try await Bench(scene.bundle(from: 2), copy: scene.replica, in: folder)
      try await bench.tryEveryCut()
      try await bench.tryFlips(Self.flips, seed: UInt64(depth.rawValue.utf8.count))
      try await bench.finish(atSize: 5)
    }
  }

  @Test("A first copy that is cut or flipped anywhere leaves a copy as it was")
  func firstCopy() async throws {
    try await withTemporaryFolder { folder in
      // A deeper copy starts from nothing and replaces what is there, in one transaction.
      let scene = try await Scene(folder, depth: .heads)
      var bench = try await Bench(scene.bundle(from: 0, depth: .full), copy: scene.replica, in: folder)
      try await bench.tryEveryCut(step: 5)
      try await bench.tryFlips(Self.flips, seed: 9)
      try await bench.finish(atSize: 5)
    }
  }

  @Test("Drafts that are cut or flipped anywhere are refused whole, and the log is as it was")
  func drafts() async throws {
    try await withTemporaryFolder { folder in
      let scene = try await Scene(folder, depth: .trail)
      let path = try DocumentPath("articles/a.md")
      _ = try await scene.replica.put(Array("# A\n\nfrom the clinic\n".utf8), at: path, reason: "One")
      _ = try await scene.replica.put(Array("# C\n".utf8), at: DocumentPath("c.md"), reason: "Two")
      let recorder = Recorder(scene.publisher)
      await #expect(throws: RemoteError.self) { try await scene.replica.sync(with: recorder) }
      let bytes = try #require(recorder.pushed)
      var bench = try await Bench(bytes, copy: scene.publisher, in: folder)
      try await bench.tryEveryCut()
      try await bench.tryFlips(Self.flips, seed: 8)
      try await bench.finish(atSize: 7)
      #expect(try await bench.copy.figures().quarantined == 0)
    }
  }
}

/// A publisher with five change sets, a conflict among them, and a replica at the second.
private struct Scene {
  let publisher: Library
  let replica: Library
  private let folder: URL
  private let depth: Depth

  init(_ folder: URL, depth: Depth) async throws {
    self.folder = folder
    self.depth = depth
    let publisher = try await Library.create(
      at: folder.appending(path: "publisher"), name: "Damage", member: "Ana",
      environment: TestWorld(seed: 1).environment)
    self.publisher = publisher
    func put(_ text: String, _ path: String, on library: Library? = nil) async throws {
      _ = try await (library ?? publisher).put(
        Array(text.utf8), at: DocumentPath(path), reason: "Change \(text.utf8.count)")
    }
    try await put("# A\n\nfirst words of an article\n", "articles/a.md")
    try await put("{\"phase\": 1}\n", "trials/t.json")
    let remote = MemoryRemote(service: publisher)
    replica = try await Library.clone(
      from: remote, to: folder.appending(path: "replica"),
      options: CloneOptions(depth: depth, member: "Ben"), environment: TestWorld(seed: 2).environment
    ).library
    let other = try await Library.clone(
      from: remote, to: folder.appending(path: "other"), options: CloneOptions(member: "Cem"),
      environment: TestWorld(seed: 3).environment
    ).library
    try await put("# A\n\nsecond words of an article\n", "articles/a.md")
    try await put("# A\n\nother words of an article\n", "articles/a.md", on: other)
    _ = try await other.sync(with: remote)
    try await other.close()
    _ = try await publisher.remove(DocumentPath("trials/t.json"), reason: "Withdrawn")
    let figures = try await publisher.figures()
    #expect(figures.changeSets == 5 && figures.conflicts == 1)
  }

  func bundle(from: UInt64, depth: Depth? = nil) async throws -> [UInt8] {
    let file = folder.appending(path: "whole.sheaf")
    _ = try await publisher.makeBundle(from: from, to: nil, depth: depth ?? self.depth, file: file)
    return try Array(Data(contentsOf: file))
  }
}

/// Tries damaged bytes on a copy and compares what is there before and after.
private struct Bench {
  private let bytes: [UInt8]
  private let folder: URL
  private let isDrafts: Bool
  private let pristine: URL
  private(set) var copy: Library
  private var files: [Data]
  private var tries = 0

  init(_ bytes: [UInt8], copy: Library, in folder: URL) async throws {
    self.bytes = bytes
    self.folder = folder
    self.copy = copy
    isDrafts = copy.isPublisher
    pristine = folder.appending(path: "pristine")
    try copy.store.checkpointFile()
    try FileManager.default.copyItem(at: copy.folder, to: pristine)
    files = try Self.files(of: copy)
  }

  /// The bytes of the store: the file and its write-ahead log.
  private static func files(of copy: Library) throws -> [Data] {
    try ["library.sqlite", "library.sqlite-wal"].map {
      try Data(contentsOf: copy.folder.appending(path: $0))
    }
  }

  private func take(_ damaged: [UInt8]) async throws {
    if isDrafts {
      _ = try await copy.receive(push: damaged)
    } else {
      let file = folder.appending(path: "damaged.sheaf")
      try Data(damaged).write(to: file)
      _ = try await copy.apply(bundle: file, mayChangeDepth: true)
    }
  }

  /// Whether it was refused; a refusal that changed anything is recorded.
  private mutating func isRefused(_ damaged: [UInt8], _ what: String) async throws -> Bool {
    do {
      try await take(damaged)
      return false
    } catch let failure as any SheafFailure {
      #expect(!failure.problem.isEmpty)
    } catch {
      Issue.record("\(what): an error without words: \(error)")
    }
    tries += 1
    let now = try Self.files(of: copy)
    if now != files {
      // A transaction that was rolled back may leave pages in the write-ahead log that don't count.
      #expect(try await Self.state(of: copy) == Self.state(ofPristine: pristine), "\(what) changed the copy")
      files = now
    }
    if tries % 500 == 0 {
      #expect(try await copy.verify(rebuild: false, activity: { _ in }).problems.isEmpty, "\(what)")
    }
    return true
  }

  mutating func tryEveryCut(step: Int = 1) async throws {
    for size in stride(from: 0, to: bytes.count, by: step) {
      #expect(try await isRefused(Array(bytes.prefix(size)), "cut at \(size)"), "cut at \(size) is taken")
    }
    #expect(try await isRefused(bytes + [0], "a byte behind the end"), "a byte behind the end is taken")
  }

  mutating func tryFlips(_ count: Int, seed: UInt64) async throws {
    var random = SplitMix64(seed: seed)
    for _ in 0..<count {
      let bit = Int.random(in: 0..<(bytes.count * 8), using: &random)
      var damaged = bytes
      damaged[bit / 8] ^= 1 << UInt8(bit % 8)
      guard try await !isRefused(damaged, "bit \(bit) flipped") else { continue }
      let taken = try await Self.state(of: copy)
      try await startOver()
      try await take(bytes)
      #expect(try await Self.state(of: copy) == taken, "bit \(bit) flipped was taken and makes a difference")
      try await startOver()
    }
  }

  /// The whole bundle is still taken.
  mutating func finish(atSize size: UInt64) async throws {
    try await take(bytes)
    #expect(try await copy.status().size == size)
    #expect(try await copy.verify(rebuild: false, activity: { _ in }).problems.isEmpty)
  }

  private mutating func startOver() async throws {
    let place = copy.folder
    try await copy.close()
    try FileManager.default.removeItem(at: place)
    try FileManager.default.copyItem(at: pristine, to: place)
    copy = try await Library.open(at: place, environment: TestWorld(seed: 2).environment)
    files = try Self.files(of: copy)
  }

  /// What a copy shows, its root and its log's root included.
  private struct State: Equatable {
    var facts: String
    var root: SHA256Hash
    var position: UInt64
    var logRoot: SHA256Hash
    var checkpoint: [UInt8]?
    var documents: [String]
    var drafts: [String]
  }

  private static func state(of copy: Library) async throws -> State {
    try await copy.store.read { transaction in
      let position = try transaction.position()
      return State(
        facts: "\(try transaction.facts())", root: try transaction.stateRoot(), position: position.size,
        logRoot: position.root, checkpoint: try transaction.newestCheckpoint()?.note,
        documents: try transaction.documents(in: nil, after: nil, count: 1000).map {
          "\($0.path.text) \(try transaction.heads(of: $0.path).map(\.content))"
        },
        drafts: try transaction.drafts([.waiting, .deposited, .logged, .refused]).map {
          "\($0.mark) \($0.outcome)"
        })
    }
  }

  private static func state(ofPristine folder: URL) async throws -> State {
    let copy = try await Library.open(at: folder, environment: TestWorld(seed: 2).environment)
    let state = try await state(of: copy)
    try await copy.close()
    return state
  }
}

/// Takes drafts and does not hand them on.
private final class Recorder: RelayedRemote {
  let remote: any Remote
  private let kept = Mutex<[UInt8]?>(nil)
  var pushed: [UInt8]? { kept.withLock { $0 } }

  init(_ publisher: Library) { remote = MemoryRemote(service: publisher) }

  func push(
    _ bundle: [UInt8], from member: MemberMark, sent: @escaping TransferProgress
  ) async throws -> PushAnswer {
    kept.withLock { $0 = bundle }
    throw RemoteError.interrupted(address: address, detail: "the line was cut")
  }
}
