import Foundation
import SheafModel
import SheafStore

/// What a library takes from the world around it, so that a test can hold it still.
public struct LibraryEnvironment: Sendable {
  /// The time now; recorded in notes, never used for order.
  public var clock: @Sendable () -> Timestamp
  /// As many unpredictable bytes as asked for: seeds and keys.
  public var random: @Sendable (_ count: Int) -> [UInt8]
  /// The passphrase of this copy's key, asked for when a sealed key is to sign; `nil` when nobody can say it.
  public var passphrase: @Sendable () throws -> String? = { nil }
  /// scrypt's N for keys that are sealed: a test takes less.
  public var scryptRounds = 1 << 17
  /// How the store is opened.
  public var storeOptions: LibraryStore.Options
  /// Called at each named step of work that a crash could interrupt; a test throws here.
  public var step: @Sendable (Step) throws -> Void

  /// The places where a crash could leave work half done.
  public enum Step: String, Sendable, CaseIterable {
    /// Change sets are in the log, their checkpoint is not signed.
    case appended
    /// The signer's own file names the new position, the store has no signature yet.
    case signerFileWritten
    /// Checkpoints are signed and stored.
    case signed
    /// A bundle has arrived and nothing of it is applied.
    case bundleReceived
    /// A bundle is applied in a transaction that has not been committed.
    case bundleStaged
    /// A bundle is applied.
    case bundleApplied
    /// Drafts have been handed over and the answer is not written down.
    case pushed
    /// The answers to drafts are written down.
    case answered
    /// A draft is stored.
    case drafted
    /// A new key lies beside the old one, and nothing names it.
    case nextKeyWritten
    /// Bodies are packed in a transaction that has not been committed.
    case packing
    /// Some bodies are packed, others are not yet.
    case packed
    /// Redacted content is destroyed in a transaction that has not been committed.
    case erasing
    /// It is gone from the rows, and free pages, caches and the write-ahead log still hold it.
    case erased
    /// Caches are empty; free pages and the write-ahead log still hold it.
    case cachesEmptied
    /// It is gone everywhere, and that is not written down yet.
    case swept
  }

  /// The bytes that are free where a folder is; `nil` when nobody can say. Tests put their own disk here.
  public var freeSpace: @Sendable (URL) -> UInt64? = { DiskSpace.free(at: $0) }

  /// The folder of the user's own in which a publisher keeps a second record of what it signed; `nil` for none.
  public var stateFolder: URL?

  /// Where programs of this user keep their state, by the XDG Base Directory Specification 0.8.
  ///
  /// - Parameter variables: The process's environment.
  /// - Returns: `$XDG_STATE_HOME/sheaf`, else `$HOME/.local/state/sheaf`; `nil` where neither is an absolute path.
  public static func stateFolder(in variables: [String: String]) -> URL? {
    func folder(_ name: String) -> URL? {
      guard let path = variables[name], path.hasPrefix("/") else { return nil }
      return URL(filePath: path, directoryHint: .isDirectory)
    }
    return (folder("XDG_STATE_HOME") ?? folder("HOME")?.appending(path: ".local/state"))?
      .appending(path: "sheaf")
  }

  public init(
    clock: @escaping @Sendable () -> Timestamp, random: @escaping @Sendable (_ count: Int) -> [UInt8],
    storeOptions: LibraryStore.Options = LibraryStore.Options(),
    step: @escaping @Sendable (Step) throws -> Void = { _ in }
  ) {
    self.clock = clock
    self.random = random
    self.storeOptions = storeOptions
    self.step = step
  }

  func seed() -> Seed {
    guard let seed = Seed(bytes: random(Seed.sizeInBytes)) else {
      preconditionFailure("random gave a wrong count")
    }
    return seed
  }
}

/// What long work is doing, for whoever shows progress.
public enum Activity: Sendable, Hashable {
  /// Reading files or documents.
  case reading(done: Int, total: Int?)
  /// Receiving from a remote.
  case transferring(received: UInt64, total: UInt64?)
  /// Handing drafts over to a remote.
  case sending(sent: UInt64, total: UInt64?)
  /// Applying a bundle: revisions or documents.
  case applying(done: UInt64, total: UInt64)
  /// Importing commits.
  case importing(done: Int, total: Int)
  /// Verifying change sets.
  case verifying(done: UInt64, total: UInt64)
  /// Making a bundle: change sets or documents.
  case making(done: UInt64, total: UInt64)
  /// Indexing documents for search.
  case indexing(done: Int, total: Int)
  /// Packing the contents of documents.
  case compacting(done: Int, total: Int)
}

/// Where progress is reported to; called on any thread, often.
public typealias ActivitySink = @Sendable (Activity) -> Void

/// A moment in a library's history.
public enum Moment: Sendable, Hashable {
  /// What stands now, this copy's drafts included.
  case now
  /// One revision.
  case revision(RevisionName)
  /// The state after this many change sets.
  case checkpoint(UInt64)
  /// The state after the newest change set that claims a time not after this one.
  case time(Timestamp)
}
