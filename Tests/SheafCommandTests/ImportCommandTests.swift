import Testing

@Suite("Importing at a terminal")
struct ImportCommandTests {
  @Test("A git history comes in once, goes on where it stopped, and is refused when it was rewritten")
  func git() async throws {
    try await Transcript.play(
      #"""
      $ sheaf init lib --name Demo --as Ada --open >/dev/null 2>&1; git init -q -b main repo

      $ sheaf import git lib --library lib
      sheaf: …lib…; …
      hint: …
      [1]

      $ . ./commit; commit one a.md First; commit two a.md Second; commit three b/c.md Third

      $ sheaf import git repo --branch nothing --library lib
      sheaf: …nothing…; …
      hint: …
      [1]

      $ sheaf import git repo --branch main --library lib
      Imported 3 change sets: 3 revisions in … s.
      At checkpoint 3.

      $ sheaf import git repo --branch main --library lib
      Nothing to import; 3 commits had been taken before.
      At checkpoint 3.

      $ . ./commit; commit four a.md Fourth; sheaf import git repo --branch main --library lib
      Imported 1 change set: 1 revision in … s; 3 commits had been taken before.
      At checkpoint 4.

      $ sheaf show a.md --library lib; sheaf show a.md --at 1 --library lib
      four
      one

      $ sheaf log --library lib | tail -n 4
           4  …  Cleo <cleo@example.org> (via Ada)  …  Fourth
           3  …  Cleo <cleo@example.org> (via Ada)  …  Third
           2  …  Cleo <cleo@example.org> (via Ada)  …  Second
           1  …  Cleo <cleo@example.org> (via Ada)  …  First

      $ cd repo; git reset -q --hard HEAD~2; cd ..; . ./commit; commit other a.md Rewritten

      $ sheaf import git repo --branch main --library lib
      sheaf: …; …
      hint: …
      [1]

      $ sheaf verify --library lib
      Verified at checkpoint 4: 4 change sets, ….
      Everything holds.
      """#,
      files: [
        "commit": #"""
        commit() {
          mkdir -p "$(dirname "repo/$2")"; echo "$1" > "repo/$2"
          git -C repo add -A
          git -C repo -c user.name=Cleo -c user.email=cleo@example.org commit -q -m "$3"
        }
        """#
      ])
  }
}
