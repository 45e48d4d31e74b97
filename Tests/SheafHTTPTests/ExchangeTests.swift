import Foundation
import SheafLog
import SheafModel
import SheafServer
import SheafSync
import SheafTesting
import Synchronization
import Testing

@testable import SheafHTTP

private let member = MemberMark(publicKey: [1])
private let leaves = (UInt8(0)..<4).map { SHA256Hash(hashing: [$0]) }
private let position = PullRequest(from: 1200, known: 1200, depth: .trail, subscription: .all)

/// A receipt as text: it need not verify here, only survive.
private func receipt(_ number: UInt64, hashes: Int = 11) throws -> String {
  let proof = (0..<hashes).map { SHA256Hash(hashing: Array("\(number) \($0)".utf8)) }
  let key = try SigningKey(name: "sheaf/test", seed: [UInt8](repeating: 7, count: 32))
  let checkpoint = try Checkpoint(origin: "sheaf/test", size: 1219, root: SHA256Hash(hashing: [9]))
  let signed = try SignedCheckpoint(checkpoint, signedBy: key)
  return String(
    decoding: Receipt(index: number - 1, proof: proof, checkpoint: signed).bytes, as: UTF8.self)
}

private func refused(_ leaf: SHA256Hash, _ reason: String) throws -> DraftAnswer {
  let key = try SigningKey(name: "sheaf/test", seed: [UInt8](repeating: 7, count: 32))
  let library = LibraryID(name: "test", logKey: key.verifierKey.publicKey)
  return DraftAnswer(leaf: leaf.base64, try Refusal(of: leaf, in: library, reason: reason, by: key))
}

private func answers() throws -> [DraftAnswer] {
  [
    DraftAnswer(leaf: leaves[0].base64, changeSet: 1217, receipt: try receipt(1217), refusal: nil),
    DraftAnswer(leaf: leaves[1].base64, changeSet: 1218, receipt: try receipt(1218, hashes: 0), refusal: nil),
    DraftAnswer(leaf: leaves[2].base64, changeSet: 1219, receipt: nil, refusal: nil),
    try refused(leaves[3], "not \"yours\", née"),
  ]
}

