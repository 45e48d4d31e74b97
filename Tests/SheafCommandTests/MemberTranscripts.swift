import Testing

@Suite("Members at a terminal")
struct MemberTranscripts {
  @Test(
    "A clinic becomes a member over a stick, is changed, and is revoked; what it sends late is taken over")
  func life() async throws {
    try await Transcript.play(
      """
      $ sheaf init lib --name Demo --as Ana --site Valley >/dev/null 2>&1; mkdir stick

      $ sheaf members --library lib
      NAME  ROLE       SITE    MARK              SINCE       STATE
      Ana   publisher  Valley  …  20…  everything (this copy)

      $ echo one | sheaf put a/x.md - -m First --library lib
      Changed a/x.md in change set 2.

      $ sheaf invite "Hill clinic" --role contributor --site Hill --only a --stick --library lib > code
      hint: good until … for one device: `sheaf clone REMOTE DIR --invited` asks for it

      $ sheaf sync stick --library lib >/dev/null 2>&1; sheaf clone stick clinic --code-file code --as me 2>/dev/null
      Cloned demo into clinic.
      Pulled 2 change sets from …/stick: 2 revisions, … in … s.
      At checkpoint 2 of …, as the publisher signed it.
      Left the request to become a member in …/stick; the answer comes with a later sync.

      $ sheaf status --library clinic 2>/dev/null | grep request
      The request to become a member waits for its answer.

      $ echo two | sheaf put a/x.md - -m Early --library clinic
      sheaf: its author is not a member of the library; the library is as it was.
      hint: Run `sheaf sync` first; if the key was never enrolled, ask for an invitation.
      [1]

      $ sheaf sync stick --library lib
      Hill clinic (…) is a member now: contributor, by change set 3.
      No drafts in …/stick.
      Left … in …/stick.
      At checkpoint 3 of ….

      $ sheaf sync --library clinic
      Pulled 1 change set from …/stick: 1 revision, … in … s.
      At checkpoint 3 of …, same as the publisher's.
      This copy is a member's now; `sheaf status` says whose, and in which role.

      $ sheaf members --library clinic
      NAME         ROLE         SITE    MARK              SINCE       STATE
      Ana          publisher    Valley  …  20…  everything
      Hill clinic  contributor  Hill    …  20…  only a (this copy)

      $ sheaf status --library clinic
      ⋮
      Changes made here are signed by Hill clinic (…), contributor.
      ⋮

      $ sheaf members set "Hill clinic" --role editor -m "Took the course" --library lib
      Changed sheaf/members/….json in change set 4.

      $ sheaf members set "Hill clinic" --role editor -m "Again" --library lib
      sheaf: Hill clinic is as it was; nothing was recorded.
      [1]

      $ echo two | sheaf put a/x.md - -m "Better" --library clinic
      Changed a/x.md in draft …, which waits for the next sync.

      $ sheaf revoke "Hill clinic" --reason "The tablet was lost" --library lib
      Revoked sheaf/members/….json in change set 5.

      $ sheaf revoke Ana --reason "A slip" --library lib
      sheaf: Ana is this copy's own member; the library is as it was.
      hint: `sheaf rotate` puts another key in its place; another administrator can revoke it.
      [1]

      $ sheaf sync --library clinic >/dev/null 2>&1; sheaf sync stick --library lib >/dev/null 2>&1; sheaf quarantine --library lib
      DRAFT             BY           CAME                  DOCUMENTS
      …  Hill clinic  20…  a/x.md
      …: its author's key is not trusted any more
      [3]

      $ sheaf quarantine release $(sheaf quarantine --library lib | sed -n '2s/ .*//p') -m "It is right" --library lib
      sheaf: who revoked or replaced the key that signed … can't take it over alone; the library is as it was.
      hint: Let another administrator revoke the key, or put what is right in it in your own name.
      [1]

      $ sheaf members --all --library lib
      NAME         ROLE       SITE    MARK              SINCE       STATE
      Ana          publisher  Valley  …  20…  everything (this copy)
      Hill clinic  editor     Hill    …  20…  revoked
      …: The tablet was lost

      $ sheaf sync --library clinic 2>/dev/null | grep -i taken
      1 draft answered: 0 taken, 1 not taken.
      Not taken: its author's key is not trusted any more

      $ sheaf quarantine drop 0000 -m "Names a patient" --library lib
      sheaf: nothing in quarantine is named 0000, or several drafts are; the library is as it was.
      hint: `sheaf quarantine` lists what waits there.
      [1]

      $ sheaf quarantine drop $(sheaf quarantine --library lib | sed -n '2s/ .*//p') -m "Names a patient" --library lib
      Destroyed draft … by Hill clinic.

      $ sheaf sync stick --library lib >/dev/null; sheaf sync --library clinic
      1 draft answered: 0 taken, 1 not taken.
      Not taken: Ana destroyed it unpublished: Names a patient
      At checkpoint 5 of …, same as the publisher's.
      1 draft refused by the publisher.
      hint: run `sheaf drafts` to read why
      [3]

      $ sheaf sync stick --library lib >/dev/null; sheaf sync --library clinic 2>/dev/null
      Nothing new.
      At checkpoint 5 of …, same as the publisher's.
      1 draft refused by the publisher.
      [3]
      """)
  }

