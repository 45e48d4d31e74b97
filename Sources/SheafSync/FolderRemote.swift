import Foundation
import SheafBundle
import SheafLog
import SheafModel

/// A folder or stick as a remote: the same exchange as with a server, through files.
///
/// The publisher's side is `Library.exchange(with:activity:)`; the layout is
/// `Schemas/folder-remote.md`, and a plain web server could serve it. Nothing in the folder
/// is trusted: names are read strictly, sizes are limited, links are not followed, and
/// what comes out of it is verified by the caller.
public struct FolderRemote: Remote {
  /// The folder.
  public let folder: URL
  /// The most bytes that the next copy of a bundle may carry: a test pulls the stick out there.
  var allowance: @Sendable () -> UInt64? = { nil }

  /// The bytes that are free in the folder; a test's full stick.
  var freeSpace: @Sendable () -> UInt64?

  public init(folder: URL) {
    self.folder = folder
    freeSpace = { DiskSpace.free(at: folder) }
  }

  /// Refuses what the disk has no room for, before a byte of it is written.
  ///
  /// - Throws: `RemoteError.full`.
  func checkRoom(for sizeInBytes: UInt64) throws {
    guard let free = freeSpace(), free < sizeInBytes else { return }
    throw RemoteError.full(address: address, detail: "\(free) bytes are free; make room on it")
  }

  public var address: String { folder.path }

  /// A folder holds what the publisher left, which may stop short of its newest checkpoint.
  public var mayStopShort: Bool { true }

  /// The publisher comes by later.
  public var answersLater: Bool { true }

  public func checkpoint() async throws -> [UInt8] {
    try await Blocking.run { try checkpointNote(FolderHandle(root: folder)) }
  }

  public func pull(
    _ request: PullRequest, into incoming: URL, progress: @escaping TransferProgress
  ) async throws -> PullAnswer {
    try await Blocking.run {
      let root = try FolderHandle(root: folder)
      let note = try checkpointNote(root)
      guard let (name, file) = try bundle(for: request, in: root) else {
        // A deeper or wider copy is asked for from the start, whatever the checkpoint is.
        guard request.from > 0, size(of: note) <= request.known else {
          throw RemoteError.nothingFits(address: address, position: request.known)
        }
        return .unchanged(checkpoint: note)
      }
      try DownloadCheck.check(
        sizeInBytes: file.sizeInBytes, start: try file.read(at: 0, count: DownloadCheck.startSizeInBytes),
        address: address)
      let transfer = BundleTransfer(folder: incoming, key: try key(name, file), address: address)
      let copied = try transfer.copy(file, allowance: allowance(), progress: progress)
      return .bundle(file: copied.file, transferredInBytes: copied.transferredInBytes)
    }
  }

  public func preview(_ request: PullRequest, into incoming: URL) async throws -> PullPreview? {
    try await Blocking.run {
      let root = try FolderHandle(root: folder)
      let note = try checkpointNote(root)
      guard let (_, file) = try bundle(for: request, in: root) else {
        guard request.from > 0, size(of: note) <= request.known else {
          throw RemoteError.nothingFits(address: address, position: request.known)
        }
        return nil
      }
      return PullPreview(
        sizeInBytes: file.sizeInBytes, prefix: try file.read(at: 0, count: PullPreview.prefixSizeInBytes))
    }
  }

  public func push(
    _ bundle: [UInt8], from member: MemberMark, sent: @escaping TransferProgress
  ) async throws -> PushAnswer {
    try await Blocking.run {
      let root = try FolderHandle(root: folder)
      try checkSameLibrary(bundle, root)
      guard let all = try root.folder(FolderLayout.drafts, isMade: true),
        let own = try all.folder(member.text, isMade: true)
      else { throw RemoteError.unreachable(address: address, detail: "it can't be written") }
      try own.removeLeftovers()
      var last: UInt64 = 0
      for name in try own.names(limit: FolderLayout.nameLimit, where: { _ in true }).compactMap(
        DraftsName.init)
      {
        last = max(last, name.ordinal)
        let held = try? own.read(name.text, maximum: UInt64(Limits.pushBytes))
        if let held, held == bundle { return .deposited }
        // Damaged while it lay here: its drafts still wait in the replica and come again.
        if held.map({ !name.names($0) }) ?? true { try own.remove(name.text) }
      }
      guard last < DraftsName.lastOrdinal else {
        throw RemoteError.refused(
          address: address,
          detail: "the drafts in \(FolderLayout.drafts)/\(member) are numbered to the end; take them away")
      }
      try own.write(bundle, to: DraftsName(ordinal: last + 1, bytes: bundle).text)
      return .deposited
    }
  }

  public func enrol(_ note: [UInt8], from member: MemberMark) async throws -> EnrolmentAnswer? {
    try await Blocking.run {
      let root = try FolderHandle(root: folder)
      guard let requests = try root.folder(FolderLayout.enrolments, isMade: true) else {
        throw RemoteError.unreachable(address: address, detail: "it can't be written")
      }
      let limit = UInt64(EnrolmentRequest.sizeLimitInBytes)
      if (try? requests.read(member.text, maximum: limit)) != note {
        try requests.write(note, to: member.text)
      }
      return nil
    }
  }

