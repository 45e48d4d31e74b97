import Foundation
import SheafTesting
import Testing

/// Imports point down the ladder of modules, values come back up.
@Suite("The ladder of modules")
struct LadderTests {
  private static let root = schemasFolder.deletingLastPathComponent()

  /// What each of our modules may import of ours: only what stands below it.
  private static let below: [String: Set<String>] = {
    let model: Set<String> = ["SheafModel"]
    let pure = model.union(["SheafLog", "SheafDelta", "SheafMerge"])
    let sync = pure.union(["SheafBundle", "SheafStore"])
    return [
      "SheafModel": [], "SheafLog": model, "SheafDelta": model, "SheafMerge": model, "CZlib": [],
      "CSQLite": [],
      "SheafCompression": ["CZlib"], "SheafBundle": pure.union(["SheafCompression"]),
      "SheafStore": pure.union(["SheafCompression", "CSQLite"]), "SheafSync": sync,
      "SheafHTTP": sync.union(["SheafSync"]), "SheafServer": sync.union(["SheafSync", "SheafHTTP"]),
      "Sheaf": sync.union(["SheafSync", "SheafHTTP"]),
      "SheafCommand": sync.union(["SheafSync", "SheafHTTP", "SheafServer", "Sheaf"]),
    ]
  }()
  private static let pureModules: Set<String> = ["SheafModel", "SheafLog", "SheafDelta", "SheafMerge"]
  private static let entryModules: Set<String> = ["SheafCommand"]

  /// Pure files that need Foundation, and what for. None touches a file, a clock or randomness.
  private static let foundationReasons: [String: String] = [:]

  private struct Source {
    var module: String
    var path: String
    var lines: [String]
    var imports: [String]
  }

