import Foundation
import SheafBundle
import SheafModel
import SheafStore

extension Library {
  /// What a sync would cost, without fetching it: exactly, as long as the remote stays as it is.
  ///
  /// What was received earlier and is gone on with is not counted, and on a stick every step is that leads on.
  public func plan(
    with remote: any Remote, options: SyncOptions = SyncOptions()
  ) async throws -> SyncPlan {
    let isIntroduced = try await introduceMember(to: remote)
    do {
      return try await planned(with: remote, options: options)
    } catch RemoteError.unauthorized where !isIntroduced {
      try await introduceMember(to: remote, isAsked: true)
      return try await planned(with: remote, options: options)
    }
  }

  private func planned(with remote: any Remote, options: SyncOptions) async throws -> SyncPlan {
    let request = try await pullRequest(options)
    var plan = SyncPlan(
      remote: remote.address, from: request.known, to: request.known, downloadInBytes: 0, unpackedInBytes: 0,
      revisions: 0, drafts: 0, uploadInBytes: 0)
    var counted: Set<SHA256Hash> = []
    while let drafts = try await draftsBundle(without: counted, upTo: Self.together(remote)) {
      counted.formUnion(drafts.leaves)
      plan.drafts += drafts.leaves.count
      plan.uploadInBytes += UInt64(drafts.bytes.count)
    }
    guard try await Self.foresee(request, at: remote, into: incoming(remote), plan: &plan) else {
      return plan
    }
    plan.freeInBytes = await Blocking.always { [folder] in DiskSpace.free(at: folder) }
    return plan
  }

  /// What a first copy would cost, without fetching it.
  ///
  /// - Throws: `RemoteError`; of a library with members a device learns it once it is one.
  public static func planClone(
    from remote: any Remote, to folder: URL, options: CloneOptions
  ) async throws -> SyncPlan {
    var plan = SyncPlan(
      remote: remote.address, from: 0, to: 0, downloadInBytes: 0, unpackedInBytes: 0, revisions: 0, drafts: 0,
      uploadInBytes: 0)
    let request = PullRequest(from: 0, known: 0, depth: options.depth, subscription: options.subscription)
    // What leads on from a first copy on a stick comes with the first sync.
    _ = try await foresee(request, at: remote, into: incoming(besideCopy: folder), atMost: 1, plan: &plan)
    plan.freeInBytes = await Blocking.always { DiskSpace.free(at: folder) }
    return plan
  }

  /// Counts the bundles that a pull would bring.
  ///
  /// - Returns: Whether there is any.
  private static func foresee(
    _ first: PullRequest, at remote: any Remote, into folder: URL, atMost limit: Int = 1_000,
    plan: inout SyncPlan
  ) async throws -> Bool {
    var request = first
    var hops = 0
    while let preview = try await preview(of: request, at: remote, into: folder, isFirst: hops == 0) {
      var rest = preview.prefix[...]
      let reader = BundleReader { count in
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
      }
      let header = try reader.readHeader()
      let held = await held(of: preview, in: folder)
      plan.to = header.to
      plan.add(header, downloadInBytes: preview.sizeInBytes - held, sizeInBytes: preview.sizeInBytes)
      hops += 1
      guard remote.mayStopShort, header.to > request.known || request.from == 0, hops < limit else { break }
      request = PullRequest(
        from: header.to, known: header.to, depth: request.depth, subscription: request.subscription)
    }
    return hops > 0
  }

  private static func preview(
    of request: PullRequest, at remote: any Remote, into folder: URL, isFirst: Bool
  ) async throws -> PullPreview? {
    do {
      return try await remote.preview(request, into: folder)
    } catch RemoteError.nothingFits where !isFirst { return nil }
  }

  /// How much of a bundle was received before and is not asked for again.
  private static func held(of preview: PullPreview, in folder: URL) async -> UInt64 {
    await Blocking.always {
      let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
      let sizes = names.compactMap { name -> UInt64? in
        guard !name.hasSuffix(".json"), let part = FolderFile(own: folder.appending(path: name)),
          part.sizeInBytes > 0, part.sizeInBytes <= preview.sizeInBytes,
          let start = try? part.read(at: 0, count: preview.prefix.count),
          preview.prefix.starts(with: start)
        else { return nil }
        return part.sizeInBytes
      }
      return sizes.max() ?? 0
    }
  }
}
