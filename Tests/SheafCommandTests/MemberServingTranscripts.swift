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
      hint: Compare the code letter by letter, or ask for a new invitation.
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
      hint: Ask an administrator for a new invitation; `sheaf drafts` still has your work.
      [1]
      """)
  }

  @Test("Who was demoted while a draft waited reads why it is not taken, is brought up to date, and drops it")
  func demoted() async throws {
    try await Transcript.play(
      """
      $ sheaf init lib --name Demo --as Ana >/dev/null 2>&1; echo one | sheaf put a/x.md - -m x --library lib
      Changed a/x.md in change set 2.

      $ sheaf serve --library lib --port 0 --quiet > address 2> server.log & echo $! > server.pid

      $ while ! test -s address; do sleep 0.05; done

      $ sheaf invite Hill --role editor --library lib > code 2>/dev/null; sheaf clone $(cat address) hill --code-file code >/dev/null 2>&1

      $ echo two | sheaf put a/x.md - -m "Better" --library hill
      Changed a/x.md in draft …, which waits for the next sync.

      $ sheaf members set Hill --role reader -m "Left the ward" --library lib
      Changed sheaf/members/….json in change set 4.

      $ sheaf sync --library hill
      Pushed 1 draft, …: 0 taken, 1 not taken.
      Not taken: its author's role is reader now, which hands over nothing; drop it, or ask an editor to make the change
      Pulled 1 change set from …: 1 revision, … in … s.
      At checkpoint 4 of …, same as the publisher's.
      1 draft refused by the publisher.
      hint: run `sheaf drafts` to read why
      [3]

      $ sheaf drafts drop $(sheaf drafts --library hill 2>/dev/null | sed -n '2s/ .*//p') --library hill
      Dropped draft ….
      Its texts are kept in …/hill/dropped/….

      $ sheaf sync --library hill
      Nothing new.
      At checkpoint 4 of …, same as the publisher's.
      """)
  }
}
