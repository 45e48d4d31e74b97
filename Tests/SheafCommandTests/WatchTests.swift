import Testing

@Suite("A copy that goes on and changes its mind")
struct WatchTests {
  @Test("A watch survives a server that is away, takes what comes, and ends when it is interrupted")
  func watch() async throws {
    try await Transcript.play(
      """
      $ sheaf init lib --name Demo --as Ada --open >/dev/null 2>&1; echo one | sheaf put a.md - -m x --library lib
      Changed a.md in change set 1.

      $ mkdir stick; sheaf sync stick --library lib >/dev/null; sheaf clone stick clinic --as Ben >/dev/null 2>&1

      $ mv stick away; sheaf sync --watch 1 --library clinic > out 2> err & echo $! > watch.pid

      $ for i in $(seq 200); do test -s err && break; sleep 0.05; done; head -1 err
      sheaf: …/stick…; the library is as it was.

      $ echo two | sheaf put a.md - -m x --library lib > /dev/null; mv away stick; sheaf sync stick --library lib > /dev/null

      $ for i in $(seq 200); do test -s out && break; sleep 0.05; done; cat out
      ⋮
      At checkpoint 2 of …, same as the publisher's.

      $ kill -INT $(cat watch.pid); while kill -0 $(cat watch.pid) 2>/dev/null; do sleep 0.02; done; tail -1 err
      sheaf: interrupted; nothing is half done.

      $ rm watch.pid; sheaf verify --library clinic | tail -1; sheaf show a.md --library clinic
      Everything holds.
      two

      $ sheaf sync --watch 0 --library clinic 2>&1 | head -1
      sheaf: --watch takes a number of seconds, at least 1.
      """)
  }

  @Test("Keeping more or holding less keeps drafts, and ends at the publisher's state")
  func kinds() async throws {
    try await Transcript.play(
      """
      $ sheaf init lib --name Demo --as Ada --open >/dev/null 2>&1

      $ mkdir -p c/articles c/trials; echo one > c/articles/a.md; echo '{"phase": 1}' > c/trials/t.json

      $ sheaf publish c -m First --library lib > /dev/null; echo two > c/articles/a.md

      $ sheaf publish c -m Second --library lib
      Published change set 2: 1 changed document, 4 B.

      $ sheaf serve --library lib --port 0 --quiet --drafts-from-everybody > address 2> server.log & echo $! > server.pid

      $ while ! test -s address; do sleep 0.05; done

      $ sheaf clone $(cat address) clinic --as Ben --keep heads > /dev/null 2>&1

      $ echo mine | sheaf put articles/b.md - -m "New" --library clinic
      Changed articles/b.md in draft …, which waits for the next sync.

      $ sheaf sync --only trials --keep full --library clinic | tail -1
      At checkpoint 3 of …, same as the publisher's.

      $ sheaf list --library clinic | cut -d ' ' -f 1; sheaf show articles/b.md --library lib
      PATH
      trials/t.json
      mine

      $ sheaf sync --all --keep full --library clinic | tail -1
      At checkpoint 3 of …, same as the publisher's.

      $ sheaf show articles/a.md --at 1 --library clinic; sheaf show articles/b.md --library clinic
      one
      mine

      $ kill $(cat server.pid); while kill -0 $(cat server.pid) 2>/dev/null; do sleep 0.05; done; rm server.pid

      $ echo '{"phase": 2}' | sheaf put trials/t.json - -m "Phase 2" --library clinic > /dev/null

      $ sheaf bundle create -o heads.sheaf --mode heads --library lib >/dev/null; sheaf bundle apply heads.sheaf --library clinic
      sheaf: …; the library is as it was.
      hint: Run `sheaf sync --keep … --only …` to change what this copy keeps.
      [1]

      $ sheaf sync --keep heads --library clinic > /dev/null 2>&1
      [1]

      $ mkdir stick; sheaf sync stick --library lib > /dev/null; sheaf sync stick --keep heads --library clinic > /dev/null 2>&1
      [3]

      $ sheaf sync stick --library lib | head -1; sheaf sync stick --keep heads --library clinic | tail -1
      Took 1 draft from …/stick.
      At checkpoint 4, same as the publisher's.

      $ sheaf show trials/t.json --library clinic; sheaf verify --library clinic | tail -1
      {"phase": 2}
      Everything holds.

      $ sheaf status --library clinic --json | grep -c '"depth":"heads"'
      1
      """)
  }
}