  @Test("A new key takes the place of the old one, and a code works once and only where it belongs")
  func keys() async throws {
    try await Transcript.play(
      """
      $ sheaf init lib --name Demo --as Ana >/dev/null 2>&1; sheaf init other --name Other --as Ben >/dev/null 2>&1; mkdir stick

      $ sheaf rotate --library lib
      Changed the key in change set 2; it is now ….

      $ stat -c %a lib/keys/member.key; ls lib/keys
      600
      log.key
      member.key
      ⋮

      $ echo one | sheaf put a.md - -m x --library lib
      Changed a.md in change set 3.

      $ sheaf invite Eve --role reader --stick --library other > code 2>/dev/null; sheaf sync stick --library lib >/dev/null 2>&1

      $ sheaf clone stick copy --code-file code
      sheaf: the code is not for sheaf/demo/…; no copy was made, and the code is not used up.
      hint: Check the address, and the code's first ten digits.
      [4]

      $ echo nonsense > code; sheaf clone stick copy --code-file code
      sheaf: the code is not one; nothing was changed.
      hint: It has nine groups of five letters and digits.
      [64]

      $ sheaf clone stick copy --invited </dev/null
      sheaf: nobody is there to type the code; nothing was changed.
      hint: Give it with --code-file FILE or in SHEAF_CODE.
      [64]

      $ sheaf init open --name Open --open >/dev/null 2>&1; sheaf invite Eve --role reader --library open
      sheaf: this library has no members; everybody contributes to it; the library is as it was.
      hint: `sheaf init` starts a library with members.
      [1]

      $ sheaf members --library open
      This library has no members: everybody contributes to it.

      $ sheaf members --roles
      ROLE             EDITS     DECIDES  SETTINGS  MEMBERS             REDACTS  SIGNS AS
      reader
      auditor                                                                    reviewed
      contributor      reviewed           proposes                               authored
      editor           yes       yes      proposes                               authored, reviewed
      approver         reviewed  others   proposes                               authored, reviewed, approved, rejected
      privacy-officer                                                   yes      reviewed
      administrator    yes       yes      yes       all but publishers  yes      authored, reviewed, approved, rejected
      publisher        yes       yes      yes       all                 yes      authored, reviewed, approved, rejected

      All of them read. …
      ⋮
      """)
  }

  @Test("A key that a passphrase seals is opened to sign, and to read nobody asks for it")
  func passphrase() async throws {
    try await Transcript.play(
      """
      $ printf 'one\\n' > first; printf 'two\\n' > second; SHEAF_NEW_PASSPHRASE_FILE=first sheaf init lib --name Demo --as Ana --passphrase
      Started sheaf/demo/… in lib.
      hint: keep a copy of lib/keys/*.key in a safe place: without the keys nothing more can be published. Leave out the file "signed" beside them: an old one must never be put back

      $ head -n 1 lib/keys/member.key; stat -c %a lib/keys/member.key; sheaf list --library lib
      sheaf/sealed-key/v1
      600
      ⋮

      $ echo one | sheaf put a.md - -m x --library lib
      sheaf: …/member.key is sealed, and nobody said its passphrase; the library is as it was.
      hint: Run the command at a terminal, or name a file with the passphrase in SHEAF_PASSPHRASE_FILE.
      [1]

      $ echo one | SHEAF_PASSPHRASE_FILE=second sheaf put a.md - -m x --library lib
      sheaf: the passphrase does not open this copy's key; the library is as it was.
      hint: Type it again; `sheaf passphrase` changes it.
      [1]

      $ SHEAF_PASSPHRASE_FILE=first sheaf passphrase --remove --library lib
      The key is kept without a passphrase.

      $ echo one | sheaf put a.md - -m x --library lib
      Changed a.md in change set 2.
      """)
  }
}
