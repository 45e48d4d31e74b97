import SheafLog
import SheafModel
import SheafStore
import SheafTesting
import Testing

@Suite("Projections can be made anew")
struct StateTests {
  /// A history of edits by people who have seen more or less of it.
  private static func step(_ log: inout TestLog, _ random: inout SplitMix64) throws {
    let names = (0..<12).map {
      ["a", "b", "."][$0 % 3] == "." ? "d\($0).md" : "\(["a", "b"][$0 % 2])/d\($0).md"
    }
    var lines: [TestLog.Line] = []
    let seen = log.size - min(log.size, UInt64.random(in: 0...3, using: &random))
    for name in Set((0..<3).compactMap { _ in names.randomElement(using: &random) }).sorted() {
      let before = try log.heads(name, at: seen)
      let isAlive = !before.isEmpty && before.split(separator: " | ").contains { $0 != "-" }
      let text = "\(name) \(random.next() % 5)"
      switch (isAlive, before.contains("|"), Int.random(in: 0..<4, using: &random)) {
      case (false, _, _): lines.append(.init(.put, name, "-", text))
      case (true, true, 0): lines.append(.init(.resolve, name, "@", text))
      case (true, true, 1): lines.append(.init(.resolveDeleted, name, "@"))
      case (true, _, 3): lines.append(.init(.delete, name, "@"))
      default: lines.append(.init(.put, name, "@", text))
      }
    }
    try log.append(lines, seen: seen)
  }

  @Test(
    "After any history the state kept up to date, made anew and made from the log alone are the same",
    arguments: UInt64(0)..<5)
  func rebuild(seed: UInt64) throws {
    let folder = try TestFolder()
    let store = try LibraryStore.create(in: folder.url, options: .quick)
    defer { try? store.close() }
    var random = SplitMix64(seed: seed)
    try store.writeBlocking(purpose: "test") { (transaction) throws in
      var log = TestLog(transaction)
      var remembered: [[String]] = []
      for _ in 0..<16 {
        try Self.step(&log, &random)
        remembered.append(try Self.allHeads(transaction))
      }
      let root = try transaction.stateRoot()
      try transaction.rebuildState()
      #expect(try transaction.stateRoot() == root)

      try transaction.dropProjections()
      #expect(try transaction.stateRoot() != root)
      let changed = try transaction.project(after: 0) { _ in }
      try transaction.updateState(changed: changed)
      #expect(try transaction.stateRoot() == root)
      #expect(try Self.allHeads(transaction) == remembered.last)

      // From scratch, by the page's definition, out of nothing but the values that stand there.
      var collections: [String: [(key: SHA256Hash, leaf: SHA256Hash)]] = [:]
      for (path, document) in try transaction.documentsChanged(from: 0, to: log.size, after: nil, count: 1000)
      {
        guard let value = try transaction.stateValue(document, at: log.size) else { continue }
        let entry = (StateEntry.key(of: path.text), try StateEntry(path: path.text, value: value).leafHash)
        collections[path.collection.text, default: []].append(entry)
      }
      let roots = collections.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map {
        name, leaves in
        (name, StateTree.root(ofLeaves: leaves.sorted { $0.key < $1.key }), UInt64(leaves.count))
      }
      #expect(StateTree.libraryRoot(collections: roots) == root)

      // Earlier moments are the heads that stood then.
      for size in 1...log.size {
        let then = try transaction.documentsChanged(from: 0, to: log.size, after: nil, count: 1000).map {
          path, _ in
          "\(path): \(try log.heads(path.text, at: size))"
        }.filter { !$0.hasSuffix(": ") }
        #expect(then == remembered[Int(size) - 1])
      }
    }
  }

  private static func allHeads(_ transaction: StoreTransaction) throws -> [String] {
    let log = TestLog(transaction)
    return try transaction.documentsChanged(from: 0, to: UInt64(Int64.max), after: nil, count: 1000).map {
      path, _ in
      "\(path): \(try log.heads(path.text))"
    }.filter { !$0.hasSuffix(": ") }
  }

  @Test("The state of a library is that of its documents, whatever happened on the way")
  func historyIndependent() throws {
    func root(_ body: (inout TestLog) throws -> Void) throws -> SHA256Hash {
      let folder = try TestFolder()
      let store = try LibraryStore.create(in: folder.url, options: .quick)
      defer { try? store.close() }
      return try store.writeBlocking(purpose: "test") { (transaction) throws in
        var log = TestLog(transaction)
        try body(&log)
        return try transaction.stateRoot()
      }
    }
    let straight = try root { try $0.append([.init(.put, "a/x.md", "-", "x")]) }
    let detour = try root { log in
      try log.append([.init(.put, "a/x.md", "-", "other"), .init(.put, "b/y.md", "-", "y")])
      try log.append([.init(.put, "a/x.md", "@", "x"), .init(.delete, "b/y.md", "@")])
    }
    #expect(straight == detour)
    #expect(try straight != root { try $0.append([.init(.put, "a/x.md", "-", "z")]) })
    #expect(try straight != root { try $0.append([.init(.put, "b/x.md", "-", "x")]) })
    let empty = try root { _ in }
    let emptied = try root { log in
      try log.append([.init(.put, "a/x.md", "-", "x")])
      try log.append([.init(.delete, "a/x.md", "@")])
    }
    #expect(empty == emptied)
  }
}
