import Foundation
import SheafModel
import SheafTesting
import Testing

@testable import SheafSync

@Suite("Bundles that are kept for the next replica")
struct BundleCacheTests {
  private static func write(_ count: Int, to file: URL) throws -> (sizeInBytes: UInt64, hash: SHA256Hash) {
    let bytes = [UInt8](repeating: UInt8(truncatingIfNeeded: count), count: count)
    try Data(bytes).write(to: file)
    return (UInt64(count), SHA256Hash(hashing: bytes))
  }

  @Test("What takes a moment does not wait for what takes long, and two of a kind do not run at once")
  func lines() async throws {
    let folder = try TestFolder()
    let cache = BundleCache(folder: folder.url)
    let (gate, open) = AsyncStream.makeStream(of: Void.self)
    let (begun, tell) = AsyncStream.makeStream(of: Int.self)
    let slow = (0..<2).map { number in
      Task {
        try await cache.bundle(for: "slow \(number)") {
          BundleCache.largeWorkInBytes + 1
        } make: { file in
          tell.yield(number)
          for await _ in gate { break }
          return try Self.write(10 + number, to: file)
        }
      }
    }
    var order = begun.makeAsyncIterator()
    let first = try #require(await order.next())
    // Both slow ones are asked for, one of them is being made, and this one comes all the same.
    for number in 0..<3 {
      let quick = try await cache.bundle(for: "quick \(number)") {
        1
      } make: {
        try Self.write(5, to: $0)
      }
      #expect(quick.sizeInBytes == 5)
    }
    open.yield()
    _ = try await slow[first].value
    #expect(await order.next() == 1 - first)
    open.yield()
    _ = try await slow[1 - first].value
    #expect(await cache.makings == 5)
    open.finish()
    tell.finish()
  }

