import Foundation
import SheafModel
import SheafStore

extension Library {
  private static let commitsInTransaction = 64
  private static let bytesInTransaction = 64 << 20

  /// Takes in the main line of a git branch: one change set for each commit, empty ones included.
  ///
  /// Each change set claims its commit's author, time and name (`Schemas/import.md`). An import goes on
  /// after the newest commit that the log holds, so it may be stopped and repeated. What stands in history is
  /// not refused for breaking today's rules; what the newest state breaks is a warning.
  ///
  /// - Throws: `GitError`, `LibraryError.onlyPublisher`. Whole change sets taken in before stay.
  public func importGit(
    repository: URL, branch: String, activity: @escaping ActivitySink
  ) async throws -> ImportReport {
    guard isPublisher else { throw LibraryError.onlyPublisher("import a history") }
    let last = try await store.read { try $0.newestSource(prefix: Self.sourcePrefix)?.source }
    let after = last.map { String($0.dropFirst(Self.sourcePrefix.count)) }
    let (run, alreadyThere) = try await Blocking.run {
      let history = try GitHistory(repository: repository, branch: branch, after: after)
      let alreadyThere = try after.map { try GitHistory.countOfImported($0, in: repository) } ?? 0
      return (ImportRun(history), alreadyThere)
    }
    var isAtEnd = false
    while !isAtEnd {
      isAtEnd = try await append(purpose: "sheaf import git") { sequencer in
        try run.takeSome(
          commits: Self.commitsInTransaction, sizeInBytes: Self.bytesInTransaction, library: self, &sequencer)
      }
      activity(.importing(done: run.done, total: run.total))
    }
    try await refreshSearchIndex(activity: activity)
    let room = ImportRun.warningLimit - run.warnings.count
    let broken = try await store.read { try Self.brokenRules($0, limit: room) }
    let size = try await store.read { try $0.position().size }
    return ImportReport(
      changeSets: run.done, revisions: run.revisions, alreadyThere: alreadyThere, size: size,
      warnings: run.warnings + broken)
  }

  static let sourcePrefix = "git "

  private static func brokenRules(_ transaction: StoreTransaction, limit: Int) throws -> [String] {
    var rules = ContentRules(read: { try transaction.currentBytes(of: $0) })
    var warnings: [String] = []
    var after: DocumentPath?
    while warnings.count < limit {
      let some = try transaction.documents(in: nil, after: after, count: 200)
      guard let last = some.last else { break }
      for document in some {
        guard let content = document.content,
          let found = try rules.violations(of: document.path, content: content, in: transaction)
        else { continue }
        warnings += found.map {
          "\(document.path): \($0)"
        }
      }
      after = last.path
    }
    return Array((warnings + rules.warnings).prefix(max(0, limit)))
  }
}

/// One import under way: the history and what came of it so far.
///
/// Handed from one transaction to the next, each of which ends before the next begins.
// Only `importGit` holds a run, and it awaits every use of it before the next one.
private final class ImportRun: @unchecked Sendable {
  static let warningLimit = 100
  private let history: GitHistory
  private(set) var done = 0
  private(set) var revisions = 0
  private(set) var warnings: [String] = []
  private var warned: Set<String> = []

  var total: Int { history.count }

  init(_ history: GitHistory) { self.history = history }

  /// Takes some commits into the log.
  ///
  /// - Returns: Whether there are no more.
  func takeSome(
    commits: Int, sizeInBytes: Int, library: Library, _ sequencer: inout Sequencer
  ) throws -> Bool {
    var taken = 0
    for _ in 0..<commits {
      guard let commit = try history.next() else { return true }
      taken += try take(commit, library: library, &sequencer)
      done += 1
      if taken > sizeInBytes { break }
    }
    return false
  }

  private func take(_ commit: GitHistory.Commit, library: Library, _ sequencer: inout Sequencer) throws -> Int
  {
    var desk = try EditDesk(transaction: sequencer.transaction, library: library)
    var deleted: [DocumentPath] = []
    var puts: [(path: DocumentPath, object: String)] = []
    for change in commit.changes {
      guard let path = path(change.path, commit) else { continue }
      switch change.content {
      case .file(let object): puts.append((path, object))
      case .symbolicLink:
        warn("\(path): it is a symbolic link, which is left out", commit)
        deleted.append(path)
      case .submodule:
        warn("\(path): it is a submodule, which is left out", commit)
        deleted.append(path)
      case .nothing: deleted.append(path)
      }
    }
    // Most of what git says is gone is here; the rest, such as links, never was.
    deleted = try deleted.filter { try desk.current($0).base != .none }
    var origins: [SHA256Hash: [DocumentPath]] = [:]
    for path in deleted.reversed() {
      if let content = try desk.current(path).content { origins[content, default: []].append(path) }
    }
    var moved: Set<DocumentPath> = []
    var sizeInBytes = 0
    for put in puts {
      var intake = ContentIntake(sequencer.transaction)
      let size = try history.file(put.object, limit: Limits.asset) {
        try $0.withUnsafeBytes { try intake.add($0) }
      }
      guard size <= Limits.asset else {
        warn("\(put.path): its \(size) bytes are more than a document may have; it is left out", commit)
        if try desk.current(put.path).base != .none { deleted.append(put.path) }
        continue
      }
      let current = try desk.current(put.path)
      let stored = try intake.finish(base: current.content)
      // Only its mode changed.
      if current.content == stored.hash { continue }
      sizeInBytes += Int(clamping: stored.sizeInBytes)
      if current.base == .none, let origin = origins[stored.hash]?.popLast() {
        try desk.move(from: origin, to: put.path)
        moved.insert(origin)
      } else {
        try desk.put(stored: stored, at: put.path)
      }
    }
    for path in deleted where !moved.contains(path) { try desk.remove(path) }
    revisions += desk.edits.count
    let claims = Reason.Claims(
      author: commit.author, time: commit.time, source: Library.sourcePrefix + commit.name)
    let by = try sequencer.transaction.facts().member
    let frame = Reason(by: by, message: "", claims: claims).bytes.count
    _ = try sequencer.append(
      desk.edits, message: Self.cut(commit.message, sizeInBytes: Limits.reason - frame), claims: claims)
    return sizeInBytes
  }

  private func path(_ bytes: [UInt8], _ commit: GitHistory.Commit) -> DocumentPath? {
    do {
      let path = try DocumentPath(utf8: bytes)
      guard path.isTooLongForDisks else { return path }
      warn("\(NameTooLongForDisks(path: path.text).problem); it is left out", commit)
    } catch {
      warn("\(error.problem); it is left out", commit)
    }
    return nil
  }

  private func warn(_ text: String, _ commit: GitHistory.Commit) {
    guard warnings.count < Self.warningLimit, warned.insert(text).inserted else { return }
    warnings.append("\(text) (commit \(commit.name.prefix(12)))")
  }

  /// The start of a text, cut between two characters.
  static func cut(_ text: String, sizeInBytes limit: Int) -> String {
    guard text.utf8.count > limit else { return text }
    var size = 0
    var end = text.startIndex
    for index in text.indices {
      size += text[index].utf8.count
      if size > limit { break }
      end = text.index(after: index)
    }
    return String(text[..<end])
  }
}
