import Foundation
import SheafSync
import SheafTesting
import Testing

/// `kill -9` at seeded moments of real processes: nothing that was told is lost, nothing is half there.
@Suite("A process that is killed", .serialized)
struct KillTests {
  /// Kills that each test waits for; a process that ended before its moment does not count.
  private static let kills = 14
  /// Kills of a server; each costs the second after which its replica asks again.
  private static let serverKills = 10

  @Test("Publishing that is killed happened or did not, and goes on")
  func publish() async throws {
    let scene = try await Scene(documents: 24)
    var size: UInt64 = 1
    func change(_ round: Int) throws {
      for index in 0..<24 where (index + round) % 3 == 0 {
        try scene.write("# Document \(index)\n\nround \(round)\n", to: "content/d\(index).md")
      }
    }
    let command = "sheaf publish content --library lib -m Change --json"
    let duration = try await scene.median(of: command) { try change(1000 + $0) }
    size = try await scene.verifiedSize(of: "lib")
    try await scene.killing(Self.kills, command, within: duration, prepare: change) { round in
      let before = size
      size = try await scene.verifiedSize(of: "lib")
      #expect(size == before || size == before + 1)
      if let told = try round.told(PublishReport.self) {
        #expect(told.changeSet == before + 1 && size == before + 1)
      }
      let again = try await scene.run(command).report(PublishReport.self)
      #expect(again.changeSet == (size == before ? before + 1 : nil))
      size = before + 1
    }
    #expect(try await scene.verifiedSize(of: "lib") == size)
    _ = try await scene.run("sheaf export out --library lib && diff -r content out")
  }

