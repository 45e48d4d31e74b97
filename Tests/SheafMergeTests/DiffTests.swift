import SheafMerge
import SheafModel
import SheafTesting
import Testing

@Suite("Differences")
struct DiffTests {
  static func lines(_ text: [UInt8]) -> [ArraySlice<UInt8>] {
    var lines: [ArraySlice<UInt8>] = []
    var start = 0
    for index in text.indices where text[index] == UInt8(ascii: "\n") {
      lines.append(text[start...index])
      start = index + 1
    }
    if start < text.count { lines.append(text[start...]) }
    return lines
  }

  /// The size of a shortest edit script, by the textbook's table.
  static func distance(_ old: [ArraySlice<UInt8>], _ new: [ArraySlice<UInt8>]) -> Int {
    var row = Array(0...new.count)
    for i in old.indices {
      var diagonal = row[0]
      row[0] = i + 1
      for j in new.indices {
        let above = row[j + 1]
        row[j + 1] = old[i] == new[j] ? diagonal : min(above, row[j]) + 1
        diagonal = above
      }
    }
    return row[new.count]
  }

  @Test("Applying the changes turns old into new, and no script is shorter", arguments: UInt64(0)..<10)
  func shortest(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    for _ in 0..<100 {
      func text() -> [UInt8] {
        (0..<Int.random(in: 0...30, using: &random)).flatMap { _ in
          Array(["a\n", "b\n", "c\n", "\n", "d\n"][Int.random(in: 0..<5, using: &random)].utf8)
        }
      }
      let (old, new) = (text(), text())
      let (oldLines, newLines) = (Self.lines(old), Self.lines(new))
      let changes = LineDiff.between(old, new)
      var out: [UInt8] = []
      var (told, cost) = (0, 0)
      for change in changes {
        out += oldLines[told..<change.old.lowerBound].joined()
        out += newLines[change.new].joined()
        told = change.old.upperBound
        cost += change.old.count + change.new.count
      }
      out += oldLines[told...].joined()
      #expect(out == new)
      #expect(cost == Self.distance(oldLines, newLines))
    }
  }

  @Test("A repeated block that was added is shown at the end of its like")
  func sliding() {
    let changes = LineDiff.between(Array("a\nb\nc\n".utf8), Array("a\nb\na\nb\nc\n".utf8))
    #expect(changes.map(\.new) == [2..<4])
    #expect(changes.map(\.old) == [2..<2])
  }

  @Test("An insertion that could stand at several places stands at the last", arguments: UInt64(0)..<4)
  func slidingByChance(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    for _ in 0..<100 {
      let old = (0..<12).map { _ in ["a\n", "b\n", "}\n"][Int.random(in: 0..<3, using: &random)] }
      var new = old
      for _ in 0..<3 {
        let index = Int.random(in: 0...new.count, using: &random)
        new.insert(contentsOf: new[index...].prefix(2), at: index)
      }
      let changes = LineDiff.between(Array(old.joined().utf8), Array(new.joined().utf8))
      for change in changes {
        #expect(change.old.isEmpty)
        if change.new.upperBound < new.count {
          #expect(new[change.new.lowerBound] != new[change.new.upperBound])
        }
      }
    }
  }

  @Test("Past the cap on work the changes still turn old into new")
  func capped() {
    var random = SplitMix64(seed: 1)
    let numbers = Array(0..<1_200)
    func text(_ numbers: [Int]) -> [UInt8] { Array(numbers.map { "line \($0)\n" }.joined().utf8) }
    let (old, new) = (text(numbers), text(numbers.shuffled(using: &random)))
    let (oldLines, newLines) = (Self.lines(old), Self.lines(new))
    var out: [UInt8] = []
    var told = 0
    for change in LineDiff.between(old, new) {
      out += oldLines[told..<change.old.lowerBound].joined()
      out += newLines[change.new].joined()
      told = change.old.upperBound
    }
    #expect(out + oldLines[told...].joined() == new)
  }

  @Test("Words are told apart, and the runs spell both texts")
  func words() {
    #expect(
      WordDiff.between("Take two tablets daily.", "Take three tablets a day.") == [
        .equal("Take "), .removed("two"), .added("three"), .equal(" tablets "), .removed("daily"),
        .added("a day"),
        .equal("."),
      ])
    #expect(WordDiff.between("每日两次", "每日三次") == [.equal("每日"), .removed("两"), .added("三"), .equal("次")])
    #expect(WordDiff.between("", "x") == [.added("x")])
    #expect(WordDiff.between("e\u{301}", "\u{e9}") == [.removed("e\u{301}"), .added("\u{e9}")])
    #expect(WordDiff.between("", "") == [])
  }

  @Test("Runs of words spell both texts whatever they hold", arguments: UInt64(0)..<5)
  func wordsByChance(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let pieces = ["dose", " ", "\n", "5", "mg", ",", "é", "e\u{301}", "薬", "👩‍⚕️", "-", "_x"]
    for _ in 0..<50 {
      func text() -> String {
        (0..<Int.random(in: 0...20, using: &random)).map { _ in pieces[Int.random(in: 0..<12, using: &random)]
        }.joined()
      }
      let (old, new) = (text(), text())
      var (left, right) = ("", "")
      for change in WordDiff.between(old, new) {
        switch change {
        case .equal(let run): (left, right) = (left + run, right + run)
        case .removed(let run): left += run
        case .added(let run): right += run
        }
      }
      #expect(Array(left.utf8) == Array(old.utf8))
      #expect(Array(right.utf8) == Array(new.utf8))
    }
  }

  @Test("The smallest fields that differ are named")
  func fields() {
    let old: JSONValue = ["a": 1, "b": ["c": "x", "d": true], "list": ["p", "q", "r"], "same": [1]]
    let new: JSONValue = [
      "b": ["c": "y", "d": true], "list": ["p", "z", "r", "s"], "same": [1], "new": .null,
    ]
    let changes = FieldDiff.between(old, new).map { change in
      "\(change.pointer) \(change.old.map { JSONWriter.text($0) } ?? "-") \(change.new.map { JSONWriter.text($0) } ?? "-")"
    }
    #expect(
      changes == ["/a 1 -", "/b/c \"x\" \"y\"", "/list/1 \"q\" \"z\"", "/list/3 - \"s\"", "/new - null"])
    #expect(FieldDiff.between(old, old) == [])
    #expect(FieldDiff.between(1, "1").map(\.pointer) == [.root])
  }
}
