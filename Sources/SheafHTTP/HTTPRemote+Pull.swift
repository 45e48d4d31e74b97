import AsyncHTTPClient
import Foundation
import NIOCore
import SheafModel
import SheafSync

extension HTTPRemote {
  /// Asks for a bundle and goes on with a part that an earlier call left in `folder`.
  ///
  /// While a part is held, the same bundle is asked for again by the log size it leads
  /// to, even if the log has grown since; so a download that takes longer than the time
  /// between two publications still ends. The next pull brings the rest.
  public func pull(
    _ request: PullRequest, into folder: URL, progress: @escaping TransferProgress
  ) async throws -> PullAnswer {
    try await download(request, into: folder, progress: progress) { download in
      if await download.isBegun { self.noteGoingOn() }
      return try await download.run()
    }
  }

  /// Hands over drafts and asks for what is new in one request.
  ///
  /// While a part of an earlier download is held, that is gone on with, in a request of its own.
  public func exchange(
    _ bundle: [UInt8], of leaves: [SHA256Hash], from member: MemberMark, asking request: PullRequest,
    into folder: URL, sent: @escaping TransferProgress, progress: @escaping TransferProgress
  ) async throws -> ExchangeAnswer {
    try checkPush(bundle)
    var pushed: PushAnswer?
    do {
      let answer = try await download(request, into: folder, progress: progress) { download in
        if await download.isBegun {
          let answer = try await self.push(bundle, from: member, sent: sent)
          pushed = answer
          // The beginning may be of the bundle behind these very drafts.
          if case .answered(let answers) = answer { await download.note(answers) }
          self.noteGoingOn()
          return try await download.run()
        }
        let (answers, cut) = try await download.handOver(bundle, of: leaves, sent: sent)
        pushed = .answered(answers)
        return try await download.run(after: cut)
      }
      guard let pushed else { throw notSheaf("it does not answer the drafts") }
      return ExchangeAnswer(push: pushed, pull: .success(answer))
    } catch {
      guard let pushed else { throw error }
      return ExchangeAnswer(push: pushed, pull: .failure(error))
    }
  }

  /// Names the part that belongs to a request.
  static func partKey(of request: PullRequest) -> String {
    // What the asker says about its note changes nothing in the bundle, and what it holds of it is known later only.
    var named = request.ofBundle
    named.holds = ChangeSetRanges()
    return String(SHA256Hash(hashing: Array(Route.bundle(named).target.utf8)).hex.prefix(32))
  }

  /// Downloads to the part that belongs to a request, and leaves that for later when it fails.
  private func download(
    _ request: PullRequest, into folder: URL, progress: @escaping TransferProgress,
    _ work: (Download) async throws -> PullAnswer
  ) async throws -> PullAnswer {
    let part = PartFile(folder: folder, key: Self.partKey(of: request))
    let download = Download(remote: self, request: request, part: part, progress: progress)
    try await part.open()
    do {
      let answer = try await work(download)
      switch answer {
      case .unchanged, .same: try await part.discard()
      case .bundle: break
      }
      return answer
    } catch {
      await part.keep()
      throw error
    }
  }
}

/// `bytes FIRST-LAST/SIZE` (RFC 9110 section 14.4).
struct ContentRange: Equatable {
  let first: UInt64
  let last: UInt64
  let size: UInt64

  init?(_ text: String) {
    guard text.hasPrefix("bytes ") else { return nil }
    let sides = text.dropFirst(6).split(separator: "/", omittingEmptySubsequences: false)
    guard sides.count == 2, let size = UInt64(sides[1]) else { return nil }
    let ends = sides[0].split(separator: "-", omittingEmptySubsequences: false)
    guard ends.count == 2, let first = UInt64(ends[0]), let last = UInt64(ends[1]), first <= last, last < size
    else { return nil }
    (self.first, self.last, self.size) = (first, last, size)
  }
}
