import Foundation
import SheafModel
import SheafServer
import SheafSync
import Synchronization
import Testing

@testable import SheafHTTP

private let everything = PullRequest(from: 0, known: 0, depth: .trail, subscription: .all)

@Suite("Pulling from a server")
struct PullTests {
  @Test("A pull brings the bundle, byte for byte, and leaves nothing but that and its name behind")
  func bundle() async throws {
    let bytes = FakeLibrary.bytes(200_000)
    let library = try FakeLibrary()
    library.set { $0.bundles[1219] = bytes }
    try await withServer(library) { server in
      try await withRemote(server.address) { remote in
        try await withFolder { folder in
          let seen = Mutex<(received: UInt64, total: UInt64?)>((0, nil))
          let answer = try await remote.pull(everything, into: folder) { received, total in
            seen.withLock { $0 = (received, total) }
          }
          guard case .bundle(let file, let transferred) = answer else { throw TestError("no bundle") }
          #expect(Array(try Data(contentsOf: file)) == bytes)
          #expect(transferred == 200_000)
          #expect(seen.withLock { $0.received } == 200_000)
          #expect(seen.withLock { $0.total } == 200_000)
          let left = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
          #expect(left == [file.deletingPathExtension().lastPathComponent + ".json", file.lastPathComponent])

          // Until somebody has made use of it and removes it, it is not received again.
          let again = try await remote.pull(everything, into: folder) { _, _ in }
          guard case .bundle(file, 0) = again else { throw TestError("it came again") }
          #expect(Array(try Data(contentsOf: file)) == bytes)
        }
      }
    }
    #expect(
      library.contents.withLock { $0.asked } == [
        PullRequest(from: 0, known: 0, depth: .trail, subscription: .all, to: 1219)
      ])
  }

  @Test("Nothing new is answered with the checkpoint note, and the folder stays empty")
  func unchanged() async throws {
    let library = try FakeLibrary()
    try await withServer(library) { server in
      try await withRemote(server.address) { remote in
        try await withFolder { folder in
          let request = PullRequest(from: 1219, known: 1219, depth: .trail, subscription: .all)
          guard
            case .unchanged(let note) = try await remote.pull(request, into: folder, progress: { _, _ in })
          else {
            throw TestError("a bundle came")
          }
          #expect(note == FakeLibrary.note(1219))
          #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
        }
        #expect(try await remote.checkpoint() == FakeLibrary.note(1219))
      }
    }
  }

  @Test("Whoever holds the newest note gets nothing but the word that it is still the newest")
  func same() async throws {
    let library = try FakeLibrary()
    try await withServer(library) { server in
      try await withRemote(server.address) { remote in
        try await withFolder { folder in
          var request = PullRequest(from: 1219, known: 1219, depth: .trail, subscription: .all)
          request.held = CheckpointMark(note: FakeLibrary.note(1219))
          guard case .same = try await remote.pull(request, into: folder, progress: { _, _ in }) else {
            throw TestError("more came")
          }
          #expect(try await remote.preview(request, into: folder) == nil)
          // Another note for the same size is sent, so that the asker can compare.
          request.held = CheckpointMark(note: FakeLibrary.note(7))
          guard
            case .unchanged(let note) = try await remote.pull(request, into: folder, progress: { _, _ in })
          else { throw TestError("the note did not come") }
          #expect(note == FakeLibrary.note(1219))
        }
      }
    }
  }

  @Test("The exchange when nothing is new takes at most 300 bytes, both ways, headers and signature included")
  func smallExchange() async throws {
    let library = try FakeLibrary()
    let reader = try FakeMember(.reader)
    library.set { $0.members = [reader.member] }
    try await withServer(library) { server in
      let relay = try CountingRelay(to: server.port)
      try await withRemote(relay.address, as: reader) { remote in
        try await withFolder { folder in
          let request = PullRequest(
            from: 1219, known: 1219, depth: .trail, subscription: .all,
            held: CheckpointMark(note: FakeLibrary.note(1219)))
          guard case .same = try await remote.pull(request, into: folder, progress: { _, _ in }) else {
            throw TestError("more came")
          }
        }
      }
      #expect(relay.counts.connections == 1)
      #expect(relay.counts.up > 50 && relay.counts.down >= 25)
      #expect(relay.counts.up + relay.counts.down <= 300)
    }
  }

  @Test("What is asked after the word that nothing is new goes over the same connection")
  func sameConnection() async throws {
    let library = try FakeLibrary()
    try await withServer(library) { server in
      let relay = try CountingRelay(to: server.port)
      try await withRemote(relay.address) { remote in
        try await withFolder { folder in
          let request = PullRequest(
            from: 1219, known: 1219, depth: .trail, subscription: .all,
            held: CheckpointMark(note: FakeLibrary.note(1219)))
          for _ in 0..<3 {
            guard case .same = try await remote.pull(request, into: folder, progress: { _, _ in }) else {
              throw TestError("more came")
            }
            #expect(try await remote.preview(request, into: folder) == nil)
            #expect(try await remote.checkpoint() == FakeLibrary.note(1219))
          }
        }
      }
      #expect(relay.counts.connections == 1)
    }
  }

  @Test("Around a bundle travel at most 380 bytes, both ways")
  func smallHead() async throws {
    let reader = try FakeMember(.reader)
    let library = try FakeLibrary()
    library.set {
      $0.bundles[1219] = FakeLibrary.bytes(400)
      $0.members = [reader.member]
    }
    try await withServer(library) { server in
      let relay = try CountingRelay(to: server.port)
      try await withRemote(relay.address, as: reader) { remote in
        try await withFolder { folder in
          let request = PullRequest(
            from: 1218, known: 1218, depth: .heads, subscription: .all,
            held: CheckpointMark(note: FakeLibrary.note(1218)))
          guard case .bundle = try await remote.pull(request, into: folder, progress: { _, _ in }) else {
            throw TestError("no bundle")
          }
        }
      }
      #expect(relay.counts.connections == 1)
      #expect(relay.counts.up + relay.counts.down - 400 <= 380)
    }
  }

  @Test("A download that is cut goes on after its last byte, in the same call")
  func resumesInOneCall() async throws {
    let taken = Taken()
    let bytes = FakeLibrary.bytes(100_000)
    let tag = BundleTag(to: 1219, hash: SHA256Hash(hashing: bytes)).field
    let server = try ScriptedServer(
      { _, socket in
        socket.sendThenCut(
          head(200, bytes.count, tag, [:]), Array(bytes[..<40_000]), taken: taken)
      },
      { _, socket in
        socket.send(head(206, 60_000, tag, ["content-range": "bytes 40000-99999/100000"]))
        socket.send(Array(bytes[40_000...]))
      })
    try await withRemote(server.address) { remote in
      try await withFolder { folder in
        let answer = try await remote.pull(everything, into: folder) { received, _ in taken.note(received) }
        guard case .bundle(let file, let transferred) = answer else { throw TestError("no bundle") }
        #expect(Array(try Data(contentsOf: file)) == bytes)
        #expect(transferred == 100_000)
      }
    }
    #expect(server.requests.count == 2)
    let second = try #require(server.requests.last)
    #expect(second.hasPrefix("GET /bundle?to=1219 HTTP/1.1"))
    #expect(second.lowercased().contains("\r\nrange: bytes=40000-\r\n"))
    #expect(second.contains("if-range: \(tag)\r\n"))
  }

  @Test(
    "A download that was given up goes on in a later call, from a real server, although the log has grown")
  func resumesLater() async throws {
    let taken = Taken()
    let bytes = FakeLibrary.bytes(300_000)
    let tag = BundleTag(to: 1219, hash: SHA256Hash(hashing: bytes)).field
    let cutting = try ScriptedServer { _, socket in
      socket.sendThenCut(
        head(200, bytes.count, tag, [:]), Array(bytes[..<123_456]), taken: taken)
    }
    let library = try FakeLibrary()
    library.set {
      $0.size = 1300
      $0.bundles = [1219: bytes, 1300: FakeLibrary.bytes(5, seed: 9)]
    }
    try await withServer(library) { server in
      try await withFolder { folder in
        try await withRemote(cutting.address, configuration: impatient { $0.retries = 0 }) { remote in
          await #expect(throws: RemoteError.self) {
            try await remote.pull(everything, into: folder) { received, _ in taken.note(received) }
          }
        }
        try await withRemote(server.address) { remote in
          let answer = try await remote.pull(everything, into: folder) { received, _ in taken.note(received) }
          guard case .bundle(let file, let transferred) = answer else { throw TestError("no bundle") }
          #expect(Array(try Data(contentsOf: file)) == bytes)
          #expect(transferred == 300_000 - 123_456)
        }
      }
    }
  }

  @Test("When what was begun is no longer to be had, the newest is brought instead")
  func startsOver() async throws {
    let taken = Taken()
    let old = FakeLibrary.bytes(50_000)
    let cutting = try ScriptedServer { _, socket in
      socket.sendThenCut(
        head(200, old.count, BundleTag(to: 7, hash: SHA256Hash(hashing: old)).field, [:]),
        Array(old[..<20_000]), taken: taken)
    }
    let newest = FakeLibrary.bytes(30_000, seed: 3)
    let library = try FakeLibrary()
    library.set { $0.bundles = [1219: newest] }
    try await withServer(library) { server in
      try await withFolder { folder in
        try await withRemote(cutting.address, configuration: impatient { $0.retries = 0 }) { remote in
          await #expect(throws: RemoteError.self) {
            try await remote.pull(everything, into: folder) { received, _ in taken.note(received) }
          }
        }
        try await withRemote(server.address) { remote in
          guard
            case .bundle(let file, _) = try await remote.pull(
              everything, into: folder, progress: { received, _ in taken.note(received) })
          else { throw TestError("no bundle") }
          #expect(Array(try Data(contentsOf: file)) == newest)
        }
      }
    }
    #expect(library.contents.withLock { $0.asked.map(\.to) } == [7, 1219])
  }

  @Test("A changed entity tag means starting over with the new bytes")
  func changedTag() async throws {
    let taken = Taken()
    let old = FakeLibrary.bytes(60_000)
    let new = FakeLibrary.bytes(60_000, seed: 2)
    let newTag = "\"new\""
    let server = try ScriptedServer(
      { _, socket in
        socket.sendThenCut(head(200, old.count, "\"old\"", [:]), Array(old[..<30_000]), taken: taken)
      },
      // A 206 of other bytes must not be appended …
      { _, socket in
        socket.send(head(206, 30_000, newTag, ["content-range": "bytes 30000-59999/60000"]))
        socket.send(Array(new[30_000...]))
      },
      { _, socket in
        socket.send(head(200, new.count, newTag, [:]))
        socket.send(new)
      })
    try await withRemote(server.address) { remote in
      try await withFolder { folder in
        guard
          case .bundle(let file, _) = try await remote.pull(
            everything, into: folder, progress: { received, _ in taken.note(received) })
        else { throw TestError("no bundle") }
        #expect(Array(try Data(contentsOf: file)) == new)
      }
    }
    // … and the third request asks for the whole.
    let third = try #require(server.requests.dropFirst(2).first)
    #expect(!third.lowercased().contains("range"))
  }

  @Test("A part that reaches beyond what the server has is dropped")
  func beyondEnd() async throws {
    let taken = Taken()
    let bytes = FakeLibrary.bytes(20_000)
    let server = try ScriptedServer(
      { _, socket in
        socket.sendThenCut(head(200, 50_000, "\"a\"", [:]), bytes, taken: taken)
      },
      { _, socket in
        socket.send(
          ScriptedServer.head(
            "416 Range Not Satisfiable", ["content-range": "bytes */9", "content-length": "0"]))
      },
      { _, socket in
        socket.send(head(200, bytes.count, "\"b\"", [:]))
        socket.send(bytes)
      })
    try await withRemote(server.address) { remote in
      try await withFolder { folder in
        guard
          case .bundle(let file, _) = try await remote.pull(
            everything, into: folder, progress: { received, _ in taken.note(received) })
        else { throw TestError("no bundle") }
        #expect(Array(try Data(contentsOf: file)) == bytes)
      }
    }
  }

  @Test("Bytes that are not those the tag names are dropped, and the pull gives up after its retries")
  func wrongBytes() async throws {
    let bytes = FakeLibrary.bytes(40_000)
    let tag = BundleTag(to: 1219, hash: SHA256Hash(hashing: Array("other".utf8))).field
    let server = try ScriptedServer { _, socket in
      socket.send(head(200, bytes.count, tag, [:]))
      socket.send(bytes)
    }
    try await withRemote(server.address, configuration: impatient { $0.retries = 3 }) { remote in
      try await withFolder { folder in
        await #expect(throws: RemoteError.self) {
          try await remote.pull(everything, into: folder) { _, _ in }
        }
        let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(left.isEmpty)
      }
    }
    // The first counts as progress, once; then three more that reach no further.
    #expect((4...5).contains(server.requests.count))
  }

  @Test("A damaged part is found when it is whole, and fetched again")
  func damagedPart() async throws {
    let taken = Taken()
    let bytes = FakeLibrary.bytes(90_000)
    let library = try FakeLibrary()
    library.set { $0.bundles[1219] = bytes }
    let tag = BundleTag(to: 1219, hash: SHA256Hash(hashing: bytes)).field
    let cutting = try ScriptedServer { _, socket in
      socket.sendThenCut(
        head(200, bytes.count, tag, [:]), Array(bytes[..<50_000]), taken: taken)
    }
    try await withServer(library) { server in
      try await withFolder { folder in
        try await withRemote(cutting.address, configuration: impatient { $0.retries = 0 }) { remote in
          await #expect(throws: RemoteError.self) {
            try await remote.pull(everything, into: folder) { received, _ in taken.note(received) }
          }
        }
        let part = try #require(
          try FileManager.default.contentsOfDirectory(atPath: folder.path).first { $0.hasSuffix(".part") })
        var damaged = Array(try Data(contentsOf: folder.appending(path: part)))
        #expect(damaged.count == 50_000)
        damaged[77] ^= 1
        try Data(damaged).write(to: folder.appending(path: part))
        try await withRemote(server.address) { remote in
          guard
            case .bundle(let file, let transferred) = try await remote.pull(
              everything, into: folder, progress: { received, _ in taken.note(received) })
          else { throw TestError("no bundle") }
          #expect(Array(try Data(contentsOf: file)) == bytes)
          #expect(transferred == 130_000)
        }
      }
    }
  }
}

/// The head of a bundle's answer.
func head(_ status: Int, _ length: Int, _ tag: String, _ more: [String: String]) -> String {
  var fields = ["content-type": Wire.bundle, "content-length": "\(length)", "etag": tag]
  fields.merge(more) { $1 }
  return ScriptedServer.head("\(status) Whatever", fields)
}
