import SheafModel
import SheafTesting
import Testing

/// Numbers, names, moments and bytes as signed text holds them: each with one spelling.
@Suite("Canonical spellings")
struct CanonicalTextTests {
  @Test("A number has one spelling")
  func numbers() {
    #expect(CanonicalNumber.parse("0") == 0)
    #expect(CanonicalNumber.parse("9223372036854775807") == UInt64(Int64.max))
    for bad in [
      "", "00", "01", "+1", "-1", " 1", "1 ", "1\n", "1_0", "1.0", "٣", "9223372036854775808",
      "9999999999999999999", "18446744073709551616", "100000000000000000000",
    ] { #expect(CanonicalNumber.parse(bad) == nil, "\(bad)") }
  }

  @Test("A revision's name has one spelling, and sorts by its place")
  func names() throws {
    let name = try #require(RevisionName(parsing: "1219.3"))
    #expect(name == RevisionName(changeSet: 1219, line: 3))
    #expect(name.description == "1219.3")
    #expect(RevisionName(parsing: "1.4294967295")?.line == .max)
    for bad in [
      "", ".", "1", "1.", ".1", "0.1", "1.0", "01.1", "1.01", "1.4294967296", "1.2.3", "1,2", "-1.1",
    ] {
      #expect(RevisionName(parsing: bad) == nil, "\(bad)")
    }
    #expect(RevisionName(changeSet: 2, line: 9) < RevisionName(changeSet: 10, line: 1))
    #expect(RevisionName(changeSet: 2, line: 9) < RevisionName(changeSet: 2, line: 10))
  }

  @Test(
    "A moment is the second it names",
    arguments: [
      (0, "1970-01-01T00:00:00Z"), (951_782_400, "2000-02-29T00:00:00Z"),
      (1_709_251_199, "2024-02-29T23:59:59Z"),
      (1_795_341_600, "2026-11-22T10:00:00Z"), (4_107_542_400, "2100-03-01T00:00:00Z"),
      (4_107_542_399, "2100-02-28T23:59:59Z"), (253_402_300_799, "9999-12-31T23:59:59Z"),
    ] as [(Int64, String)])
  func moments(seconds: Int64, text: String) {
    #expect(Timestamp(seconds: seconds).description == text)
    #expect(Timestamp(parsing: text)?.seconds == seconds)
  }

  @Test("A moment that never was, or is spelled otherwise, is refused")
  func noMoments() {
    for bad in [
      "", "2026-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
      "2026-01-00T00:00:00Z", "2026-04-31T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z",
      "2026-12-31T23:59:60Z", "1969-12-31T23:59:59Z", "2026-01-01t00:00:00z", "2026-01-01 00:00:00Z",
      "2026-01-01T00:00:00+00:00", "2026-01-01T00:00:00.0Z", "10000-01-01T00:00:00Z", "2026-1-01T00:00:00Z",
      "2026/01/01T00:00:00Z", "2026-01-01T00:00:00", "٢٠٢٦-01-01T00:00:00Z",
    ] { #expect(Timestamp(parsing: bad) == nil, "\(bad)") }
  }

  @Test("Moments outside what can be written are brought inside")
  func clampedMoments() {
    #expect(Timestamp(seconds: -1).seconds == 0)
    #expect(Timestamp(seconds: .min).description == "1970-01-01T00:00:00Z")
    #expect(Timestamp(seconds: .max).description == "9999-12-31T23:59:59Z")
    #expect(Timestamp(seconds: 86_400).date == "1970-01-02")
  }

  @Test("Every day from 1970 to 9999 is read back, one after the other")
  func everyDay() throws {
    // A step that is no multiple of a week, month or year, small enough to meet every month.
    for day in stride(from: Int64(0), through: 2_932_896, by: 11) {
      let moment = Timestamp(seconds: day * 86_400 + 86_399)
      let isSame = Timestamp(parsing: moment.description) == moment
      if !isSame { Issue.record("\(moment)") }
    }
  }

  @Test(
    "Base64 is read back, and every other spelling of the same bytes is refused", arguments: UInt64(0)..<40)
  func base64(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let bytes = random.bytes(Int(seed))
    let text = Base64.encode(bytes)
    #expect(text.utf8.count == (bytes.count + 2) / 3 * 4)
    #expect(Base64.decode(text) == bytes)
    let plain = Base64.encodeForURLs(bytes)
    #expect(plain == String(text.filter { $0 != "=" }.map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 }))
    #expect(Base64.decodeForURLs(plain) == bytes)
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=-_ \n"
    let characters = Array(text)
    for index in characters.indices {
      for other in alphabet where other != characters[index] {
        var changed = characters
        changed[index] = other
        if Base64.decode(String(changed)) == bytes { Issue.record("\(String(changed)) means the same") }
      }
    }
  }

  @Test(
    "Base64 that is not canonical is refused",
    arguments: [
      "A", "AA", "AAA", "AAA=AAAA", "=AAA", "A===", "AB==", "AAB=", "AA=A", "AAAA\n", "AA==AA==", "AAéA",
      "____",
    ])
  func base64Refusals(text: String) { #expect(Base64.decode(text) == nil) }

  @Test(
    "Base64 for URLs is refused with padding, in the other alphabet, of no length, and with bits left over")
  func base64ForURLs() {
    for bad in ["QQ==", "+/+/", "A", "AAAAA", "QR", "QUF", "é", "A A", "-_-"] {
      #expect(Base64.decodeForURLs(bad) == nil, "\(bad)")
    }
    #expect(Base64.decodeForURLs("-_-_") == [0xfb, 0xff, 0xbf])
    #expect(Base64.decodeForURLs("") == [])
  }

  @Test("Hexadecimal digits are written small and read in either case")
  func hexadecimal() {
    #expect(Hexadecimal.encode([0, 0xab, 0xff]) == "00abff")
    #expect(Hexadecimal.decode("00ABff") == [0, 0xab, 0xff])
    for bad in ["0", "0g", "é", " 0", "０0"] { #expect(Hexadecimal.decode(bad) == nil, "\(bad)") }
  }

  @Test("A hash is that of FIPS 180-4, in one piece or many, and has 32 bytes")
  func hashes() {
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    #expect(SHA256Hash(hashing: Array("abc".utf8)).hex == abc)
    var hasher = SHA256Hash.Hasher()
    for byte in "abc".utf8 { hasher.update([byte]) }
    let hash = hasher.finalize()
    #expect(hash.hex == abc)
    #expect(SHA256Hash(bytes: hash.bytes) == hash)
    #expect(SHA256Hash(hex: abc.uppercased()) == hash)
    #expect(SHA256Hash(base64: hash.base64) == hash)
    #expect(SHA256Hash(bytes: [UInt8](repeating: 0, count: 31)) == nil)
    #expect(SHA256Hash(hex: abc.dropLast()) == nil)
    #expect(SHA256Hash(base64: Base64.encode([UInt8](repeating: 0, count: 33))) == nil)
    #expect(SHA256Hash.zero < hash)
  }
}
