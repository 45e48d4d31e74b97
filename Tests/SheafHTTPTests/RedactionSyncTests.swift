import Foundation
import SheafModel
import SheafServer
import SheafSync
import SheafTesting
import Testing

@testable import SheafHTTP

/// Two people destroy a content while a server runs, and replicas follow over HTTP.
@Suite("Redaction over HTTP")
struct RedactionSyncTests {
  // Too short to be stored any other way than as it is.
  private static let words = "Maria Lopez Quintanilla, ward 7"

  private static func holdsWords(_ folder: URL) throws -> Bool {
    let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: [.isRegularFileKey])
    while let file = files?.nextObject() as? URL {
      guard try file.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true else { continue }
      if try Data(contentsOf: file).range(of: Data(words.utf8)) != nil { return true }
    }
    return false
  }

  @Test("A running server sends the words to nobody any more, and replicas of every depth let go of them")
  func follow() async throws {
    try await withFolder { folder in
      let publisher = try await Library.create(
        at: folder.appending(path: "publisher"), name: "Clinics", member: "Ada",
        founding: MemberTemplate(name: "Ada", role: .publisher), environment: TestWorld(seed: 1).environment)
      let path = try DocumentPath("a/p.md")
      _ = try await publisher.put(Array(Self.words.utf8), at: path, reason: "First")
      let old = try #require(try await publisher.history(of: path).first?.revision)
      try await withServer(publisher, access: AccessRules()) { server in
        func clone(_ name: String, _ role: MemberRole, _ depth: Depth, _ seed: UInt64) async throws -> Library
        {
          let invitation = try await publisher.invite(MemberTemplate(name: name, role: role), forStick: false)
          return try await withRemote(server.address) { remote in
            try await Library.clone(
              from: remote, to: folder.appending(path: name),
              options: CloneOptions(depth: depth, member: name, code: InvitationCode(invitation.code)),
              environment: TestWorld(seed: seed).environment
            ).library
          }
        }
        let officer = try await clone("Pia", .privacyOfficer, .trail, 2)
        let copies = [
          officer, try await clone("heads", .reader, .heads, 3), try await clone("full", .reader, .full, 4),
        ]
        func syncAll() async throws {
          for copy in copies { _ = try await withRemote(server.address) { try await copy.sync(with: $0) } }
        }
        _ = try await publisher.put(Array("clean".utf8), at: path, reason: "Without the name")
        try await syncAll()
        let target = RedactionTarget(path: path, revisions: [try #require(RevisionName(parsing: old))])
        _ = try await officer.redact([target], ground: "GDPR 17", reason: "Withdrawn")
        try await syncAll()
        #expect(try Self.holdsWords(folder))
        let outcome = try await publisher.redact([target], ground: "GDPR 17", reason: "Confirmed")
        #expect(outcome.effective == [old])
        try await syncAll()
        #expect(try !Self.holdsWords(folder))
        let late = try await clone("late", .reader, .full, 5)
        #expect(try !Self.holdsWords(folder))
        for copy in copies + [late] {
          #expect(try await copy.verify(rebuild: false, activity: { _ in }).problems.isEmpty)
          try await copy.close()
        }
      }
      try await publisher.close()
    }
  }
}
