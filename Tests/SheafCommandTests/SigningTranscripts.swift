import Testing

@Suite("Signatures and approvals at a terminal")
struct SigningTranscripts {
  private static let start = """
    $ sheaf init lib --name Demo --as Ana >/dev/null 2>&1; mkdir stick

    $ sheaf publish content -m "First" --library lib > /dev/null

    $ sheaf sync stick --library lib > /dev/null; sheaf invite Ben --role approver --stick --library lib 2>/dev/null > code

    $ sheaf sync stick --library lib >/dev/null 2>&1; sheaf clone stick clinic --code-file code >/dev/null 2>&1

    $ sheaf sync stick --library lib >/dev/null 2>&1; sheaf sync --library clinic >/dev/null 2>&1

    """

  @Test(
    "A revision is signed on a replica, told with name, role, time and meaning, and superseded by a later edit"
  )
  func signed() async throws {
    try await Transcript.play(
      Self.start + """
        $ sheaf sign a/x.md --meaning approved -m "Read it twice" --library clinic
        Signed a/x.md@2.1 as approved in draft …, which waits for the next sync.

        $ sheaf sign a/x.md --meaning approved --library clinic
        sheaf: a/x.md: its author has signed the revision with that meaning, and it stands; nothing was changed.
        [1]

        $ sheaf sign a/x.md --meaning fine --library clinic
        ⋮
        [64]

        $ sheaf sync --library clinic >/dev/null; sheaf sync stick --library lib >/dev/null; sheaf sync --library clinic >/dev/null

        $ sheaf show a/x.md --library lib
        One line.
        2.1 is approved by Ben (approver), 20…Z, in the log by 20…Z: Read it twice

        $ sheaf log -n 1 --documents --library lib
        NUMBER  DATE        BY   REVISIONS  REASON
             4  20…  Ben          1  Read it twice
                sign-approved a/x.md@2.1

        $ echo "Another line." | sheaf put a/x.md - -m "Other" --library lib
        Changed a/x.md in change set 5.

        $ sheaf history a/x.md --library lib
        REVISION  DATE        BY   DID                SIZE  SIGNED           REASON
        5.1       20…  Ana  put                14 B                   Other
        4.1       20…  Ben  sign-approved 2.1                         Read it twice
        2.1       20…  Ana  put                10 B  approved by Ben  First

        $ sheaf show a/x.md@2.1 --library lib
        One line.
        2.1 is approved by Ben (approver), 20…Z, in the log by 20…Z: Read it twice; superseded by 5.1

        $ sheaf status --library lib | grep signed
        1 document changed since somebody signed it, and nobody has again: a/x.md.
        Changes made here are signed by Ana (…), publisher.

        $ sheaf sign a/x.md --meaning authored -m "I meant this" --library clinic
        sheaf: a/x.md: its author did not write what it signs as authored; nothing was changed.
        [1]

        $ sheaf sign a/x.md@2.1 --meaning rejected -m "I misread it" --library lib
        Signed a/x.md@2.1 as rejected in change set 6.
        """, files: ["content/a/x.md": "One line.\n"])
  }

  @Test("Where every edit needs an approval, the publisher's own waits for somebody else")
  func approved() async throws {
    try await Transcript.play(
      Self.start + """
        $ echo "Another line." | sheaf put a/x.md - -m "Other" --library lib
        Changed a/x.md in change set 4, which waits until somebody accepts it.

        $ sheaf status --library lib | grep approval
        1 edit waits for somebody else's approval; `sheaf proposals` shows what.

        $ sheaf accept a/x.md --library lib
        sheaf: this copy's member may not decide on the proposal for a/x.md; the library is as it was.
        hint: …
        [1]

        $ sheaf show a/x.md --library lib
        One line.

        $ sheaf sync stick --library lib >/dev/null; sheaf sync --library clinic >/dev/null; sheaf accept a/x.md -m "Right" --library clinic
        Accepted a/x.md in draft …, which waits for the next sync.

        $ sheaf sync --library clinic >/dev/null; sheaf sync stick --library lib >/dev/null

        $ sheaf show a/x.md --library lib
        Another line.
        5.1 is approved by Ben (approver), 20…Z, in the log by 20…Z: Right
        """,
      files: [
        "content/a/x.md": "One line.\n",
        "content/sheaf/settings.json": #"{"format":1,"collections":{"a":{"review":"everyone"}}}"#,
      ])
  }
}
