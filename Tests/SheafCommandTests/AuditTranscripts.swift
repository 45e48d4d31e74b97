import Testing

@Suite("An auditor at a terminal")
struct AuditTranscripts {
  private static let setup = """
    sheaf init lib --name Demo --open --as Ada; mkdir c; printf '# Title\\n\\nOne stands. Two stands.\\n' > c/a.md
    echo '{"status":"open"}' > c/r.json; sheaf publish c -m "First edition" --library lib
    printf '# Title\\n\\nOne stands. Two moved on.\\n' | sheaf put a.md - -m "Two moved" --library lib
    echo '{"status":"closed"}' | sheaf put r.json - -m "Closed" --library lib
    """

  @Test("Who wrote what, and the history of a field and of a sentence")
  func blame() async throws {
    try await Transcript.play(
      """
      $ sh setup >/dev/null 2>&1

      $ sheaf blame a.md --library lib
      REVISION  DATE        BY   ROLE       WHERE      SAYS
      1.1       20…  Ada  publisher  block 1.1  # Title
      1.1       20…  Ada  publisher  block 2.1  One stands.
      2.1       20…  Ada  publisher  block 2.2  Two moved on.

      1.1  First edition
      2.1  Two moved

      $ sheaf annotate a.md --at 1 --json --library lib | head -n 1
      {"by":"Ada","joined":[],"kind":"heading","line":1,"member":"…","place":"block 1.1","reason":"First edition","revision":"1.1","role":"publisher","signatures":[],"text":"# Title","time":"…","words":[]}

      $ sheaf history r.json --field /status --library lib
      3.1  20…  Ada, publisher  put  Closed
        "[-open-]{+closed+}"
      1.2  20…  Ada, publisher  put  First edition
        {+"open"+}

      $ sheaf history a.md --text "Two moved" --library lib
      2.1  20…  Ada, publisher  put  Two moved
        Two [-stands-]{+moved on+}.
      1.1  20…  Ada, publisher  put  First edition
        {+Two stands.+}

      $ sheaf history a.md --field Title --library lib
      2.1  20…  Ada, publisher  put  Two moved
        One stands. Two [-stands-]{+moved on+}.
      1.1  20…  Ada, publisher  put  First edition
        {+One stands. Two stands.+}

      $ sheaf history a.md --field /nothing --library lib
      sheaf: no revision of a.md has a field /nothing; the library is as it was.
      hint: `sheaf blame a.md` lists the parts that it has.
      [1]

      $ sheaf show r.json --at 1 --library lib
      {"status":"open"}

      $ sheaf diff --from 1 --to 3 --library lib
      a.md: 1.1 -> 2.1
        # Title

        One stands. Two [-stands-]{+moved on+}.
      r.json: 1.2 -> 3.1
        /status
          [-"open"-]
          {+"closed"+}
      """, files: ["setup": Self.setup])
  }

  @Test("The log is filtered by words, actions and fields; wrong filters are told")
  func filters() async throws {
    try await Transcript.play(
      """
      $ sh setup >/dev/null 2>&1

      $ sheaf log --reason moved --library lib
      NUMBER  DATE        BY   REVISIONS  REASON
           2  20…  Ada          1  Two moved

      $ sheaf log --by ada --document r.json --field /status --library lib
      NUMBER  DATE        BY   REVISIONS  REASON
           3  20…  Ada          1  Closed
           1  20…  Ada          2  First edition

      $ sheaf log --action merge --library lib
      No change sets.

      $ sheaf log --action melt --library lib
      sheaf: The value 'melt' is invalid for '--action <verb>': "melt" is no action: give one of put, delete, move, merge, resolve, resolve-deleted, accept, accept-deleted, decline, sign-authored, sign-reviewed, sign-approved, sign-rejected, redact.
      ⋮
      [64]

      $ mkdir stick; sheaf sync stick --library lib >/dev/null; sheaf clone stick few --as Ben --keep trail >/dev/null 2>&1

      $ sheaf blame a.md --library few
      sheaf: this copy keeps too little history to tell who wrote what of a.md; it takes full; the library is as it was.
      hint: Run `sheaf sync --keep full` first.
      [1]
      """, files: ["setup": Self.setup])
  }

  @Test("An audit in a file, and a copy for an inspector that Python and OpenSSL verify")
  func audit() async throws {
    try await Transcript.play(
      """
      $ sh setup >/dev/null 2>&1

      $ sheaf audit -o audit.html --library lib
      Wrote audit.html, …B: 3 change sets of 1 to 3, 4 revisions, 6 changed parts.
      Everything in it is verified at checkpoint 3.

      $ sheaf audit --from 2 --format csv -o audit.csv --library lib && cut -d , -f 1,2,3,5,8,27,30,31 audit.csv | tr -d '\\r'
      Wrote audit.csv, …B: 1 change set of 3 to 3, 1 revision, 1 changed part.
      Everything in it is verified at checkpoint 3.
      changeSet,revision,document,action,by,place,before,after
      3,"3.1","r.json","put","Ada","/status",\"""open\""","\""closed\"""

      $ sheaf audit --from 3 --format fhir -o empty.json --library lib && cat empty.json
      Wrote empty.json: no change sets in the period.
      {"resourceType":"Bundle","type":"collection","timestamp":"…"}

      $ sheaf audit -o nowhere/audit.html --library lib
      sheaf: …nowhere/audit.html.part can't be written: No such file or directory; the library is as it was.
      hint: Check the folder's permissions and the free space.
      [1]

      $ sheaf copy --for-inspection copy --library lib
      Copied 2 documents and 3 change sets with 4 contents to copy, as at checkpoint 3.
      hint: copy/VERIFY.txt says how to verify it with other programs

      $ python3 copy/verify.py
      sheaf/demo/…/time says that checkpoint 3 was there at 20…Z.
      Not verified: audit.html, which is for reading.
      3 change sets hold, in the log of 3 that sheaf/demo/… signed.
      Compare the library's name with what its publisher tells you by another way.

      $ echo x >> copy/documents/a.md; python3 copy/verify.py
      WRONG    revision 2.1: documents/a.md has another SHA-256 than contents.tsv says
      WRONG    revision 2.1: documents/a.md is not the content that was signed
      WRONG    documents/a.md: it is not the content of revision 2.1, which is current
      sheaf/demo/…/time says that checkpoint 3 was there at 20…Z.
      Not verified: audit.html, which is for reading.
      3 things do not hold.
      [1]
      """, files: ["setup": Self.setup])
  }
}
