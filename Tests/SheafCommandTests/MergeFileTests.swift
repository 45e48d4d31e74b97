import Foundation
import SheafMerge
import SheafModel
import SheafTesting
import Testing

@testable import SheafCommand

/// `sheaf merge-file` by itself and in git's hands.
@Suite("merge-file")
struct MergeFileTests {
  private static let files = [
    "base.md": "# Doses\n\n- Adults take one.\n- Children take none.\n\nKeep it cool.\n",
    "ours.md": "# Doses\n\n- Adults take two.\n- Children take none.\n\nKeep it cool.\n",
    "theirs.md": "# Doses\n\n- Adults take one.\n- Children take half of one.\n\nKeep it cool.\n",
    "other.md": "# Doses\n\n- Adults take three.\n- Children take none.\n\nKeep it cool and dry.\n",
  ]

  @Test("Clean is 0, a conflict is 1 with markers around just what clashes, trouble is 2 and writes nothing")
  func codes() async throws {
    try await Transcript.play(
      """
      $ sheaf merge-file base.md ours.md theirs.md
      # Doses

      - Adults take two.
      - Children take half of one.

      Keep it cool.
      $ sheaf merge-file base.md ours.md other.md -o out.md
      [1]
      $ cat out.md
      # Doses

      <<<<<<< ours.md
      - Adults take two.
      ||||||| base.md
      - Adults take one.
      =======
      - Adults take three.
      >>>>>>> other.md
      - Children take none.

      Keep it cool and dry.
      $ sheaf merge-file base.md ours.md nosuch.md -o new.md
      sheaf: there is no file nosuch.md; ….
      ⋮
      [2]
      $ ls new.md 2>/dev/null
      [2]
      $ sheaf merge-file base.md ours.md
      sheaf: Name the files: BASE OURS THEIRS.
      ⋮
      [64]
      """, files: Self.files)
  }

  @Test("What wants a look is a conflict, or is taken when that is asked for")
  func proposals() async throws {
    let files = [
      "base.md": "The red lamp means stop at once.\n", "ours.md": "The green lamp means stop at once.\n",
      "theirs.md": "The red lamp means stop right now.\n",
    ]
    try await Transcript.play(
      """
      $ sheaf merge-file base.md ours.md theirs.md -o out.md
      hint: ours.md: 1 between markers has a proposal; `--proposed clean` takes it
      [1]
      $ sheaf merge-file base.md ours.md theirs.md --proposed clean
      The green lamp means stop right now.
      $ printf 'base.md\\tours.md\\ttheirs.md\\tone.md\\nbase.md\\tbase.md\\ttheirs.md\\ttwo.md\\tx.txt\\n' > list
      $ sheaf merge-file --batch list --proposed clean
      $ cat one.md two.md
      The green lamp means stop right now.
      The red lamp means stop right now.
      """, files: files)
  }

  @Test("A result is put in its place in one step and keeps its rights; a batch says how far it came")
  func writing() async throws {
    try await Transcript.play(
      """
      $ chmod 640 ours.md && ln -s ours.md link.md && sheaf merge-file base.md ours.md theirs.md -o link.md
      $ stat -c %a ours.md; readlink link.md; sed -n 3p link.md; ls -A | grep -v '^.output-'
      640
      ours.md
      - Adults take two.
      base.md
      link.md
      other.md
      ours.md
      theirs.md
      $ sheaf merge-file base.md base.md theirs.md --json -o missing/out.md
      sheaf: missing/out.md can't be written; missing/out.md is as it was.
      hint: Check the folder and its rights, then try again.
      [2]
      $ printf 'base.md\\tbase.md\\ttheirs.md\\tone.md\\nbase.md\\tbase.md\\ttheirs.md\\tmissing/two.md\\n' > list
      $ sheaf merge-file --batch list
      sheaf: missing/two.md can't be written; missing/two.md is as it was.
      hint: Check the folder and its rights, then try again.
      hint: what is before line 2 of list is written
      [2]
      $ cmp one.md theirs.md
      """, files: Self.files)
  }

