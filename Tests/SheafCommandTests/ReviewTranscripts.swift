import Testing

@Suite("Edits that wait, and conflicts that are settled, at a terminal")
struct ReviewTranscripts {
  private static let files = [
    "content/r/a.md": "# Title\n\nFirst paragraph here.\n",
    "content/sheaf/settings.json": #"{"format":1,"collections":{"r":{"review":"required"}}}"#,
    "content/x/a.md": "# Title\n\nOpen on Sunday and closed on Monday.\n\nSecond paragraph here.\n",
    "content/x/b.json": "{\"a\": \"everyone\", \"b\": 0}\n",
    "hours/1": "# Title\n\nOpen on Friday and closed on Monday.\n\nSecond paragraph, by Ben.\n",
    "hours/2": "# Title\n\nOpen on Saturday and closed on Monday.\n\nSecond paragraph here.\n",
  ]

  private static let start = """
    $ sheaf init lib --name Demo --as Ada --open >/dev/null 2>&1; mkdir stick

    $ sheaf publish content -m "First" --library lib > /dev/null

    $ sheaf sync stick --library lib > /dev/null && sheaf clone stick clinic --as Ben >/dev/null 2>&1

    """

  @Test("An edit under review is listed, declined with a reason, sent again and accepted")
  func review() async throws {
    try await Transcript.play(
      Self.start + """

        $ printf '# Title\\n\\nFirst paragraph here, clearer.\\n' | sheaf put r/a.md - -m "Clearer" --library clinic
        Changed r/a.md in draft …, which waits for the next sync.

        $ sheaf sync --library clinic > /dev/null; sheaf sync stick --library lib > /dev/null; sheaf sync --library clinic
        1 draft answered: 1 taken.
        Pulled 1 change set from …/stick: 1 revision, … in … s.
        At checkpoint 2 of …, same as the publisher's.

        $ sheaf drafts --library clinic
        DRAFT             MADE        STATE     DOCUMENTS  REASON
        …  …  proposed          1  Clearer

        $ sheaf show r/a.md --library clinic
        # Title

        First paragraph here.

        $ sheaf proposals --library lib
        PATH    REVISION  BY   DOES  AGE  REASON
        r/a.md  2.1       Ben  put   now  Clearer

        r/a.md: 1.1 -> 2.1
          # Title

          First paragraph here{+, clearer+}.
        hint: run `sheaf accept r/a.md` or `sheaf decline r/a.md -m REASON`
        [3]

        $ sheaf accept r/a.md --library clinic
        sheaf: this copy's member may not decide on the proposal for r/a.md; the library is as it was.
        hint: `sheaf members --roles` tells which roles may; an edit that needs an approval takes somebody else's than its author's.
        [1]

        $ sheaf decline r/a.md --library lib
        sheaf: a reason is missing; nothing was changed.
        hint: Say why with -m REASON.
        [64]

        $ sheaf decline r/a.md -m "Clearer how?" --library lib
        Declined r/a.md in change set 3.

        $ sheaf sync stick --library lib > /dev/null; sheaf sync --library clinic
        Pulled 1 change set from …/stick: 1 revision, … in … s.
        At checkpoint 3 of …, same as the publisher's.
        Your proposal for r/a.md was declined by Ada: Clearer how?
        hint: run `sheaf drafts` to read why
        [3]

        $ sheaf drafts --library clinic
        DRAFT             MADE        STATE     DOCUMENTS  REASON
        …  …  declined          1  Clearer
        …: Ada: Clearer how?
        hint: run `sheaf drafts show …`, then `sheaf drafts send` or `sheaf drafts drop`
        [3]

        $ sheaf drafts send $(sheaf drafts --json --library clinic | sed 's/.*"draft":"\\([^"]*\\)".*/\\1/') --library clinic
        Signed again r/a.md in draft …, which waits for the next sync.

        $ sheaf sync --library clinic > /dev/null; sheaf sync stick --library lib > /dev/null

        $ sheaf accept r/a.md -m "Now I see" --library lib
        Accepted r/a.md in change set 5.

        $ sheaf sync stick --library lib > /dev/null; sheaf sync --library clinic
        1 draft answered: 1 taken.
        Pulled 2 change sets from …/stick: 2 revisions, … in … s.
        At checkpoint 5 of …, same as the publisher's.
        Your proposal for r/a.md was accepted by Ada: Now I see

        $ sheaf history r/a.md --library clinic
        REVISION  DATE        BY   DID      SIZE  REASON
        5.1       …  Ada  accept   … B  Now I see
        4.1       …  Ben  put      … B  Clearer
        3.1       …  Ada  decline        Clearer how?
        2.1       …  Ben  put      … B  Clearer
        1.1       …  Ada  put      … B  First

        $ sheaf verify --library clinic > /dev/null && sheaf verify --library lib > /dev/null
        """, files: Self.files)
  }