  private static func sources() throws -> [Source] {
    let folder = root.appending(path: "Sources").resolvingSymlinksInPath()
    var all: [Source] = []
    for case let file as URL in try #require(
      FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil))
    where file.pathExtension == "swift" {
      let path = String(file.resolvingSymlinksInPath().path.dropFirst(folder.path.count + 1))
      let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map(String.init)
      all.append(
        Source(
          module: String(path.prefix { $0 != "/" }), path: path, lines: lines,
          imports: lines.compactMap(imported)))
    }
    return all
  }

  /// The module that a line imports, whatever stands before or after.
  private static func imported(_ line: String) -> String? {
    let words = line.split(whereSeparator: \.isWhitespace)
    let modifiers: Set<Substring> = ["public", "internal", "package", "private", "fileprivate"]
    guard let index = words.firstIndex(of: "import"),
      words[..<index].allSatisfy({ $0.hasPrefix("@") || modifiers.contains($0) })
    else { return nil }
    let kinds: Set<Substring> = [
      "struct", "class", "enum", "protocol", "func", "var", "let", "typealias", "actor",
    ]
    let rest = words[(index + 1)...].drop { kinds.contains($0) }
    return rest.first.map { String($0.prefix { $0 != "." && $0 != ";" }) }
  }

  @Test("An import line is found however it is written")
  func importLines() {
    #expect(Self.imported("import SheafModel") == "SheafModel")
    #expect(Self.imported("  @preconcurrency public import struct SheafStore.DocumentRow") == "SheafStore")
    #expect(Self.imported("// import SheafStore") == nil)
    #expect(Self.imported("let important = 1") == nil)
  }

  @Test("No import points up the ladder, and every module has its place on it")
  func imports() throws {
    let sources = try Self.sources()
    #expect(sources.count > 50)
    for source in sources {
      let allowed = try #require(Self.below[source.module], "\(source.module) is not on the ladder")
      for name in source.imports where Self.below[name] != nil {
        #expect(allowed.contains(name), "\(source.path) imports \(name)")
      }
    }
  }

  @Test("SQLite is met in the store alone, zlib in the compression alone")
  func systemLibraries() throws {
    let homes = [
      "GRDB": ["SheafStore"], "CSQLite": ["SheafStore"], "SQLite3": [], "CZlib": ["SheafCompression"],
      "SheafCompression": ["SheafBundle", "SheafStore"], "Hummingbird": ["SheafServer"],
    ]
    for source in try Self.sources() {
      for name in source.imports {
        guard let home = homes[name] else { continue }
        #expect(home.contains(source.module), "\(source.path) imports \(name)")
      }
    }
  }

  @Test("Package.swift names no dependency that points up the ladder")
  func targets() throws {
    let text = try String(contentsOf: Self.root.appending(path: "Package.swift"), encoding: .utf8)
    var found: Set<String> = []
    for chunk in text.components(separatedBy: "arget(").dropFirst() {
      let names = chunk.matches(of: /"([A-Za-z]+)"/).map { String($0.1) }
      guard let name = names.first, let allowed = Self.below[name] else { continue }
      found.insert(name)
      // Products of other packages stand in `.product(name: …)`; ours are bare strings. A target of
      // tests that follows in the same chunk would be another chunk: it begins with `arget(` too.
      for dependency in names.dropFirst() where Self.below[dependency] != nil {
        #expect(allowed.contains(dependency), "\(name) depends on \(dependency)")
      }
    }
    #expect(found.isSuperset(of: try Set(Self.sources().map(\.module)).intersection(found)))
    #expect(found.contains("SheafStore") && found.contains("SheafModel"))
  }

  @Test("The pure modules touch no file, clock, randomness or environment")
  func pure() throws {
    let impure = [
      "FileManager", "FileHandle", "ProcessInfo", "Date()", "ContinuousClock", "SuspendingClock", "Clock.now",
      "SystemRandomNumberGenerator", ".randomElement()", "UUID()", "getenv", "fopen", "URLSession", "Glibc",
      "Darwin",
      "Dispatch", "Thread.",
    ]
    for source in try Self.sources() where Self.pureModules.contains(source.module) {
      let needsFoundation = source.imports.contains { $0.hasPrefix("Foundation") }
      if needsFoundation {
        #expect(
          Self.foundationReasons[source.path] != nil,
          "\(source.path) imports Foundation without a reason here")
      }
      for (word, line) in Self.uses(of: impure, in: source) {
        Issue.record("\(source.path) uses \(word): \(line)")
      }
      #expect(
        !source.lines.contains { $0.contains(".random(in:") && !$0.contains("using:") }, "\(source.path)")
    }
    for path in Self.foundationReasons.keys {
      #expect(try Self.sources().contains { $0.path == path }, "\(path) is gone; take it off the list")
    }
  }

  @Test("Nothing below the command prints, reads the environment or ends the process")
  func quiet() throws {
    let loud = [
      "print(", "debugPrint(", "dump(", "exit(", "abort()", "ProcessInfo.processInfo.environment", "getenv(",
      "setenv(", "CommandLine.", "FileHandle.standard", "fputs(",
    ]
    for source in try Self.sources() where !Self.entryModules.contains(source.module) {
      for (word, line) in Self.uses(of: loud, in: source) {
        Issue.record("\(source.path) uses \(word): \(line)")
      }
    }
  }

  /// Lines of code that hold one of the words, not as the tail of a longer name.
  private static func uses(of words: [String], in source: Source) -> [(String, String)] {
    source.lines.flatMap { line -> [(String, String)] in
      let code = line.trimmingCharacters(in: .whitespaces)
      guard !code.hasPrefix("//") else { return [] }
      return words.filter { word in
        code.ranges(of: word).contains { range in
          guard let before = code[..<range.lowerBound].last, word.first?.isLetter == true else { return true }
          return !(before.isLetter || before.isNumber || before == "_" || before == ".")
        }
      }.map { ($0, code) }
    }
  }

  @Test("The top of the repository holds what it should and nothing else")
  func top() throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: Self.root.path)
    let allowed: Set<String> = [
      "Package.swift", "Package.resolved", "Sources", "Tests", "Schemas", "Tools", "README.md",
    ]
    for name in names where !name.hasPrefix(".") { #expect(allowed.contains(name), "\(name) at the top") }
    #expect(names.contains("Package.swift") && names.contains("Schemas"))
  }

  @Test("No file is named after nothing in particular")
  func names() throws {
    let vague = ["Util", "Utils", "Utilities", "Helper", "Helpers", "Manager", "Common", "Misc"]
    for folder in ["Sources", "Tests"] {
      let start = Self.root.appending(path: folder)
      for case let file as URL in try #require(
        FileManager.default.enumerator(at: start, includingPropertiesForKeys: nil))
      where file.pathExtension == "swift" {
        let name = file.deletingPathExtension().lastPathComponent
        #expect(!vague.contains { name == $0 || name.hasSuffix($0) }, "\(file.path)")
      }
    }
  }

  @Test("Every page that code points at is there, and the index names every page")
  func pages() throws {
    let pages = try FileManager.default.contentsOfDirectory(atPath: schemasFolder.path)
    for source in try Self.sources() {
      for line in source.lines {
        for match in line.matches(of: /Schemas\/([A-Za-z0-9.-]+\.(md|json|sql|yaml))/) {
          #expect(pages.contains(String(match.1)), "\(source.path) points at \(match.0)")
        }
      }
    }
    let index = try String(contentsOf: schemasFolder.appending(path: "README.md"), encoding: .utf8)
    for page in pages where page != "README.md" && page != "vectors" {
      #expect(index.contains("(\(page))"), "the index lacks \(page)")
    }
    for match in index.matches(of: /\(([A-Za-z0-9.-]+)\)/) {
      #expect(pages.contains(String(match.1)), "the index names \(match.1), which is not there")
    }
  }
}
