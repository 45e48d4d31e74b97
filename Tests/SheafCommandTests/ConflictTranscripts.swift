import Testing

@Suite("Edits and proposals of documents in conflict, at a terminal")
struct ConflictTranscripts {
  private static let files = [
    "content/x/b.json": "{\"a\": \"everyone\", \"b\": 0}\n",
    "content/x/n.md": "Phone the night desk as soon as you see any light.\n",
  ]

  private static let start = """
    $ sheaf init lib --name Demo --as Ada --open >/dev/null 2>&1; mkdir stick

    $ sheaf publish content -m "First" --library lib > /dev/null

    $ sheaf sync stick --library lib > /dev/null && sheaf clone stick clinic --as Ben >/dev/null 2>&1

    """

  @Test("A proposal that looks like what is shown tells what it leaves out, before and when it is accepted")
  func setAside() async throws {
    try await Transcript.play(
      Self.start + """

        $ echo "Call whoever is on duty whenever something looks wrong, and stay on the line." | sheaf put x/n.md - -m Rewritten --library lib > /dev/null

        $ echo "Phone the night desk as soon as you see any red light." | sheaf put x/n.md - -m "Which light" --library clinic > /dev/null

        $ sheaf sync --library clinic > /dev/null; sheaf sync stick --library lib > /dev/null 2>&1
        [3]

        $ sheaf proposals show x/n.md --library lib
        x/n.md
          a merge of the edits by Ada and Ben on …
          reason: …

        x/n.md: shown -> proposed
          no difference

        x/n.md: 3.1 -> proposed
          [-Phone-]{+Call+} …[-red-]…
        [3]

        $ sheaf accept x/n.md --library lib
        Accepted x/n.md in change set 4. Not all of 3.1 is in it; `sheaf show x/n.md@3.1` has it whole.

        $ sheaf show x/n.md@3.1 --library lib
        Phone the night desk as soon as you see any red light.
        """,
      files: Self.files)
  }

  @Test(
    "An edit of a document in conflict says so; a settlement that can't be is refused before any question")
  func editInConflict() async throws {
    try await Transcript.play(
      Self.start + """

        $ echo '{"a": "clinicians", "b": 0}' | sheaf put x/b.json - -m "Ben's" --library clinic > /dev/null

        $ echo '{"a": "patients", "b": 0}' | sheaf put x/b.json - -m "Ada's" --library lib > /dev/null

        $ sheaf sync --library clinic > /dev/null; sheaf sync stick --library lib > /dev/null 2>&1; sheaf sync --library clinic > /dev/null 2>&1
        [3]

        $ echo '{"a": "carers", "b": 0}' | sheaf put x/b.json - -m "Ada again" --library lib
        Changed x/b.json in change set 4.
        hint: x/b.json is in conflict: this stands in the place of the side that everybody sees, and the other side still stands against it; `sheaf resolve x/b.json` settles that

        $ echo '{"a": "nurses", "b": 0}' | sheaf put x/b.json - -m "Ben again" --library clinic
        Changed x/b.json in draft …, which waits for the next sync.
        hint: x/b.json is in conflict: once it is taken, this stands in the place of the side that everybody sees, and the other side still stands against it; after a sync `sheaf resolve x/b.json` settles that

        $ sheaf resolve x/b.json --take ours --library clinic
        sheaf: x/b.json has a draft that is not in the log yet; the library is as it was.
        hint: Run `sheaf sync` first.
        [1]

        $ script -qec "NO_COLOR=1 TERM=xterm sheaf resolve x/b.json --library clinic" /dev/null < /dev/null | tr -d '\\r'
        sheaf: x/b.json has a draft that is not in the log yet; the library is as it was.
        hint: Run `sheaf sync` first.

        $ sheaf remove x/b.json -m "Not ours to say" --library lib
        Removed x/b.json in change set 5.
        hint: x/b.json is in conflict: …
        """, files: Self.files)
  }
}
