import SheafModel
import SheafSync
import SheafTesting
import Testing

@testable import SheafHTTP

@Suite("Targets")
struct RouteTests {
  @Test("A first copy of everything is asked for with the shortest target")
  func shortest() throws {
    let request = PullRequest(from: 0, known: 0, depth: .trail, subscription: .all)
    #expect(Route.bundle(request).target == "/bundle")
    #expect(try Route(target: "/bundle") == .bundle(request))
  }

  @Test("Only what differs from its default is written")
  func defaults() throws {
    let request = PullRequest(
      from: 12, known: 40, depth: .heads, subscription: .only([try CollectionName("trials")]), to: 50)
    #expect(Route.bundle(request).target == "/bundle?from=12&known=40&depth=heads&only=trials&to=50")
    let deeper = PullRequest(from: 0, known: 40, depth: .trail, subscription: .all, holdsCurrent: true)
    #expect(Route.bundle(deeper).target == "/bundle?known=40&holds=current")
    #expect(try Route(target: "/bundle?known=40&holds=current") == .bundle(deeper))
    let own = PullRequest(
      from: 12, known: 12, depth: .trail, subscription: .all, holds: ChangeSetRanges([19, 14, 13, 15, 13]))
    #expect(Route.bundle(own).target == "/bundle?from=12&holds=13-15,19")
    #expect(try Route(target: "/bundle?from=12&holds=13-15,19") == .bundle(own))
    let same = PullRequest(from: 12, known: 12, depth: .trail, subscription: .all)
    #expect(Route.bundle(same).target == "/bundle?from=12")
  }

