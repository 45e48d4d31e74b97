import Testing

@Suite("Redactions at a terminal")
struct RedactionTranscripts {
  @Test("A privacy officer asks over a stick, the publisher confirms, and nothing of the words is left")
  func life() async throws {
    try await Transcript.play(
      """
      $ sheaf init lib --name Demo --as Ana >/dev/null 2>&1; mkdir stick

      $ sheaf invite Pia --role privacy-officer --stick --library lib 2>/dev/null > code; sheaf sync stick --library lib >/dev/null 2>&1; sheaf clone stick pia --code-file code --as me >/dev/null 2>&1; sheaf sync stick --library lib >/dev/null 2>&1

      $ echo "Patient Maria Lopez, ward seven, room nine" | sheaf put a/x.md - -m First --library lib
      Changed a/x.md in change set 3.

      $ sheaf redact --text "Maria Lopez" --ground "GDPR 17(1)(b)" -m "Consent withdrawn" --yes --library lib
      sheaf: these words are current, proposed, or what a conflict is about:
        a/x.md at 3.1; nothing was asked for.
      hint: Publish these without the words, decide the proposal, or settle the conflict first.
      [1]

      $ echo "Patient, ward seven" | sheaf put a/x.md - -m "Without the name" --library lib
      Changed a/x.md in change set 4.

      $ sheaf sync stick --library lib >/dev/null 2>&1; sheaf sync --library pia >/dev/null 2>&1

      $ sheaf redact a/x.md 3.1 -m "Consent withdrawn" --library pia
      sheaf: Say with --ground what allows or demands it.
      ⋮
      [64]

      $ sheaf redact a/x.md 3.1 --ground "GDPR 17(1)(b)" -m "Consent withdrawn" --library pia </dev/null
      a/x.md: 3.1
      sheaf: nobody agreed to it; nothing was changed.
      hint: Answer yes, or give --yes.
      [64]

      $ sheaf redact a/x.md 3.1 --ground "GDPR 17(1)(b)" -m "Consent withdrawn" --yes --library pia
      a/x.md: 3.1
      Asked to destroy the content of 1 revision in draft …, which waits for the next sync.

      $ sheaf redact a/x.md 3.1 --ground "GDPR 17(1)(b)" -m "Again" --yes --library pia
      a/x.md: 3.1
      sheaf: the same person asked for the content of a/x.md at 3.1 to be destroyed before, in draft …; the library is as it was.
      hint: It waits for another person who may: `sheaf redact --confirm NUMBER` in their copy; `sheaf redactions` lists the numbers.
      [1]

      $ sheaf sync --library pia >/dev/null 2>&1; sheaf sync stick --library lib >/dev/null 2>&1; sheaf redactions --library lib
      DOCUMENT  REVISION  STATE                      ASKED BY  GROUND
      a/x.md    3.1       waits for a second person  Pia (5)   GDPR 17(1)(b)

      $ sheaf status --library lib | grep destroyed
      The content of 1 revision is to be destroyed and waits for a second person, which may be you; `sheaf redactions` shows what.

      $ sheaf status --library lib >/dev/null
      [3]

      $ sheaf sync stick --library lib >/dev/null; sheaf sync --library pia >/dev/null; sheaf status --library pia | grep destroyed
      The content of 1 revision is to be destroyed and waits for a second person; `sheaf redactions` shows what.

      $ sheaf status --library pia --json | grep -o '"redactions[A-Za-z]*":[0-9]*'
      "redactions":1
      "redactionsToConfirm":0

      $ grep -rlc "Maria Lopez" lib | wc -l | tr -d " " | sed "s/[1-9]/some/"
      some

      $ sheaf redact --confirm 5 -m "Checked with the ward" --yes --library lib
      a/x.md: 3.1
      3.1 was asked for in change set 5 by Pia on 20…: GDPR 17(1)(b)
      Destroyed the content of 1 revision with change set 6; other copies follow as they sync.

      $ sheaf show a/x.md@3.1 --library lib
      sheaf: the content of a/x.md at 3.1 is redacted at 6: GDPR 17(1)(b); the library is as it was.
      hint: `sheaf redactions` tells who asked for it and why; no copy that follows the log has it.
      [1]

      $ sheaf diff a/x.md --from 3 --library lib | head -1
      a/x.md: 3.1, redacted at 6 (20…) by Pia and Ana: GDPR 17(1)(b) -> 4.1

      $ sheaf history a/x.md --library lib
      REVISION  DATE        BY   DID                                SIZE  REASON
      6.1       20…  Ana  redact 3.1                               Checked with the ward
      5.1       20…  Pia  redact 3.1                               Consent withdrawn
      4.1       20…  Ana  put                                20 B  Without the name
      3.1       20…  Ana  put, redacted at 6: GDPR 17(1)(b)  43 B  First

      $ sheaf blame a/x.md --library lib
      REVISION              DATE        BY   ROLE       WHERE      SAYS
      4.1 or 3.1, redacted  20…  Ana  publisher  block 1.1  Patient, ward seven

      4.1  Without the name
      3.1  20…  Ana  redacted at 6 (20…) by Pia and Ana: GDPR 17(1)(b)

      $ sheaf blame a/x.md --at 3.1 --library lib
      sheaf: the content of a/x.md at 3.1 is redacted at 6: GDPR 17(1)(b); the library is as it was.
      hint: `sheaf redactions` tells who asked for it and why; no copy that follows the log has it.
      [1]

      $ sheaf history a/x.md --text "ward seven" --library lib
      4.1  20…  Ana, publisher  put  Without the name
      …Patient, ward seven…
      3.1  20…  Ana, publisher  put  First
        (redacted at 6 (20…) by Pia and Ana: GDPR 17(1)(b); what it said here is not known)

      $ sheaf audit --format csv -o audit.csv --library lib | grep told
      2 revisions could not be told: content before or after was redacted by two people.

      $ sheaf verify --library lib
      Verified at checkpoint 6: …, 1 content redacted.
      Everything holds.

      $ sheaf sync stick --library lib >/dev/null 2>&1; sheaf sync --library pia >/dev/null 2>&1; sheaf verify --library pia
      Verified at checkpoint 6: …, 1 content redacted.
      Everything holds.

      $ grep -rl "Maria Lopez" lib pia stick
      [1]

      $ sheaf redactions --library lib
      DOCUMENT  REVISION  STATE          ASKED BY          GROUND
      a/x.md    3.1       redacted at 6  Pia (5), Ana (6)  GDPR 17(1)(b)

      MEMBER              MARK              SEEN
      (publisher's copy)                       6  has passed
      Ana                 …     6  has passed
      Pia                 …     5  not known to have passed

      $ sheaf redactions --library pia | tail -3
      (publisher's copy)                       6  has passed
      Ana                 …     6  has passed
      Pia                 …     6  has passed
      """)
  }
}
