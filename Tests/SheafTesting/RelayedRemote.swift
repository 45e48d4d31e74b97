import Foundation
import SheafModel
import SheafSync

/// A remote that passes on what it is asked, so that a test says only what its own does otherwise.
public protocol RelayedRemote: Remote {
  var remote: any Remote { get }
}

extension RelayedRemote {
  public var address: String { remote.address }

  public func checkpoint() async throws -> [UInt8] { try await remote.checkpoint() }

  public func pull(
    _ request: PullRequest, into folder: URL, progress: @escaping TransferProgress
  ) async throws -> PullAnswer {
    try await remote.pull(request, into: folder, progress: progress)
  }

  public func preview(_ request: PullRequest, into folder: URL) async throws -> PullPreview? {
    try await remote.preview(request, into: folder)
  }

  public func push(
    _ bundle: [UInt8], from member: MemberMark, sent: @escaping TransferProgress
  ) async throws -> PushAnswer {
    try await remote.push(bundle, from: member, sent: sent)
  }

  public func answers(to leaves: [SHA256Hash], from member: MemberMark) async throws -> [DraftAnswer] {
    try await remote.answers(to: leaves, from: member)
  }

  public func leave(position: PullRequest, from member: MemberMark) async throws {
    try await remote.leave(position: position, from: member)
  }
}
