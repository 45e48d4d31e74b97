import SheafLog
import SheafModel
import SheafTesting
import Testing

@Suite("Requests to become a member")
struct EnrolmentRequestTests {
  private struct Vector {
    var facts: [String: String] = [:]

    init() throws {
      for line in try factLines("enrolment-code", separator: " ") where line.count == 2 {
        facts[line[0]] = line[1]
      }
    }

    subscript(name: String) -> String { facts[name] ?? "" }
  }

  @Test("The vector's code is what its parts make, and is read however it is typed")
  func code() throws {
    let vector = try Vector()
    let library = try #require(LibraryID(vector["library"]))
    let code = InvitationCode(
      library: library, id: try #require(Hexadecimal.decode(vector["id"])),
      secret: try #require(Hexadecimal.decode(vector["secret"])))
    #expect(code.text == vector["code"])
    let key = try EnrolmentRequest.invitationKey(code, in: library).verifierKey.publicKey
    #expect(Base64.encode(key) == vector["key"])
    let typed = [
      code.text, code.text.uppercased(), code.text.replacing("-", with: " "),
      code.text.replacing("-", with: "") + "\n",
      code.text.replacing("0", with: "o").replacing("1", with: "I"), code.text.replacing("1", with: "l"),
    ]
    for text in typed { #expect(InvitationCode(text) == code, "\(text)") }
    #expect(code.fits(library) && !"\(code)".contains(code.text.suffix(20)))
    for text in [
      "", "u" + code.text.dropFirst(), code.text + "0", String(code.text.dropLast()),
      code.text.dropLast() + "z", "é",
    ] {
      #expect(InvitationCode(text) == nil, "\(text)")
    }
  }

  @Test("Codes of any bytes are read as they were written")
  func roundTrip() throws {
    var random = SplitMix64(seed: 5)
    for _ in 0..<200 {
      let library = LibraryID(name: "x", logKey: random.bytes(32))
      let code = InvitationCode(library: library, id: random.bytes(4), secret: random.bytes(16))
      #expect(InvitationCode(code.text) == code)
    }
  }

  @Test("The vector's request, made with OpenSSL, is what this code makes and verifies")
  func request() throws {
    let vector = try Vector()
    let bytes = try SheafTesting.vector("enrolment-request.txt")
    let note = try SignedNote(parsing: bytes, maximumSize: 4096, maximumSignatures: 2)
    let request = try #require(EnrolmentRequest(parsing: note.text))
    let code = try #require(InvitationCode(vector["code"]))
    #expect(request.isSignedByKey(note))
    #expect(request.isSigned(note, byInvitation: try #require(Base64.decode(vector["key"]))))
    let name = try #require(note.signatures.last?.name)
    let member = try SigningKey(name: name, seed: (0..<32).map { UInt8($0) })
    let again = try EnrolmentRequest.note(
      with: code, library: request.library, member: member, time: request.time)
    #expect(again.text == note.text && request.isSignedByKey(again))
  }

  @Test("A request is read as it is written, and no other way")
  func strict() throws {
    let library = LibraryID(name: "x", logKey: [1])
    for witness in [nil, [UInt8](repeating: 3, count: 32)] {
      let request = EnrolmentRequest(
        library: library, invitation: [1, 2, 3, 4], key: [UInt8](repeating: 2, count: 32), witness: witness,
        time: Timestamp(seconds: 9))
      #expect(EnrolmentRequest(parsing: request.text) == request)
      let lines = request.text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
      for index in lines.indices {
        var fewer = lines
        fewer.remove(at: index)
        // Without the witness's line it is another request.
        guard !lines[index].hasPrefix("witness") else { continue }
        #expect(EnrolmentRequest(parsing: fewer.joined(separator: "\n")) == nil, "\(index)")
        var twice = lines
        twice.insert(lines[index], at: index)
        #expect(EnrolmentRequest(parsing: twice.joined(separator: "\n")) == nil, "\(index)")
      }
      #expect(
        EnrolmentRequest(parsing: request.text.replacing("invitation 01", with: "invitation 0A")) == nil)
      #expect(EnrolmentRequest(parsing: request.text + "more\n") == nil)
    }
  }
}
