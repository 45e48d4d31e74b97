import SheafDelta
import SheafModel

/// Where fields are read from: the file itself, or an unpacked stream of it.
protocol ByteInput {
  /// Where an error says it happened, in the file.
  var position: UInt64 { get }
  mutating func byte() throws(BundleError) -> UInt8
  /// Exactly `count` bytes.
  mutating func take(_ count: Int) throws(BundleError) -> [UInt8]
}

extension ByteInput {
  func malformed(_ what: String) -> BundleError { .malformed(what: what, offset: position) }

  /// A number in its one shortest form, at most 2^64 - 1.
  mutating func number() throws(BundleError) -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      let byte = try byte()
      // The tenth byte has room for one bit; a last byte of zero says nothing.
      guard shift < 63 || byte <= 1, byte != 0 || shift == 0 else { throw malformed("a number") }
      value |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 { return value }
      shift += 7
    }
  }

  mutating func number(atMost limit: UInt64) throws(BundleError) -> UInt64 {
    let value = try number()
    guard value <= limit else { throw malformed("a number above \(limit)") }
    return value
  }

  mutating func signed() throws(BundleError) -> Int64 {
    let value = try number()
    return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
  }

  mutating func sized(atMost limit: Int, what: String) throws(BundleError) -> [UInt8] {
    let count = try number()
    guard count <= UInt64(limit) else { throw malformed("\(what) of \(count) bytes") }
    return try take(Int(count))
  }

  mutating func text(maximumSize: Int, what: String) throws(BundleError) -> String {
    let bytes = try sized(atMost: maximumSize, what: what)
    guard let text = String(validating: bytes, as: UTF8.self) else { throw malformed(what) }
    return text
  }

  mutating func hash() throws(BundleError) -> SHA256Hash {
    guard let hash = SHA256Hash(bytes: try take(SHA256Hash.sizeInBytes)) else { throw malformed("a hash") }
    return hash
  }
}

/// Reads one unpacked stream of a block.
struct ByteCursor: ByteInput {
  private let bytes: [UInt8]
  /// Where bytes come from instead of `bytes`, and whether as digests.
  private let coder: (fields: FieldDecoder, isDigest: Bool)?
  private(set) var offset = 0
  /// The file offset of the frame the stream came in.
  let position: UInt64

  init(_ bytes: [UInt8], position: UInt64) {
    self.bytes = bytes
    coder = nil
    self.position = position
  }

  /// Decodes everything as it is read; there is no end to see.
  init(from fields: FieldDecoder, asDigests: Bool, position: UInt64) {
    bytes = []
    coder = (fields, asDigests)
    self.position = position
  }

  /// Whether all was read; never known of what is decoded.
  var isAtEnd: Bool { coder == nil && offset == bytes.count }

  mutating func byte() throws(BundleError) -> UInt8 {
    if let coder {
      defer { offset += 1 }
      do throws(DeltaError) { return try coder.fields.decode() } catch { throw malformed(error.problem) }
    }
    guard offset < bytes.count else { throw malformed("a stream that ends too early") }
    defer { offset += 1 }
    return bytes[offset]
  }

  mutating func take(_ count: Int) throws(BundleError) -> [UInt8] {
    if let coder {
      var taken: [UInt8] = []
      do throws(DeltaError) {
        if coder.isDigest {
          taken = try coder.fields.decode(digest: count)
        } else {
          while taken.count < count { taken.append(try coder.fields.decode()) }
        }
      } catch {
        throw malformed(error.problem)
      }
      offset += taken.count
      return taken
    }
    guard count >= 0, count <= bytes.count - offset else { throw malformed("a stream that ends too early") }
    defer { offset += count }
    return Array(bytes[offset..<offset + count])
  }
}

/// Reads the file as it arrives, and never more of it than was asked for.
struct ByteSource: ByteInput {
  private let read: (_ maximumCount: Int) throws -> [UInt8]
  private var buffer: [UInt8] = []
  private var start = 0
  private(set) var position: UInt64 = 0
  /// What `read` threw; kept apart so that fields need to throw only one kind.
  private(set) var failure: (any Error)?
  private static let readCount = 64 << 10

  init(_ read: @escaping (_ maximumCount: Int) throws -> [UInt8]) { self.read = read }

  /// Reads on; false at the end.
  private mutating func fill() throws(BundleError) -> Bool {
    buffer.removeAll(keepingCapacity: true)
    start = 0
    do { buffer = try read(Self.readCount) } catch {
      failure = error
      throw .truncated(offset: position)
    }
    return !buffer.isEmpty
  }

  private mutating func advance(_ count: Int) throws(BundleError) {
    start += count
    position += UInt64(count)
    guard position <= Limits.assetBundleBytes else {
      throw .tooLarge(what: "bytes", limit: Limits.assetBundleBytes, offset: position)
    }
  }

  mutating func byte() throws(BundleError) -> UInt8 {
    if start == buffer.count, try !fill() { throw .truncated(offset: position) }
    let byte = buffer[start]
    try advance(1)
    return byte
  }

  // Grows with what arrives, so that a false size takes no memory.
  mutating func take(_ count: Int) throws(BundleError) -> [UInt8] {
    var out: [UInt8] = []
    while out.count < count {
      if start == buffer.count, try !fill() { throw .truncated(offset: position) }
      let part = min(count - out.count, buffer.count - start)
      out += buffer[start..<start + part]
      try advance(part)
    }
    return out
  }

  /// All that follows.
  mutating func rest(atMost limit: UInt64) throws(BundleError) -> [UInt8] {
    var out: [UInt8] = []
    while try !isAtEnd() {
      let part = buffer.count - start
      guard UInt64(out.count + part) <= limit else {
        throw .tooLarge(what: "bytes in a block", limit: limit, offset: position)
      }
      out += buffer[start...]
      try advance(part)
    }
    return out
  }

  /// Whether nothing follows.
  mutating func isAtEnd() throws(BundleError) -> Bool {
    if start < buffer.count { return false }
    return try !fill()
  }
}