  @Test("A conflict is settled on the screen: a choice undone, both taken, looked at and saved")
  func screen() async throws {
    try await Transcript.play(
      Self.start + """

        $ sheaf put x/a.md hours/1 -m "Hours" --library clinic > /dev/null; sheaf put x/a.md hours/2 -m "New hours" --library lib
        Changed x/a.md in change set 2.

        $ sheaf sync --library clinic > /dev/null; sheaf sync stick --library lib > /dev/null 2>&1; sheaf sync --library clinic > /dev/null
        hint: run `sheaf conflicts` to choose
        [3]

        $ sheaf conflicts --library clinic
        SEVERITY  PATH    OURS  THEIRS  PARTS  WHERE
        blocked   x/a.md  Ada   Ben         1  …line…
        hint: run `sheaf resolve x/a.md` to see the parts and choose
        [3]

        $ printf 't\\nu\\nz\\n+\\nv\\ns\\nBoth are right\\n' | script -qec "stty cols 90 -echo; NO_COLOR=1 TERM=xterm sheaf resolve x/a.md --library clinic" /dev/null | tr -d '\\r' | sed -E '/^([a-z+]|Both are right)$/d'
        x/a.md
          ours 2.1: changed by Ada on …: New hours
          theirs 3.1: changed by Ben on …: Hours
          1 part to choose; the rest is merged.

        Part 1 of 1, …line…: …
          base                        │ ours                        │ theirs
          Open on Sunday and closed   │ Open on [-Sunday-]          │ Open on [-Sunday-]
          on Monday.                  │ {+Saturday+} and closed on  │ {+Friday+} and closed on
                                      │ Monday.                     │ Monday.
        (o)urs, (t)heirs, …(q)uit? 
        x/a.md: shown -> settled
          # Title

          Open on [-Saturday-]{+Friday+} and closed on Monday.

          Second paragraph, by Ben.
        (s)ave, (u)ndo, (v)iew all of it, (q)uit? 
        Part 1 of 1, …line…: …
        ⋮
        (o)urs, (t)heirs, …(q)uit? o takes ours, t theirs, …
        (o)urs, (t)heirs, …(q)uit? 
        x/a.md: shown -> settled
        ⋮
          {+Open on Friday and closed on Monday.+}
        ⋮
        (s)ave, (u)ndo, (v)iew all of it, (q)uit? # Title
        ⋮
        Open on Friday and closed on Monday.
        ⋮
        (s)ave, (u)ndo, (v)iew all of it, (q)uit? Why? (Enter for "Settled part by part") Settled x/a.md in draft …, which waits for the next sync.

        $ sheaf show x/a.md --library clinic 2> /dev/null | grep Open; sheaf status --library clinic 2> /dev/null | tail -1
        Open on Saturday and closed on Monday.
        Open on Friday and closed on Monday.
        …  …  waiting          1  Both are right
        """, files: Self.files)
  }

