import Testing

@testable import SheafServer

@Suite("Access and ranges")
struct AccessTests {
  @Test("Roles reach as far as their tokens say")
  func roles() {
    let tokens = AccessTokens(reader: "r", contributor: "w")
    #expect(tokens.access(to: .reader, authorization: nil) == .unauthorized)
    #expect(tokens.access(to: .reader, authorization: "Bearer r") == .granted)
    #expect(tokens.access(to: .reader, authorization: "bearer w") == .granted)
    #expect(tokens.access(to: .contributor, authorization: "Bearer r") == .forbidden)
    #expect(tokens.access(to: .contributor, authorization: "Bearer w") == .granted)
    #expect(tokens.access(to: .reader, authorization: "Bearer x") == .unauthorized)
    #expect(tokens.access(to: .reader, authorization: "Basic r") == .unauthorized)
    #expect(tokens.access(to: .reader, authorization: "Bearer ") == .unauthorized)
  }

  @Test("Without a reader token everybody reads, and a wrong token is still told")
  func openReading() {
    let tokens = AccessTokens(contributor: "w")
    #expect(tokens.access(to: .reader, authorization: nil) == .granted)
    #expect(tokens.access(to: .reader, authorization: "Bearer x") == .unauthorized)
    #expect(tokens.access(to: .contributor, authorization: nil) == .unauthorized)
  }

  @Test("Without a contributor token nobody pushes")
  func noContributor() {
    #expect(AccessTokens().access(to: .contributor, authorization: nil) == .forbidden)
    #expect(AccessTokens(reader: "r").access(to: .contributor, authorization: "Bearer r") == .forbidden)
    #expect(AccessTokens().access(to: .contributor, authorization: "Bearer ") == .unauthorized)
  }

  @Test("Tokens never show")
  func secret() {
    let tokens = AccessTokens(reader: "hidden-reader", contributor: "hidden-writer")
    let shown =
      "\(tokens) \(String(reflecting: tokens)) \(String(describing: ServerConfiguration(tokens: tokens)))"
    #expect(!shown.contains("hidden"))
    #expect(Mirror(reflecting: tokens).children.isEmpty)
  }

  @Test(
    "Ranges of ten bytes",
    arguments: [
      (nil, ByteRange.whole), ("bytes=0-", .part(0..<10)), ("bytes=3-5", .part(3..<6)),
      ("bytes=9-9", .part(9..<10)),
      ("bytes=5-99", .part(5..<10)), ("bytes=-3", .part(7..<10)), ("bytes=-99", .part(0..<10)),
      ("bytes=10-", .unsatisfiable), ("bytes=10-12", .unsatisfiable), ("bytes=-0", .unsatisfiable),
      ("bytes=99999999999999999999-", .unsatisfiable), ("bytes=0-99999999999999999999", .part(0..<10)),
      ("bytes=5-3", .whole), ("bytes=0-1,4-5", .whole), ("bytes=-", .whole), ("bytes=", .whole),
      ("bytes=a-b", .whole), ("items=0-1", .whole), ("bytes=1", .whole), ("BYTES=1-2", .part(1..<3)),
    ] as [(String?, ByteRange)])
  func ranges(field: String?, expected: ByteRange) {
    #expect(ByteRange(field, size: 10) == expected)
  }

  @Test("No range of nothing holds a byte")
  func emptyBody() {
    #expect(ByteRange("bytes=0-", size: 0) == .unsatisfiable)
    #expect(ByteRange("bytes=-1", size: 0) == .unsatisfiable)
    #expect(ByteRange(nil, size: 0) == .whole)
  }
}
