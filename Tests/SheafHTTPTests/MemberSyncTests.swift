import Foundation
import SheafModel
import SheafServer
import SheafSync
import SheafTesting
import Testing

@testable import SheafHTTP

/// A real library with members behind a real server.
@Suite("Members sync over HTTP")
struct MemberSyncTests {
  private struct Scene {
    let publisher: Library
    let clinic: Library
    let folder: URL
  }

  /// A publisher with two collections, and a clinic's copy that was made before there were members.
  private static func scene(
    _ change: @escaping @Sendable (Scene, RunningServer) async throws -> Void
  ) async throws {
    try await withFolder { folder in
      let publisher = try await Library.create(
        at: folder.appending(path: "publisher"), name: "Clinics", member: "Ada",
        environment: TestWorld(seed: 1).environment)
      for (path, text) in [("articles/a.md", "# A\n\nfirst\n"), ("trials/t.json", "{\"phase\": 1}\n")] {
        _ = try await publisher.put(Array(text.utf8), at: DocumentPath(path), reason: "Start")
      }
      try await withServer(publisher, access: AccessRules()) { server in
        let clinic = try await withRemote(server.address) { remote in
          try await Library.clone(
            from: remote, to: folder.appending(path: "clinic"),
            options: CloneOptions(
              depth: .trail, subscription: .only([try CollectionName("articles")]), member: "Hill"),
            environment: TestWorld(seed: 2).environment
          ).library
        }
        try await change(Scene(publisher: publisher, clinic: clinic, folder: folder), server)
        try await clinic.close()
      }
      try await publisher.close()
    }
  }

  private static func admit(
    _ library: Library, as role: MemberRole, to publisher: Library, revoked: String? = nil
  ) async throws {
    let member = Member(
      key: library.memberKey, name: role.rawValue, role: role,
      collections: role == .publisher ? nil : [try CollectionName("articles")], revoked: revoked)
    let path = try #require(Member.path(of: member.mark))
    _ = try await publisher.put(member.bytes, at: path, reason: "Members")
  }

  private static func sync(_ library: Library, _ server: RunningServer) async throws -> SyncReport {
    try await withRemote(server.address) { try await library.sync(with: $0) }
  }

  @Test("A library that gets members answers them and nobody else, and a revoked one no longer")
  func members() async throws {
    try await Self.scene { scene, server in
      let (publisher, clinic) = (scene.publisher, scene.clinic)
      #expect(try await Self.sync(clinic, server).isSameAsPublisher)
      // In an open library drafts are not taken from everybody unless somebody says so.
      let article = try DocumentPath("articles/a.md")
      _ = try await clinic.put(Array("# A\n\nsecond\n".utf8), at: article, reason: "Better")
      await #expect(throws: RemoteError.self) { try await Self.sync(clinic, server) }

      try await Self.admit(publisher, as: .publisher, to: publisher)
      await #expect(throws: RemoteError.unauthorized(address: server.address)) {
        try await Self.sync(clinic, server)
      }
      try await Self.admit(clinic, as: .contributor, to: publisher)
      // The copy does not know yet that there are members; asked who it is, it says so.
      let report = try await Self.sync(clinic, server)
      #expect(report.pushed.map(\.changeSet) == [5] && report.isSameAsPublisher)
      #expect(try await Self.sync(clinic, server).isSameAsPublisher)
      #expect(try await publisher.content(of: article)?.bytes == Array("# A\n\nsecond\n".utf8))

      // What the member may not read does not come.
      let wider = SyncOptions(subscription: .all)
      await #expect(
        throws: RemoteError.forbidden(
          address: server.address, detail: "contributor may have the collections articles only",
          hint: "Ask for those with `only`.")
      ) {
        try await withRemote(server.address) { try await clinic.sync(with: $0, options: wider) }
      }
      try await Self.admit(clinic, as: .contributor, to: publisher, revoked: "the laptop was stolen")
      await #expect(
        throws: RemoteError.forbidden(
          address: server.address, detail: "the key of contributor was revoked: the laptop was stolen",
          hint: "Ask an administrator for a new invitation; `sheaf drafts` still has your work.")
      ) { try await Self.sync(clinic, server) }
    }
  }

  @Test(
    "Signed, a sync with nothing new takes at most 300 bytes both ways, and an update 400 around its bundle")
  func bytes() async throws {
    try await Self.scene { scene, server in
      try await Self.admit(scene.publisher, as: .publisher, to: scene.publisher)
      try await Self.admit(scene.clinic, as: .contributor, to: scene.publisher)
      let relay = try CountingRelay(to: server.port)
      func sync() async throws -> (report: SyncReport, sizeInBytes: Int) {
        let before = relay.counts
        let report = try await withRemote(relay.address) { remote in
          remote.introduce(scene.clinic.id, signer: scene.clinic.requestSigner)
          return try await scene.clinic.sync(with: remote)
        }
        return (report, relay.counts.up + relay.counts.down - before.up - before.down)
      }
      _ = try await sync()
      let nothing = try await sync()
      #expect(nothing.report.isSameAsPublisher && nothing.report.pulled == nil)
      #expect(nothing.sizeInBytes <= 300)
      _ = try await scene.publisher.put(
        Array("# A\n\nsecond\n".utf8), at: DocumentPath("articles/a.md"), reason: "Better")
      let update = try await sync()
      let bundle = Int(clamping: update.report.pulled?.transferredInBytes ?? 0)
      #expect(update.report.isSameAsPublisher && bundle > 100)
      #expect(update.sizeInBytes - bundle <= 400)
    }
  }

  @Test("A library whose settings say so is read by everybody, members or not")
  func publicLibrary() async throws {
    try await Self.scene { scene, server in
      try await Self.admit(scene.publisher, as: .publisher, to: scene.publisher)
      await #expect(throws: RemoteError.unauthorized(address: server.address)) {
        try await Self.sync(scene.clinic, server)
      }
      let settings = try DocumentPath(LibrarySettings.path)
      for (access, isPublic) in [("public", true), ("members", false), ("public", true)] {
        _ = try await scene.publisher.put(
          Array(#"{"format": 1, "access": "\#(access)"}"#.utf8), at: settings, reason: "Access")
        #expect(try await scene.publisher.standing(of: nil).isPublic == isPublic)
      }
      // The second time the copy knows of members and signs, although it is none.
      #expect(try await Self.sync(scene.clinic, server).isSameAsPublisher)
      #expect(try await Self.sync(scene.clinic, server).isSameAsPublisher)
      await #expect(throws: RemoteError.unauthorized(address: server.address)) {
        try await withRemote(server.address) { try await $0.push([1], from: scene.clinic.memberMark) }
      }
    }
  }
}
