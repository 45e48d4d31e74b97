import Foundation
import SheafLog
import SheafModel
import SheafStore

/// What an audit is about.
public struct AuditOptions: Sendable, Hashable {
  /// Change sets after this moment: a checkpoint or revision by its place, a time by what is claimed.
  public var from: Moment
  /// Change sets up to this moment.
  public var to: Moment
  /// Only revisions of these collections; empty for all.
  public var collections: Set<CollectionName>
  /// How it is written.
  public var format: AuditFormat

  public init(
    from: Moment = .checkpoint(0), to: Moment = .now, collections: Set<CollectionName> = [],
    format: AuditFormat = .html
  ) {
    self.from = from
    self.to = to
    self.collections = collections
    self.format = format
  }
}

extension Library {
  /// Tells every change of a period: who, when, why, what exactly, and whether it holds.
  ///
  /// The file appears under its name when it is whole. What this copy does not hold is said and not told.
  ///
  /// - Throws: `LibraryError.needsDepth` in a copy that holds no change sets, `.noMoment`; `AuditError` when the
  ///   file can't be written, with nothing left behind.
  public func audit(
    to file: URL, _ options: AuditOptions, activity: @escaping ActivitySink
  ) async throws -> AuditReport {
    let made = environment.clock().description
    return try await store.read { transaction in
      let view = try MomentView(transaction)
      try view.needHistory("make an audit")
      let range = try view.auditRange(from: options.from, to: options.to)
      let newest = try transaction.newestCheckpoint()
      let signed = try newest.map { try SignedCheckpoint(parsing: $0.note) }
      let checkpoint = try? signed?.verified(by: self.logVerifier, origin: self.id.text)
      var summary = AuditSummary(
        name: view.facts.name, library: self.id.text,
        logKeyFingerprint: SHA256Hash(hashing: self.logVerifier.publicKey).hex, made: made, range: range,
        collections: options.collections.map(\.text).sorted(),
        checkpoint: signed.map { ($0.checkpoint.size, $0.checkpoint.root.base64) },
        isCheckpointSigned: checkpoint != nil)
      let writer = options.format.writer(library: self.id)
      var output = try AuditFile(file)
      do {
        if let range {
          let reader = try AuditReader(
            view, range: range, collections: options.collections, checkpoint: checkpoint)
          let id = self.id
          try reader.walk { inputs in
            let told = LogCheck.onTwoThreads(inputs) { input -> (AuditChange, [UInt8]) in
              var change = input.change(library: id, checkpoint: checkpoint)
              if !options.collections.isEmpty {
                change.revisions.removeAll { !options.collections.contains($0.path.collection) }
              }
              return (change, writer.change(change))
            }
            for (change, bytes) in told where !bytes.isEmpty {
              if summary.changeSets > 0 { output.append(writer.separator) }
              output.append(bytes)
              summary.add(change)
            }
            try output.flush()
            if let last = inputs.last {
              activity(.verifying(done: last.changeSet.number, total: range.upperBound))
            }
          }
        }
        let size = try output.finish(opening: writer.opening(summary), closing: writer.closing(summary))
        return AuditReport(
          file: file.path, format: options.format.rawValue, from: range?.lowerBound ?? 0,
          to: range?.upperBound ?? 0, checkpoint: summary.checkpoint?.size ?? 0,
          changeSets: summary.changeSets,
          revisions: summary.revisions, parts: summary.parts, redacted: summary.redacted,
          untold: summary.untold,
          unverified: summary.unverified, backdated: summary.backdated, sizeInBytes: size)
      } catch {
        output.abandon()
        throw error
      }
    }
  }
}

extension MomentView {
  /// The change sets after one moment up to another; `nil` for none.
  func auditRange(from: Moment, to: Moment) throws -> ClosedRange<UInt64>? {
    let first: UInt64
    switch from {
    case .time(let time): first = try transaction.firstChangeSet(notBefore: time) ?? position + 1
    default: first = (try size(at: from) ?? position) + 1
    }
    let last: UInt64
    switch to {
    case .time(let time): last = try transaction.newestChangeSet(notAfter: time)
    default: last = try size(at: to) ?? position
    }
    return first <= last ? first...last : nil
  }
}

/// A file in two parts, of which the second is written first: what stands at the head of an audit is known
/// only when everything is told. It gets its name when it is whole.
private struct AuditFile {
  private let place: URL
  private let body: URL
  private let whole: URL
  private let handle: FileHandle
  private var waiting: [UInt8] = []
  private static let flushedSize = 1 << 18
  private static let copiedSize = 1 << 20

  init(_ file: URL) throws {
    place = file
    body = file.deletingLastPathComponent().appending(path: file.lastPathComponent + ".part")
    whole = file.deletingLastPathComponent().appending(path: file.lastPathComponent + ".new")
    handle = try Self.create(body)
  }

  private static func create(_ file: URL) throws -> FileHandle {
    guard FileManager.default.createFile(atPath: file.path, contents: nil),
      let handle = FileHandle(forWritingAtPath: file.path)
    else { throw AuditError(file: file.path, reason: String(cString: strerror(errno))) }
    return handle
  }

  mutating func append(_ bytes: [UInt8]) { waiting += bytes }

  mutating func flush() throws {
    guard waiting.count >= Self.flushedSize else { return }
    try write(waiting, to: handle)
    waiting.removeAll(keepingCapacity: true)
  }

  private func write(_ bytes: [UInt8], to handle: FileHandle) throws {
    do { try handle.write(contentsOf: Data(bytes)) } catch {
      throw AuditError(file: place.path, reason: error.localizedDescription)
    }
  }

  /// Puts the head before what was written and the end behind it.
  mutating func finish(opening: [UInt8], closing: [UInt8]) throws -> UInt64 {
    try write(waiting, to: handle)
    try handle.close()
    let out = try Self.create(whole)
    try write(opening, to: out)
    guard let source = FileHandle(forReadingAtPath: body.path) else {
      throw AuditError(file: body.path, reason: String(cString: strerror(errno)))
    }
    while let piece = try source.read(upToCount: Self.copiedSize), !piece.isEmpty {
      try write([UInt8](piece), to: out)
    }
    try source.close()
    try write(closing, to: out)
    let size = try out.offset()
    try out.close()
    guard rename(whole.path, place.path) == 0 else {
      throw AuditError(file: place.path, reason: String(cString: strerror(errno)))
    }
    try? FileManager.default.removeItem(at: body)
    return size
  }

  func abandon() {
    try? handle.close()
    try? FileManager.default.removeItem(at: body)
    try? FileManager.default.removeItem(at: whole)
  }
}

/// Why an audit could not be written. Nothing was left behind.
public struct AuditError: SheafFailure, Equatable {
  /// The file or folder.
  public var file: String
  /// Why.
  public var reason: String

  public init(file: String, reason: String) {
    self.file = file
    self.reason = reason
  }

  public var problem: String { "\(file) can't be written: \(reason)" }
  public var unchanged: String { "the library is as it was" }
  public var hint: String? { "Check the folder's permissions and the free space." }
}
