import Testing

@Suite("A clinic at a terminal")
struct ClinicTranscripts {
  @Test("A clinic clones from a server, edits offline, and its drafts come back as change sets")
  func server() async throws {
    try await Transcript.play(
      """
      $ sheaf init lib --name Demo --as Ada --open >/dev/null 2>&1

      $ sheaf publish content --library lib -m "First articles"
      Published change set 1: 2 new documents, 23 B.

      $ sheaf serve --library lib --port 0 --quiet --drafts-from-everybody > address 2> server.log & echo $! > server.pid

      $ while ! test -s address; do sleep 0.05; done; sed s/[0-9]*$/PORT/ address
      http://127.0.0.1:PORT

      $ sheaf clone $(cat address) clinic --as Ben
      Cloned demo into clinic.
      Pulled 1 change set from 127.0.0.1:…: 2 revisions, … in … s.
      At checkpoint 1 of …, as the publisher signed it.
      hint: compare the identity with the publisher's: sheaf/demo/…

      $ cd clinic && sheaf list
      PATH     REVISION  SIZE  STATE  TITLE
      a.md     1.1       13 B         One
      b/c.txt  1.2       10 B         c.txt

      $ cd clinic && sheaf sync
      Nothing new.
      At checkpoint 1 of …, same as the publisher's.

      $ cd clinic && printf '# One\\n\\nchanged\\n' | sheaf put a.md - -m "A better word"
      Changed a.md in draft …, which waits for the next sync.

      $ cd clinic && sheaf diff
      a.md: 1.1 -> draft
        # One

        [-text.-]{+changed+}

      $ cd clinic && sheaf sync
      Pushed 1 draft, … B: 1 taken.
      Pulled 1 change set from 127.0.0.1:…: 1 revision, … in … s.
      At checkpoint 2 of …, same as the publisher's.

      $ sheaf show a.md --library lib
      # One

      changed

      $ sheaf log --library lib
      NUMBER  DATE        BY   REVISIONS  REASON
           2  …  Ben          1  A better word
           1  …  Ada          2  First articles

      $ sheaf history a.md --library clinic
      REVISION  DATE        BY   DID  SIZE  REASON
      2.1       …  Ben  put  15 B  A better word
      1.1       …  Ada  put  13 B  First articles

      $ sheaf show a.md@1.1 --library lib
      # One

      text.

      $ kill $(cat server.pid); while kill -0 $(cat server.pid) 2>/dev/null; do sleep 0.05; done; cat server.log

      $ cd clinic && sheaf sync
      sheaf: http://127.0.0.1:… can't be reached: …
      hint: …
      [1]
      """, files: ["content/a.md": "# One\n\ntext.\n", "content/b/c.txt": "two lines\n"])
  }

  @Test("A clinic that only meets a stick gets everything, and its drafts get out")
  func stick() async throws {
    try await Transcript.play(
      """
      $ sheaf init lib --name Demo --as Ada --open >/dev/null 2>&1; mkdir stick

      $ sheaf publish content --library lib -m "First articles"
      Published change set 1: 1 new document, 4 B.

      $ sheaf sync stick --library lib
      No drafts in …/stick.
      Left … in …/stick.
      At checkpoint 1 of ….

      $ sheaf clone stick clinic --as Ben 2>/dev/null
      Cloned demo into clinic.
      Pulled 1 change set from …/stick: 1 revision, … in … s.
      At checkpoint 1 of …, as the publisher signed it.

      $ echo two | sheaf put b.md - -m "Second" --library clinic
      Changed b.md in draft …, which waits for the next sync.

      $ sheaf sync --library clinic
      Left 1 draft in …/stick; the answer comes with a later sync.
      At checkpoint 1 of …, same as the publisher's.
      1 draft waits.

      $ sheaf sync stick --library lib
      Took 1 draft from …/stick.
      Left … in …/stick.
      At checkpoint 2 of ….

      $ sheaf sync --library clinic
      1 draft answered: 1 taken.
      Pulled 1 change set from …/stick: 1 revision, … in … s.
      At checkpoint 2 of …, same as the publisher's.

      $ sheaf verify --library clinic
      Verified at checkpoint 2: 2 change sets, ….
      Everything holds.
      """, files: ["content/a.md": "one\n"])
  }

