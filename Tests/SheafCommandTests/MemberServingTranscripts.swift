import Testing

@Suite("Members and a server, at a terminal")
struct MemberServingTranscripts {
  @Test("A server answers members only; a code makes a device one, and a revoked one gets nothing more")
  func served() async throws {
    try await Transcript.play(
      """
      $ sheaf init lib --name Demo --as Ana >/dev/null 2>&1; echo one | sheaf put a/x.md - -m x --library lib
      Changed a/x.md in change set 2.

      $ sheaf serve --library lib --port 0 --quiet > address 2> server.log & echo $! > server.pid

      $ while ! test -s address; do sleep 0.05; done

      $ sheaf clone $(cat address) stranger
      sheaf: … answers members only, and does not know this copy as one; no copy was made.
      hint: Ask an administrator of the library for an invitation.
      [1]

      $ sheaf invite Hill --role editor --only a --library lib > code 2>/dev/null

      $ SHEAF_CODE=$(cat code) sheaf clone $(cat address) hill 2>/dev/null
      Cloned demo into hill.
      ⋮

      $ sheaf clone $(cat address) other --code-file code
      sheaf: … does not allow this: the invitation is not known, was used, is void or is too old; no copy was made.
      [1]

      $ echo two | sheaf put a/x.md - -m x --library hill >/dev/null; sheaf sync --library hill 2>/dev/null
      Pushed 1 draft, … 1 taken.
      ⋮

      $ sheaf show a/x.md --library lib
      two

      $ sheaf rotate --library hill >/dev/null; sheaf sync --library hill >/dev/null 2>&1; sheaf sync --library hill 2>/dev/null
      Nothing new.
      ⋮

      $ sheaf revoke Hill --reason Lost --library lib
      Revoked sheaf/members/….json in change set 6.

      $ sheaf sync --library hill
      sheaf: … does not allow this: the key of Hill was revoked: Lost; the library is as it was.
      [1]
      """)
  }
}
