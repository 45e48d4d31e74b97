import Foundation
import SheafDelta
import SheafTesting
import Testing

/// One file of `Schemas/vectors/delta-*.txt`, as `Schemas/delta.md` lays it out.
private struct DeltaVector: Sendable {
  let outcome: String
  var streams = DeltaStreams()
  var deltas: [(base: [UInt8], size: Int, target: [UInt8]?)] = []

  init(name: String) throws {
    let lines = String(decoding: try vector(name), as: UTF8.self).split(separator: "\n")
    outcome = String(try #require(lines.first))
    for line in lines.dropFirst() {
      let words = line.split(separator: " ")
      let value = words.count > 1 ? String(words[1]) : ""
      let last = deltas.indices.last
      switch words[0] {
      case "instructions": streams.instructions = try hex(value)
      case "addresses": streams.addresses = try hex(value)
      case "literals": streams.literals = try hex(value)
      case "base": deltas.append((try hex(value), 0, nil))
      case "size": deltas[try #require(last)].size = try #require(Int(value))
      case "target": deltas[try #require(last)].target = try hex(value)
      default: Issue.record("\(name) has an unknown line: \(line)")
      }
    }
  }
}

private func hex(_ text: String) throws -> [UInt8] {
  let digits = Array(text.utf8)
  return try stride(from: 0, to: digits.count, by: 2).map {
    try #require(UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16))
  }
}

/// The check of `Schemas/delta.md` that an error reports.
private func checks(of error: DeltaError) -> Set<String> {
  switch error {
  case .exhausted, .unfinished: []
  case .badSize: ["1"]
  case .truncated(.instructions), .badNumber(.instructions, _): ["2.1", "2.4"]
  case .pastTarget: ["2.2", "2.6"]
  case .truncated(.literals): ["2.3"]
  case .emptyCopy: ["2.5"]
  case .truncated(.addresses), .badNumber: ["2.7"]
  case .outsideBase: ["2.8"]
  case .unused: ["3"]
  }
}

private let names =
  ((try? FileManager.default.contentsOfDirectory(atPath: schemasFolder.path + "/vectors")) ?? [])
  .filter { $0.hasPrefix("delta-") }.sorted()

@Test("The vectors are there")
func vectorsAreThere() {
  #expect(names.count >= 19)
}

@Test("Every vector has the outcome on its first line", arguments: names)
func vectorOutcome(name: String) throws {
  let vector = try DeltaVector(name: name)
  var decoder = DeltaDecoder(streams: vector.streams)
  do throws(DeltaError) {
    for delta in vector.deltas {
      let target = try decoder.decode(base: delta.base, targetSize: delta.size)
      if vector.outcome == "gives" { #expect(target == delta.target) }
    }
    try decoder.finish()
    #expect(vector.outcome == "gives")
  } catch {
    #expect(checks(of: error).contains { vector.outcome == "refuses \($0)" }, "\(error)")
  }
}

@Test("The encoder makes the example with one copy, as its first four bytes are too few for another")
func exampleIsWritten() throws {
  let example = try DeltaVector(name: "delta-example.txt")
  let delta = try #require(example.deltas.first)
  var streams = DeltaStreams()
  DeltaEncoder.encode(base: delta.base, target: try #require(delta.target), into: &streams)
  #expect(
    streams == DeltaStreams(instructions: [10, 23, 1], addresses: [18], literals: Array("the second.".utf8)))
}
