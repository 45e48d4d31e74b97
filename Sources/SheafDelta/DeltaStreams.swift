/// The three streams that one or more deltas are written to.
///
/// Kept apart because each compresses better among its own kind. Deltas are
/// appended one after the other and read back in the same order; nothing marks
/// where one ends. Laid out in `Schemas/delta.md`.
public struct DeltaStreams: Equatable, Sendable {
  /// Lengths of literals and copies in turn, as varints.
  public var instructions: [UInt8]
  /// Where copies begin, as zigzag varints relative to the end of the copy before.
  public var addresses: [UInt8]
  /// The bytes of the target that no copy gives.
  public var literals: [UInt8]

  /// The largest base or target in bytes.
  public static let maximumSize = Int(Int32.max)

  /// Takes streams as they are; `DeltaDecoder` checks them.
  public init(instructions: [UInt8] = [], addresses: [UInt8] = [], literals: [UInt8] = []) {
    (self.instructions, self.addresses, self.literals) = (instructions, addresses, literals)
  }

  /// Names one of the streams in an error.
  public enum Name: String, Sendable {
    case instructions, addresses, literals
  }
}