  @Test("What nobody waits for any more is not begun, and so many wait and no more")
  func waiting() async throws {
    let folder = try TestFolder()
    let cache = BundleCache(folder: folder.url)
    let (gate, open) = AsyncStream.makeStream(of: Void.self)
    let (begun, tell) = AsyncStream.makeStream(of: String.self)
    @Sendable func ask(_ key: String) -> Task<BundleFile, any Error> {
      Task {
        try await cache.bundle(for: key) { file in
          tell.yield(key)
          for await _ in gate { break }
          return try Self.write(key.utf8.count, to: file)
        }
      }
    }
    func settles(at count: UInt64) async throws {
      while await cache.makings < count { try await Task.sleep(for: .milliseconds(2)) }
    }
    let first = ask("first")
    var order = begun.makeAsyncIterator()
    #expect(await order.next() == "first")
    let others = (2...BundleCache.mostMakings).map { ask("other \($0)") }
    try await settles(at: UInt64(BundleCache.mostMakings))
    await #expect(throws: TooManyMakings.self) {
      try await cache.bundle(for: "too many") { try Self.write(1, to: $0) }
    }
    // A second that waits for one of them keeps that alone; the one under way is finished.
    let kept = ask("other 9")
    try await Task.sleep(for: .milliseconds(50))
    for task in others + [first] { task.cancel() }
    // Room is there again at once.
    try await Task.sleep(for: .milliseconds(50))
    let later = ask("later")
    try await settles(at: UInt64(BundleCache.mostMakings) + 1)
    open.yield()
    #expect(await order.next() == "other 9")
    open.yield()
    #expect(try await kept.value.sizeInBytes == 7)
    #expect(await order.next() == "later")
    open.yield()
    #expect(try await later.value.sizeInBytes == 5)
    for (index, task) in others.enumerated() where index != 7 {
      await #expect(throws: CancellationError.self) { try await task.value }
    }
    // Who had gone got nothing, and whoever asks again what was finished all the same.
    await #expect(throws: CancellationError.self) { try await first.value }
    #expect(try await cache.bundle(for: "first") { _ in throw LibraryError.empty }.sizeInBytes == 5)
    open.finish()
    tell.finish()
  }

  @Test("A making that fails lets the next one go on")
  func failing() async throws {
    let folder = try TestFolder()
    let cache = BundleCache(folder: folder.url)
    await #expect(throws: LibraryError.empty) {
      try await cache.bundle(for: "a") { _ in throw LibraryError.empty }
    }
    await #expect(throws: LibraryError.empty) {
      try await cache.bundle(for: "b") {
        throw LibraryError.empty
      } make: {
        try Self.write(1, to: $0)
      }
    }
    #expect(try await cache.bundle(for: "c") { try Self.write(1, to: $0) }.sizeInBytes == 1)
  }

  @Test("Large bundles are bounded, and take no room from the others")
  func bounded() async throws {
    let folder = try TestFolder()
    let cache = BundleCache(
      folder: folder.url, capacity: .init(largeInBytes: 1_000, smallInBytes: 2_000, largeTotalInBytes: 5_000))
    func sizes() throws -> [Int] {
      try FileManager.default.contentsOfDirectory(atPath: folder.url.path).map {
        try Data(contentsOf: folder.appending($0)).count
      }.sorted()
    }
    for count in [600, 601, 3_000, 1_500, 602] {
      _ = try await cache.bundle(for: "\(count)") { try Self.write(count, to: $0) }
    }
    #expect(try sizes() == [600, 601, 602, 1_500, 3_000])
    // The one used longest ago goes, whichever kind is too much.
    _ = try await cache.bundle(for: "3000") { _ in throw LibraryError.empty }
    _ = try await cache.bundle(for: "1200") { try Self.write(1_200, to: $0) }
    #expect(try sizes() == [600, 601, 602, 1_200, 3_000])
    _ = try await cache.bundle(for: "603") { try Self.write(603, to: $0) }
    #expect(try sizes() == [601, 602, 603, 1_200, 3_000])
    // The newest stays, for whoever asked gets it now.
    _ = try await cache.bundle(for: "9000") { try Self.write(9_000, to: $0) }
    #expect(try sizes() == [601, 602, 603, 9_000])
  }

  @Test("What an earlier run left counts, and of two files for one step the newer stays")
  func restart() async throws {
    let folder = try TestFolder()
    func names() throws -> [String] {
      try FileManager.default.contentsOfDirectory(atPath: folder.url.path).sorted()
    }
    let capacity = BundleCache.Capacity(largeInBytes: 1_000, smallInBytes: 2_000, largeTotalInBytes: 5_000)
    let first = BundleCache(folder: folder.url, capacity: capacity)
    var made: [BundleFile] = []
    for (age, count) in [600, 601, 602].enumerated() {
      let bundle = try await first.bundle(for: "\(count)") { try Self.write(count, to: $0) }
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSinceNow: Double(age) - 60)], ofItemAtPath: bundle.file.path)
      made.append(bundle)
    }
    // Another process left other bytes of the newest step, an hour ago.
    let mark = made[2].file.lastPathComponent.prefix(32)
    let double = folder.appending("\(mark)-\(String(repeating: "0", count: 64)).sheaf")
    _ = try Self.write(900, to: double)
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSinceNow: -3600)], ofItemAtPath: double.path)
    let second = BundleCache(folder: folder.url, capacity: capacity)
    _ = try await second.bundle(for: "602") { _ in throw LibraryError.empty }
    #expect(try names() == made.map(\.file.lastPathComponent).sorted())
    let next = try await second.bundle(for: "603") { try Self.write(603, to: $0) }
    #expect(try names() == (made.dropFirst() + [next]).map(\.file.lastPathComponent).sorted())
    // A smaller bound holds from the start.
    let third = BundleCache(
      folder: folder.url, capacity: .init(largeInBytes: 1_000, smallInBytes: 700, largeTotalInBytes: 5_000))
    _ = try await third.bundle(for: "603") { _ in throw LibraryError.empty }
    #expect(try names() == [next.file.lastPathComponent])
    // What was cut short is made anew, and leaves nothing behind.
    try Data([1]).write(to: next.file)
    let again = try await third.bundle(for: "603") { try Self.write(604, to: $0) }
    #expect(try names() == [again.file.lastPathComponent])
  }
}
