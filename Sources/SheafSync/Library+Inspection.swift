import Foundation
import SheafLog
import SheafModel
import SheafStore

extension Library {
  /// Writes everything that an inspector needs into a folder: documents, the trail, proofs, public keys,
  /// the audit, and instructions by which other people's programs verify it all.
  ///
  /// The folder must be empty or not exist; a failure takes away what was written.
  ///
  /// - Throws: `LibraryError.needsDepth` in a copy that holds no change sets, `.empty`; `ExportError`, `AuditError`.
  public func copyForInspection(to folder: URL, activity: @escaping ActivitySink) async throws
    -> InspectionReport
  {
    var report = try await store.read { transaction in
      let view = try MomentView(transaction)
      try view.needHistory("make a copy for inspection")
      guard let newest = try transaction.newestCheckpoint() else { throw LibraryError.empty }
      var writer = InspectionWriter(
        files: try ExportFolder(folder), view: view, newest: newest,
        report: InspectionReport(
          folder: folder.path, size: newest.size, documents: 0, contents: 0, absentContents: 0, unverified: []
        ))
      do {
        try self.fill(&writer, activity)
      } catch {
        writer.files.takeAway()
        throw error
      }
      return writer.report
    }
    do {
      let audit = try await audit(
        to: folder.appending(path: "audit.html"), AuditOptions(to: .checkpoint(report.size)),
        activity: activity)
      report.unverified = audit.unverified
    } catch {
      try? FileManager.default.removeItem(at: folder)
      throw error
    }
    return report
  }

  private func fill(_ writer: inout InspectionWriter, _ activity: ActivitySink) throws {
    let transaction = writer.view.transaction
    try writer.documents()
    try writer.trail(activity)
    try writer.tiles()
    try writer.authors()
    try writer.logKey(logVerifier)
    let isTimed = try writer.times(
      clock: try transaction.timeKeyNote().flatMap { try? timeKey(parsing: $0) },
      checkpoint: try Self.cosigned(writer.newest, transaction), witnesses: witnessPrefix)
    try writer.instructions(library: id.text, isTimed: isTimed)
  }
}