  @Test("Numbers of change sets are ascending ranges with gaps, not too many, or count for nothing")
  func ranges() throws {
    #expect(ChangeSetRanges("1-2,4,6-10000") != nil && ChangeSetRanges("18446744073709551614") != nil)
    for text in [
      "", "0", "01", "-1", "1-", "1-1", "2-1", "1,2", "1-3,3", "1-3,4", "4,1", "1-10001", "1,,3", "a", "1 ",
      "18446744073709551615", "1-18446744073709551614", (1...65).map { "\($0 * 2)" }.joined(separator: ","),
    ] {
      #expect(ChangeSetRanges(text) == nil, "\(text)")
      #expect(
        try Route(target: "/bundle?from=1&holds=\(text.replacing(" ", with: "%20"))")
          == .bundle(PullRequest(from: 1, known: 1, depth: .trail, subscription: .all)))
    }
    let many = ChangeSetRanges((1...20_000).map { UInt64($0) })
    #expect(many.description == "1-10000" && ChangeSetRanges(many.description) == many)
    let spread = ChangeSetRanges((1...100).map { UInt64($0) * 3 })
    #expect(spread.ranges.count == 64 && ChangeSetRanges(spread.description) == spread)
    #expect(ChangeSetRanges([5]).union([4, 9]).description == "4-5,9")
  }

  @Test("Reading a target undoes writing it", arguments: UInt64(0)..<300)
  func roundTrip(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let alphabet = [
      "a", "Z", "%", ",", "*", "+", "&", "=", "?", "#", " ", "é", "日", "e\u{301}", "'", ":", "~",
    ]
    func name() -> String {
      (0..<Int.random(in: 1...6, using: &random)).map { _ in alphabet.randomElement(using: &random) ?? "a" }
        .joined()
    }
    var routes: [Route] = [
      .exchange(
        PullRequest(
          from: 3, known: 3, depth: .heads, subscription: .all, held: CheckpointMark(note: random.bytes(9)))),
      .checkpoint, .push(), .health, .ready, .metrics, .documents(nil),
    ]
    let from = UInt64.random(in: 0...9, using: &random)
    let names = Set(try (0..<Int.random(in: 0...3, using: &random)).map { _ in try CollectionName(name()) })
    routes.append(
      .bundle(
        PullRequest(
          from: from, known: from + UInt64.random(in: 0...2, using: &random),
          depth: Depth.allCases.randomElement(using: &random) ?? .full,
          subscription: Bool.random(using: &random) ? .all : .only(names),
          to: Bool.random(using: &random) ? .random(in: 0 ... .max, using: &random) : nil)))
    routes.append(.answers([SHA256Hash(hashing: random.bytes(8)), SHA256Hash(hashing: random.bytes(8))]))
    routes.append(.receipt(.random(in: 0 ... .max, using: &random)))
    let path = try DocumentPath(name() + "/" + name())
    routes += [.document(path), .history(path), .documents(path.collection), .tile("0/x001/067.p/8")]
    let part = PushPart(
      hash: SHA256Hash(hashing: random.bytes(8)), offset: .random(in: 0...9, using: &random))
    routes += [
      .part(part.hash), .push(part),
      .exchange(PullRequest(from: 3, known: 3, depth: .heads, subscription: .all), part),
      .exchange(PullRequest(from: 0, known: 0, depth: .trail, subscription: .all), part),
    ]
    for route in routes { #expect(try Route(target: route.target) == route, "\(route.target)") }
  }

  @Test(
    "Targets that break a rule are refused",
    arguments: [
      "/bundle?from=x", "/bundle?from=-1", "/bundle?from=01", "/bundle?from=18446744073709551616",
      "/bundle?from=5&known=4", "/bundle?depth=all", "/bundle?from=1&from=2", "/bundle?only=%zz", "/receipt/",
      "/receipt/1x", "/documents/..%2Fetc", "/documents/a//b", "/documents/%ff", "/answers?leaf=AAAA",
      "/bundle?to=%", "/bundle?held=short", "/exchange?held=%2F%2F%2F%2F%2F%2F%2F%2F", "/exchange?from=x",
      "/push?part=AA", "/push?at=5", "/exchange?part=", "/parts/", "/parts/xyz",
    ])
  func malformed(target: String) {
    do {
      _ = try Route(target: target)
      Issue.record("\(target) was read")
    } catch {
      #expect(error != .unknown)
    }
  }

  @Test(
    "Targets that mean nothing are unknown",
    arguments: [
      "", "/", "bundle", "/bundles", "/bundle/1", "/tile/../x", "/tile/.hidden", "/tile/", "/tile/A",
      "http://host/checkpoint", "*", "/checkpoint/", "/healthz/x",
    ])
  func unknown(target: String) {
    #expect(throws: RouteError.unknown) { try Route(target: target) }
  }

  @Test("More leaves than fit into one request are refused")
  func tooManyLeaves() {
    let leaf = SHA256Hash.zero
    #expect(throws: RouteError.self) {
      try Route(target: Route.answers(Array(repeating: leaf, count: Route.answersAtOnce + 1)).target)
    }
    let most = Route.answers(
      Array(repeating: SHA256Hash(hashing: Array("x".utf8)), count: Route.answersAtOnce))
    #expect(most.target.utf8.count <= Wire.targetBytes)
  }

  @Test("A problem document keeps its kind over the wire")
  func problems() throws {
    for kind in Problem.Kind.allCases {
      let problem = Problem(kind, detail: "why", unchanged: "all", hint: "try")
      #expect(Problem(json: problem.json) == problem)
      #expect(Problem(json: problem.json)?.kind == kind)
    }
    #expect(Problem(json: Array("[]".utf8)) == nil)
  }

  @Test("A content range is read exactly or not at all")
  func contentRange() {
    #expect(ContentRange("bytes 0-4/5").map { [$0.first, $0.last, $0.size] } == [0, 4, 5])
    for text in [
      "bytes 0-5/5", "bytes 4-3/5", "bytes */5", "bytes 0-4/*", "0-4/5", "bytes 0-4-5/9", "bytes -4/5",
    ] {
      #expect(ContentRange(text) == nil)
    }
  }

  @Test(
    "Waits double up to the longest, chance takes up to half away, and a server is waited for within reason")
  func waits() {
    var configuration = HTTPRemoteConfiguration()
    for (random, factor) in [(0.0, 1.0), (0.5, 0.75), (1.0, 0.5)] {
      configuration.random = { random }
      #expect(
        (1...7).map { configuration.wait(before: $0, asked: nil) }
          == [1, 2, 4, 8, 16, 30, 30].map { .seconds($0) * factor })
      #expect(configuration.wait(before: 1, asked: .seconds(5)) == .seconds(5))
      #expect(configuration.wait(before: 1, asked: .seconds(120)) == .seconds(120))
      #expect(configuration.wait(before: 1, asked: .seconds(121)) == nil)
    }
  }
}
