import Foundation
import SheafLog
import SheafModel
import SheafStore

extension Library {
  /// Where this copy stands: its position, its drafts, and what a person should know.
  public func status() async throws -> StatusReport {
    let now = environment.clock()
    let size = Self.sizeOnDisk(folder)
    let own = member.verifierKey.publicKey
    let mark = memberMark.text
    let awaitsMembership = try await awaitsMembership()
    return try await store.read { transaction in
      let facts = try transaction.facts()
      let counts = try transaction.counts()
      let position = try transaction.position().size
      var rules = ContentRules(read: { try transaction.currentBytes(of: $0) })
      let settings = try rules.settings()
      let newest = try transaction.newestChangeSets(before: nil, count: 1).first
      let drafts = try Self.drafts(transaction)
      let severities = try transaction.conflictCounts()
      let absent = try transaction.absentCount()
      var warnings = rules.warnings
      if let latest = try transaction.latestTime(), now < latest {
        warnings.append(
          "this computer's clock says \(now), which is before the newest time in the log, \(latest)")
      } else if let floor = try transaction.timeFloor(), now < floor {
        warnings.append("this computer's clock says \(now), and the publisher's said \(floor) already")
      }
      warnings += (try? self.witnessWarnings(transaction, now: now)) ?? []
      if facts.isPublisher {
        do { try self.checkSignerRecord(transaction) } catch let refusal as SignerRefusal {
          warnings.append("nothing can be published: \(refusal.problem)")
        }
      }
      if try position > 0 && transaction.newestCheckpoint()?.size != position {
        warnings.append("change sets wait for their signature; opening the library again signs them")
      }
      if let unswept = try UnsweptContent(transaction) {
        warnings.append("\(unswept.sentence); `sheaf redactions` tries again and says what to do")
      }
      // What is damaged is for `verify` to tell.
      let authority = try? transaction.authority(of: own)
      if let authority, authority.isClosed, authority.role == nil {
        warnings.append(
          "this copy's key is no member's\(awaitsMembership ? " yet" : ""): it reads, and what is changed here would be refused"
        )
      }
      let redactions = try transaction.waitingRedactions(besidesOf: own)
      var report = StatusReport(
        library: facts.library.text, name: settings.name ?? facts.name, isPublisher: facts.isPublisher,
        member: facts.member, memberMark: mark, depth: facts.depth.rawValue,
        subscription: facts.subscription.text,
        size: position, newestChange: newest?.time.description, documents: counts.documents,
        conflicts: counts.conflicts, conflictsToLookAt: severities[.look] ?? 0,
        proposals: try transaction.openProposalCount(), drafts: drafts, quarantined: counts.quarantined,
        remote: facts.remote,
        sizeInBytes: size, warnings: warnings, absent: absent.documents, absentInBytes: absent.sizeInBytes,
        freshness: try self.freshness(transaction, now: now), splitViews: try transaction.splitViewCount(),
        approvals: try transaction.openApprovalCount(),
        changedSinceSigned: try transaction.documentsChangedSinceSigned().map(\.text),
        redactions: redactions.all,
        redactionsToConfirm: authority?.role?.redacts ?? false ? redactions.ofOthers : 0,
        awaitsMembership: awaitsMembership)
      report.role = authority?.role?.rawValue
      return report
    }
  }

  // The write-ahead log holds what has not been moved into the file yet.
  private static func sizeOnDisk(_ folder: URL) -> UInt64 {
    [LibraryStore.fileName, LibraryStore.fileName + "-wal"].reduce(0) { sum, name in
      let attributes = try? FileManager.default.attributesOfItem(atPath: folder.appending(path: name).path)
      return sum + ((attributes?[.size] as? NSNumber)?.uint64Value ?? 0)
    }
  }
}

extension StoredDraft {
  /// The short mark by which a person names it.
  var mark: String { String(leaf.hex.prefix(16)) }

  /// What its note says.
  func fields() throws -> ChangeSetNote {
    let note = try SignedNote(
      parsing: note, maximumSize: Limits.changeSetNote, maximumSignatures: Limits.signatures)
    return try ChangeSetNote(parsing: note.text)
  }
}
