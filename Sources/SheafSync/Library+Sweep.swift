import Foundation
import SheafModel
import SheafStore

extension Library {
  /// After a sweep that failed none is tried for this long, or for so many times as long as it took.
  static let sweepPause: (seconds: Int64, share: Int64) = (60, 20)

  /// Sweeps out of files and free pages what redactions destroyed in the rows, when that is due.
  ///
  /// Where somebody reads the library all the while, or the disk has no room to write it anew, it stays due, and
  /// `status` says so. A later change or opening tries again, but not before a pause: each try may write the whole file. `Schemas/redaction.md`, "What is destroyed".
  ///
  /// - Parameter atOnce: Whether a person wants it now, however lately it failed.
  func sweepDestroyed(atOnce: Bool = false) async throws {
    let (due, failed) = try await store.read { (try $0.unswept(), try $0.failedSweep()) }
    guard let due else { return }
    let start = environment.clock()
    guard atOnce || failed?.holdsOff(due, at: start) != true else { return }
    try environment.step(.erased)
    await bundleCache.removeAll()
    // The last is what an attempt to clone left, when this copy was then made in another way.
    let places = [
      folder.appending(path: "incoming"), folder.appending(path: "cache"),
      Self.incoming(besideCopy: folder),
    ]
    let left = await Blocking.always {
      for place in places { try? FileManager.default.removeItem(at: place) }
      return places.first { FileManager.default.fileExists(atPath: $0.path) }
    }
    var obstacle: (any SheafFailure)?
    if let left {
      obstacle = CacheStays(place: left.path)
    } else {
      try environment.step(.cachesEmptied)
      do {
        try checkRoom(toWrite: store.fileSize().total)
        try await store.sweep()
        try environment.step(.swept)
        try await store.write(purpose: "sheaf (destroying content)") { try $0.noteSwept() }
      } catch let failure as NoRoomToCompact {
        obstacle = failure
      } catch StoreError.locked(let holder) {
        obstacle = ReadAllTheWhile(holder: holder)
      } catch let failure as StoreError {
        obstacle = failure
      }
    }
    guard let obstacle else { return }
    let now = environment.clock()
    let pause = max(Self.sweepPause.seconds, (now.seconds - start.seconds) * Self.sweepPause.share)
    let note = FailedSweep(
      redaction: due, time: now, next: Timestamp(seconds: now.seconds + pause), why: obstacle.problem,
      hint: obstacle.hint ?? "")
    // A disk that is full may not take this either: then the next change tries again sooner.
    do {
      try await store.write(purpose: "sheaf (destroying content)") { try $0.note(note) }
    } catch is StoreError {}
  }

  /// Where the texts of drafts lie that their author took back.
  var droppedDrafts: URL { folder.appending(path: "dropped") }

  /// Removes destroyed contents from among the texts of dropped drafts.
  ///
  /// Runs in the transaction that destroys them, while their hashes are known. Where that is undone the text is lost
  /// here and comes to no harm elsewhere: its redaction is in effect.
  func destroyDropped(_ isDestroyed: (SHA256Hash) throws -> Bool) throws {
    let files = FileManager.default.enumerator(
      at: droppedDrafts, includingPropertiesForKeys: [.isRegularFileKey])
    while let file = files?.nextObject() as? URL {
      guard try file.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true,
        let bytes = try? Data(contentsOf: file), try isDestroyed(SHA256Hash(hashing: [UInt8](bytes)))
      else { continue }
      // A file that somebody made unremovable must not keep this copy from following the log.
      try? FileManager.default.removeItem(at: file)
    }
  }

  /// Sweeps at once what is due, however lately that failed.
  ///
  /// - Returns: What is left in this copy's files; `nil` for nothing.
  public func sweep() async throws -> UnsweptContent? {
    try await sweepDestroyed(atOnce: true)
    return try await unsweptContent()
  }

  /// What was destroyed in the rows and is still in this copy's files; `nil` for nothing.
  public func unsweptContent() async throws -> UnsweptContent? {
    try await store.read { try UnsweptContent($0) }
  }
}

/// Content that was destroyed in a copy's rows and is still in its files.
public struct UnsweptContent: Hashable, Sendable, Codable {
  /// The newest redaction of which this is so.
  public var changeSet: UInt64
  /// Why it is still there.
  public var why: String
  /// What a person can do about it.
  public var hint: String
  /// When it was tried the last time, RFC 3339; absent where it was not yet.
  public var tried: String?

  init?(_ transaction: StoreTransaction) throws {
    guard let due = try transaction.unswept() else { return nil }
    let failed = try transaction.failedSweep()
    changeSet = due
    why = failed?.why ?? "it was not swept out yet"
    hint = [failed?.hint ?? "", "`sheaf redactions` tries again at once."].filter { !$0.isEmpty }.joined(
      separator: " ")
    tried = failed?.time.description
  }

  /// All of it in a sentence without its end.
  public var sentence: String {
    "what change set \(changeSet) destroyed is still in this copy's files: \(why)\(tried.map { " (tried \($0))" } ?? "")"
  }
}

/// Somebody reads a library for as long as its file is to be written anew.
private struct ReadAllTheWhile: SheafFailure {
  let holder: String

  var problem: String {
    holder == "unknown"
      ? "somebody was reading the library all the while" : "the library is in use: \(holder)"
  }
  var hint: String? { "End what reads it for long, such as a server or a program that has the file open." }
}

/// A folder of what can be made again can't be removed.
private struct CacheStays: SheafFailure {
  let place: String

  var problem: String { "\(place) can't be removed" }
  var hint: String? { "Remove it by hand." }
}
