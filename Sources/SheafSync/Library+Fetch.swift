import Foundation
import SheafModel
import SheafStore

extension Library {
  /// Gets assets that this copy knows of and does not hold (`Schemas/assets.md`, "Lazy").
  ///
  /// Interrupted anywhere, it goes on from there when it is called again. What a folder does not hold
  /// its publisher is asked for, and the next fetch finds it after the two have met.
  ///
  /// - Parameter paths: The documents; `nil` for all whose asset is absent.
  /// - Throws: `LibraryError.noDocument`, `RemoteError`, `DiskTooSmall`, `AssetMismatch`. Assets fetched before stay.
  public func fetch(
    _ paths: [DocumentPath]?, from remote: any Remote, activity: @escaping ActivitySink = { _ in }
  ) async throws -> FetchReport {
    var report = FetchReport()
    var missing: Set<SHA256Hash> = []
    let folder = folder.appending(path: "incoming").appending(path: "assets")
    for wanted in try await absentAssets(of: paths, &report) {
      try DiskSpace.check(
        missing: wanted.sizeInBytes, whole: wanted.sizeInBytes, at: self.folder.path,
        free: DiskSpace.free(at: self.folder))
      let answer = try await remote.asset(wanted.content, sizeInBytes: wanted.sizeInBytes, into: folder) {
        activity(.transferring(received: $0, total: $1))
      }
      guard let answer else {
        missing.insert(wanted.content)
        report.missing += wanted.paths.map(\.text)
        continue
      }
      report.transferredInBytes += answer.transferredInBytes
      defer { try? FileManager.default.removeItem(at: answer.file) }
      try await store.write(purpose: "sheaf fetch") { transaction in
        let source = FolderScan.File(
          path: wanted.paths[0], location: answer.file.path, sizeInBytes: wanted.sizeInBytes)
        var intake = ContentIntake(transaction)
        try FolderScan.read(source) { try intake.add($0) }
        let stored = try intake.finish()
        guard stored.hash == wanted.content else { throw AssetMismatch(path: wanted.paths[0].text) }
      }
      report.fetched += wanted.paths.map(\.text)
      report.sizeInBytes += wanted.sizeInBytes
    }
    try? FileManager.default.removeItem(at: folder)
    try await remote.leave(wishes: missing.sorted(), from: memberMark)
    return report
  }

  /// Lets go of assets' bytes in a copy that may do without; they can be fetched again.
  ///
  /// - Throws: `LibraryError` on a publisher's or full copy, which keep everything.
  public func drop(_ paths: [DocumentPath]) async throws -> FetchReport {
    try await store.write(purpose: "sheaf fetch --drop") { transaction in
      let facts = try transaction.facts()
      guard !facts.isPublisher, facts.depth < .full else { throw KeepsEverything() }
      var report = FetchReport()
      for path in paths {
        let heads = try transaction.heads(of: path)
        guard !heads.isEmpty else { throw LibraryError.noDocument(path.text) }
        for content in heads.compactMap(\.content) {
          guard let size = try transaction.evict(content) else { continue }
          report.sizeInBytes += size
          if report.dropped.last != path.text { report.dropped.append(path.text) }
        }
      }
      return report
    }
  }

  private struct Wanted: Sendable {
    var content: SHA256Hash
    var sizeInBytes: UInt64
    var paths: [DocumentPath]
  }

  /// What is absent, each asset once, in the order of the first paths.
  private func absentAssets(of paths: [DocumentPath]?, _ report: inout FetchReport) async throws -> [Wanted] {
    let (found, here) = try await store.read { transaction -> ([Wanted], [String]) in
      var wanted: [Wanted] = []
      var here: [String] = []
      var indices: [SHA256Hash: Int] = [:]
      func want(_ path: DocumentPath, _ content: SHA256Hash, _ size: UInt64) {
        if let index = indices[content] {
          wanted[index].paths.append(path)
        } else {
          indices[content] = wanted.count
          wanted.append(Wanted(content: content, sizeInBytes: size, paths: [path]))
        }
      }
      if let paths {
        for path in paths {
          let contents = try transaction.heads(of: path).compactMap(\.content)
          guard !contents.isEmpty else { throw LibraryError.noDocument(path.text) }
          var isHere = true
          for content in contents {
            guard let size = try transaction.absentSize(content) else { continue }
            want(path, content, size)
            isHere = false
          }
          if isHere { here.append(path.text) }
        }
      } else {
        var after: DocumentPath?
        while true {
          let some = try transaction.absentDocuments(after: after, count: 500)
          for absent in some { want(absent.path, absent.content, absent.sizeInBytes) }
          guard let last = some.last else { break }
          after = last.path
        }
      }
      return (wanted, here)
    }
    report.alreadyHere = here
    return found
  }
}

/// What came is not the asset that was asked for. The library is as it was.
public struct AssetMismatch: SheafFailure, Equatable {
  public let path: String
  public var problem: String { "the bytes that came for \(path) are not those that were published" }
  public var unchanged: String { "nothing of them was kept" }
  public var hint: String? { "Fetch it again, or from another remote." }
  public var kind: FailureKind { .verification }
}

/// The copy is one that others rely on to hold everything.
public struct KeepsEverything: SheafFailure, Equatable {
  public var problem: String { "this copy keeps every content" }
  public var unchanged: String { "nothing was dropped" }
  public var hint: String? { "Run the command in a replica that keeps heads or trail." }
}
