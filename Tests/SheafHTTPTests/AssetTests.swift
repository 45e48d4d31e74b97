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

  private func remote(_ server: RunningServer) throws -> HTTPRemote {
    try HTTPRemote(
      address: server.address, configuration: impatient { $0.retries = 0 })
  }

  @Test("An asset comes in ranges, and goes on after what an earlier call left")
  func fetched() async throws {
    let (bytes, hash) = (bytes, hash)
    try await withServer(try library(bytes, named: hash)) { server in
      let folder = try TestFolder()
      let remote = try self.remote(server)
      let told = Mutex<[UInt64]>([])
      let first = try #require(
        try await remote.asset(hash, sizeInBytes: UInt64(bytes.count), into: folder.url) { received, _ in
          told.withLock { $0.append(received) }
        })
      #expect(first.transferredInBytes == UInt64(bytes.count))
      #expect(try Data(contentsOf: first.file) == Data(bytes))
      #expect(told.withLock { $0.count } > 2, "ranges")
      try FileManager.default.removeItem(at: first.file)

      try await Self.leavePart(of: bytes, hash, count: 2_500_000, in: folder.url)
      let rest = try #require(
        try await remote.asset(hash, sizeInBytes: UInt64(bytes.count), into: folder.url) { _, _ in })
      #expect(rest.transferredInBytes == 500_000)
      #expect(try Data(contentsOf: rest.file) == Data(bytes))
      #expect(try await remote.asset(.zero, sizeInBytes: 5, into: folder.url) { _, _ in } == nil)
      try await remote.shutdown()
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

  @Test("Bytes that are not the asset's, or not as many, are refused")
  func refused() async throws {
    let (bytes, hash) = (bytes, hash)
    var other = bytes
    other[1_000_000] ^= 1
    for wrong in [other, Array(bytes.dropLast())] {
      try await withServer(try library(wrong, named: hash)) { server in
        let folder = try TestFolder()
        let remote = try self.remote(server)
        await #expect(throws: RemoteError.self) {
          _ = try await remote.asset(hash, sizeInBytes: UInt64(bytes.count), into: folder.url) { _, _ in }
        }
        try await remote.shutdown()
      }
    }
  }
}
