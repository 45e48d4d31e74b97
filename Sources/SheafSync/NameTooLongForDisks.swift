import SheafModel

/// A new document with a name that no common disk holds: it could be published and never exported.
public struct NameTooLongForDisks: SheafFailure, Equatable {
  /// The document's path.
  public let path: String

  public var problem: String {
    "a part of the path \(path) is longer than \(Limits.nameOnDiskBytes) bytes, more than the name of a file may have"
  }
  public var unchanged: String { "nothing was published" }
  public var hint: String? { "Rename the document." }
}

extension DocumentPath {
  /// Whether a segment is longer than the names that disks hold (`Schemas/paths.md`, "A file on a disk").
  var isTooLongForDisks: Bool {
    text.utf8.count > Limits.nameOnDiskBytes
      && text.utf8.split(separator: UInt8(ascii: "/")).contains { $0.count > Limits.nameOnDiskBytes }
  }
}
