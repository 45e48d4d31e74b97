import Foundation
import Testing

@Suite("TLS at a terminal")
struct TLSTranscripts {
  /// The certificate for localhost that the tests of the server use.
  private static func fixture(_ name: String) throws -> String {
    let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    return try String(contentsOf: tests.appending(path: "SheafHTTPTests/Fixtures/\(name)"), encoding: .utf8)
  }

  @Test("A server with a certificate is reached by those who trust it, and by no one else")
  func trust() async throws {
    try await Transcript.play(
      """
      $ sheaf init lib --name Demo --as Ada --open >/dev/null 2>&1; echo one | sheaf put a.md - -m x --library lib
      Changed a.md in change set 1.

      $ sheaf serve --library lib --port 0 --quiet --tls-certificate key.pem --tls-key cert.pem
      sheaf: no TLS with …key.pem and …cert.pem: they can't be read or do not belong together; …, and nothing listens.
      hint: Give a PEM certificate chain and its unencrypted PEM key.
      [1]

      $ sheaf serve --library lib --port 0 --quiet --tls-certificate cert.pem
      sheaf: Give --tls-certificate and --tls-key together.
      ⋮
      [64]

      $ sheaf serve --library lib --port 0 --quiet --tls-certificate cert.pem --tls-key key.pem --drafts-from-everybody > address 2> server.log & echo $! > server.pid

      $ while ! test -s address; do sleep 0.05; done; sed s/[0-9]*$/PORT/ address
      https://127.0.0.1:PORT

      $ sheaf clone $(cat address) clinic --as Ben
      sheaf: https://127.0.0.1:… can't be reached: …; no copy was made.
      hint: …
      [1]

      $ sheaf clone $(cat address) clinic --as Ben --trust nothing.pem
      sheaf: no certificates can be read from …nothing.pem; nothing was changed.
      hint: Give a PEM file.
      [64]

      $ sheaf clone $(cat address) clinic --as Ben --trust cert.pem
      Cloned demo into clinic.
      Pulled 1 change set from 127.0.0.1:…: 1 revision, … in … s.
      At checkpoint 1 of …, as the publisher signed it.
      hint: compare the identity with the publisher's: sheaf/demo/…

      $ echo two | sheaf put a.md - -m y --library clinic > /dev/null; sheaf sync --library clinic --trust cert.pem
      Pushed 1 draft, … B: 1 taken.
      Pulled 1 change set from 127.0.0.1:…: 1 revision, … in … s.
      At checkpoint 2 of …, same as the publisher's.
      """,
      files: ["cert.pem": try Self.fixture("localhost.crt"), "key.pem": try Self.fixture("localhost.key")])
  }
}
