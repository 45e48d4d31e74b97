import Foundation
import SheafModel
import SheafTesting

@testable import SheafSync

/// A closed library with its publisher, and devices that become members of it by invitation.
struct MembersWorld {
  let folder: TestFolder
  let publisher: Library
  let environment: LibraryEnvironment
  let world: TestWorld

  init(seed: UInt64 = 1) async throws {
    folder = try TestFolder()
    world = TestWorld(seed: seed)
    environment = world.environment
    publisher = try await Library.create(
      at: folder.appending("publisher"), name: "Test", member: "Ana",
      founding: MemberTemplate(name: "Ana", role: .publisher), environment: environment)
  }

  var remote: MemoryRemote { MemoryRemote(service: publisher) }

  func put(_ text: String, _ path: String, in library: Library? = nil) async throws {
    _ = try await (library ?? publisher).put(Array(text.utf8), at: try DocumentPath(path), reason: "because")
  }

  func text(_ path: String, in library: Library? = nil) async throws -> String? {
    let content = try await (library ?? publisher).content(of: try DocumentPath(path))
    return content.map { String(decoding: $0.bytes, as: UTF8.self) }
  }

  func invite(
    _ name: String, _ role: MemberRole, only: [String]? = nil, forStick: Bool = false
  ) async throws -> InvitationCode {
    let collections = try only.map { Set(try $0.map { try CollectionName($0) }) }
    let invitation = try await publisher.invite(
      MemberTemplate(name: name, role: role, collections: collections), forStick: forStick)
    guard let code = InvitationCode(invitation.code) else { throw WrongInvitation(library: publisher.id) }
    return code
  }

  /// A new copy of a new member.
  func member(
    _ name: String, _ role: MemberRole, only: [String]? = nil, remote: (any Remote)? = nil
  ) async throws -> Library {
    try await clone(name, code: try await invite(name, role, only: only), remote: remote)
  }

  func clone(
    _ name: String, code: InvitationCode?, depth: Depth = .trail, remote: (any Remote)? = nil
  ) async throws -> Library {
    try await Library.clone(
      from: remote ?? self.remote, to: folder.appending(name),
      options: CloneOptions(depth: depth, member: "claimed \(name)", code: code), environment: environment
    ).library
  }

  /// The number of change sets in the publisher's log.
  func size() async throws -> UInt64 { try await publisher.figures().changeSets }
}
