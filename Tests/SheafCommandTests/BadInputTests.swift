import Foundation
import Testing

/// What a person, a disk or a stranger may hand to the command: one sentence, a hint, a code, and nothing changed.
@Suite("Bad input at a terminal")
struct BadInputTests {
  @Test("A path that names no document is refused before the library is touched")
  func paths() async throws {
    try await Transcript.play(
      #"""
      $ sheaf init lib --name Demo --open >/dev/null 2>&1; echo text > file

      $ sheaf put ../escape.md file -m x --library lib 2>&1 | head -1
      sheaf: The value '../escape.md' is invalid for '<doc>': The path "../escape.md" can't name a document: it has a segment . or ..

      $ sheaf put /etc/passwd file -m x --library lib 2>&1 | head -1
      sheaf: The value '/etc/passwd' is invalid for '<doc>': The path "/etc/passwd" can't name a document: it starts with /

      $ sheaf put a//b.md file -m x --library lib 2>&1 | head -1
      sheaf: The value 'a//b.md' is invalid for '<doc>': The path "a//b.md" can't name a document: it has an empty segment

      $ sheaf put "$(printf 'a\033[31mb.md')" file -m x --library lib >/dev/null 2>said
      [64]

      $ grep -c "control character" said; grep -c "$(printf '\033')" said
      1
      0
      [1]

      $ sheaf put "$(printf 'x%.0s' $(seq 600))" file -m x --library lib >/dev/null 2>&1
      [64]

      $ sheaf put "$(printf 'caf\351.md')" file -m x --library lib
      sheaf: argument 2 is not UTF-8; nothing was changed.
      [64]

      $ sheaf list --library lib
      No documents yet.
      """#)
  }

  @Test("An invitation for nobody says what a name is, and names no document")
  func nameless() async throws {
    try await Transcript.play(
      """
      $ sheaf init lib --name Demo --as Ana >/dev/null 2>&1

      $ sheaf invite "" --role reader --library lib
      sheaf: the member to be at /name: it must be 1 to 120 characters without control characters; the members are as they were.
      ⋮
      [1]
      """)
  }

  @Test("A folder that can't be published is refused whole, with every reason")
  func folders() async throws {
    try await Transcript.play(
      #"""
      $ sheaf init lib --name Demo --open >/dev/null 2>&1; echo text > file

      $ mkdir links; ln -s /etc/passwd links/p.md; mkfifo links/pipe; sheaf publish links -m x --library lib
      sheaf: 2 files can't be published:
        p…: it is …
        p…: it is …; nothing was published.
      hint: Take care of what is named, then run the command again.
      [1]

      $ mkdir case; echo a > case/A.md; echo b > case/a.md; sheaf publish case -m x --library lib
      sheaf: A.md and a.md would be one file on a disk that ignores case; nothing was published.
      hint: Rename one of them.
      [1]

      $ mkdir enc; printf 'caf\351' > enc/latin.md; printf '{"a":1,"a":2}' > enc/twice.json

      $ head -c 100000 /dev/zero | tr '\0' '[' > enc/bomb.json; sheaf publish enc -m x --library lib
      sheaf: 3 rules are broken in 3 documents
        bomb.json: line 1, column 65: values are nested deeper than 64
        latin.md: line 1, column 4: text must be UTF-8 without NUL
        twice.json: line 1, column 8: the key "a" stands twice; first at line 1, column 2; nothing was published.
      hint: Correct the documents, then try again.
      [1]

      $ mkdir names; touch "names/$(printf 'x\nhint: all is well')"; sheaf publish names -m x --library lib
      sheaf: x\nhint: all is well can't be published: it holds a control character; nothing was published.
      hint: Take care of what is named, then run the command again.
      [1]

      $ mkdir empty; sheaf publish empty -m x --library lib
      sheaf: …/empty can't be published: it holds no files; nothing was published.
      hint: Take care of what is named, then run the command again.
      [1]

      $ sheaf publish nowhere -m x --library lib
      sheaf: …/nowhere can't be published: it is not a folder; nothing was published.
      hint: Take care of what is named, then run the command again.
      [1]

      $ mkdir huge; printf '{"n": 1e99999999}' > huge/n.json; sheaf publish huge -m x --library lib
      Published change set 1: 1 new document, 17 B.

      $ sheaf show n.json --library lib; echo; sheaf log --library lib | wc -l
      {"n": 1e99999999}
      2
      """#)
  }

  @Test("A library that is newer, damaged, half made or none is left as it is")
  func libraries() async throws {
    try await Transcript.play(
      #"""
      $ sheaf init lib --name Demo --open >/dev/null 2>&1; echo text | sheaf put a.md - -m x --library lib >/dev/null

      $ python3 -c "import sqlite3; c = sqlite3.connect('lib/library.sqlite'); c.execute('PRAGMA user_version = 99')"

      $ sha256sum lib/library.sqlite > sum; ls lib > names

      $ sheaf status --library lib
      sheaf: the library has format 99, and this Sheaf knows formats up to 1; the library is as it was.
      hint: Use a newer version of Sheaf.
      [1]

      $ echo more | sheaf put a.md - -m x --library lib 2>/dev/null
      [1]

      $ sha256sum -c sum; ls lib | diff names -
      lib/library.sqlite: OK

      $ cp -r lib noise; head -c 5000 /dev/urandom > noise/library.sqlite; sheaf verify --library noise
      sheaf: the library's file is damaged: …/noise/library.sqlite is not a database; nothing was changed from there on.
      hint: Keep the folder for examination and clone the library afresh.
      [4]

      $ mkdir none; ls none; sheaf status --library none
      sheaf: there is no library in …/none; nothing was changed.
      hint: Go to a library's folder, or name one with --library DIR.
      [1]

      $ mkdir half; touch half/unfinished half/library.sqlite; sheaf status --library half
      sheaf: the library in …/half was never finished; nothing was changed.
      hint: Run the `sheaf init` or `sheaf clone` again that was to make it.
      [1]

      $ sheaf init half --name Half --open 2>/dev/null; ls half
      Started sheaf/half/… in half.
      keys
      library.lock
      library.sqlite
      ⋮
      """#)
  }

  @Test("A remote that is no library is told apart, and leaves no copy")
  func remotes() async throws {
    try await Transcript.play(
      #"""
      $ python3 stranger.py page > page & echo $! > page.pid; python3 stranger.py elsewhere > elsewhere & echo $! > elsewhere.pid

      $ python3 stranger.py noise > noise & echo $! > noise.pid; python3 stranger.py endless > endless & echo $! > endless.pid

      $ for name in page elsewhere noise endless; do while ! test -s $name; do sleep 0.02; done; done

      $ sheaf clone $(cat page) copy
      sheaf: http://127.0.0.1:… is not a Sheaf library: it answers with text/html; no copy was made.
      hint: Check the address; it is the one that `sheaf serve` printed.
      [1]

      $ sheaf clone $(cat elsewhere) copy
      sheaf: http://127.0.0.1:… points to http://elsewhere.example/, and a redirection is never followed; no copy was made.
      hint: If you trust it, use http://elsewhere.example/ as the remote.
      [1]

      $ sheaf clone $(cat noise) copy
      sheaf: http://127.0.0.1:… is not a Sheaf library: it does not speak HTTP; no copy was made.
      hint: Check the address; it is the one that `sheaf serve` printed.
      [1]

      $ sheaf clone $(cat endless) copy
      sheaf: http://127.0.0.1:… …; no copy was made.
      hint: …
      [1]

      $ sheaf clone http://127.0.0.1:1 copy
      sheaf: http://127.0.0.1:1 can't be reached: connection refused; no copy was made.
      hint: Check the address and the line, then run the command again.
      [1]

      $ mkdir empty; sheaf clone empty copy
      sheaf: …/empty is not a Sheaf library: it holds no checkpoint; no copy was made.
      hint: Check the folder; the publisher prepares one with `sheaf sync …/empty`.
      [1]

      $ sheaf clone nowhere copy
      sheaf: there is nothing at nowhere; no copy was made.
      hint: Give https://HOST, a folder, or a file that ends in .sheaf.
      [64]

      $ head -c 3000 /dev/urandom > noise.sheaf; sheaf clone noise.sheaf copy
      sheaf: this is not a bundle; no copy was made.
      hint: Give the path of a bundle file.
      [1]

      $ ls -A | grep copy
      [1]
      """#, files: ["stranger.py": stranger])
  }

  @Test("A stick that is gone or can't be written keeps the draft waiting")
  func sticks() async throws {
    try await Transcript.play(
      #"""
      $ sheaf init lib --name Demo --as Ada --open >/dev/null 2>&1; mkdir stick

      $ echo one | sheaf put a.md - -m x --library lib >/dev/null; sheaf sync stick --library lib >/dev/null

      $ sheaf clone stick clinic --as Ben >/dev/null 2>&1; echo two | sheaf put a.md - -m x --library clinic
      Changed a.md in draft …, which waits for the next sync.

      $ mv stick elsewhere; sheaf sync --library clinic
      sheaf: …/stick…; the library is as it was.
      hint: …
      [1]

      $ test -e stick
      [1]

      $ mv elsewhere stick; rm -rf stick/drafts; touch stick/drafts; sheaf sync --library clinic
      sheaf: …stick…; …
      hint: …
      [1]

      $ sheaf status --library clinic --json | grep -c '"outcome":"waiting"'
      1

      $ rm stick/drafts; sheaf sync --library clinic
      Left 1 draft in …/stick; the answer comes with a later sync.
      At checkpoint 1 of …, same as the publisher's.
      1 draft waits.
      """#)
  }

  /// A server on a free port that does one thing wrong.
  private let stranger = #"""
    import socket, sys, threading
    answers = {
        'page': b'HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 5\r\n\r\nhello',
        'elsewhere': b'HTTP/1.1 302 Found\r\nlocation: http://elsewhere.example/\r\ncontent-length: 0\r\n\r\n',
        'noise': b'SSH-2.0-OpenSSH_9.2\r\n',
        'endless': b'HTTP/1.1 200 OK\r\ncontent-type: application/vnd.sheaf.bundle\r\n\r\n',
    }
    listener = socket.create_server(('127.0.0.1', 0))
    print('http://127.0.0.1:%d' % listener.getsockname()[1], flush=True)
    def serve(client):
        try:
            client.recv(65536)
            client.sendall(answers[sys.argv[1]])
            while sys.argv[1] == 'endless': client.sendall(b'x' * 65536)
            client.close()
        except OSError:
            pass
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
    """#
}
