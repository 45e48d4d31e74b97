import Foundation
import SheafModel
import SheafSync
import SheafTesting
import Synchronization
import Testing

@testable import SheafHTTP

@Suite("Assets over HTTP")
struct AssetTests {
  private let bytes = FakeLibrary.bytes(3_000_000)
  private var hash: SHA256Hash { SHA256Hash(hashing: bytes) }

  private func library(_ bytes: [UInt8], named hash: SHA256Hash) throws -> FakeLibrary {
    let path = try DocumentPath("film.bin")
    return try FakeLibrary(
      .init(assets: [
        hash: DocumentContent(
          path: path, revision: nil, mediaType: .octetStream, bytes: bytes, isConflicted: false)
      ]))
  }

  /// Runs a test's body with a server and a remote for it, which is shut down whatever comes.
  private func withRemote(
    of library: FakeLibrary, _ body: @escaping @Sendable (HTTPRemote) async throws -> Void
  ) async throws {
    try await withServer(library) { server in
      try await SheafHTTPTests.withRemote(
        server.address, configuration: impatient { $0.retries = 0 }, body)
    }
  }

  @Test("An asset comes piece by piece, and goes on after what an earlier call left")
  func fetched() async throws {
    let (bytes, hash) = (bytes, hash)
    try await withRemote(of: try library(bytes, named: hash)) { remote in
      let folder = try TestFolder()
      let told = Mutex<[UInt64]>([])
      let first = try #require(
        try await remote.asset(hash, sizeInBytes: UInt64(bytes.count), into: folder.url) { received, _ in
          told.withLock { $0.append(received) }
        })
      #expect(first.transferredInBytes == UInt64(bytes.count))
      #expect(try Data(contentsOf: first.file) == Data(bytes))
      #expect(told.withLock { $0.count } > 2)
      try FileManager.default.removeItem(at: first.file)

      try await Self.leavePart(of: bytes, hash, count: 2_500_000, in: folder.url)
      let rest = try #require(
        try await remote.asset(hash, sizeInBytes: UInt64(bytes.count), into: folder.url) { _, _ in })
      #expect(rest.transferredInBytes == 500_000)
      #expect(try Data(contentsOf: rest.file) == Data(bytes))
      #expect(try await remote.asset(.zero, sizeInBytes: 5, into: folder.url) { _, _ in } == nil)
    }
  }

  /// What a call that was cut leaves behind.
  private static func leavePart(
    of bytes: [UInt8], _ hash: SHA256Hash, count: Int, in folder: URL
  ) async throws {
    let part = PartFile(folder: folder, key: String(hash.hex.prefix(32)))
    try await part.open()
    try await part.restart(
      .init(tag: "\"\(hash.base64)\"", sizeInBytes: UInt64(bytes.count), to: nil))
    try await part.append(Array(bytes.prefix(count)))
    await part.keep()
  }

  @Test("Contents of a document's past are asked for by position and revision, and none are no failure")
  func past() async throws {
    let library = try FakeLibrary(
      .init(past: ["notes/b c.md 12 -": [1, 2, 3], "notes/b c.md 12 11.2": [4]]))
    try await withRemote(of: library) { remote in
      let path = try DocumentPath("notes/b c.md")
      #expect(try await remote.pastContents(of: path, upTo: 12, before: nil) == [1, 2, 3])
      let before = RevisionName(changeSet: 11, line: 2)
      #expect(try await remote.pastContents(of: path, upTo: 12, before: before) == [4])
      #expect(try await remote.pastContents(of: path, upTo: 13, before: nil) == nil)
    }
    for target in ["?contents", "?contents&to=x", "?contents&to=1&before=2", "?contents&to=1&to=2"] {
      #expect(throws: RouteError.self) { try Route(target: "/documents/a.md" + target) }
    }
  }

  @Test("Bytes that are not the asset's, or not as many, are refused")
  func refused() async throws {
    let (bytes, hash) = (bytes, hash)
    var other = bytes
    other[1_000_000] ^= 1
    try await withRemote(of: try library(other, named: hash)) { remote in
      let folder = try TestFolder()
      // About this asset alone: the next may be in order.
      await #expect(throws: AssetMismatch(path: "asset \(hash)")) {
        _ = try await remote.asset(hash, sizeInBytes: UInt64(bytes.count), into: folder.url) { _, _ in }
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).isEmpty)
    }
    try await withRemote(of: try library(Array(bytes.dropLast()), named: hash)) { remote in
      let folder = try TestFolder()
      await #expect(throws: RemoteError.self) {
        _ = try await remote.asset(hash, sizeInBytes: UInt64(bytes.count), into: folder.url) { _, _ in }
      }
    }
  }
}