  public func answers(to leaves: [SHA256Hash], from member: MemberMark) async throws -> [DraftAnswer] {
    try await Blocking.run {
      let root = try FolderHandle(root: folder)
      guard let own = try root.folder(FolderLayout.answers, isMade: false)?.folder(member.text, isMade: false)
      else { return [] }
      var answers: [DraftAnswer] = []
      for leaf in leaves {
        guard let bytes = try own.read(FolderLayout.answerName(leaf), maximum: FolderLayout.answerLimit),
          let answer = try? JSONDecoder().decode(DraftAnswer.self, from: Data(bytes)),
          answer.leaf == leaf.base64
        else { continue }
        answers.append(answer)
      }
      // What is not asked for was written down before; a locked stick may keep it.
      let asked = Set(leaves.map(FolderLayout.answerName))
      for name in try own.names(limit: FolderLayout.nameLimit, where: { !asked.contains($0) }) {
        try? own.remove(name)
      }
      return answers
    }
  }

  public func leave(position: PullRequest, from member: MemberMark) async throws {
    try await Blocking.run {
      let root = try FolderHandle(root: folder)
      let line = FolderPosition(library: origin(of: try checkpointNote(root)), request: position)
      let bytes = Array(line.text.utf8)
      if let held = try root.folder(FolderLayout.replicas, isMade: false)?
        .read(member.text, maximum: FolderLayout.positionLimit), held == bytes
      {
        return
      }
      do {
        try root.folder(FolderLayout.replicas, isMade: true)?.write(bytes, to: member.text)
      } catch RemoteError.refused {
        // A mirror that only the publisher writes to is a remote all the same.
      }
    }
  }

  public func cosignatures(
    after size: UInt64, handing own: [UInt8]?, from member: MemberMark
  ) async throws -> [UInt8]? {
    try await Blocking.run {
      let root = try FolderHandle(root: folder)
      if let own {
        do {
          try root.folder(FolderLayout.witnesses, isMade: true)?.write(own, to: member.text)
        } catch RemoteError.refused {
          // A mirror that only the publisher writes to is a remote all the same.
        }
      }
      return try root.read(FolderLayout.cosignatures, maximum: UInt64(CosignatureList.maximumSize))
    }
  }

  // MARK: what lies there

  /// The folder's checkpoint note.
  func checkpointNote(_ root: FolderHandle) throws -> [UInt8] {
    guard let note = try root.read(FolderLayout.checkpoint, maximum: UInt64(Limits.checkpointNote)) else {
      throw RemoteError.notSheaf(address: address, detail: "it holds no checkpoint")
    }
    guard (try? parsed(note)) != nil else {
      throw RemoteError.notSheaf(address: address, detail: "its checkpoint is damaged")
    }
    return note
  }

  private func parsed(_ note: [UInt8]) throws -> SignedCheckpoint {
    try SignedCheckpoint(
      note: SignedNote(
        parsing: note, maximumSize: Limits.checkpointNote, maximumSignatures: Limits.signatures))
  }

  /// The size that a checkpoint claims, which nobody has verified.
  private func size(of note: [UInt8]) -> UInt64 { (try? parsed(note))?.checkpoint.size ?? 0 }

  private func origin(of note: [UInt8]) -> String { (try? parsed(note))?.checkpoint.origin ?? "" }

  /// The bundle that leads furthest from where the copy stands; of two, the one that leaves out what is held.
  ///
  /// A file whose own first bytes say something else than its name is passed over.
  private func bundle(for request: PullRequest, in root: FolderHandle) throws -> (BundleName, FolderFile)? {
    guard let bundles = try root.folder(FolderLayout.bundles, isMade: false) else { return nil }
    let names = try bundles.names(limit: FolderLayout.nameLimit) { _ in true }
      .compactMap(BundleName.init).filter { $0.answers(request) }.sorted {
        ($0.to, $0.known) > ($1.to, $1.known)
      }
    for name in names {
      guard let file = try bundles.file(name.text), file.sizeInBytes <= Limits.assetBundleBytes,
        let header = try? header(file), name.isTrue(of: header),
        header.subscription.text == request.subscription.text
      else { continue }
      return (name, file)
    }
    return nil
  }

  private func header(_ file: FolderFile) throws -> BundleHeader {
    var offset: UInt64 = 0
    return try BundleReader { count in
      let bytes = try file.read(at: offset, count: count)
      offset += UInt64(bytes.count)
      return bytes
    }.readHeader()
  }

  /// Names a bundle closely enough that its part is not continued with another's bytes.
  private func key(_ name: BundleName, _ file: FolderFile) throws -> String {
    let ends =
      try file.read(at: 0, count: 4096)
      + file.read(at: file.sizeInBytes - min(4096, file.sizeInBytes), count: 4096)
    let parts = Array("\(name.text) \(file.sizeInBytes) ".utf8) + ends
    return String(SHA256Hash(hashing: parts).hex.prefix(32))
  }

  /// Keeps drafts from being left where another library's publisher would find them.
  private func checkSameLibrary(_ bundle: [UInt8], _ root: FolderHandle) throws {
    var rest = bundle[...]
    let header = try BundleReader { count in
      defer { rest = rest.dropFirst(count) }
      return Array(rest.prefix(count))
    }.readHeader()
    let origin = origin(of: try checkpointNote(root))
    guard origin == header.library.text else {
      throw RemoteError.refused(address: address, detail: "it holds another library, \(origin)")
    }
  }
}
