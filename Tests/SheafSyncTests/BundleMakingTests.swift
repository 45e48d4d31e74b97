import Foundation
import SheafBundle
import SheafModel
import SheafTesting
import Testing

@testable import SheafSync

/// What a publisher puts into a bundle: the smallest way there, and always the same bytes.
@Suite("Making bundles")
struct BundleMakingTests {
  private static func page(_ seed: UInt64, lines: Int = 60) -> String {
    var random = SplitMix64(seed: seed)
    return (0..<lines).map { _ in
      (0..<8).map { _ in String(random.next() % 100_000, radix: 36) }.joined(separator: " ") + "\n"
    }.joined()
  }

  private func bundle(
    _ library: Library, from: UInt64, to: UInt64? = nil, depth: Depth, in world: ReadingWorld
  ) async throws -> [UInt8] {
    let file = world.root.appending(path: "\(UUID().uuidString).sheaf")
    _ = try await library.makeBundle(from: from, to: to, depth: depth, file: file)
    return [UInt8](try Data(contentsOf: file))
  }

  private func applied(_ bundle: URL, to library: Library) async throws {
    _ = try await library.apply(bundle: bundle)
    #expect(try await library.verify(rebuild: false, activity: { _ in }).problems.isEmpty)
  }

  private func replica(_ world: ReadingWorld, _ name: String, depth: Depth = .heads) async throws -> Library {
    try await Library.clone(
      from: MemoryRemote(service: world.library), to: world.root.appending(path: name),
      options: CloneOptions(depth: depth, member: name), environment: world.environment
    ).library
  }

  @Test(
    "The same request gives the same bytes: again, from a full copy, after packing, and when the log went on")
  func sameBytes() async throws {
    let world = try await ReadingWorld()
    var files = (0..<12).reduce(into: [String: String]()) { $0["a/\($1).md"] = Self.page(UInt64($1)) }
    try await world.publish(files)
    for round in 0..<5 {
      files["a/\(round).md", default: ""] += "Line \(round).\n"
      files["b/\(round).md"] = (files["a/\(round + 3).md"] ?? "") + "New \(round).\n"
      files["a/\(11 - round).md"] = nil
      try await world.publish(files)
    }
    let copy = try await replica(world, "copy", depth: .full)
    for depth in Depth.allCases {
      for from in [UInt64(0), 2] {
        let first = try await bundle(world.library, from: from, to: 6, depth: depth, in: world)
        #expect(try await bundle(world.library, from: from, to: 6, depth: depth, in: world) == first)
        #expect(try await bundle(copy, from: from, to: 6, depth: depth, in: world) == first)
        _ = try await copy.compact(activity: { _ in })
        #expect(try await bundle(copy, from: from, to: 6, depth: depth, in: world) == first)
      }
    }
    let before = try await bundle(world.library, from: 2, to: 6, depth: .heads, in: world)
    files["c.md"] = (files["b/1.md"] ?? "") + "Later.\n"
    try await world.publish(files)
    #expect(try await bundle(world.library, from: 2, to: 6, depth: .heads, in: world) == before)
  }

  @Test(
    "A new document travels as what it changes of the most similar one, held or in the same bundle",
    arguments: Depth.allCases)
  func similar(depth: Depth) async throws {
    let world = try await ReadingWorld()
    var files = (0..<20).reduce(into: [String: String]()) { $0["a/\($1).md"] = Self.page(UInt64($1)) }
    try await world.publish(files)
    let clinic = try await replica(world, "clinic", depth: depth)
    files["new/held.md"] = (files["a/7.md"] ?? "") + "One more line.\n"
    files["new/one.md"] = Self.page(100)
    files["new/two.md"] = Self.page(100) + "And this.\n"
    try await world.publish(files)
    let file = world.root.appending(path: "step.sheaf")
    let report = try await world.library.makeBundle(from: 1, to: nil, depth: depth, file: file)
    #expect(report.bodies == 3)
    // One of three contents is new to the receiver.
    let alone = try await ReadingWorld(seed: 2)
    try await alone.publish(["x.md": Self.page(100)])
    let whole = try await alone.library.makeBundle(
      from: 0, to: nil, depth: depth, file: world.root.appending(path: "alone.sheaf"))
    #expect(report.bodiesInBytes < whole.bodiesInBytes + whole.bodiesInBytes / 8)
    try await applied(file, to: clinic)
    let second = try await clinic.content(of: DocumentPath("new/two.md"))
    #expect(second.map { String(decoding: $0.bytes, as: UTF8.self) } == Self.page(100) + "And this.\n")
  }

  @Test(
    "However much all documents share, a new one builds on the one most like it", arguments: Depth.allCases)
  func mostSimilar(depth: Depth) async throws {
    let shared = Self.page(1_000, lines: 90)
    let own = Self.page(3, lines: 30)
    // The best base is old, a worse one is newer, and the worst comes in the same bundle.
    var files = (0..<40).reduce(into: [String: String]()) {
      $0["a/\($1).md"] = shared + Self.page(UInt64($1), lines: 30)
    }
    files["c.md"] = shared + own.prefix(own.count * 4 / 5) + Self.page(600, lines: 15)
    files["b/1.md"] = shared + Self.page(700, lines: 30)
    var sizes: [UInt64] = []
    for added in [nil, shared + own + "One more line.\n"] {
      let world = try await ReadingWorld()
      var files = files
      let decoy = files.removeValue(forKey: "b/1.md")
      let newer = files.removeValue(forKey: "c.md")
      try await world.publish(files)
      files["c.md"] = newer
      try await world.publish(files)
      files["b/1.md"] = decoy
      files["b/2.md"] = added
      try await world.publish(files)
      let file = world.root.appending(path: "step.sheaf")
      sizes.append(
        try await world.library.makeBundle(from: 2, to: nil, depth: depth, file: file).bodiesInBytes)
    }
    #expect(sizes[1] - sizes[0] < 100, "\(sizes)")
  }

  @Test("A copy that is far behind gets all that is current where that is smaller than the step")
  func wholeInsteadOfStep() async throws {
    let world = try await ReadingWorld()
    let many = (0..<300).reduce(into: [String: String]()) {
      $0["chapter-\($1 % 7)/\(Self.page(UInt64($1), lines: 1).filter(\.isLetter)).md"] = "\($1)\n"
    }
    try await world.publish(many)
    let clinic = try await replica(world, "clinic")
    try await world.publish(["left.md": "All that is left.\n"])
    let remote = MemoryRemote(service: world.library)
    let file = world.root.appending(path: "step.sheaf")
    let step = try await world.library.makeBundle(from: 1, to: nil, depth: .heads, file: file)
    let report = try await clinic.sync(with: remote, options: SyncOptions()) { _ in }
    let pulled = try #require(report.pulled)
    #expect(pulled.transferredInBytes < step.sizeInBytes / 2)
    #expect(try await clinic.documents(in: nil).map(\.path) == ["left.md"])
    #expect(try await clinic.verify(rebuild: false, activity: { _ in }).problems.isEmpty)
    // A small step stays a step.
    try await world.publish(["left.md": "All that is left.\n", "more.md": "More.\n"])
    let next = try await clinic.sync(with: remote, options: SyncOptions()) { _ in }
    #expect(next.pulled?.from == 2 && next.pulled?.revisions == 1)
  }
}