  @Test("Edits of one line on both sides are kept, told and settled")
  func conflict() async throws {
    try await Transcript.play(
      """
      $ sheaf init lib --name Demo --as Ada --open >/dev/null 2>&1; mkdir stick

      $ sheaf publish content --library lib -m "First articles" > /dev/null

      $ sheaf sync stick --library lib > /dev/null && sheaf clone stick clinic --as Ben >/dev/null 2>&1

      $ echo "open on Monday" | sheaf put a.txt - -m "New hours" --library lib
      Changed a.txt in change set 2.

      $ echo "open on Friday" | sheaf put a.txt - -m "Other hours" --library clinic
      Changed a.txt in draft …, which waits for the next sync.

      $ sheaf sync --library clinic > /dev/null; sheaf sync stick --library lib
      Took 1 draft from …/stick.
      Left … in …/stick.
      At checkpoint 3 of ….
      1 document changed on both sides.
      hint: run `sheaf conflicts` to choose
      [3]

      $ sheaf sync --library clinic
      ⋮
      At checkpoint 3 of …, same as the publisher's.
      1 document changed on both sides.
      hint: run `sheaf conflicts` to choose
      [3]

      $ sheaf conflicts --library clinic
      SEVERITY  PATH   OURS  THEIRS  PARTS  WHERE
      blocked   a.txt  Ada   Ben         1  …line 1
      hint: run `sheaf resolve a.txt` to see the parts and choose
      [3]

      $ sheaf resolve a.txt --library clinic
      a.txt
        ours 2.1: changed by Ada on …: New hours
        theirs 3.1: changed by Ben on …: Other hours
      ⋮
      hint: choose with --take ours|theirs|proposed|both|deleted, --part N=CHOICE or --file FILE
      [3]

      $ sheaf show a.txt --library clinic
      open on Monday
      warning: a.txt is in conflict; this is what everybody sees until it is settled
      hint: run `sheaf resolve a.txt` to choose

      $ sheaf resolve a.txt --take theirs --library lib
      Settled a.txt in change set 4.

      $ sheaf conflicts --library lib
      No conflicts.

      $ sheaf show a.txt --library lib
      open on Friday
      """, files: ["content/a.txt": "open on Sunday\n"])
  }

  @Test("A bundle's file makes a copy and brings it up to date")
  func bundles() async throws {
    try await Transcript.play(
      """
      $ sheaf init lib --name Demo --as Ada --open >/dev/null 2>&1

      $ echo one | sheaf put a.md - -m "First" --library lib
      Changed a.md in change set 1.

      $ sheaf bundle create -o first.sheaf --mode trail --library lib
      Made …/first.sheaf: trail from checkpoint 0 to 1, ….
      It carries 1 change set, 1 revision and 1 content of 4 B, packed into … B.

      $ sheaf clone first.sheaf clinic --as Ben 2>/dev/null
      Cloned demo into clinic.
      Pulled 1 change set from …/first.sheaf: 1 revision, … B in … s.
      At checkpoint 1 of …, as the publisher signed it.

      $ sheaf sync --library clinic
      sheaf: this library has no remote yet; the library is as it was.
      hint: Name one: `sheaf sync REMOTE`.
      [64]

      $ echo two | sheaf put a.md - -m "Second" --library lib
      Changed a.md in change set 2.

      $ sheaf bundle create --from 1 -o second.sheaf --mode trail --library lib > /dev/null

      $ head -c 100 second.sheaf > cut.sheaf; sheaf bundle apply cut.sheaf --library clinic
      sheaf: …; the library is as it was.
      ⋮
      [4]

      $ sheaf bundle apply second.sheaf --library clinic
      Pulled 1 change set from second.sheaf: 1 revision, … B in … s.
      At checkpoint 2 of …, as the publisher signed it.

      $ sheaf bundle apply second.sheaf --library clinic
      sheaf: the bundle holds nothing new for this copy, which is at checkpoint 2; the library is as it was.
      [1]

      $ sheaf show a.md --library clinic
      two

      $ echo three | sheaf put a.md - -m "Third" --library lib
      Changed a.md in change set 3.

      $ sheaf bundle create -o whole.sheaf --mode trail --library lib > /dev/null; sheaf sync whole.sheaf --library clinic
      Pulled 1 change set from whole.sheaf: 1 revision, … B in … s.
      At checkpoint 3 of …, as the publisher signed it.
      """)
  }
}
