import Foundation
import SheafLog
import SheafModel
import SheafStore

extension Library {
  /// Compares a checkpoint that somebody shows with this copy's log, and keeps both when they contradict each other.
  ///
  /// A note that the log's key did not sign for this log says nothing, and is passed over. A publisher whose own key
  /// signed what its log does not have signs nothing more.
  ///
  /// - Parameter place: Where it was seen, for the report.
  /// - Returns: Whether it contradicts.
  @discardableResult
  func compare(_ note: [UInt8], seenAt place: String) async throws -> Bool {
    guard let signed = try? SignedCheckpoint(parsing: note),
      let theirs = try? signed.verified(by: logVerifier, origin: id.text)
    else { return false }
    let now = environment.clock()
    let view = try await store.read { transaction -> StoredSplitView? in
      guard let root = try self.root(at: theirs.size, transaction), root != theirs.root else { return nil }
      guard
        let own = try transaction.checkpoint(size: theirs.size)?.note ?? transaction.newestCheckpoint()?.note
      else { return nil }
      return StoredSplitView(size: theirs.size, own: own, theirs: note, place: place, time: now)
    }
    try await heed(theirs)
    guard let view else { return false }
    try await store.write(purpose: "sheaf (keeping evidence)") { try $0.insert(view) }
    return true
  }

  /// After a remote's history failed a check: keeps the checkpoint it signed where that contradicts this copy's.
  func keepEvidence(against remote: any Remote) async {
    guard let note = try? await remote.checkpoint() else { return }
    _ = try? await compare(note, seenAt: remote.address)
  }

  /// Compares the checkpoints that lie in a folder, the publisher's and other replicas', and leaves this copy's.
  func gossip(in remote: FolderRemote) async throws {
    let own = isPublisher ? nil : try await store.read { try $0.newestCheckpoint()?.note }
    let mark = memberMark.text
    let notes = try await Blocking.run { () -> [(String, [UInt8])] in
      let root = try FolderHandle(root: remote.folder)
      var notes: [(String, [UInt8])] = []
      if let note = try? root.read(FolderLayout.checkpoint, maximum: UInt64(Limits.checkpointNote)) {
        notes.append((FolderLayout.checkpoint, note))
      }
      guard let folder = try root.folder(FolderLayout.checkpoints, isMade: false) else { return notes }
      for name in try folder.newestNames(limit: FolderLayout.nameLimit, where: { MemberMark($0) != nil })
        .prefix(FolderLayout.checkpointsCompared)
      {
        guard let note = try? folder.read(name, maximum: UInt64(Limits.checkpointNote)) else { continue }
        notes.append(("\(FolderLayout.checkpoints)/\(name)", note))
      }
      return notes
    }
    for (name, note) in notes { try await compare(note, seenAt: "\(remote.address)/\(name)") }
    guard let own, !notes.contains(where: { $0.0 == "\(FolderLayout.checkpoints)/\(mark)" && $0.1 == own })
    else { return }
    try? await Blocking.run {
      // A folder that only the publisher writes to is a remote all the same.
      try FolderHandle(root: remote.folder).folder(FolderLayout.checkpoints, isMade: true)?
        .write(own, to: mark)
    }
  }

  /// All pairs of checkpoints that contradict each other.
  public func splitViews() async throws -> [SplitView] {
    try await store.read { try $0.splitViews() }.enumerated().map { index, view in
      SplitView(
        number: index + 1, size: view.size, own: String(decoding: view.own, as: UTF8.self),
        theirs: String(decoding: view.theirs, as: UTF8.self), place: view.place,
        time: view.time.description)
    }
  }

  /// Writes all pairs into a folder, as notes that anybody can verify with the log's key.
  ///
  /// - Returns: How many pairs there are.
  public func exportSplitViews(to folder: URL) async throws -> Int {
    let views = try await splitViews()
    let key = logVerifier.text
    try await Blocking.run {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      for view in views {
        for (name, note) in [("own", view.own), ("theirs", view.theirs)] {
          try Data(note.utf8).write(to: folder.appending(path: "\(view.number)-\(name).checkpoint"))
        }
      }
      try Data("\(key)\n".utf8).write(to: folder.appending(path: "log.vkey"))
    }
    return views.count
  }
}

/// Two checkpoints that the log's key signed and that can't both be true.
public struct SplitView: Hashable, Sendable, Codable {
  /// Its number among those kept.
  public var number: Int
  /// The size that the other one states.
  public var size: UInt64
  /// This copy's checkpoint note.
  public var own: String
  /// The note that contradicts it.
  public var theirs: String
  /// Where it was seen.
  public var place: String
  /// When, by this copy's clock.
  public var time: String
}
