import SheafModel
import SheafSync
import Synchronization

/// What goes over a line and is gone on with when that is cut.
protocol Transfer: Sendable {
  /// How many bytes of it are where they are to be.
  var offset: UInt64 { get async }
}

/// A drafts bundle on its way to a server, which keeps what has come of a large one when the line is cut.
final class Upload: Transfer {
  /// Smaller bundles are sent whole each time: asking what is there would cost more than it saves.
  static let leastInBytes = 32 << 10

  let bundle: [UInt8]
  /// By which the server knows a large one; `nil` for a small one.
  let hash: SHA256Hash?
  private let held = Mutex<UInt64>(0)

  init(_ bundle: [UInt8]) {
    self.bundle = bundle
    hash = bundle.count < Self.leastInBytes ? nil : SHA256Hash(hashing: bundle)
  }

  /// How much of it the server has, as far as it said so.
  var offset: UInt64 { held.withLock { $0 } }

  func note(held count: UInt64) { held.withLock { $0 = count } }

  /// What is still to be sent.
  var body: HTTPRemote.Body { (Wire.bundle, bundle[min(Int(clamping: offset), bundle.count)...]) }

  /// Tells of what has gone as a part of the whole.
  func telling(_ sent: @escaping TransferProgress) -> TransferProgress {
    let (offset, total) = (offset, UInt64(bundle.count))
    return { taken, _ in sent(offset + taken, total) }
  }
}

/// How much of a push a server has (`Schemas/http.yaml`, `/parts`).
public struct HeldPart: Codable, Sendable, Equatable {
  /// In bytes; the whole of one that was judged.
  public var held: UInt64

  public init(held: UInt64) { self.held = held }
}
