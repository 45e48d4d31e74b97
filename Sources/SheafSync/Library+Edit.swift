import SheafModel

/// How a conflict is settled.
public enum Resolution: Sendable, Hashable {
  /// The head published first, as it is.
  case ours
  /// The other head, as it is.
  case theirs
  /// This content.
  case content([UInt8])
  /// The document is gone.
  case deletion
}

extension Library {
  /// Puts content under a path: a change set on the publisher's copy, a draft on a replica.
  ///
  /// - Throws: `ContentRefusal`, `PathCollision`, `LibraryError.nothingChanged`; the library is as it was.
  public func put(_ content: [UInt8], at path: DocumentPath, reason: String) async throws -> DraftReport {
    let hash = SHA256Hash(hashing: content)
    return try await edit(purpose: "sheaf put", reason: reason) { desk in
      guard try desk.current(path).content != hash else { throw LibraryError.nothingChanged(path.text) }
      try desk.put(content, hash: hash, at: path)
    }
  }

  /// Takes a document away, leaving a tombstone.
  ///
  /// - Throws: `LibraryError.noDocument`; the library is as it was.
  public func remove(_ path: DocumentPath, reason: String) async throws -> DraftReport {
    try await edit(purpose: "sheaf remove", reason: reason) { try $0.remove(path) }
  }

  /// Settles a conflict with a revision that descends from all heads.
  ///
  /// - Throws: `LibraryError.noConflict`, `.notHeld`, `ContentRefusal`; the library is as it was.
  public func resolve(_ path: DocumentPath, with resolution: Resolution, reason: String) async throws
    -> DraftReport
  {
    try await edit(purpose: "sheaf resolve", reason: reason) { desk in
      let heads = try desk.transaction.heads(of: path)
      guard heads.count > 1 else { throw LibraryError.noConflict(path.text) }
      switch resolution {
      case .content(let bytes): try desk.resolve(path, with: bytes)
      case .deletion: try desk.resolve(path, with: nil)
      case .ours, .theirs:
        guard let content = heads[resolution == .ours ? 0 : 1].content else {
          try desk.resolve(path, with: nil)
          return
        }
        guard let bytes = try desk.transaction.body(content) else { throw LibraryError.notHeld(path.text) }
        try desk.resolve(path, with: bytes)
      }
    }
  }

  private func edit(
    purpose: String, reason: String, _ body: @escaping @Sendable (inout EditDesk) throws -> Void
  ) async throws -> DraftReport {
    let recorded = try await recordEdits(purpose: purpose, reason: reason) { desk in
      try body(&desk)
      try desk.check(reason: reason)
    }
    if isPublisher { try await refreshSearchIndex(activity: { _ in }) }
    return DraftReport(changeSet: recorded.changeSet, draft: recorded.draft, paths: recorded.paths)
  }
}
