import Foundation
import SheafLog
import SheafModel
import SheafStore

extension Library {
  /// Gets assets that this copy knows of and does not hold (`Schemas/assets.md`, "Lazy").
  ///
  /// Interrupted anywhere, it goes on from there when it is called again. What a folder does not hold
  /// its publisher is asked for, and the next fetch finds it after the two have met; what was asked for before
  /// is asked for still, until it is here. An asset that there is no room for, or whose bytes are others, keeps
  /// none of the rest from coming.
  ///
  /// - Parameter paths: The documents; `nil` for all whose asset is absent.
  /// - Throws: `LibraryError.noDocument`, `RemoteError`, `CheckpointError` for a folder of another library that
  ///   lacks some, and in the end the first `DiskTooSmall`, `AssetMismatch` or wrong answer for one asset. Assets
  ///   that were fetched stay.
  public func fetch(
    _ paths: [DocumentPath]?, from remote: any Remote, activity: @escaping ActivitySink = { _ in }
  ) async throws -> FetchReport {
    try await introduceMember(to: remote)
    var report = FetchReport()
    let wanted = try await absentAssets(of: paths, &report)
    try await fetch(wanted, from: remote, &report, activity)
    return report
  }

  /// Gets contents one by one; a folder's publisher is asked for those that are not there.
  func fetch(
    _ contents: [Wanted], from remote: any Remote, _ report: inout FetchReport,
    _ activity: @escaping ActivitySink
  ) async throws {
    var missing: Set<SHA256Hash> = []
    var refusal: (any Error)?
    for wanted in contents {
      do {
        if try await fetch(wanted, from: remote, &report, activity) { continue }
        report.missing += wanted.names
      } catch let error where Self.concernsOneAsset(error) {
        refusal = refusal ?? error
        // A folder's publisher mends what lies there damaged.
        guard error is AssetMismatch else { continue }
      }
      missing.insert(wanted.content)
    }
    await removeSettledParts()
    try await leaveWishes(missing, at: remote)
    if let refusal { throw refusal }
  }

  /// Whether an error says nothing about the other assets.
  private static func concernsOneAsset(_ error: any Error) -> Bool {
    switch error {
    case is DiskTooSmall, is AssetMismatch, RemoteError.notSheaf, RemoteError.tooMuch, RemoteError.refused:
      true
    default: false
    }
  }

  /// Gets one asset.
  ///
  /// What came whole stays until it is stored, so that it need not come again when that fails.
  ///
  /// - Returns: Whether the remote holds it.
  private func fetch(
    _ wanted: Wanted, from remote: any Remote, _ report: inout FetchReport, _ activity: @escaping ActivitySink
  ) async throws -> Bool {
    try DiskSpace.check(
      missing: wanted.sizeInBytes, whole: wanted.sizeInBytes, at: folder.path,
      free: DiskSpace.free(at: folder))
    // Each has a folder of its own, so that a part which waits for its rest is nobody else's to clear away.
    let place = incomingAssets.appending(path: wanted.content.hex)
    let answer: (file: URL, transferredInBytes: UInt64)?
    do {
      answer = try await remote.asset(wanted.content, sizeInBytes: wanted.sizeInBytes, into: place) {
        activity(.transferring(received: $0, total: $1))
      }
    } catch is AssetMismatch { throw AssetMismatch(path: wanted.paths[0].text) }
    guard let answer else { return false }
    report.transferredInBytes += answer.transferredInBytes
    do {
      try await store.write(purpose: "sheaf fetch") { transaction in
        let source = FolderScan.File(
          path: wanted.paths[0], location: answer.file.path, sizeInBytes: wanted.sizeInBytes)
        var intake = ContentIntake(transaction)
        try FolderScan.read(source) { try intake.add($0) }
        let stored = try intake.finish()
        guard stored.hash == wanted.content else { throw AssetMismatch(path: wanted.paths[0].text) }
      }
    } catch let error as AssetMismatch {
      await remove(place)
      throw error
    }
    await remove(place)
    report.fetched += wanted.names
    report.sizeInBytes += wanted.sizeInBytes
    return true
  }

  private var incomingAssets: URL { folder.appending(path: "incoming").appending(path: "assets") }

  /// Takes away the parts of assets that are here by now, or that nothing names any more.
  private func removeSettledParts() async {
    let place = incomingAssets
    let names =
      (try? await Blocking.run { try FileManager.default.contentsOfDirectory(atPath: place.path) }) ?? []
    for name in names {
      if let hash = SHA256Hash(hex: name), (try? await store.read({ try $0.lacks(hash) })) == true {
        continue
      }
      try? await Blocking.run { try FileManager.default.removeItem(at: place.appending(path: name)) }
    }
    // Only an empty folder goes.
    await Blocking.always { _ = rmdir(place.path) }
  }

  /// Adds to what this copy asked a folder for, and takes back what is here by now.
  private func leaveWishes(_ missing: Set<SHA256Hash>, at remote: any Remote) async throws {
    let told = try await remote.wishes(of: memberMark)
    let open = try await store.read { transaction in
      try told.filter { try !missing.contains($0) && transaction.lacks($0) }
    }
    // The newest first: a folder keeps so many and no more.
    let wishes = missing.sorted() + open
    guard wishes != told else { return }
    if !wishes.isEmpty {
      // What is missing here is nobody's business but this library's: another one's folder is not told.
      _ = try SignedCheckpoint(parsing: try await remote.checkpoint()).verified(
        by: logVerifier, origin: id.text)
    }
    try await remote.leave(wishes: wishes, from: memberMark)
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

  /// A content to get.
  struct Wanted: Sendable {
    var content: SHA256Hash
    var sizeInBytes: UInt64
    var paths: [DocumentPath]
    /// What a report calls it instead of its paths.
    var name: String?

    var names: [String] { name.map { [$0] } ?? paths.map(\.text) }
  }

  /// What is absent, each asset once, in the order of the first paths.
  private func absentAssets(of paths: [DocumentPath]?, _ report: inout FetchReport) async throws -> [Wanted] {
    let pageSize = 500
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
        var after: (path: DocumentPath, content: SHA256Hash)?
        while true {
          let some = try transaction.absentDocuments(after: after, count: pageSize)
          for absent in some { want(absent.path, absent.content, absent.sizeInBytes) }
          guard let last = some.last else { break }
          after = (last.path, last.content)
        }
      }
      return (wanted, here)
    }
    report.alreadyHere = here
    return found
  }
}

extension StoreTransaction {
  /// Whether this copy knows of a content and does not hold it.
  fileprivate func lacks(_ hash: SHA256Hash) throws -> Bool {
    guard try !holdsBody(hash) else { return false }
    return try absentSize(hash) != nil || isPublished(hash)
  }
}

/// What came is not the asset that was asked for. The library is as it was.
public struct AssetMismatch: SheafFailure, Equatable {
  public let path: String

  /// - Parameter path: The document, or where the bytes lay.
  public init(path: String) { self.path = path }

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
