import Foundation
import SheafBundle
import SheafLog
import SheafModel
import SheafStore

/// A bundle that is to lie in a folder.
private struct WantedBundle {
  let name: BundleName
  let request: PullRequest
  let sizeInBytes: UInt64
  /// Whether no file of its size may lie there, however much room there is.
  var isTooLarge = false

  /// What is said when it can't lie there.
  func problem(_ remote: FolderRemote) -> String {
    let obstacle =
      isTooLarge
      ? "the disk's file system takes no file of that size; use one with another, or keep less (`--keep heads`)"
      : remote.freeSpace().map { "\($0) bytes are free" } ?? "the disk is full"
    return "\(FolderLayout.bundles)/\(name.text) has \(sizeInBytes) bytes and was not left: \(obstacle)"
  }
}

extension Library {
  /// Leaves what each replica needs that was here, a first copy for whoever comes, and the checkpoint.
  ///
  /// - Throws: `RemoteError` when the folder can't be written. A bundle that finds no room is told, and keeps no other
  ///   from being left.
  func leaveBundles(
    in remote: FolderRemote, problems: inout [String], activity: @escaping ActivitySink
  ) async throws -> (count: Int, sizeInBytes: UInt64) {
    let note = try await checkpointNote()
    let newest = try SignedCheckpoint(parsing: note).checkpoint.size
    let held = try await Blocking.run {
      guard let bundles = try FolderHandle(root: remote.folder).folder(FolderLayout.bundles, isMade: true)
      else { return [BundleName]() }
      try bundles.removeLeftovers()
      return try bundles.names(limit: FolderLayout.nameLimit) { _ in true }.compactMap(BundleName.init)
    }
    var wanted = try await wantedBundles(of: remote, newest: newest, problems: &problems)
    var written = (count: 0, sizeInBytes: UInt64(0))
    var kept: Set<BundleName> = []
    // One first copy stays for whoever comes. A small step behind it is cheaper than making it anew.
    let first = PullRequest(from: 0, known: 0, depth: .trail, subscription: .all)
    let whole = BundleName(first, to: newest)
    // One from before a redaction holds what was destroyed, and goes with what nobody needs.
    let redacted = try await store.read { try $0.newestRedaction(at: newest) } ?? 0
    let older = held.filter {
      $0 == BundleName(first, to: $0.to) && $0.to < newest && $0.to >= redacted
    }.max { $0.to < $1.to }
    if let older, wanted[whole] == nil, !held.contains(whole),
      let step = try await smallStep(after: older, like: first, to: newest, in: remote),
      try await lies(older, as: first, in: remote)
    {
      kept.insert(older)
      wanted[BundleName(step, to: newest)] = step
    } else {
      // What lies there under this name is compared with what is made: it may be damaged, or another's.
      wanted[whole] = first
    }
    var chosen: [WantedBundle] = []
    for (name, request) in wanted where !kept.contains(name) {
      if let one = try await wantedBundle(name, request) { chosen.append(one) }
    }
    let waiting = try await leave(chosen, in: remote, kept: &kept, written: &written)
    if !waiting.isEmpty {
      problems += try await makeRoom(
        for: waiting, among: held.filter { $0.to >= redacted }, of: held, in: remote, kept: &kept,
        written: &written)
    }
    let unneeded = held.filter { [kept] in !kept.contains($0) }
    do {
      try await leaveCheckpoint(in: remote)
      try await remove(unneeded, from: remote)
    } catch RemoteError.full {
      // Bundles that were left bring their own checkpoints, so those that nobody needs may go before it for once.
      try await remove(unneeded, from: remote)
      do { try await leaveCheckpoint(in: remote) } catch RemoteError.full(_, let detail) {
        problems.append("the newest checkpoint was not left, and what lies there stays: \(detail)")
      }
    }
    return written
  }

  /// Leaves the newest checkpoint and the cosignatures, where others lie there.
  ///
  /// - Throws: `RemoteError`; `.full` where there is no room. Each is whole then, as it was or as it is to be.
  private func leaveCheckpoint(in remote: FolderRemote) async throws {
    let cosignatures = try await cosignatures(after: 0)
    let cosigned = try await cosignedCheckpoint()
    try await Blocking.run {
      let root = try FolderHandle(root: remote.folder)
      for (name, bytes, maximum) in [
        (FolderLayout.checkpoint, cosigned, Limits.checkpointNote),
        (FolderLayout.cosignatures, cosignatures, CosignatureList.maximumSize),
      ] {
        // One that is too large to be what it is named for is replaced like any other that is not this one.
        guard (try? root.read(name, maximum: UInt64(maximum))) != bytes else { continue }
        try remote.checkRoom(for: UInt64(bytes.count))
        try root.write(bytes, to: name)
      }
    }
  }

