import Testing

@Suite("The publisher at a terminal")
struct PublisherTranscripts {
  @Test("A library starts once, and wrong words cost nothing")
  func start() async throws {
    try await Transcript.play(
      """
      $ sheaf init lib --name "Clinic handbook"
      Started sheaf/clinic-handbook/… in lib.
      hint: keep a copy of lib/keys/*.key in a safe place: without the keys nothing more can be published. Leave out the file "signed" beside them: an old one must never be put back

      $ sheaf init lib --name Other
      sheaf: there is already a library in …/lib; the library is as it was.
      hint: Choose another folder.
      [1]

      $ sheaf init "Ward 7" --open 2>/dev/null
      Started sheaf/ward-7/… in Ward 7.

      $ sheaf init other --name " "
      sheaf: The library's name is empty.
      Usage: sheaf init <dir> …
      ⋮
      [64]

      $ sheaf bogus
      sheaf: Unexpected argument 'bogus'
      ⋮
      [64]

      $ sheaf status
      sheaf: there is no library in …; nothing was changed.
      hint: Go to a library's folder, or name one with --library DIR.
      [1]

      $ stat -c %a lib/keys lib/keys/log.key lib/library.sqlite
      700
      600
      600
      """)
  }

  @Test("A folder is published, all or nothing, and again only what changed")
  func publish() async throws {
    try await Transcript.play(
      """
      $ sheaf init lib --name Demo --open 2>/dev/null
      Started sheaf/demo/… in lib.

      $ sheaf publish content --library lib
      sheaf: a reason is missing; nothing was changed.
      hint: Say why with -m REASON.
      [64]

      $ sheaf publish content --library lib --dry-run
      Would take 2 new documents, 10 B.
      new      a.md
      new      b/c.txt

      $ sheaf publish content --library lib -m "First articles"
      Published change set 1: 2 new documents, 10 B.

      $ sheaf publish content --library lib -m "Again"
      Nothing to do: all 2 documents are as they were.

      $ mv content/a.md content/d.md && SHEAF_LIBRARY=lib sheaf publish content -m "A better name" --json
      {"added":[],"behind":[],"changeSet":2,"changed":[],"isProposal":false,"merged":[],"missing":[],"moved":[{"from":"a.md","to":"d.md"}],"removed":[],"sizeInBytes":0,"skipped":[],"unchangedCount":1}

      $ rm content/d.md && sheaf publish content --library lib -m "Less"
      Nothing to do: the 1 document is as it was.
      missing  d.md
      hint: what is missing in the folder stays; --prune removes it

      $ sheaf publish content --library lib -m "Less" --prune
      Published change set 3: 1 removed document.

      $ sheaf commit content --library lib -m x
      sheaf: this is the publisher's copy, which makes no drafts; the library is as it was.
      hint: Publish at once: `sheaf publish DIR -m REASON`.
      [64]
      """, files: ["content/a.md": "# One\n", "content/b/c.txt": "two\n"])
  }

  @Test("A document is edited, put and removed; an edit that changes nothing is refused")
  func edits() async throws {
    try await Transcript.play(
      """
      $ sheaf init lib --name Demo --open >/dev/null 2>&1

      $ echo one | sheaf put a.md - -m "First" --library lib
      Changed a.md in change set 1.

      $ EDITOR="sed -i s/one/two/" sheaf edit a.md -m "Second" --library lib
      Changed a.md in change set 2.

      $ sheaf show a.md --library lib
      two

      $ EDITOR=true sheaf edit a.md -m "Nothing" --library lib
      sheaf: a.md is as it was; nothing was recorded.
      [1]

      $ EDITOR=false sheaf edit a.md -m "Nothing" --library lib
      sheaf: the editor "false" ended with code 1; the library is as it was.
      hint: Set EDITOR to a program that edits text.
      [1]

      $ sheaf remove ../a.md -m x --library lib
      sheaf: The value '../a.md' is invalid for '<doc>': The path "../a.md" can't name a document: it has a segment . or ..
      ⋮
      [64]

      $ sheaf remove a.md -m "Out of date" --library lib
      Removed a.md in change set 3.

      $ sheaf remove a.md -m "Out of date" --library lib
      sheaf: there is no document a.md; the library is as it was.
      hint: `sheaf list` shows what there is.
      [1]

      $ sheaf put a.md no-such-file -m x --library lib
      sheaf: there is no file no-such-file; the library is as it was.
      [1]
      """)
  }

  @Test("A reader that closes early, a full disk and an interrupt are taken calmly")
  func surroundings() async throws {
    try await Transcript.play(
      """
      $ sheaf init lib --name Demo --open >/dev/null 2>&1

      $ (sheaf --help; echo "ended with $?" >&2) | head -1
      OVERVIEW: Keep a library of articles and records in step, online or not.
      ended with 0

      $ sheaf status --library lib > /dev/full
      sheaf: the result can't be written: No space left on device; what the command did to the library is done.
      [1]

      $ mkfifo pipe; { sleep 5 > pipe; } > /dev/null 2>&1 & echo $! > sleep.pid

      $ sheaf put a.md - -m "Never ends" --library lib < pipe & sleep 0.5; kill -INT $!; wait $!
      sheaf: interrupted; nothing is half done.
      [130]

      $ sheaf list --library lib
      No documents yet.
      """)
  }
}