  @Test("A sync that is killed loses no draft, doubles none, and goes on")
  func sync() async throws {
    let scene = try await Scene(documents: 8)
    try await scene.serve()
    _ = try await scene.run("sheaf clone $(cat address) clinic --as Ben 2>&1")
    var changes: UInt64 = 1
    func change(_ round: Int) async throws {
      _ = try await scene.run(
        """
        echo "round \(round)" | sheaf put d1.md - -m Publisher --library lib >/dev/null &&
        echo "round \(round)" | sheaf put d2.md - -m Clinic --library clinic >/dev/null
        """)
      changes += 2
    }
    let command = "sheaf sync --library clinic --json"
    let duration = try await scene.median(of: command) { try await change(1000 + $0) }
    try await scene.killing(Self.kills, command, within: duration, prepare: change) { round in
      _ = try await scene.verifiedSize(of: "clinic")
      if let told = try round.told(SyncReport.self) { #expect(told.drafts == 0 && told.size == changes) }
      let again = try await scene.run(command).report(SyncReport.self)
      #expect(again.drafts == 0 && again.refused == 0 && again.isSameAsPublisher && again.size == changes)
    }
    #expect(try await scene.verifiedSize(of: "lib") == changes)
    _ = try await scene.run("sheaf export a --library lib && sheaf export b --library clinic && diff -r a b")
  }

  @Test("A server that is killed under its replicas has every draft that it acknowledged")
  func serve() async throws {
    let scene = try await Scene(documents: 8)
    try await scene.serve()
    _ = try await scene.run("sheaf clone $(cat address) clinic --as Ben 2>&1")
    let command = "sheaf sync --library clinic --json"
    var changes: UInt64 = 1
    func change(_ round: Int) async throws {
      _ = try await scene.run("echo \(round) | sheaf put d2.md - -m Clinic --library clinic >/dev/null")
      changes += 1
    }
    let duration = try await scene.median(of: command) { try await change(1000 + $0) }
    var random = SplitMix64(seed: 4)
    for index in 0..<Self.serverKills {
      try await change(index)
      let moment = duration * (0.3 + 0.8 * scene.moment(index, of: Self.serverKills, &random))
      // The replica asks again after a second where the line was cut; by then the server is back.
      let (lines, _) = try await scene.shell(
        """
        \(command) > told 2> said & client=$!
        sleep \(moment); kill -9 $(cat server.pid)
        while kill -0 $(cat server.pid) 2>/dev/null; do sleep 0.01; done
        sheaf verify --library lib --json > verified || echo "does not verify"
        \(Scene.serveAgain)
        wait $client; echo $?
        """)
      let code = lines.last
      #expect(lines.count == 1 && (code == "0" || code == "1"), "\(lines)")
      let held = try scene.report(VerifyReport.self, in: "verified").size
      #expect(held == changes || held == changes - 1)
      if code == "0" {
        let told = try scene.report(SyncReport.self, in: "told")
        #expect(told.drafts == 0 && told.size == changes && told.isSameAsPublisher)
      }
      let again = try await scene.run(command).report(SyncReport.self)
      #expect(again.drafts == 0 && again.refused == 0 && again.isSameAsPublisher && again.size == changes)
    }
    #expect(try await scene.verifiedSize(of: "lib") == changes)
    #expect(try await scene.verifiedSize(of: "clinic") == changes)
  }

  @Test("A bundle whose taking in is killed is in or is not, and can be taken in again")
  func apply() async throws {
    let scene = try await Scene(documents: 24)
    _ = try await scene.run(
      """
      sheaf bundle create -o first.sheaf --mode trail --library lib >/dev/null &&
      sheaf clone first.sheaf start --as Ben >/dev/null 2>&1
      for i in $(seq 0 2 23); do echo "second $i" > content/d$i.md; done
      sheaf publish content --library lib -m Second >/dev/null
      echo third > content/new.md; rm content/d3.md
      sheaf publish content --prune --library lib -m Third >/dev/null
      sheaf bundle create --from 1 -o step.sheaf --mode trail --library lib >/dev/null
      """)
    func fresh(_ round: Int) async throws { _ = try await scene.run("rm -rf clinic && cp -r start clinic") }
    let command = "sheaf bundle apply step.sheaf --library clinic --json"
    let duration = try await scene.median(of: command, prepare: fresh)
    try await scene.killing(Self.kills, command, within: duration, prepare: fresh) { round in
      let size = try await scene.verifiedSize(of: "clinic")
      #expect(size == 1 || size == 3)
      if try round.told(PullReport.self) != nil { #expect(size == 3) }
      let (lines, code) = try await scene.shell(command)
      if size == 1 {
        #expect(code == 0, "\(lines)")
      } else {
        #expect(code == 1 && lines.first?.contains("nothing new for this copy") == true, "\(lines)")
      }
      #expect(try await scene.verifiedSize(of: "clinic") == 3)
      _ = try await scene.run("rm -rf out && sheaf export out --library clinic && diff -r content out")
    }
  }

  @Test("A copy whose making is killed is whole or is none, and is made by the same command")
  func clone() async throws {
    let scene = try await Scene(documents: 24)
    _ = try await scene.run("sheaf bundle create -o all.sheaf --mode trail --library lib >/dev/null")
    func away(_ round: Int) async throws { _ = try await scene.run("rm -rf clinic") }
    let command = "sheaf clone all.sheaf clinic --as Ben"
    let duration = try await scene.median(of: "\(command) 2>/dev/null", prepare: away)
    try await scene.killing(Self.kills, command, within: duration, prepare: away) { told in
      let (lines, code) = try await scene.shell("sheaf verify --library clinic")
      if code != 0 {
        let isNone = lines.first.map { $0.contains("never finished") || $0.contains("there is no library") }
        #expect(code == 1 && isNone == true && !told.text.contains("Cloned"), "\(lines)")
        _ = try await scene.run("\(command) 2>&1")
      }
      #expect(try await scene.verifiedSize(of: "clinic") == 1)
    }
  }
}

/// A publisher's library in `lib`, its content in `content`, and what a test of killing does there.
private final class Scene: Sendable {
  /// Starts the server on the port that it had before.
  static let serveAgain = """
    port=$(sed 's/.*://' address); rm address
    sheaf serve --library lib --port $port --quiet --drafts-from-everybody > address 2>> server.log & echo $! > server.pid
    while ! test -s address; do kill -0 $(cat server.pid) || break; sleep 0.02; done
    """

  private let folder: TestFolder

  init(documents count: Int) async throws {
    folder = try TestFolder()
    for index in 0..<count { try write("# Document \(index)\n\ntext\n", to: "content/d\(index).md") }
    _ = try await run(
      """
      sheaf init lib --name Demo --as Ada --open >/dev/null 2>&1 &&
      sheaf publish content --library lib -m First >/dev/null
      """)
  }

  deinit {
    guard let text = try? String(contentsOf: folder.appending("server.pid"), encoding: .utf8),
      let id = Int32(text.trimmingCharacters(in: .whitespacesAndNewlines)), id > 1
    else { return }
    kill(id, SIGTERM)
  }

  func write(_ text: String, to path: String) throws { try folder.write(text, to: path) }

  func shell(_ command: String) async throws -> ([String], Int32) {
    try await Shell.run(command, in: folder.url)
  }

  /// What a command printed on its standard output.
  struct Printed {
    var text: String

    func report<Report: Decodable>(_ type: Report.Type) throws -> Report {
      try JSONDecoder().decode(type, from: Data(text.utf8))
    }

    /// The report when it came out whole before the end.
    func told<Report: Decodable>(_ type: Report.Type) throws -> Report? {
      text.hasSuffix("\n") ? try report(type) : nil
    }
  }

  func report<Report: Decodable>(_ type: Report.Type, in file: String) throws -> Report {
    try Printed(text: String(contentsOf: folder.appending(file), encoding: .utf8)).report(type)
  }

  /// Runs what must succeed.
  func run(
    _ command: String, sourceLocation: SourceLocation = #_sourceLocation
  ) async throws -> Printed {
    let (lines, code) = try await shell(command)
    #expect(code == 0, "\(command)\n\(lines.joined(separator: "\n"))", sourceLocation: sourceLocation)
    return Printed(text: lines.joined(separator: "\n"))
  }

  /// Verifies a copy, which must hold, and returns its size.
  func verifiedSize(
    of library: String, sourceLocation: SourceLocation = #_sourceLocation
  ) async throws -> UInt64 {
    try await run("sheaf verify --library \(library) --json", sourceLocation: sourceLocation)
      .report(VerifyReport.self).size
  }

  func serve() async throws {
    _ = try await run(
      """
      echo http://127.0.0.1:0 > address
      \(Self.serveAgain)
      """)
  }

  /// How many seconds a command takes when nobody disturbs it.
  func median(of command: String, prepare: (Int) async throws -> Void) async throws -> Double {
    var durations: [Double] = []
    for round in 0..<3 {
      try await prepare(round)
      let start = ContinuousClock.now
      _ = try await run("\(command) >/dev/null")
      durations.append(start.duration(to: .now) / .seconds(1))
    }
    return durations.sorted()[1]
  }

  /// A seeded place in the `index`th of `count` equal parts of 0 to 1.
  func moment(_ index: Int, of count: Int, _ random: inout SplitMix64) -> Double {
    (Double(index % count) + Double.random(in: 0..<1, using: &random)) / Double(count)
  }

  /// Runs a command again and again, and kills it at seeded moments, until it was hit `count` times.
  func killing(
    _ count: Int, _ command: String, within duration: Double, prepare: (Int) async throws -> Void,
    _ check: (Printed) async throws -> Void
  ) async throws {
    var random = SplitMix64(seed: UInt64(command.utf8.count))
    var duration = duration
    var hits = 0
    for round in 0..<(3 * count) where hits < count {
      try await prepare(round)
      let moment = duration * (0.1 + 0.9 * moment(round, of: count, &random))
      let start = ContinuousClock.now
      let (_, code) = try await shell("timeout --foreground -s KILL \(moment) \(command) > told 2> said")
      // 124 is what `timeout` says of a command that ended by itself just when its time was up.
      #expect(code == 137 || code == 0 || code == 124)
      if code == 137 {
        hits += 1
      } else {
        // The machine is less busy than when the duration was measured.
        duration = min(duration, start.duration(to: .now) / .seconds(1))
      }
      try await check(Printed(text: String(contentsOf: folder.appending("told"), encoding: .utf8)))
    }
    #expect(hits == count)
  }
}