  /// Finds room for bundles that found none, by taking away what nobody needs.
  ///
  /// What they were to replace leads less far and is better than nothing: it goes only where they fit then.
  ///
  /// - Parameter usable: What lay there before and holds nothing that was destroyed.
  /// - Returns: What is to be told of those that still find none.
  private func makeRoom(
    for waiting: [WantedBundle], among usable: [BundleName], of held: [BundleName], in remote: FolderRemote,
    kept: inout Set<BundleName>, written: inout (count: Int, sizeInBytes: UInt64)
  ) async throws -> [String] {
    let needed = kept
    let older = waiting.map { wanted in
      usable.filter { $0.isShorter(than: wanted.name) && !needed.contains($0) }.max { $0.to < $1.to }
    }
    let spared = Set(older.compactMap { $0 })
    try await remove(held.filter { !needed.contains($0) && !spared.contains($0) }, from: remote)
    var problems: [String] = []
    for (wanted, older) in zip(waiting, older) {
      if try await leave([wanted], in: remote, kept: &kept, written: &written).isEmpty { continue }
      guard let older, try await lies(older, as: wanted.request, in: remote) else {
        problems.append(wanted.problem(remote))
        continue
      }
      // What leads on from it takes less room.
      let step = Self.step(after: older, like: wanted.request, to: wanted.name.to)
      let rest = try await wantedBundle(BundleName(step, to: wanted.name.to), step)
      if let rest, try await leave([rest], in: remote, kept: &kept, written: &written).isEmpty {
        kept.insert(older)
        continue
      }
      let (room, overflows) = (remote.freeSpace() ?? .max).addingReportingOverflow(
        try await size(of: older, in: remote))
      if !wanted.isTooLarge, overflows || room >= wanted.sizeInBytes {
        try await remove([older], from: remote)
        if try await leave([wanted], in: remote, kept: &kept, written: &written).isEmpty { continue }
      } else {
        kept.insert(older)
      }
      problems.append(wanted.problem(remote))
    }
    return problems
  }

  /// The bundle that each replica that was here needs to get to `newest`.
  private func wantedBundles(
    of remote: FolderRemote, newest: UInt64, problems: inout [String]
  ) async throws -> [BundleName: PullRequest] {
    // Positions are read one by one, for each may be large.
    let positions = try await Blocking.run {
      guard let replicas = try FolderHandle(root: remote.folder).folder(FolderLayout.replicas, isMade: false)
      else { return [(String, FolderPosition?)]() }
      let names = try replicas.newestNames(limit: FolderLayout.nameLimit) { MemberMark($0) != nil }
      for name in names.dropFirst(FolderLayout.positionsKept) { try replicas.remove(name) }
      return names.prefix(FolderLayout.positionsKept).map { name in
        (name, (try? replicas.read(name, maximum: FolderLayout.positionLimit)).flatMap { FolderPosition($0) })
      }
    }
    var wanted: [BundleName: PullRequest] = [:]
    var later = 0
    for (name, position) in positions {
      let place = "\(FolderLayout.replicas)/\(name)"
      guard let position, position.library == id.text else {
        problems.append("\(place) names no position in this library")
        continue
      }
      let request = position.request
      guard request.known <= newest else {
        problems.append("\(place) is at checkpoint \(request.known), which this copy has not reached")
        continue
      }
      guard request.from == 0 || request.from < newest else { continue }
      let bundle = BundleName(request, to: newest)
      if wanted[bundle] == nil, wanted.count == FolderLayout.bundlesPrepared {
        later += 1
      } else {
        wanted[bundle] = request
      }
    }
    if later > 0 {
      problems.append(
        "\(later) positions were written before the \(FolderLayout.bundlesPrepared) that bundles were made for"
      )
    }
    return wanted
  }

  /// The step from an older first copy, where it is there, whole at its start, and four times the step's size.
  private func smallStep(
    after older: BundleName, like first: PullRequest, to newest: UInt64, in remote: FolderRemote
  ) async throws -> PullRequest? {
    let size = try await size(of: older, in: remote)
    let request = Self.step(after: older, like: first, to: newest)
    guard case .bundle(let step) = try await offer(request) else { return nil }
    return step.sizeInBytes <= size / 4 ? request : nil
  }

  /// Whether an older bundle of a kind lies there as it was left, byte for byte.
  private func lies(_ name: BundleName, as request: PullRequest, in remote: FolderRemote) async throws -> Bool
  {
    let bundle: BundleFile
    do {
      guard let made = try await made(name, request) else { return false }
      bundle = made
    } catch is LibraryError, RemoteError.nothingFits {
      // What lies there may name anything, and be of a kind that is made for now only.
      return false
    }
    return try await Blocking.run {
      let bundles = try FolderHandle(root: remote.folder).folder(FolderLayout.bundles, isMade: false)
      // One that can't be read is none.
      return (try? bundles?.file(name.text)?.uncached().hash()) == bundle.hash
    }
  }

