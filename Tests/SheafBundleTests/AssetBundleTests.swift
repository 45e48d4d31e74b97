import SheafBundle
import SheafModel
import SheafTesting
import Testing

/// Bundles that carry assets.
@Suite struct AssetBundleTests {
  /// An asset of several blocks that was edited, in heads that know its first version.
  private static let history = Result {
    var history = try SampleHistory(seed: 50, changeSetCount: 3, documentSize: 200)
    try history.addAsset("media/film.bin") { bytes, random in
      var random = random
      bytes = random.bytes(2_500_000) + [UInt8](repeating: 7, count: 300_000)
    }
    try history.addAsset("media/film.bin") { bytes, random in
      var random = random
      bytes[900_000] ^= 1
      bytes += random.bytes(40_000)
    }
    return history
  }

  private func read(_ bytes: [UInt8], _ history: SampleHistory, from: UInt64) throws -> Received {
    var host = SampleHost(receiverOf: history, at: from)
    return try receive(
      bytes,
      BundleContext(
        library: history.library, logKey: history.logKey.verifierKey.publicKey,
        position: history.ranges[Int(from)]), host: &host)
  }

  @Test(
    "An asset comes back whole, and its chunks stand beside what models code", arguments: BundleCoder.allCases
  )
  func roundTrip(coder: BundleCoder) throws {
    let history = try Self.history.get()
    for (content, from) in [(BundleContent.heads, UInt64(0)), (.full, 0), (.heads, 4)] {
      let (bytes, summary) = try history.bundle(content, from: from) { $0.coder = coder }
      let received = try read(bytes, history, from: from)
      for asset in history.states[5].values.flatMap(\.contents) where history.assets.contains(asset) {
        #expect(received.bodies[asset] == history.contents[asset])
      }
      let chunks = try #require(summary.sizes[.chunks])
      #expect(from == 0 ? (2_500_000..<2_600_000).contains(chunks) : (40_000..<50_000).contains(chunks))
      #expect(summary.sizes[.digests] ?? 0 < 2_000)
      #expect(summary.bodiesInBytes >= chunks)
      #expect(summary.sizes.values.reduce(0, +) == UInt64(bytes.count))
    }
  }

  @Test("Chunks are refused when a bit of them is another, none are there, too many, or more than pieces use")
  func damaged() throws {
    let history = try Self.history.get()
    let (bytes, summary) = try history.bundle(.heads, from: 4)
    #expect(try !read(bytes, history, from: 4).bodies.isEmpty)
    let chunks = Int(try #require(summary.sizes[.chunks]))
    let start = [BundleSummary.Part.header, .seal, .proof].reduce(0) { $0 + Int(summary.sizes[$1] ?? 0) }
    #expect(bytes[start] == 0)
    let fields = [BundleSummary.Part.frames, .metadata, .digests].reduce(start) {
      $0 + Int(summary.sizes[$1] ?? 0)
    }
    for place in stride(from: fields, to: fields + chunks, by: 4_001) {
      var damaged = bytes
      damaged[place] ^= 0x10
      #expect(throws: BundleError.self) { try read(damaged, history, from: 4) }
    }
    // The section's size is a number of three bytes behind the mark.
    func sized(_ size: Int) -> [UInt8] {
      [UInt8(size & 0x7f) | 0x80, UInt8(size >> 7 & 0x7f) | 0x80, UInt8(size >> 14)]
    }
    #expect(Array(bytes[start + 1..<start + 4]) == sized(chunks))
    var more = bytes
    more.insert(0, at: fields + chunks)
    more.replaceSubrange(start + 1..<start + 4, with: sized(chunks + 1))
    #expect(throws: BundleError.self) { try read(more, history, from: 4) }
    let rest = Array(bytes[(start + 4)...])
    for frame in [[0, 0], [0, 0, 0], [0, 0x81, 0x80, 0x50]] as [[UInt8]] {
      #expect(throws: BundleError.self) { try read(Array(bytes[..<start]) + frame + rest, history, from: 4) }
    }
  }

  @Test("A bundle without assets pays nothing for them")
  func without() throws {
    let history = try SampleHistory(seed: 51, changeSetCount: 3, documentSize: 200)
    let (bytes, summary) = try history.bundle(.heads, from: 1)
    let start = [BundleSummary.Part.header, .seal, .proof].reduce(0) { $0 + Int(summary.sizes[$1] ?? 0) }
    #expect(bytes[start] != 0)
    #expect(summary.sizes[.chunks] == nil)
    #expect(summary.sizes[.frames] ?? 0 <= 2)
  }

  @Test("An inspection's account is the writer's own", arguments: BundleCoder.allCases)
  func account(coder: BundleCoder) throws {
    let assets = try Self.history.get()
    let small = try SampleHistory(seed: 52, changeSetCount: 8, documentSize: 300)
    for (history, content, from) in [
      (assets, BundleContent.heads, UInt64(0)), (assets, .heads, 4), (assets, .trail, 2), (small, .full, 0),
      (small, .heads, 3), (small, .trail, 8),
    ] {
      let (bytes, summary) = try history.bundle(content, from: from) { $0.coder = coder }
      var sizes: [String: UInt64] = [:]
      var rest = bytes[...]
      try BundleInspection.inspect { count in
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
      } report: { item in
        if item.place == .account { sizes[item.label] = item.sizeInBytes }
      }
      #expect(sizes == Dictionary(uniqueKeysWithValues: summary.sizes.map { ($0.key.rawValue, $0.value) }))
    }
  }
}