  @Test("A conflict is left without a change, settled by parts, and an editor's text is taken")
  func parts() async throws {
    try await Transcript.play(
      Self.start + """

        $ echo '{"a": "clinicians", "b": 1}' | sheaf put x/b.json - -m "Too technical" --library clinic > /dev/null

        $ echo '{"a": "patients", "b": 0}' | sheaf put x/b.json - -m "They read it" --library lib > /dev/null

        $ sheaf sync --library clinic > /dev/null; sheaf sync stick --library lib > /dev/null 2>&1
        [3]

        $ sheaf show x/b.json --library lib 2> /dev/null
        {"a": "patients", "b": 1}

        $ printf 'q\\n' | script -qec "stty cols 50 -echo; NO_COLOR=1 TERM=xterm sheaf resolve x/b.json --library lib" /dev/null | tr -d '\\r' | tail -7
          base
            "everyone"
          ours
            "[-everyone-]{+patients+}"
          theirs
            "[-everyone-]{+clinicians+}"
        (o)urs, (t)heirs, (b)ase, (e)dit, (u)ndo, (v)iew, (q)uit? Left as it is.

        $ sheaf resolve x/b.json --part 2=theirs --library lib
        sheaf: x/b.json has no part 2; nothing was changed.
        hint: `sheaf resolve` shows the parts.
        [64]

        $ printf 'e\\ns\\n\\n' | script -qec "stty cols 80 -echo; export EDITOR='sed -i s/patients/people/' NO_COLOR=1 TERM=xterm; sheaf resolve x/b.json --library lib" /dev/null | tr -d '\\r' | tail -1
        (s)ave, … Settled x/b.json in change set 4.

        $ sheaf show x/b.json --library lib; sheaf conflicts --library lib
        {"a": "people", "b": 1}
        No conflicts.
        """, files: Self.files)
  }

  @Test("Taking a side takes it where the sides clash; taking a side whole takes nothing of the other")
  func takingSides() async throws {
    try await Transcript.play(
      Self.start + """

        $ echo '{"a": "clinicians", "b": 1}' | sheaf put x/b.json - -m "Too technical" --library clinic > /dev/null

        $ echo '{"a": "patients", "b": 0}' | sheaf put x/b.json - -m "They read it" --library lib > /dev/null

        $ sheaf sync --library clinic > /dev/null; sheaf sync stick --library lib > /dev/null 2>&1; sheaf sync --library clinic > /dev/null 2>&1
        [3]

        $ sheaf resolve x/b.json --whole ours --take theirs --library lib
        sheaf: --whole takes one side as it is: give no --take, --part or --file with it.
        ⋮
        [64]

        $ sheaf resolve x/b.json --whole ours --library clinic > /dev/null; sheaf show x/b.json --library clinic 2> /dev/null
        {"a": "patients", "b": 0}

        $ sheaf resolve x/b.json --take ours --library lib > /dev/null; sheaf show x/b.json --library lib
        {"a": "patients", "b": 1}
        """, files: Self.files)
  }

  @Test("What a merge set aside by itself is listed with both values")
  func automatic() async throws {
    var files = Self.files
    files["content/sheaf/settings.json"] = #"{"format":1,"collections":{"x":{"schema":"schemas/x.json"}}}"#
    files["content/schemas/x.json"] = #"{"type": "object", "properties": {"b": {"x-merge": "latest"}}}"#
    files["content/x/a.md"] = nil
    try await Transcript.play(
      Self.start + """

        $ echo '{"a": "everyone", "b": 2}' | sheaf put x/b.json - -m "Two" --library clinic > /dev/null

        $ echo '{"a": "everyone", "b": 1}' | sheaf put x/b.json - -m "One" --library lib > /dev/null

        $ sheaf sync --library clinic > /dev/null; sheaf sync stick --library lib > /dev/null; sheaf sync --library clinic > /dev/null

        $ sheaf log --automatic --library lib
        4.1  …  x/b.json: merged 2.1 by Ada with 3.1 by Ben
          at /b, by latest
            kept: 2
            set aside of 2.1: 1

        $ sheaf log --automatic --library clinic
        4.1  …  x/b.json: merged 2.1 by Ada with 3.1 by Ben
          what was set aside, if anything, is not known: the contents are not held here
        hint: run `sheaf sync --keep full` to fetch the contents, and ask again

        $ sheaf log --automatic --json --library lib
        {"by":["Ada","Ben"],"isHeld":true,"kept":"2","loser":"2.1","merged":["2.1","3.1"],"other":"1","path":"x/b.json","place":"/b","revision":"4.1","strategy":"latest","time":"…"}
        """, files: files)
  }