  /// What leads on from a bundle that lies there, for copies of its kind.
  private static func step(after older: BundleName, like request: PullRequest, to: UInt64) -> PullRequest {
    PullRequest(
      from: older.to, known: older.to, depth: request.depth, subscription: request.subscription, to: to)
  }

  /// Takes bundles away.
  private func remove(_ names: [BundleName], from remote: FolderRemote) async throws {
    try await Blocking.run {
      let bundles = try FolderHandle(root: remote.folder).folder(FolderLayout.bundles, isMade: false)
      for name in names { try bundles?.remove(name.text) }
    }
  }

  /// How large a bundle is that lies there; 0 for none.
  private func size(of name: BundleName, in remote: FolderRemote) async throws -> UInt64 {
    try await Blocking.run {
      try FolderHandle(root: remote.folder).folder(FolderLayout.bundles, isMade: false)?.file(name.text)?
        .sizeInBytes ?? 0
    }
  }

  /// Makes a bundle; `nil` where nothing is to be told.
  private func made(_ name: BundleName, _ request: PullRequest) async throws -> BundleFile? {
    var request = request
    request.known = name.known
    request.to = name.to
    guard case .bundle(let bundle) = try await offer(request) else { return nil }
    return bundle
  }

  /// The same with its size, which says when its turn comes. It stays in the cache until then if that has room.
  private func wantedBundle(_ name: BundleName, _ request: PullRequest) async throws -> WantedBundle? {
    try await made(name, request).map {
      WantedBundle(name: name, request: request, sizeInBytes: $0.sizeInBytes)
    }
  }

  /// Leaves bundles, the smallest first, so that one which finds no room takes none from the others.
  ///
  /// - Returns: Those that found none.
  private func leave(
    _ bundles: [WantedBundle], in remote: FolderRemote, kept: inout Set<BundleName>,
    written: inout (count: Int, sizeInBytes: UInt64)
  ) async throws -> [WantedBundle] {
    var waiting: [WantedBundle] = []
    for bundle in bundles.sorted(by: { ($0.sizeInBytes, $0.name.text) < ($1.sizeInBytes, $1.name.text) }) {
      do {
        let size = try await leave(bundle, in: remote)
        if size > 0 { written = (written.count + 1, written.sizeInBytes + size) }
        kept.insert(bundle.name)
      } catch RemoteError.full {
        waiting.append(bundle)
      } catch RemoteError.fileTooLarge {
        var bundle = bundle
        bundle.isTooLarge = true
        waiting.append(bundle)
      }
    }
    return waiting
  }

  /// Leaves a bundle, unless the same bytes lie there.
  ///
  /// - Returns: How many bytes were written.
  /// - Throws: `RemoteError.full` where there is no room, `.fileTooLarge`; what lay there stays.
  private func leave(_ wanted: WantedBundle, in remote: FolderRemote) async throws -> UInt64 {
    let name = wanted.name
    guard let bundle = try await made(name, wanted.request) else { return 0 }
    return try await Blocking.run {
      guard let bundles = try FolderHandle(root: remote.folder).folder(FolderLayout.bundles, isMade: true),
        let source = FolderFile(own: bundle.file)
      else {
        throw RemoteError.interrupted(address: remote.address, detail: "the bundle made for it is gone")
      }
      if let there = try bundles.file(name.text), try there.hash() == bundle.hash { return 0 }
      try remote.checkRoom(for: bundle.sizeInBytes)
      try bundles.write(to: name.text) { append in
        var offset: UInt64 = 0
        while true {
          let some = try source.read(at: offset, count: 1 << 20)
          guard !some.isEmpty else { return }
          try append(some)
          offset += UInt64(some.count)
        }
      }
      // A worn-out stick takes every byte and gives back others.
      guard let written = try bundles.file(name.text), try written.uncached().hash() == bundle.hash else {
        try bundles.remove(name.text)
        throw RemoteError.interrupted(
          address: remote.address, detail: "\(name.text) does not read as it was written; use another disk")
      }
      return bundle.sizeInBytes
    }
  }
}

extension FolderFile {
  /// The hash of its bytes.
  func hash() throws -> SHA256Hash {
    var hasher = SHA256Hash.Hasher()
    var offset: UInt64 = 0
    while true {
      let some = try read(at: offset, count: 1 << 20)
      guard !some.isEmpty else { return hasher.finalize() }
      hasher.update(some)
      offset += UInt64(some.count)
    }
  }
}
