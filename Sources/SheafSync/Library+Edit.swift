import Foundation
import SheafModel
import SheafStore

/// How a conflict is settled.
public enum Resolution: Sendable, Hashable {
  /// The head published first, as it is.
  case ours
  /// The other head, as it is.
  case theirs
  /// What the merge proposes.
  case proposed
  /// A choice for each part of the merge.
  case parts([PartChoice])
  /// This content.
  case content([UInt8])
  /// The document is gone.
  case deletion
}

extension Library {
  /// Puts content under a path: a change set on the publisher's copy, a draft on a replica.
  ///
  /// - Throws: `ContentRefusal`, `NameTooLongForDisks`, `PathCollision`, `LibraryError.nothingChanged`; the library is as it was.
  public func put(_ content: [UInt8], at path: DocumentPath, reason: String) async throws -> DraftReport {
    let hash = SHA256Hash(hashing: content)
    return try await edit(purpose: "sheaf put", reason: reason) { desk in
      guard try desk.current(path).shown != hash else { throw LibraryError.nothingChanged(path.text) }
      try desk.put(content, hash: hash, at: path)
    }
  }

  /// Puts a file's content, of whatever size, under a path.
  ///
  /// - Throws: `FolderRefusal` when the file can't be read, and what `put(_:at:reason:)` throws; the library is as it was.
  public func put(contentsOf file: URL, at path: DocumentPath, reason: String) async throws -> DraftReport {
    try await edit(purpose: "sheaf put", reason: reason) { desk in
      let before = try desk.current(path).shown
      let put = try desk.put(at: path) { intake in
        let source = FolderScan.File(path: path, location: file.path, sizeInBytes: 0)
        try FolderScan.read(source) { try intake.add($0) }
      }
      guard put.hash != before else { throw LibraryError.nothingChanged(path.text) }
    }
  }

  /// Takes a document away, leaving a tombstone.
  ///
  /// - Throws: `LibraryError.noDocument`; the library is as it was.
  public func remove(_ path: DocumentPath, reason: String) async throws -> DraftReport {
    try await edit(purpose: "sheaf remove", reason: reason) { try $0.remove(path) }
  }

  /// Settles a conflict with one revision in the place of its heads.
  ///
  /// A content of one's own, and a deletion, stand for all heads. A choice between sides is one between the first
  /// two, which were merged and shown: where there are more, the others stand against what was chosen, to be
  /// settled next.
  ///
  /// - Throws: `LibraryError.noConflict`, `.notHeld`, `ContentRefusal`; the library is as it was.
  ///
  /// - Parameter settlement: The conflict that the choice was made for; `nil` for whatever it is now.
  public func resolve(
    _ path: DocumentPath, with resolution: Resolution, of settlement: ConflictSettlement? = nil,
    reason: String
  ) async throws -> DraftReport {
    try await edit(purpose: "sheaf resolve", reason: reason) { desk in
      let heads = try desk.transaction.heads(of: path)
      guard heads.count > 1 else { throw LibraryError.noConflict(path.text) }
      if let settlement, settlement.heads != heads.map(\.content) {
        throw LibraryError.changedMeanwhile(path.text)
      }
      switch resolution {
      case .content(let bytes): try desk.resolve(path, with: bytes, of: .all)
      case .deletion: try desk.resolve(path, with: nil, of: .all)
      case .proposed:
        guard let bytes = try desk.merge(of: path).proposed else {
          throw LibraryError.nothingProposed(path.text)
        }
        try desk.resolve(path, with: bytes, of: .firstTwo)
      case .parts(let choices):
        try desk.resolve(
          path, with: try Self.settlement(of: path, at: &desk).content(taking: choices), of: .firstTwo)
      case .ours, .theirs:
        guard let content = heads[resolution == .ours ? 0 : 1].content else {
          try desk.resolve(path, with: nil, of: .firstTwo)
          return
        }
        try desk.resolve(path, withHeld: content, of: .firstTwo)
      }
    }
  }

  private static func settlement(of path: DocumentPath, at desk: inout EditDesk) throws -> ConflictSettlement
  {
    ConflictSettlement(
      try desk.merge(of: path),
      report: ConflictReport(path: path.text, mediaType: "", severity: "", sides: [], parts: []))
  }

  func edit(
    purpose: String, reason: String, _ body: @escaping @Sendable (inout EditDesk) throws -> Void
  ) async throws -> DraftReport {
    let recorded = try await recordEdits(purpose: purpose, reason: reason) { desk in
      try body(&desk)
      try desk.check(reason: reason)
      return desk.edits.filter { $0.verb == .put || $0.verb == .delete }.map(\.path)
    }
    if isPublisher { try await refreshSearchIndex(activity: { _ in }) }
    let conflicted = try await store.read { transaction in
      try recorded.value.filter { try transaction.heads(of: $0).count > 1 }
    }
    return DraftReport(
      changeSet: recorded.changeSet, draft: recorded.draft, paths: recorded.paths,
      isProposal: recorded.isProposal, conflicted: conflicted.map(\.text))
  }
}
