import SheafModel
import SheafTesting
import Testing

@Suite("Reasons")
struct ReasonTests {
  @Test(
    "Every vector is read and written the same, or refused",
    arguments: OutcomeVector.names("change-set-reason-"))
  func vectors(name: String) throws {
    let vector = try OutcomeVector(name)
    let reason = try? Reason(parsing: vector.bytes)
    #expect((reason == nil ? "refused" : "read") == vector.outcome)
    if let reason { #expect(reason.bytes == vector.bytes) }
  }

  @Test("The vectors are there")
  func vectorsAreThere() { #expect(OutcomeVector.names("change-set-reason-").count == 12) }

  @Test("The example says who, when, from where and why")
  func example() throws {
    let bytes = try vector("change-set-reason.txt")
    let reason = try Reason(parsing: bytes)
    #expect(reason.by == "Ana Ruiz")
    #expect(reason.claims.author == "Élodie Martin <em@example.org>")
    #expect(reason.claims.time?.description == "2026-02-28T23:59:59Z")
    #expect(reason.claims.source == "git 8f3a0c5d")
    #expect(reason.message == "Dose corrected.\n\nSee the registry of 22 November.\n")
    #expect(reason.bytes == bytes)
  }

  @Test("Any reason is read back from its bytes, whatever a name starts with", arguments: UInt64(0)..<60)
  func roundTrip(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let pieces = [
      "a", " ", "é", "\u{301}", "\r\n", "\n", "\t", "by ", "author ", "\u{2028}", "日", "\0", "\u{85}",
    ]
    func text() -> String {
      (0..<Int.random(in: 0...6, using: &random)).compactMap { _ in pieces.randomElement(using: &random) }
        .joined()
    }
    let claims = Reason.Claims(
      author: Bool.random(using: &random) ? text() : nil,
      time: Bool.random(using: &random) ? Timestamp(seconds: Int64(random.next() % 4_000_000_000)) : nil,
      source: Bool.random(using: &random) ? text() : nil)
    let ground = Bool.random(using: &random) ? "x" + text() : nil
    let reason = Reason(by: text(), message: text(), claims: claims, ground: ground)
    let again = try Reason(parsing: reason.bytes)
    #expect(again.bytes == reason.bytes)
    #expect(again.message.utf8.elementsEqual(reason.message.utf8))
    #expect(again.by.utf8.elementsEqual(reason.by.utf8))
    #expect(again.claims.time == reason.claims.time)
    #expect(again.ground == reason.ground)
  }

  @Test("A name can't smuggle in a line")
  func oneLine() throws {
    let reason = Reason(by: "Ana\nauthor Mallory\r\n\nno", message: "m", claims: .init(source: "a\nb"))
    let again = try Reason(parsing: reason.bytes)
    #expect(again.claims.author == nil)
    #expect(again.message == "m")
    #expect(again.by.hasPrefix("Ana author Mallory"))
  }

  @Test("A reason has at most 64 KiB")
  func limit() {
    let header = "by A\n\n".utf8.count
    let most = String(repeating: "x", count: (64 << 10) - header)
    #expect(throws: Never.self) { try Reason(parsing: Reason(by: "A", message: most).bytes) }
    #expect(throws: ReasonError.self) { try Reason(parsing: Reason(by: "A", message: most + "x").bytes) }
  }
}
