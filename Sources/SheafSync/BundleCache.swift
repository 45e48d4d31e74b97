import Foundation
import SheafModel

#if canImport(Glibc)
  import CMalloc
#endif

/// Finished bundles on disk, so that replicas that ask for the same step share one making.
///
/// Bounded: the bundles used longest ago go first, and large ones take no room from the
/// others, nor time: they are made in a line of their own. Whoever opened a file keeps it
/// readable past its removal. It outlives the process: a file's name says what it answers
/// and which bytes it has. Nothing here is ever needed again: the folder may be deleted
/// at any time.
actor BundleCache {
  /// How many bytes are kept.
  struct Capacity: Sendable {
    /// A bundle above this counts as large.
    var largeInBytes: UInt64 = 32 << 20
    /// The most bytes of bundles that are not large.
    var smallInBytes: UInt64 = 256 << 20
    /// The most bytes of large ones; the newest stays whatever its size, for somebody is about to get it.
    var largeTotalInBytes: UInt64 = 4 << 30
  }

  /// Work above so many bytes of content waits in the line for large ones: some seconds on a slow machine.
  static let largeWorkInBytes: UInt64 = 4 << 20
  /// The most bundles that are being made or wait to be: each asker chooses what it asks for.
  static let mostMakings = 64
  /// The most files kept.
  static let capacity = 4096
  /// How long a bundle is kept that nobody asks for: nobody resumes a download from the same file after a month.
  static let longestUnused: TimeInterval = 30 * 86_400

  private struct Entry {
    var bundle: BundleFile
    /// When it was used last, counted in uses.
    var use: UInt64
  }

  private let folder: URL
  private let capacityInBytes: Capacity
  private var entries: [String: Entry] = [:]
  private var loading: Task<Void, Never>?
  /// A bundle that is being made, or waits to be.
  private struct Making {
    var number: UInt64
    var task: Task<BundleFile, any Error>
    /// How many wait for it.
    var waiting = 0
    var isBegun = false
  }

  private var making: [String: Making] = [:]
  private var uses: UInt64 = 0
  /// The making that was begun last in each of two lines, of large ones or not: the next one waits for it, so that
  /// memory is spent twice, not once a replica, and nobody waits minutes for what takes a moment.
  private var lastMaking: [Bool: Task<Void, Never>] = [:]
  /// How many bundles were made since the start.
  private(set) var makings: UInt64 = 0
  /// How many are being made or wait to be.
  var underWay: Int { making.count }

  init(folder: URL, capacity: Capacity = Capacity()) {
    self.folder = folder
    capacityInBytes = capacity
  }

  /// The bundle for a key, made by `make` when it is not there.
  ///
  /// - Parameters:
  ///   - work: About how many bytes of content have to be looked at, asked when the bundle is not there.
  ///   - make: Writes the bundle to the file it is given and returns its size and
  ///     hash. Several callers of one key share one call.
  /// - Throws: `TooManyMakings`; `CancellationError` to a caller that was cancelled. When the last that waits for a
  ///   bundle is, it is not begun any more; one that was begun is finished, for whoever asks again.
  func bundle(
    for key: String, work: @escaping @Sendable () async throws -> UInt64 = { 0 },
    make: @escaping @Sendable (URL) async throws -> (sizeInBytes: UInt64, hash: SHA256Hash)
  ) async throws -> BundleFile {
    await load()
    let mark = String(SHA256Hash(hashing: Array("\(Self.maker) \(key)".utf8)).hex.prefix(32))
    uses += 1
    if let entry = entries[mark] {
      entries[mark]?.use = uses
      if await Blocking.always({ Self.touch(entry.bundle) }) { return entry.bundle }
      entries[mark] = nil
      // What stands there is not what it was made as, and would be counted by nobody.
      await Blocking.always { try? FileManager.default.removeItem(at: entry.bundle.file) }
    }
    if making[mark] == nil {
      guard making.count < Self.mostMakings else { throw TooManyMakings() }
      makings += 1
      making[mark] = Making(number: makings, task: task(for: mark, number: makings, work: work, make: make))
    }
    return try await wait(for: mark)
  }

  private func wait(for mark: String) async throws -> BundleFile {
    guard let some = making[mark] else { throw CancellationError() }
    making[mark]?.waiting += 1
    return try await withTaskCancellationHandler {
      try await Self.outcome(of: some.task)
    } onCancel: {
      Task { await self.leave(mark, some.number) }
    }
  }

  /// What comes of a making, or nothing at once for who is cancelled: the making may stand in line for long still.
  private static func outcome(of making: Task<BundleFile, any Error>) async throws -> BundleFile {
    let (outcomes, told) = AsyncStream.makeStream(of: Result<BundleFile, any Error>.self)
    Task {
      told.yield(await making.result)
      told.finish()
    }
    for await outcome in outcomes { return try outcome.get() }
    throw CancellationError()
  }

  /// Somebody who waited does so no longer.
  private func leave(_ mark: String, _ number: UInt64) {
    guard let some = making[mark], some.number == number else { return }
    making[mark]?.waiting -= 1
    guard some.waiting == 1, !some.isBegun else { return }
    some.task.cancel()
    making[mark] = nil
  }

  private func task(
    for mark: String, number: UInt64, work: @escaping @Sendable () async throws -> UInt64,
    make: @escaping @Sendable (URL) async throws -> (sizeInBytes: UInt64, hash: SHA256Hash)
  ) -> Task<BundleFile, any Error> {
    Task { [folder] in
      defer { if making[mark]?.number == number { making[mark] = nil } }
      let isLarge = try await work() > Self.largeWorkInBytes
      let (before, ended) = line(isLarge)
      defer { ended.finish() }
      await before?.value
      try Task.checkCancellation()
      if making[mark]?.number == number { making[mark]?.isBegun = true }
      defer { FreedMemory.giveBack() }
      try await Blocking.run {
        try FileManager.default.createDirectory(
          at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
      }
      // Another process may make the same bundle in the same folder.
      let partial = folder.appending(path: UUID().uuidString + Self.partialSuffix)
      do {
        let made = try await make(partial)
        let file = folder.appending(path: "\(mark)-\(made.hash.hex)" + Self.suffix)
        try await Blocking.run { try FileManager.default.replaceOrMove(partial, to: file) }
        let bundle = BundleFile(file: file, sizeInBytes: made.sizeInBytes, hash: made.hash)
        entries[mark] = Entry(bundle: bundle, use: uses)
        await evict(keeping: mark)
        return bundle
      } catch {
        try? await Blocking.run { try FileManager.default.removeItem(at: partial) }
        throw error
      }
    }
  }

  /// Takes a place at the end of a line.
  ///
  /// - Returns: What to wait for, and what to finish when the work is done.
  private func line(
    _ isLarge: Bool
  ) -> (before: Task<Void, Never>?, ended: AsyncStream<Never>.Continuation) {
    let (stream, continuation) = AsyncStream.makeStream(of: Never.self)
    let before = lastMaking[isLarge]
    lastMaking[isLarge] = Task { for await _ in stream {} }
    return (before, continuation)
  }

  // MARK: Files

  private static let suffix = ".sheaf"
  private static let partialSuffix = ".making"

  /// What makes bundles here: another build of the program may make other bytes of the same request.
  private static let maker: String = {
    guard let program = Bundle.main.executableURL,
      let values = try? program.resourceValues(forKeys: [.fileSizeKey, .contentModificationDateKey])
    else { return "" }
    return "\(values.fileSize ?? 0) \(values.contentModificationDate?.timeIntervalSince1970 ?? 0)"
  }()

  /// Finds what an earlier run left, once.
  private func load() async {
    let task =
      loading
      ?? Task { [folder] in
        var doubles: [URL] = []
        for found in await Blocking.always({ Self.files(in: folder) }) {
          uses += 1
          // Two processes that made one bundle of a library that went on between them left two.
          if let older = entries[found.mark] { doubles.append(older.bundle.file) }
          entries[found.mark] = Entry(bundle: found.bundle, use: uses)
        }
        let files = doubles
        await Blocking.always { for file in files { try? FileManager.default.removeItem(at: file) } }
        await evict(keeping: nil)
      }
    loading = task
    await task.value
  }

  /// The finished bundles in the folder, the one used longest ago first; leftovers and what is too old is removed.
  private static func files(in folder: URL) -> [(mark: String, bundle: BundleFile)] {
    let keys: Set<URLResourceKey> = [.contentModificationDateKey, .fileSizeKey, .isRegularFileKey]
    let files =
      (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: Array(keys)))
      ?? []
    var found: [(date: Date, mark: String, bundle: BundleFile)] = []
    for file in files {
      guard let values = try? file.resourceValues(forKeys: keys), values.isRegularFile == true,
        let date = values.contentModificationDate, let size = values.fileSize
      else { continue }
      let name = file.lastPathComponent
      let parts = name.dropLast(suffix.count).split(separator: "-", omittingEmptySubsequences: false)
      let isOwn = name.hasSuffix(suffix) && parts.count == 2 && parts[0].utf8.count == 32
      // A day is longer than any making takes.
      let patience = isOwn ? longestUnused : 86_400
      guard date.timeIntervalSinceNow > -patience else {
        try? FileManager.default.removeItem(at: file)
        continue
      }
      guard isOwn, let hash = Hexadecimal.decode(parts[1]).flatMap({ SHA256Hash(bytes: $0) }) else {
        continue
      }
      found.append(
        (date, String(parts[0]), BundleFile(file: file, sizeInBytes: UInt64(clamping: size), hash: hash)))
    }
    return found.sorted { $0.date < $1.date }.map { ($0.mark, $0.bundle) }
  }

  /// Notes the use for later runs.
  ///
  /// - Returns: Whether the file is there, as long as it should be.
  private static func touch(_ bundle: BundleFile) -> Bool {
    guard
      let values = try? FileManager.default.attributesOfItem(atPath: bundle.file.path),
      (values[.size] as? NSNumber)?.uint64Value == bundle.sizeInBytes
    else { return false }
    if let date = values[.modificationDate] as? Date, date.timeIntervalSinceNow < -3600 {
      try? FileManager.default.setAttributes([.modificationDate: Date()], ofItemAtPath: bundle.file.path)
    }
    return true
  }

  /// Removes every bundle, those that are being made included: content of theirs was destroyed.
  func removeAll() async {
    let underWay = making.values.map(\.task)
    for task in underWay { _ = try? await task.value }
    entries.removeAll()
    let folder = folder
    await Blocking.always { try? FileManager.default.removeItem(at: folder) }
  }

  /// The newest redaction that the bundles here know of; another process may have destroyed what they hold.
  private var redacted: UInt64?

  /// Forgets bundles that were made before a redaction.
  func follow(redaction number: UInt64) async {
    if let redacted, redacted != number { await removeAll() }
    redacted = number
  }

  private func evict(keeping newest: String?) async {
    var gone: [URL] = []
    for isLarge in [false, true] {
      let some = entries.filter { ($0.value.bundle.sizeInBytes > capacityInBytes.largeInBytes) == isLarge }
      let most = isLarge ? capacityInBytes.largeTotalInBytes : capacityInBytes.smallInBytes
      var total = some.values.reduce(UInt64(0)) { $0 + $1.bundle.sizeInBytes }
      var count = some.count
      for (mark, entry) in some.sorted(by: { $0.value.use < $1.value.use })
      where total > most || count > Self.capacity {
        guard mark != newest else { continue }
        gone.append(entry.bundle.file)
        entries[mark] = nil
        total -= entry.bundle.sizeInBytes
        count -= 1
      }
    }
    let files = gone
    guard !files.isEmpty else { return }
    await Blocking.always { for file in files { try? FileManager.default.removeItem(at: file) } }
  }
}

/// So many bundles are being made or wait to be that another is not begun. Nothing was changed.
public struct TooManyMakings: SheafFailure, Equatable {
  public init() {}

  public var problem: String { "\(BundleCache.mostMakings) other bundles are being made" }
  public var hint: String? { "Try again in a while." }
}

/// Memory that the allocator keeps after large work.
enum FreedMemory {
  /// Hands it back to the system: a server lives long, and each of its threads would keep its own.
  static func giveBack() {
    #if canImport(Glibc)
      malloc_trim(0)
    #endif
  }
}