  @Test("Markers are labelled as asked, and with no passing names where the document's own is known")
  func labels() async throws {
    try await Transcript.play(
      """
      $ sheaf merge-file base.md ours.md other.md -L HEAD -L base -L "a branch" | grep -E '^[<|>]{7}'
      <<<<<<< HEAD
      ||||||| base
      >>>>>>> a branch
      $ sheaf merge-file base.md ours.md other.md --path doc.md -L %X -L %S -L %Y | grep -E '^[<|>]{7}'
      <<<<<<< ours
      ||||||| base
      >>>>>>> theirs
      $ sheaf merge-file base.md ours.md other.md -L a -L b -L c -L d
      sheaf: There are three labels: of OURS, BASE and THEIRS.
      ⋮
      [64]
      """, files: Self.files)
  }

  @Test("A table merges by rows with a schema that tells them apart, and by lines without")
  func tables() async throws {
    try await Transcript.play(
      """
      $ sheaf merge-file base.csv ours.csv theirs.csv -o out.csv
      ⋮
      [1]
      $ sheaf merge-file base.csv ours.csv theirs.csv --schema rows.json
      id,name,unit
      1,one,g
      2,two,kg
      """,
      files: [
        "base.csv": "id,name,unit\n1,one,mg\n2,two,g\n", "ours.csv": "id,name,unit\n1,one,g\n2,two,g\n",
        "theirs.csv": "id,name,unit\n1,one,mg\n2,two,kg\n",
        "rows.json": #"{"x-merge":{"list-by":"/id"},"items":{"required":["id"]}}"#,
      ])
  }

  @Test("The report of --json fits its schema")
  func report() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "sheaf-merge-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for (name, text) in Self.files { try Data(text.utf8).write(to: folder.appending(path: name)) }
    let (lines, code) = try await Shell.run("sheaf merge-file base.md ours.md other.md --json", in: folder)
    #expect(code == 1 && lines.count == 1)
    let file = try Data(contentsOf: schemasFolder.appending(path: "output.schema.json"))
    guard case .object(let whole) = try JSONReader.read(Array(file)), let definitions = whole["$defs"] else {
      Issue.record("the schema has no definitions")
      return
    }
    let schema = try JSONSchema(parsing: ["$ref": "#/$defs/MergeReport", "$defs": definitions])
    let report = try JSONReader.read(Array((lines.first ?? "").utf8))
    #expect(schema.validate(report).isEmpty)
    #expect(report[JSONPointer(tokens: ["parts", "0", "place"])] == "line 3")
  }

  @Test("As a merge driver it merges what git's own merge would not, and leaves markers where it asks")
  func driver() async throws {
    try await Transcript.play(
      """
      $ git init -q -b main . && git config user.name A && git config user.email a@example.org
      $ git config merge.sheaf.driver "sheaf merge-file %O %A %B -o %A --path %P -L %X -L %S -L %Y"
      $ echo '*.md merge=sheaf' > .gitattributes
      $ cp base.md doc.md && git add doc.md .gitattributes && git commit -qm base
      $ git checkout -q -b one && cp ours.md doc.md && git commit -qam one
      $ git checkout -q -b two main && cp theirs.md doc.md && git commit -qam two
      $ git merge -q one -m merged && sed -n 3,4p doc.md
      ⋮
      - Adults take two.
      - Children take half of one.
      $ git checkout -q -b three main && cp other.md doc.md && git commit -qam three
      $ git merge -q one -m merged 2>/dev/null
      ⋮
      [1]
      $ grep -c '^<<<<<<< [a-zA-Z]*$' doc.md; git diff --name-only --diff-filter=U
      1
      doc.md
      """, files: Self.files)
  }

  @Test("As git's mergetool it settles what git's own merge left")
  func mergetool() async throws {
    try await Transcript.play(
      """
      $ git init -q -b main . && git config user.name A && git config user.email a@example.org
      $ git config mergetool.sheaf.cmd 'sheaf merge-file "$BASE" "$LOCAL" "$REMOTE" -o "$MERGED" --path "$MERGED"'
      $ git config mergetool.sheaf.trustExitCode true && git config mergetool.keepBackup false
      $ cp base.md doc.md && git add doc.md && git commit -qm base
      $ git checkout -q -b one && cp ours.md doc.md && git commit -qam one
      $ git checkout -q -b two main && cp theirs.md doc.md && git commit -qam two
      $ git merge -q one 2>/dev/null
      ⋮
      [1]
      $ git mergetool --no-prompt --tool=sheaf >/dev/null 2>&1
      $ sed -n 3,4p doc.md; git diff --name-only --diff-filter=U
      - Adults take two.
      - Children take half of one.
      """, files: Self.files)
  }
}
