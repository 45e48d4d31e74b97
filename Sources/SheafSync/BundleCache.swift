import Foundation
import SheafModel

#if canImport(Glibc)
  import CMalloc
#endif

/// Finished bundles on disk, so that replicas that ask for the same step share one making.
///
/// Bounded: the bundles used longest ago go first. Whoever opened a file keeps it
/// readable past its removal. Nothing here is ever needed again: the folder may be
/// deleted at any time.
actor BundleCache {
  /// The most bytes kept.
  static let capacityInBytes: UInt64 = 256 << 20
  private let folder: URL
  private var entries: [String: (bundle: BundleFile, use: UInt64)] = [:]
  private var making: [String: Task<BundleFile, any Error>] = [:]
  private var uses: UInt64 = 0
  /// The making that was begun last: the next one waits for it, so that memory is spent once, not once a replica.
  private var lastMaking: Task<Void, Never>?

  init(folder: URL) { self.folder = folder }

  /// The bundle for a key, made by `make` when it is not there.
  ///
  /// - Parameter make: Writes the bundle to the file it is given and returns its size and
  ///   hash. Several callers of one key share one call.
  func bundle(
    for key: String, make: @escaping @Sendable (URL) async throws -> (sizeInBytes: UInt64, hash: SHA256Hash)
  ) async throws -> BundleFile {
    uses += 1
    if let entry = entries[key], FileManager.default.fileExists(atPath: entry.bundle.file.path) {
      entries[key]?.use = uses
      return entry.bundle
    }
    if let task = making[key] { return try await task.value }
    let file = folder.appending(path: SHA256Hash(hashing: Array(key.utf8)).hex.prefix(32) + ".sheaf")
    let folder = folder
    let before = lastMaking
    let task = Task {
      await before?.value
      defer { FreedMemory.giveBack() }
      try await Blocking.run {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        Self.removeForgotten(in: folder)
      }
      // Another process may make the same bundle in the same folder.
      let partial = folder.appending(path: "\(UUID().uuidString).making")
      do {
        let made = try await make(partial)
        try await Blocking.run {
          try? FileManager.default.removeItem(at: file)
          try FileManager.default.moveItem(at: partial, to: file)
        }
        return BundleFile(file: file, sizeInBytes: made.sizeInBytes, hash: made.hash)
      } catch {
        try? FileManager.default.removeItem(at: partial)
        throw error
      }
    }
    making[key] = task
    lastMaking = Task { _ = await task.result }
    defer { making[key] = nil }
    let bundle = try await task.value
    entries[key] = (bundle, uses)
    evict(keeping: key)
    return bundle
  }

  /// Removes what other runs left behind: nobody resumes a download after a day from the same file.
  private static func removeForgotten(in folder: URL) {
    let files = try? FileManager.default.contentsOfDirectory(
      at: folder, includingPropertiesForKeys: [.contentModificationDateKey])
    for file in files ?? [] {
      let values = try? file.resourceValues(forKeys: [.contentModificationDateKey])
      if let changed = values?.contentModificationDate, changed.timeIntervalSinceNow < -86_400 {
        try? FileManager.default.removeItem(at: file)
      }
    }
  }

  private func evict(keeping newest: String) {
    var total = entries.values.reduce(UInt64(0)) { $0 + $1.bundle.sizeInBytes }
    for (key, entry) in entries.sorted(by: { $0.value.use < $1.value.use }) where total > Self.capacityInBytes
    {
      guard key != newest else { continue }
      try? FileManager.default.removeItem(at: entry.bundle.file)
      entries[key] = nil
      total -= entry.bundle.sizeInBytes
    }
  }
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
