import Foundation
import SheafModel
import Synchronization

/// A library in the same process as a remote: for tests, and for two copies in one app.
///
/// Behaves as an HTTP remote does, a cut line included, so that every fault a network
/// has can be tried without one.
public final class MemoryRemote: Remote {
  /// What goes wrong with one request.
  public enum Fault: Sendable, Hashable {
    /// The request never arrives.
    case lostRequest
    /// The request has its effect and the answer never arrives.
    case lostReply
    /// The request arrives twice.
    case duplicate
    /// The line is cut after this many bytes of a bundle.
    case cut(afterBytes: UInt64)
  }

  /// What is asked of a remote.
  public enum Request: Sendable, Hashable, CaseIterable {
    case checkpoint, pull, preview, push, answers, enrol, cosign
  }

  /// What travelled so far.
  public struct Traffic: Sendable, Hashable {
    /// Requests made, the lost ones included.
    public var requests = 0
    /// Bytes of bundles received.
    public var received: UInt64 = 0
    /// Bytes of drafts sent.
    public var sent: UInt64 = 0
  }

  public let address: String
  private let service: any LibraryService
  private let fault: @Sendable (Request) -> Fault?
  private let counted = Mutex(Traffic())

  /// - Parameter fault: Asked once for each request what goes wrong with it.
  public init(
    service: any LibraryService, address: String = "memory",
    fault: @escaping @Sendable (Request) -> Fault? = { _ in nil }
  ) {
    self.service = service
    self.address = address
    self.fault = fault
  }

  /// What travelled so far.
  public var traffic: Traffic { counted.withLock { $0 } }

  public func cosignatures(
    after size: UInt64, handing own: [UInt8]?, from member: MemberMark
  ) async throws -> [UInt8]? {
    try await exchange(.cosign) { [service] _ in
      if let own { return try await service.cosign(own, after: size) }
      return try await service.cosignatures(after: size)
    }
  }

  public func checkpoint() async throws -> [UInt8] {
    try await exchange(.checkpoint) { [service] _ in try await service.checkpointNote() }
  }

  public func pull(
    _ request: PullRequest, into folder: URL, progress: @escaping TransferProgress
  ) async throws -> PullAnswer {
    try await exchange(.pull) { [self] allowance in
      switch try await service.offer(request) {
      case .unchanged(let checkpoint):
        return request.held == CheckpointMark(note: checkpoint) ? .same : .unchanged(checkpoint: checkpoint)
      case .bundle(let bundle):
        let transfer = BundleTransfer(
          folder: folder, key: String(bundle.hash.hex.prefix(32)), address: address)
        return try await Blocking.run {
          guard let source = FolderFile(own: bundle.file) else {
            throw RemoteError.interrupted(address: self.address, detail: "the bundle is gone")
          }
          let (file, transferred) = try transfer.copy(
            source, allowance: allowance,
            carried: { count in self.counted.withLock { $0.received += count } },
            progress: progress)
          return .bundle(file: file, transferredInBytes: transferred)
        }
      }
    }
  }

  public func preview(_ request: PullRequest, into folder: URL) async throws -> PullPreview? {
    try await exchange(.preview) { [service, address] _ in
      switch try await service.offer(request) {
      case .unchanged: return nil
      case .bundle(let bundle):
        return try await Blocking.run {
          guard let source = FolderFile(own: bundle.file) else {
            throw RemoteError.interrupted(address: address, detail: "the bundle is gone")
          }
          return PullPreview(
            sizeInBytes: bundle.sizeInBytes,
            prefix: try source.read(at: 0, count: PullPreview.prefixSizeInBytes))
        }
      }
    }
  }

  public func push(
    _ bundle: [UInt8], from member: MemberMark, sent: @escaping TransferProgress
  ) async throws -> PushAnswer {
    counted.withLock { $0.sent += UInt64(bundle.count) }
    return .answered(
      try await exchange(.push) { [service] _ in try await service.receive(push: bundle, from: member) })
  }

  public func enrol(_ note: [UInt8], from member: MemberMark) async throws -> EnrolmentAnswer? {
    try await exchange(.enrol) { [service] _ in try await service.enrol(note) }
  }

  public func answers(to leaves: [SHA256Hash], from member: MemberMark) async throws -> [DraftAnswer] {
    try await exchange(.answers) { [service] _ in try await service.answers(to: leaves) }
  }

  public func asset(
    _ hash: SHA256Hash, sizeInBytes: UInt64, into folder: URL, progress: @escaping TransferProgress
  ) async throws -> (file: URL, transferredInBytes: UInt64)? {
    guard let reading = try await service.asset(hash, in: nil) else { return nil }
    let file = folder.appending(path: hash.hex)
    try await Blocking.run {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }
    let sink = try BundleSink(file)
    while sink.sizeInBytes < reading.sizeInBytes {
      let bytes = try await reading.bytes(from: sink.sizeInBytes, count: 1 << 20)
      guard !bytes.isEmpty else { break }
      try bytes.withUnsafeBytes { try sink.write($0) }
    }
    _ = try sink.finish()
    counted.withLock { $0.received += reading.sizeInBytes }
    return (file, reading.sizeInBytes)
  }

  public func pastContents(
    of path: DocumentPath, upTo size: UInt64, before: RevisionName?
  ) async throws -> [UInt8]? {
    let answer = try await service.pastContents(of: path, upTo: size, before: before, in: nil)
    counted.withLock {
      $0.requests += 1
      $0.received += UInt64(answer?.count ?? 0)
    }
    return answer
  }

  public func leave(position: PullRequest, from member: MemberMark) async throws {}

  /// Makes one request, with whatever goes wrong with it.
  private func exchange<Answer: Sendable>(
    _ request: Request, _ work: (_ allowance: UInt64?) async throws -> Answer
  ) async throws -> Answer {
    counted.withLock { $0.requests += 1 }
    switch fault(request) {
    case .lostRequest: throw RemoteError.unreachable(address: address, detail: "the request was lost")
    case .lostReply:
      // What the other end did stands, as it would when the line is cut on the way back.
      _ = try await work(request == .pull ? 0 : nil)
      throw RemoteError.interrupted(address: address, detail: "the answer was lost")
    case .duplicate:
      _ = try await work(nil)
      return try await work(nil)
    case .cut(let bytes): return try await work(bytes)
    case nil: return try await work(nil)
    }
  }
}
