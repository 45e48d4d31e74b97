/// What a witness signs: the time it saw a checkpoint, and the checkpoint's text.
///
/// C2SP *tlog-cosignature*, signature type 4; laid out in `Schemas/signed-note.md`.
enum Cosignature {
  static let largestTime = UInt64(Int64.max)

  static func message(text: String, time: UInt64) -> [UInt8] {
    Array("cosignature/v1\ntime \(time)\n\(text)".utf8)
  }

  // Eight bytes of time, big endian and at most 2⁶³ − 1, stand before the 64 of the signature.
  static func time(of signature: ArraySlice<UInt8>) -> UInt64? {
    guard signature.count == 72 else { return nil }
    let time: UInt64 = signature.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    return time <= largestTime ? time : nil
  }
}