@Suite("Drafts and changes in one exchange")
struct ExchangeTests {
  @Test("Reading a reply undoes writing it, and no beginning of it is taken for the whole")
  func roundTrip() throws {
    let rests: [ExchangeReply.Rest] = [
      .same, .unchanged(checkpoint: FakeLibrary.note(5)),
      .bundle(BundleTag(to: 1219, hash: leaves[0]), sizeInBytes: 1 << 40), .problem(Problem(.nothingFits)),
    ]
    for rest in rests {
      let bytes = ExchangeReply(answers: try answers(), rest: rest).bytes
      var offset = 0
      let read = try ExchangeReply(parsing: bytes + [1, 2, 3], offset: &offset)
      #expect(offset == bytes.count)
      #expect(read.rest == rest)
      #expect(try read.answers(to: leaves) == answers())
      #expect(read.answers(to: []).isEmpty)
      for end in 0..<bytes.count {
        var offset = 0
        #expect(throws: ExchangeReply.Damage.truncated) {
          try ExchangeReply(parsing: Array(bytes[..<end]), offset: &offset)
        }
        #expect(offset == 0)
      }
    }
  }

  @Test("Ten thousand refusals with the longest reasons fit, and a problem's words are cut at a character")
  func longReasons() throws {
    func reply(_ count: Int, _ reason: String) throws -> [DraftAnswer] {
      let leaves = (0..<count).map { SHA256Hash(hashing: Array("\($0)".utf8)) }
      let refusal: Refusal = try #require(try refused(leaves[0], reason).signedRefusal)
      let answers = leaves.map { DraftAnswer(leaf: $0.base64, refusal) }
      var problem = Problem(.refused, detail: reason, hint: reason)
      problem.unchanged = "\"" + String(repeating: "\u{1}", count: 70_000)
      let bytes = ExchangeReply(answers: answers, rest: .problem(problem)).bytes
      var offset = 0
      let read = try ExchangeReply(parsing: bytes, offset: &offset)
      guard case .problem(let shown) = read.rest else { throw TestError("no problem") }
      #expect(shown.detail?.hasPrefix("éé") == true && shown.type == problem.type)
      return read.answers(to: leaves)
    }
    let long = String(repeating: "é", count: 40_000)
    let answers = try reply(10_000, long)
    #expect(answers.count == 10_000)
    let reason = try #require(answers.last?.refusal)
    #expect((2_044...2_048).contains(reason.utf8.count))
    #expect(reason.hasSuffix("é…") && reason.dropLast().allSatisfy { $0 == "é" })
  }

  @Test("A refusal that is not signed, or longer than a reader takes, is left out, and keeps no other back")
  func unsigned() throws {
    let long = Refusal(
      reason: String(repeating: "a", count: 2_049), signature: [UInt8](repeating: 1, count: 64))
    let some = [
      DraftAnswer(leaf: leaves[0].base64, changeSet: nil, receipt: nil, refusal: "no"),
      DraftAnswer(leaf: leaves[1].base64, long),
      DraftAnswer(leaf: leaves[2].base64, Refusal(reason: "no", signature: [1])),
      try refused(leaves[3], "no"),
    ]
    var offset = 0
    let read = try ExchangeReply(parsing: ExchangeReply(answers: some, rest: .same).bytes, offset: &offset)
    #expect(read.answers(to: leaves) == [some[3]])
  }

  @Test("Damaged replies are refused or read, and never more is read than is there")
  func damage() throws {
    let bytes = ExchangeReply(
      answers: try answers(), rest: .bundle(BundleTag(to: 1219, hash: leaves[0]), sizeInBytes: 9)
    ).bytes
    var random = SplitMix64(seed: 11)
    var refused = 0
    for _ in 0..<3000 {
      var damaged = bytes
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        damaged[Int.random(in: 0..<damaged.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      var offset = 0
      do throws(ExchangeReply.Damage) {
        _ = try ExchangeReply(parsing: damaged, offset: &offset)
        #expect(offset <= damaged.count)
      } catch { refused += 1 }
    }
    #expect(refused > 500)
  }

  @Test("The vectors of the page are read as it says", arguments: OutcomeVector.names("exchange-"))
  func vectors(name: String) throws {
    let vector = try OutcomeVector(name)
    let text = String(decoding: vector.bytes, as: UTF8.self).filter { !$0.isWhitespace }
    let bytes = try #require(Hexadecimal.decode(text))
    var offset = 0
    var outcome: String
    do throws(ExchangeReply.Damage) {
      let reply = try ExchangeReply(parsing: bytes, offset: &offset)
      let taken = reply.answers(to: leaves)
      outcome = "\(taken.count) answers, "
      switch reply.rest {
      case .same: outcome += "same"
      case .unchanged(let note): outcome += "note of \(note.count) bytes"
      case .bundle(let tag, let size): outcome += "bundle \(tag.text) of \(size) bytes"
      case .problem(let problem): outcome += problem.type
      }
    } catch {
      switch error {
      case .truncated: outcome = "truncated"
      case .malformed(let rule): outcome = "malformed: \(rule)"
      }
    }
    #expect(outcome == vector.outcome)
  }

  @Test("There are vectors")
  func vectorsAreThere() { #expect(OutcomeVector.names("exchange-").count >= 5) }

  @Test("Drafts, their answers and a bundle pass in one request")
  func oneRequest() async throws {
    let library = try FakeLibrary()
    let bytes = FakeLibrary.bytes(150_000)
    library.set {
      $0.bundles[1219] = bytes
      $0.answers = (try? answers()) ?? []
    }
    try await withServer(library) { server in
      try await withRemote(server.address) { remote in
        try await withFolder { folder in
          let answer = try await remote.exchange(
            [1, 2, 3], of: leaves, from: member, asking: position, into: folder, progress: { _, _ in })
          guard case .answered(let got) = answer.push, case .bundle(let file, 150_000) = try answer.pull.get()
          else { throw TestError("\(answer)") }
          #expect(Array(try Data(contentsOf: file)) == bytes)
          // The change sets come with the bundle, so their receipts need not.
          #expect(got.map(\.changeSet) == [1217, 1218, 1219, nil])
          #expect(got.allSatisfy { $0.receipt == nil })
          // A copy that keeps no trail has nothing else to hold the publisher to.
          var heads = position
          heads.depth = .heads
          let second = try await remote.exchange(
            [1], of: leaves, from: member, asking: heads, into: folder, progress: { _, _ in })
          guard case .answered(let proven) = second.push else { throw TestError("deposited") }
          #expect(try proven == answers())
        }
      }
      #expect(server.log.lines.filter { $0.contains("method=") }.count == 2)
    }
    #expect(library.contents.withLock { $0.pushed } == [[1, 2, 3], [1]])
  }

  @Test("When nothing is new behind the drafts, or can't be had, the answers come all the same")
  func nothingBehind() async throws {
    let library = try FakeLibrary()
    library.set { $0.answers = (try? answers()) ?? [] }
    try await withServer(library) { server in
      try await withRemote(server.address) { remote in
        try await withFolder { folder in
          var request = PullRequest(from: 1219, known: 1219, depth: .trail, subscription: .all)
          func exchange() async throws -> ExchangeAnswer {
            try await remote.exchange(
              [1], of: leaves, from: member, asking: request, into: folder, progress: { _, _ in })
          }
          let unchanged = try await exchange()
          guard case .unchanged(let note) = try unchanged.pull.get() else { throw TestError("no note") }
          #expect(note == FakeLibrary.note(1219))
          request.held = CheckpointMark(note: note)
          guard case .same = try await exchange().pull.get() else { throw TestError("not the same") }
          request = position
          let missing = try await exchange()
          guard case .answered(let got) = missing.push else { throw TestError("deposited") }
          #expect(try got == answers())
          #expect(throws: RemoteError.nothingFits(address: server.address, position: 1200)) {
            try missing.pull.get()
          }
          #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
        }
      }
    }
  }

  @Test("A server too busy to make the bundle is asked for that again, without the drafts")
  func busyBehind() async throws {
    let library = try FakeLibrary()
    let bytes = FakeLibrary.bytes(1_000)
    let delays = Mutex(0)
    library.set {
      $0.bundles[1219] = bytes
      $0.answers = (try? answers()) ?? []
      // The first delay is that of the drafts.
      $0.delay = {
        let count = delays.withLock { count in
          count += 1
          return count
        }
        if count == 2 { throw TooManyMakings() }
      }
    }
    try await withServer(library) { server in
      try await withRemote(server.address) { remote in
        try await withFolder { folder in
          let answer = try await remote.exchange(
            [1], of: leaves, from: member, asking: position, into: folder, progress: { _, _ in })
          guard case .answered(let got) = answer.push, case .bundle(let file, _) = try answer.pull.get()
          else { throw TestError("\(answer)") }
          #expect(try got == answers())
          #expect(Array(try Data(contentsOf: file)) == bytes)
        }
      }
    }
    #expect(library.contents.withLock { $0.pushed.count } == 1 && delays.withLock { $0 } == 3)
  }

  @Test("A reply that is cut in the bundle goes on by ranges, and the drafts are not sent again")
  func cutInBundle() async throws {
    let bytes = FakeLibrary.bytes(100_000)
    let tag = BundleTag(to: 1219, hash: SHA256Hash(hashing: bytes))
    let beginning = ExchangeReply(
      answers: try answers(), rest: .bundle(tag, sizeInBytes: UInt64(bytes.count))
    ).bytes
    let taken = Taken()
    let server = try ScriptedServer(
      { _, socket in
        socket.send(
          ScriptedServer.head(
            "200 OK",
            ["content-type": Wire.exchange, "content-length": "\(beginning.count + bytes.count)"]))
        // The beginning comes in two pieces.
        socket.send(Array(beginning[..<9]))
        Thread.sleep(forTimeInterval: 0.05)
        socket.send(Array(beginning[9...]) + bytes[..<30_000])
        taken.wait(for: 30_000)
      },
      { _, socket in
        socket.send(head(206, 70_000, tag.field, ["content-range": "bytes 30000-99999/100000"]))
        socket.send(Array(bytes[30_000...]))
      })
    try await withRemote(server.address) { remote in
      try await withFolder { folder in
        let answer = try await remote.exchange(
          [5], of: leaves, from: member, asking: position, into: folder
        ) { received, _ in taken.note(received) }
        guard case .answered(let got) = answer.push, case .bundle(let file, 100_000) = try answer.pull.get()
        else { throw TestError("\(answer)") }
        #expect(try got == answers())
        #expect(Array(try Data(contentsOf: file)) == bytes)
      }
    }
    let requests = server.requests
    #expect(requests.map { $0.prefix(4) } == ["POST", "GET "])
    #expect(requests.last?.hasPrefix("GET /bundle?from=1200&to=1219&holds=1217-1219 ") == true)
    #expect(requests.last?.lowercased().contains("\r\nrange: bytes=30000-\r\n") == true)
  }

  @Test("A reply that is cut in the answers is asked for again, drafts and all")
  func cutInAnswers() async throws {
    let whole = ExchangeReply(answers: try answers(), rest: .same).bytes
    let fields = ["content-type": Wire.exchange, "content-length": "\(whole.count)"]
    let server = try ScriptedServer(
      { _, socket in
        socket.send(ScriptedServer.head("200 OK", fields))
        socket.send(Array(whole[..<20]))
      },
      { _, socket in
        socket.send(ScriptedServer.head("200 OK", fields))
        socket.send(whole)
      })
    try await withRemote(server.address) { remote in
      try await withFolder { folder in
        var request = position
        request.held = CheckpointMark(note: [])
        let answer = try await remote.exchange(
          [5], of: leaves, from: member, asking: request, into: folder, progress: { _, _ in })
        guard case .same = try answer.pull.get() else { throw TestError("\(answer)") }
      }
    }
    #expect(server.requests.map { $0.prefix(4) } == ["POST", "POST"])
  }

  @Test("A reply that lies is refused", arguments: [0, 1, 2, 3])
  func liars(kind: Int) async throws {
    let server = try ScriptedServer { _, socket in
      var fields = ["content-type": Wire.exchange, "transfer-encoding": "chunked"]
      var body: [UInt8] = []
      switch kind {
      case 0: body = [9, 9, 9]
      case 1: fields["content-type"] = "text/html"
      case 2:
        body =
          ExchangeReply(
            answers: [],
            rest: .bundle(BundleTag(to: 1, hash: .zero), sizeInBytes: Limits.assetBundleBytes + 1)
          ).bytes
      default:
        // More bytes of bundle than were promised.
        let tag = BundleTag(to: 1, hash: .zero)
        body = ExchangeReply(answers: [], rest: .bundle(tag, sizeInBytes: 5)).bytes + [1, 2, 3, 4, 5, 6]
      }
      socket.send(ScriptedServer.head("200 OK", fields))
      socket.send(String(body.count, radix: 16) + "\r\n")
      socket.send(body + Array("\r\n0\r\n\r\n".utf8))
    }
    try await withRemote(server.address) { remote in
      try await withFolder { folder in
        let error = await #expect(throws: RemoteError.self) {
          try await remote.exchange(
            [5], of: leaves, from: member, asking: position, into: folder, progress: { _, _ in }
          ).pull.get()
        }
        switch (kind, error) {
        case (0, .notSheaf), (1, .notSheaf), (2, .tooMuch), (3, .tooMuch): break
        default: throw TestError("\(kind): \(String(describing: error))")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
      }
    }
  }

  @Test("Drafts are taken only from those who may, in either way of handing them over")
  func access() async throws {
    let library = try FakeLibrary()
    library.set { $0.members = [] }
    try await withServer(library) { server in
      for stranger in [nil, try FakeMember(.publisher)] {
        try await withRemote(server.address, as: stranger) { remote in
          try await withFolder { folder in
            await #expect(throws: RemoteError.unauthorized(address: server.address)) {
              try await remote.exchange(
                [5], of: leaves, from: member, asking: position, into: folder, progress: { _, _ in })
            }
          }
        }
      }
    }
    #expect(library.contents.withLock { $0.pushed.isEmpty })
  }
}
