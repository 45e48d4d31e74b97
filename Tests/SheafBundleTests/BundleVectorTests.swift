import SheafBundle
import SheafLog
import SheafModel
import SheafTesting
import Testing

/// Old bundles still open, and damaged ones are still refused for the same reason.
@Suite struct BundleVectorTests {
  @Test(
    "A bundle that was made once gives what it gave then",
    arguments: [
      "bundle-full-first", "bundle-full-first-deflated", "bundle-trail-some-collections", "bundle-heads-step",
      "bundle-heads-first",
      "bundle-nothing", "bundle-drafts", "bundle-heads-proposals", "bundle-heads-first-proposals",
      "bundle-full-decisions", "bundle-full-redacted", "bundle-heads-redacted",
    ])
  func gives(name: String) throws {
    let sample = try BundleVector(name)
    let (host, expected) = (sample.host, sample.expected)
    #expect(sample.outcome == "gives")
    #expect(!expected.isEmpty)
    #expect(try sample.read(host) == expected)
  }

  @Test(
    "A bundle that was refused once is refused for the same reason",
    arguments: [
      "bundle-refused-empty", "bundle-refused-magic", "bundle-refused-newer-version", "bundle-refused-coder",
      "bundle-refused-truncated-header", "bundle-refused-truncated-frame", "bundle-refused-trailing",
      "bundle-refused-checkpoint-signature", "bundle-refused-author-signature", "bundle-refused-large-stream",
      "bundle-refused-another-history", "bundle-refused-missing-base",
    ])
  func refuses(name: String) throws {
    let sample = try BundleVector(name)
    do {
      _ = try sample.read(sample.host)
      Issue.record("\(name) was not refused")
    } catch let error as BundleError {
      #expect("refuses \(error.caseName)" == sample.outcome)
    }
  }
}

/// A file of `Schemas/vectors`: the outcome, what the receiver has, and the bundle.
struct BundleVector {
  let outcome: String
  var expected: [String] = []
  var bundle: [UInt8] = []
  var position = CompactRange()
  var logKey: [UInt8]?
  var host: SampleHost

  init(_ name: String) throws {
    let text = String(decoding: try vector("\(name).txt"), as: UTF8.self)
    let lines = text.split(separator: "\n").map(String.init)
    outcome = lines.first ?? ""
    host = SampleHost(state: [:], contents: [:])
    for line in lines.dropFirst() {
      let words = line.split(separator: " ").map(String.init)
      switch words.first {
      case "log-key": logKey = Hexadecimal.decode(words[1])
      case "position":
        let nodes = words.dropFirst(2).compactMap { SHA256Hash(hex: $0) }
        position = try #require(CompactRange(size: UInt64(words[1]) ?? 0, nodes: nodes))
      case "holds":
        let bytes = try #require(words.count > 2 ? Hexadecimal.decode(words[2]) : [])
        let hash = SHA256Hash(hashing: bytes)
        host.state[try DocumentPath(words[1])] = .content(hash)
        host.contents[hash] = bytes
      case "bundle": bundle += try #require(words.count > 1 ? Hexadecimal.decode(words[1]) : [])
      default: expected.append(line)
      }
    }
  }

  /// Reads the bundle; answers a line for each thing it gives.
  func read(_ host: SampleHost) throws -> [String] {
    var host = host
    return try receive(
      bundle, BundleContext(library: nil, logKey: logKey, position: position), host: &host
    ).lines
  }
}

extension BundleError {
  /// The case's name, which stays while wordings change.
  var caseName: String {
    Mirror(reflecting: self).children.first?.label ?? (self == .notABundle ? "notABundle" : "unknown")
  }
}

extension Received {
  /// A line for each thing a bundle gives.
  var lines: [String] {
    var lines = bodies.keys.sorted().map { "body \($0.hex)" }
    for changeSet in changeSets {
      lines.append("change-set \(changeSet.number) leaf \(changeSet.leafHash.hex)")
      for line in changeSet.lines {
        lines.append(
          "line \(line.index + 1) \(line.line.verb.rawValue) \(line.line.path) \(line.content?.hex ?? "-")")
      }
    }
    for change in changes {
      for proposal in change.value?.proposals ?? [] {
        lines.append("proposal \(change.path) \(proposal.name) \(proposal.content?.hex ?? "-")")
      }
      switch change.value?.current {
      case .proposed?, nil: lines.append("state \(change.path) gone")
      case .content(let hash): lines.append("state \(change.path) \(hash.hex)")
      case .conflict(let base, let heads):
        let heads = heads.map { $0?.hex ?? "-" }.joined(separator: " ")
        lines.append("state \(change.path) conflict \(base?.hex ?? "-") \(heads)")
      }
    }
    if let end {
      lines.append("end \(end.position.size) \(end.position.root.hex) state \(end.seal.stateRoot.hex)")
      lines += end.otherCollections.map { "other \($0.name) \($0.count) \($0.root.hex)" }
    }
    return lines
  }
}
