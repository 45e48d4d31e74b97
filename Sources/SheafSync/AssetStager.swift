import SheafBundle
import SheafModel
import SheafStore

/// Files the assets of a bundle as their parts come, inside the transaction that the bundle stands or falls with.
struct AssetStager {
  private let transaction: StoreTransaction
  private var writer: AssetWriter?

  init(_ transaction: StoreTransaction) { self.transaction = transaction }

  /// Takes the next part; nothing of it counts yet.
  mutating func take(_ part: AssetPart) throws {
    // Moved out while it is worked on, so that its list of parts is never copied.
    var writer = self.writer ?? AssetWriter(transaction)
    self.writer = nil
    switch part {
    case .chunk(let bytes): try writer.add(bytes)
    case .copied(let chunk, let bytes):
      try writer.add(StoredChunk(id: chunk.id, sizeInBytes: chunk.sizeInBytes), bytes: bytes)
    }
    self.writer = writer
  }

  /// Files the parts so far under the hash that the bundle's reader has verified.
  mutating func finish(_ hash: SHA256Hash) throws {
    guard var writer else { throw StoreError.damaged("an asset without parts") }
    self.writer = nil
    guard try writer.finish() == hash else { throw StoreError.damaged("asset \(hash)") }
  }
}

extension StoreTransaction {
  /// The library's settings at a position; the defaults where there are none or they can't be read.
  func settings(at size: UInt64) throws -> LibrarySettings {
    guard size > 0, let path = try? DocumentPath(LibrarySettings.path),
      let document = try existingDocumentRow(path),
      let content = try heads(document, at: size).first?.content, let bytes = try body(content),
      let settings = try? LibrarySettings(parsing: bytes)
    else { return LibrarySettings() }
    return settings
  }
}
