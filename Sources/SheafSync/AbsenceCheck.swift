import SheafLog
import SheafModel
import SheafStore

/// Which assets may be missing after a bundle (`Schemas/assets.md`, "Lazy").
///
/// A bundle that leaves out more than the settings at its end allow comes from a mirror that withholds content.
struct AbsenceCheck {
  private let transaction: StoreTransaction
  /// The size that the bundle starts at; 0 for a whole one, before which nothing counts as held or absent.
  private let from: UInt64
  private let depth: Depth
  /// What the settings said before the bundle.
  let settingsBefore: LibrarySettings
  /// Assets that the bundle was the first to tell of.
  private var announced: Set<SHA256Hash> = []
  /// Assets whose pieces build on one that this copy never fetched.
  private var built: Set<SHA256Hash> = []
  private var settingsAfter: LibrarySettings?

  /// Prepares the check, before anything of the bundle is stored.
  init(_ transaction: StoreTransaction, from: UInt64, depth: Depth) throws {
    self.transaction = transaction
    self.from = from
    self.depth = depth
    settingsBefore = from == 0 || depth == .full ? LibrarySettings() : try transaction.presentSettings()
  }

  /// Takes note of an asset that did not come.
  mutating func note(_ hash: SHA256Hash, sizeInBytes: UInt64, isBuiltOnAbsent: Bool) throws {
    if from == 0 {
      announced.insert(hash)
    } else if isBuiltOnAbsent {
      built.insert(hash)
    } else if try transaction.absentSize(hash) == nil {
      announced.insert(hash)
    }
    try transaction.noteAbsent(hash, sizeInBytes: sizeInBytes)
  }

  /// Whether the copy holds a content that stands at a path now, or may do without it.
  ///
  /// Asked once the bundle's settings are in place.
  ///
  /// - Parameter before: What stood at the path before the bundle.
  mutating func allows(_ content: SHA256Hash, at path: DocumentPath, before: Set<SHA256Hash>) throws -> Bool {
    if try transaction.holdsBody(content) { return true }
    guard depth < .full, !path.collection.isAlwaysCarried, let size = try transaction.absentSize(content)
    else {
      return false
    }
    let settings = try settingsAfter ?? transaction.presentSettings()
    settingsAfter = settings
    if settings.isLazy(path, sizeInBytes: size) || built.contains(content) { return true }
    guard from > 0, !announced.contains(content) else { return false }
    return try before.contains(content) || wasStranded(content, sizeInBytes: size)
  }

  /// Whether an asset was absent already under a path from which the sender had to take it for held: its
  /// collection had turned eager before, or somebody had let go of it here.
  private func wasStranded(_ content: SHA256Hash, sizeInBytes size: UInt64) throws -> Bool {
    // A copy of heads looks at what it shows, for this is asked before its bundle's changes are made.
    let paths =
      depth == .heads
      ? try transaction.paths(showing: content, count: 100)
      : try transaction.paths(of: content, upTo: from, count: 100)
    return try paths.contains { path in
      guard !settingsBefore.isLazy(path, sizeInBytes: size) else { return false }
      guard depth > .heads else { return true }
      return try transaction.existingDocumentRow(path).flatMap { try transaction.stateValue($0, at: from) }?
        .contents.contains(content) ?? false
    }
  }
}

extension StateEntry.Value {
  /// Every content that the entry names.
  var contents: Set<SHA256Hash> {
    let current: [SHA256Hash] =
      switch current {
      case .content(let content)?: [content]
      case .conflict(let base, let heads)?: heads.compactMap { $0 } + (base.map { [$0] } ?? [])
      case .proposed?, nil: []
      }
    return Set(current + proposals.compactMap(\.content))
  }
}

extension StoreTransaction {
  /// The library's settings as this copy shows them; the defaults where there are none or they can't be read.
  func presentSettings() throws -> LibrarySettings {
    guard let path = try? DocumentPath(LibrarySettings.path), let bytes = try currentBytes(of: path),
      let settings = try? LibrarySettings(parsing: bytes)
    else { return LibrarySettings() }
    return settings
  }
}
