import Foundation

/// What libFuzzer calls with bytes of its own invention: the first says who reads the rest.
///
/// Nothing may crash, hang, or take memory that the bytes don't pay for.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: start, count: count))
  guard let kind = bytes.first else { return 0 }
  let rest = Array(bytes.dropFirst())
  switch kind % 6 {
  case 0: readBodies(rest)
  case 1: readFields(rest)
  case 2: readDeltas(rest)
  case 3: readBundle(rest)
  case 4: readBundle(Start.full + rest)
  default: readBundle(Start.heads + rest)
  }
  return 0
}

private func readBodies(_ bytes: [UInt8]) {
  let decoder = ContentDecoder()
  let base = Array("# A title\n\nThe first arm received a placebo, the second arm 5 mg.\n".utf8)
  decoder.begin(block: bytes)
  for index in 0..<4 {
    let body = try? decoder.decode(
      base: index == 0 ? nil : (SHA256Hash(hashing: base), base), limit: 100_000)
    guard let body else { return }
    precondition(body.count <= 100_000)
    decoder.keep(as: SHA256Hash(hashing: body))
  }
  try? decoder.endBlock()
}

private func readFields(_ bytes: [UInt8]) {
  let decoder = FieldDecoder()
  decoder.begin(block: bytes)
  for index in 0..<50_000 {
    if index % 7 == 0 {
      guard (try? decoder.decode(digest: 5)) != nil else { return }
    } else {
      guard (try? decoder.decode()) != nil else { return }
    }
  }
}

private func readDeltas(_ bytes: [UInt8]) {
  guard bytes.count >= 4 else { return }
  let cut = [Int(bytes[0]), Int(bytes[0]) + Int(bytes[1])].map { min(2 + $0, bytes.count) }
  var decoder = DeltaDecoder(
    streams: DeltaStreams(
      instructions: Array(bytes[2..<cut[0]]), addresses: Array(bytes[cut[0]..<cut[1]]),
      literals: Array(bytes[cut[1]...])))
  for size in [3, 40, 70_000] { _ = try? decoder.decode(base: Array(0..<200), targetSize: size) }
  _ = try? Deflate.decompress(bytes, size: Int(bytes[0]) << 12)
}

private func readBundle(_ bytes: [UInt8]) {
  var offset = 0
  func source(_ count: Int) -> [UInt8] {
    let part = bytes[offset..<min(bytes.count, offset + count)]
    offset = part.endIndex
    return Array(part)
  }
  let reader = BundleReader(source: source)
  do {
    let header = try reader.readHeader()
    // What a header may declare is more than a fuzzer has.
    guard header.unpackedSizeInBytes <= 4 << 20 else { return }
    try reader.begin(BundleContext(library: nil, logKey: nil, position: CompactRange()))
    var host = KeepingHost(contents: [:])
    while let event = try reader.next(host: &host) {
      if case .body(let hash, let body, _) = event { host.contents[hash] = body }
    }
  } catch {}
  offset = 0
  try? BundleInspection.inspect(source: source) { _ in }
}

private struct KeepingHost: BundleHost {
  var contents: [SHA256Hash: [UInt8]]
  mutating func heldContent(of path: DocumentPath) -> SHA256Hash? { contents.keys.min() }
  mutating func bytes(of content: SHA256Hash) -> [UInt8]? { contents[content] }
}

/// Headers and seals of two vectors, which a fuzzer could not sign: it goes on with their frames.
private enum Start {
  static let full = start(of: "bundle-full-first")
  static let heads = start(of: "bundle-heads-first")

  static func bundle(_ name: String) -> [UInt8] {
    let folder = ProcessInfo.processInfo.environment["SHEAF_VECTORS"] ?? "Schemas/vectors"
    let text = (try? String(contentsOfFile: "\(folder)/\(name).txt", encoding: .utf8)) ?? ""
    return text.split(separator: "\n").filter { $0.hasPrefix("bundle ") }
      .flatMap { Hexadecimal.decode($0.dropFirst(7)) ?? [] }
  }

  private static func start(of name: String) -> [UInt8] {
    let bytes = bundle(name)
    var end = 0
    var offset = 0
    try? BundleInspection.inspect(
      source: { count in
        let part = bytes[offset..<min(bytes.count, offset + count)]
        offset = part.endIndex
        return Array(part)
      },
      report: { item in
        if item.place == .file, item.label != "frame", !item.value.hasPrefix("coded") {
          end = Int(item.offset + item.sizeInBytes)
        }
      })
    return Array(bytes[..<end])
  }
}
