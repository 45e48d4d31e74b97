import SheafSync
import Testing

@testable import SheafCommand

@Suite("What the reports say in words")
struct WordsTests {
  private func pull(changeSets: UInt64 = 15, transferred: UInt64 = 38_190) -> PullReport {
    PullReport(
      from: 1204, to: 1219, changeSets: changeSets, revisions: 41, tombstones: 2, bodies: 39,
      sizeInBytes: 38_190,
      transferredInBytes: transferred, stateRoot: "")
  }

  private func sync(
    pushed: [DraftAnswer] = [], deposited: Int = 0, pulled: PullReport? = nil, isSame: Bool = true,
    conflicts: [String] = [], refused: Int = 0, isPublisher: Bool = false, bundles: Int = 0
  ) -> SyncReport {
    SyncReport(
      remote: "https://clinics.example.org", pushed: pushed, deposited: deposited, pulled: pulled, size: 1219,
      newestChange: "2026-11-22T10:00:00Z", isSameAsPublisher: isSame, drafts: 0, conflicts: conflicts,
      refused: refused,
      sentInBytes: 812, isPublisher: isPublisher, bundlesWritten: bundles)
  }

  private let elapsed = Elapsed(.milliseconds(2100))

  @Test("A sync says what came, where it stands, and what needs a person")
  func syncWithConflicts() {
    let report = sync(pulled: pull(), conflicts: ["a.md", "b.md"])
    #expect(
      report.lines(from: "clinics.example.org", in: elapsed) == [
        "Pulled 15 change sets from clinics.example.org: 41 revisions, 2 tombstones, 38.2 kB in 2.1 s.",
        "At checkpoint 1219 of 2026-11-22, same as the publisher's.",
        "2 documents changed on both sides.",
      ])
    #expect(report.outcome == .needsYou)
    #expect(report.hint == "run `sheaf conflicts` to choose")
  }

  @Test("A sync with nothing new is done and says so")
  func quietSync() {
    let report = sync()
    #expect(
      report.lines(from: "x", in: elapsed) == [
        "Nothing new.", "At checkpoint 1219 of 2026-11-22, same as the publisher's.",
      ])
    #expect(report.outcome == .done && report.hint == nil)
  }

  @Test("What is not proven is not claimed, and ends with 3")
  func notTheSame() {
    let report = sync(isSame: false)
    #expect(
      report.lines(from: "x", in: elapsed).last
        == "At checkpoint 1219 of 2026-11-22; not known to be the same as the publisher's.")
    #expect(report.outcome == .needsYou)
  }

  @Test("Refused drafts are named with the publisher's words, made harmless")
  func refusedDrafts() {
    let report = sync(
      pushed: [
        DraftAnswer(leaf: "", changeSet: 1219, receipt: "r", refusal: nil),
        DraftAnswer(leaf: "", changeSet: nil, receipt: nil, refusal: "no \u{1b}[2J title"),
      ], refused: 1)
    #expect(
      report.lines(from: "x", in: elapsed) == [
        "Pushed 2 drafts, 812 B: 1 taken, 1 not taken.", "Not taken: no \\u{1b}[2J title",
        "At checkpoint 1219 of 2026-11-22, same as the publisher's.", "1 draft refused by the publisher.",
      ])
    #expect(report.outcome == .needsYou)
  }

  @Test("The publisher hears what it took from a folder and left there")
  func publisherWithFolder() {
    let report = sync(
      pushed: [DraftAnswer(leaf: "", changeSet: 7, receipt: "r", refusal: nil)], isSame: false,
      isPublisher: true,
      bundles: 3)
    #expect(
      report.lines(from: "/media/stick", in: elapsed) == [
        "Took 1 draft from /media/stick.", "Left 3 bundles in /media/stick.",
        "At checkpoint 1219 of 2026-11-22.",
      ])
    #expect(report.outcome == .done)
  }

  @Test("A heads copy speaks of changed documents, a resumed transfer of its rest")
  func pulls() {
    #expect(
      pull(changeSets: 0).sentence(from: "x", in: nil)
        == "Pulled 41 changed documents, 2 of them removed from x: 38.2 kB.")
    #expect(
      pull(transferred: 8_190).sentence(from: "x", in: elapsed)
        == "Pulled 15 change sets from x: 41 revisions, 2 tombstones, 8.2 kB of 38.2 kB in 2.1 s.")
  }

  @Test("A publication counts what it did")
  func publication() {
    var report = PublishReport(
      changeSet: 5, added: ["a", "b"], changed: ["c"], moved: [.init(from: "d", to: "e")], removed: [],
      missing: ["f"],
      skipped: [], unchangedCount: 9, sizeInBytes: 38_190)
    #expect(
      report.sentence(isDryRun: false)
        == "Published change set 5: 2 new, 1 changed, 1 moved documents, 38.2 kB.")
    report.changeSet = nil
    #expect(report.sentence(isDryRun: true) == "Would take 2 new, 1 changed, 1 moved documents, 38.2 kB.")
    #expect(report.details == ["new      a", "new      b", "changed  c", "moved    d -> e"])
    #expect(report.remarks == ["missing  f"])
    report.draft = "0123456789abcdef"
    #expect(report.sentence(isDryRun: false).hasPrefix("Draft 0123456789abcdef: "))
  }

  @Test("A publication without changes says that nothing was to do")
  func emptyPublication() {
    let report = PublishReport(
      added: [], changed: [], moved: [], removed: [], missing: [], skipped: [], unchangedCount: 17,
      sizeInBytes: 0)
    #expect(report.sentence(isDryRun: false) == "Nothing to do: all 17 documents are as they were.")
  }

  @Test("A long list is cut for people")
  func longLists() {
    #expect(
      Lists.lines("missing", ["a", "b", "c"], limit: 2) == [
        "missing  a", "missing  b", "missing  and 1 more",
      ])
  }

  @Test("A word diff marks words, keeps line ends, and shortens what stayed")
  func wordDiff() {
    let diff = DocumentDiff(
      path: "a.md", from: "1.1", to: "2.1",
      words: [
        .init(kind: "same", text: "one\ntwo\nthree\nfour\nfive "), .init(kind: "removed", text: "old word\n"),
        .init(kind: "added", text: "new\n"), .init(kind: "same", text: "rest\n"),
      ])
    #expect(
      diff.lines(isColoured: false) == [
        "a.md: 1.1 -> 2.1", "  …", "  four", "  five [-old word-]", "  {+new+}", "  rest",
      ])
    #expect(diff.lines(isColoured: true).contains("  five \u{1b}[31mold word\u{1b}[0m"))
  }

  @Test("A field diff shows the place, what was and what is")
  func fieldDiff() {
    let diff = DocumentDiff(
      path: "t.json", from: "1.1", to: "draft",
      fields: [
        .init(pointer: "/status", before: "\"OPEN\"", after: "\"CLOSED\""),
        .init(pointer: "/n", before: nil, after: "3"),
      ])
    #expect(
      diff.lines(isColoured: false) == [
        "t.json: 1.1 -> draft", "  /status", "    [-\"OPEN\"-]", "    {+\"CLOSED\"+}", "  /n", "    {+3+}",
      ])
  }

  @Test("A conflict shows its sides and each part")
  func conflict() {
    let report = ConflictReport(
      path: "about.md", mediaType: "text/markdown", severity: "blocked",
      sides: [
        .init(
          revision: "12.1", by: "Ada", time: "2026-11-20T08:00:00Z", reason: "Hours\nmore", isDeletion: false),
        .init(revision: nil, by: "Ben", time: "2026-11-21T08:00:00Z", reason: "Gone", isDeletion: true),
      ],
      parts: [
        .init(
          number: 1, place: "lines 3-4", reason: "both changed it", base: "a\nb\n", ours: "A\n", theirs: nil,
          isProposed: false, canTakeBoth: false)
      ])
    #expect(
      report.lines(isColoured: false, width: nil) == [
        "about.md", "  ours 12.1: changed by Ada on 2026-11-20: Hours",
        "  theirs: removed by Ben on 2026-11-21: Gone",
        "", "Part 1 of 1, lines 3-4: both changed it", "  base", "    a", "    b", "  ours",
        "    [-a-]", "    [-b-]{+A+}", "  theirs", "    (nothing)",
      ])
  }

  @Test("A search marks the found words where colours can't")
  func searchHit() {
    let hit = SearchHit(
      path: "a.md", title: "On \u{1b}cells", excerpt: "…the \u{2}stem\u{3} \u{2}cell\u{3}\nline.")
    #expect(
      SearchCommand.lines(of: hit, isColoured: false) == [
        "a.md  On \\u{1b}cells", "  …the *stem* *cell* line.",
      ])
    #expect(SearchCommand.lines(of: hit, isColoured: true)[1].contains("\u{1b}[1mstem\u{1b}[0m"))
  }

  @Test("A usage shows a reason that is needed without brackets, also where its line breaks")
  func neededReasons() {
    #expect(
      ReasonOption.asNeeded(in: PutCommand.helpMessage(columns: 200)).contains(
        "put <doc> <file> --reason <why>"))
    #expect(
      ReasonOption.asNeeded(in: "[--reason\n  <why>] [--reason <reason>]")
        == "--reason\n  <why> [--reason <reason>]")
    #expect(AcceptCommand.helpMessage(columns: 200).contains("[--reason <reason>]"))
  }

  @Test("Every command's help has an example and its exit codes")
  func help() {
    var commands = SheafCommand.configuration.subcommands
    var verbs = 0
    while let command = commands.popLast() {
      commands += command.configuration.subcommands
      guard command is any Verb.Type else { continue }
      verbs += 1
      let discussion = command.configuration.discussion
      #expect(discussion.contains("EXAMPLE\n  $ ") || discussion.contains("$ sheaf"), "\(command)")
      // git decides what the codes of a merge of files are.
      let codes =
        command is MergeFileCommand.Type ? "  0    merged" : "  0    done\n  1    failed, nothing changed\n"
      #expect(discussion.contains("EXIT CODES\n" + codes), "\(command)")
      #expect(!command.configuration.abstract.isEmpty)
    }
    #expect(verbs == 56)
  }
}
