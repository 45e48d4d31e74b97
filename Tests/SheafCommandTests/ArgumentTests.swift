import Foundation
import SheafModel
import SheafSync
import Testing

@testable import SheafCommand

@Suite("What a person writes")
struct ArgumentTests {
  @Test("A moment is a revision, a checkpoint, a day's end, a time or now")
  func moments() throws {
    #expect(try Arguments.moment("now") == .now)
    #expect(try Arguments.moment("12.3") == .revision(RevisionName(changeSet: 12, line: 3)))
    #expect(try Arguments.moment("12") == .checkpoint(12))
    let end = try #require(Timestamp(parsing: "2026-11-22T23:59:59Z"))
    #expect(try Arguments.moment("2026-11-22") == .time(end))
    #expect(try Arguments.moment("2026-11-22T23:59:59Z") == .time(end))
  }

  @Test(
    "What is no moment is refused", arguments: ["", "yesterday", "12.", "012", "2026-02-30", "-1", "12.0"])
  func noMoments(text: String) {
    #expect(throws: (any Error).self) { try Arguments.moment(text) }
  }

  @Test("A document may name its revision behind the last @")
  func references() throws {
    let plain = try Arguments.reference("trials/a.json")
    #expect(plain.path.text == "trials/a.json" && plain.revision == nil)
    let named = try Arguments.reference("./trials/a@b.json@1219.3")
    #expect(named.path.text == "trials/a@b.json")
    #expect(named.revision == RevisionName(changeSet: 1219, line: 3))
    let address = try Arguments.reference("people/mail@example.org")
    #expect(address.path.text == "people/mail@example.org" && address.revision == nil)
    #expect(throws: (any Error).self) { try Arguments.reference("../secret@1.1") }
  }

  @Test("A collection may end in the slash that completion leaves")
  func collections() throws {
    #expect(try Arguments.collection("trials/").text == "trials")
    #expect(try Arguments.collection(".").text == ".")
    #expect(throws: (any Error).self) { try Arguments.collection("a/b") }
    #expect(throws: (any Error).self) { try Arguments.collection("/") }
  }

  private func address(_ text: String, there: [String: Bool] = [:]) throws -> RemoteAddress {
    try RemoteAddress(text, base: URL(filePath: "/home/ada", directoryHint: .isDirectory)) { path in
      there[path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path]
    }
  }

  @Test("An address is a server, a folder or a bundle's file")
  func addresses() throws {
    let server = try address("https://clinics.example.org:8428/als")
    #expect(server == .http("https://clinics.example.org:8428/als"))
    #expect(server.short == "clinics.example.org:8428")
    #expect(try address("stick", there: ["/home/ada/stick": true]).text == "/home/ada/stick")
    #expect(try address("file:///media/a%20b", there: ["/media/a b": true]).text == "/media/a b")
    let file = try address("/tmp/x.sheaf", there: ["/tmp/x.sheaf": false])
    guard case .bundle = file else {
      Issue.record("\(file) is no bundle")
      return
    }
  }

  @Test("What is no address is refused, and a password in one is not taken in")
  func noAddresses() throws {
    #expect(throws: AddressError.unknown("ftp://example.org")) { try address("ftp://example.org") }
    #expect(throws: AddressError.nothingThere("nowhere")) { try address("nowhere") }
    #expect(throws: AddressError.notBundle("a.txt")) {
      try address("a.txt", there: ["/home/ada/a.txt": false])
    }
    #expect(throws: AddressError.holdsSecret) { try address("https://ada:secret@example.org/") }
    #expect(throws: AddressError.unknown("")) { try address("") }
    #expect(throws: AddressError.unknown("file://host/x")) { try address("file://host/x") }
  }

  @Test("Every failure becomes one sentence, a hint and an exit code")
  func failures() {
    let refused = FailureText(RemoteError.unauthorized(address: "https://example.org"))
    #expect(
      refused.problem
        == "https://example.org answers members only, and does not know this copy as one; the library is as it was."
    )
    #expect(refused.hint == "Ask an administrator of the library for an invitation.")
    #expect(refused.outcome == .failed)
    #expect(FailureText(AddressError.none).outcome == .usage)
    #expect(FailureText(CancellationError()).outcome == .interrupted)
    struct Odd: Error {}
    #expect(FailureText(Odd()).outcome == .failed)
  }

  @Test("A reason is trimmed at its ends only")
  func trimming() {
    #expect("  two  words \n".trimmingWhiteSpace == "two  words")
    #expect(" \n".trimmingWhiteSpace == "")
  }
}