  @Test("A layout that gave way to an edit is listed with both texts")
  func automaticLayout() async throws {
    try await Transcript.play(
      Self.start + """

        $ printf '{\\n  "a": 1,\\n  "b": 1\\n}\\n' | sheaf put x/n.json - -m "New" --library lib > /dev/null

        $ sheaf sync stick --library lib > /dev/null; sheaf sync --library clinic > /dev/null

        $ echo '{"a":1,"b":2}' | sheaf put x/n.json - -m "Two, on one line" --library clinic > /dev/null

        $ printf '{\\n  "a": 2,\\n  "b": 1\\n}\\n' | sheaf put x/n.json - -m "One" --library lib > /dev/null

        $ sheaf sync --library clinic > /dev/null; sheaf sync stick --library lib > /dev/null

        $ sheaf log --automatic --library lib
        5.1  …  x/n.json: merged 3.1 by Ada with 4.1 by Ben
          at document, by whiteSpace
            kept: {
                "a": 2,
                "b": 2
              }
            set aside of 4.1: {"a":1,"b":2}
        """, files: Self.files)
  }

  @Test("Three edits of one place are settled step by step")
  func threeEdits() async throws {
    try await Transcript.play(
      Self.start + """

        $ sheaf clone stick other --as Eve >/dev/null 2>&1

        $ echo '{"a": "clinicians", "b": 0}' | sheaf put x/b.json - -m "Ben's" --library clinic > /dev/null

        $ echo '{"a": "nurses", "b": 0}' | sheaf put x/b.json - -m "Eve's" --library other > /dev/null

        $ echo '{"a": "patients", "b": 0}' | sheaf put x/b.json - -m "Ada's" --library lib > /dev/null

        $ sheaf sync --library clinic > /dev/null; sheaf sync stick --library lib > /dev/null 2>&1; sheaf sync --library other > /dev/null 2>&1; sheaf sync stick --library lib > /dev/null 2>&1
        [3]

        $ sheaf resolve x/b.json --library lib
        x/b.json
          ours 2.1: changed by Ada on …: Ada's
          theirs 3.1: changed by Ben on …: Ben's
          also 4.1: changed by Eve on …: Eve's
          What is chosen here is between ours and theirs; what is also there stands against that, to be settled next.
        ⋮
        hint: choose with --take ours|theirs|proposed|both|deleted, --part N=CHOICE or --file FILE
        [3]

        $ sheaf resolve x/b.json --take theirs --library lib
        Settled x/b.json in change set 5.
        hint: one more edit stands against it; run `sheaf resolve x/b.json` again
        [3]

        $ sheaf resolve x/b.json --library lib 2> /dev/null | sed 3q
        x/b.json
          ours 5.1: changed by Ada on …: Settled a conflict: took the other side where they clash
          theirs 4.1: changed by Eve on …: Eve's

        $ sheaf resolve x/b.json --take ours --library lib; sheaf show x/b.json --library lib; sheaf conflicts --library lib
        Settled x/b.json in change set 6.
        {"a": "clinicians", "b": 0}
        No conflicts.
        """, files: Self.files)
  }

  @Test("What is asked for wrongly is answered with what was meant")
  func hints() async throws {
    try await Transcript.play(
      Self.start + """

        $ sheaf help nosuch
        sheaf: there is no command nosuch; nothing was changed.
        hint: `sheaf help` lists them.
        [64]

        $ sheaf help drafts send > /dev/null

        $ sheaf show x/a.md@5 --library lib
        hint: a revision has two numbers, as in x/a.md@5.1; for a checkpoint say `sheaf show x/a.md --at 5`
        sheaf: there is no document x/a.md@5; the library is as it was.
        hint: `sheaf list` shows what there is.
        [1]

        $ sheaf remove x/a.md -m "Old" --library lib > /dev/null; sheaf show x/a.md --library lib
        hint: it is not there any more; `sheaf history x/a.md` says why, and `sheaf show x/a.md@1.3` shows what it was
        sheaf: there is no document x/a.md; the library is as it was.
        hint: `sheaf list` shows what there is.
        [1]

        $ EDITOR=true sheaf edit x/b.json --library lib
        sheaf: a reason is missing; nothing was changed.
        hint: Say why with -m REASON.
        [64]

        $ sheaf diff --library clinic
        hint: `sheaf log -n 1 --documents` lists what the newest change set did
        sheaf: this copy keeps too little history to show the whole library at checkpoint 0; it takes full; the library is as it was.
        hint: Run `sheaf sync --keep full` first.
        [1]

        $ sheaf log --automatic --library lib
        No merge has set anything aside.
        """, files: Self.files)
  }
}
