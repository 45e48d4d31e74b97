import Foundation
import Testing

@testable import SheafCommand

@Suite("What a person on a poor line sees and asks for")
struct PoorLineTests {
  @Test("A rate and the time left are told only once there is something to judge by")
  func rate() {
    var rate = TransferRate()
    let start = ContinuousClock.now
    // A part of an earlier attempt is not fast.
    rate.note(received: 1_000_000, at: start)
    for second in 1...2 {
      rate.note(received: 1_000_000 + UInt64(second) * 10_000, at: start.advanced(by: .seconds(second)))
    }
    #expect(rate.words(received: 1_020_000, total: 2_000_000) == "")
    for second in 3...60 {
      rate.note(received: 1_000_000 + UInt64(second) * 10_000, at: start.advanced(by: .seconds(second)))
    }
    let told = rate.bytesPerSecond
    #expect(told.map { abs($0 - 10_000) < 1 } == true)
    #expect(rate.words(received: 1_600_000, total: 2_200_000) == ", 10.0 kB/s, about 1 min left")
    // The line gets slower, and so does what is told, within its memory.
    for second in 61...90 {
      rate.note(received: 1_600_000 + UInt64(second - 60) * 1000, at: start.advanced(by: .seconds(second)))
    }
    #expect(rate.bytesPerSecond.map { $0 < 1500 } == true)
    // A transfer that begins anew is judged anew.
    rate.note(received: 5, at: start.advanced(by: .seconds(91)))
    #expect(rate.bytesPerSecond == nil)
  }

  @Test("The time left is no more exact than anybody can know")
  func timeLeft() {
    #expect(TransferRate.timeLeft(seconds: 3) == "a few seconds left")
    #expect(TransferRate.timeLeft(seconds: 33) == "about 30 s left")
    #expect(TransferRate.timeLeft(seconds: 500) == "about 8 min left")
    #expect(TransferRate.timeLeft(seconds: 3 * 3600 + 100) == "about 3 h left")
    #expect(TransferRate.timeLeft(seconds: .infinity) == "days left")
  }

  @Test("Rates are read with k and M, and nonsense is refused")
  func rates() throws {
    #expect(try Arguments.rate("2000") == 2000)
    #expect(try Arguments.rate("64k") == 64_000)
    #expect(try Arguments.rate("1.5M") == 1_500_000)
    for text in ["", "k", "-5k", "1999", "1k", "1e9", "nan", "64 k", "64kb", "1..5M"] {
      #expect(throws: (any Error).self) { try Arguments.rate(text) }
    }
  }

  @Test("A bundle's file gives just what it holds, and a collection that is not there is named")
  func asked() async throws {
    try await Transcript.play(
      #"""
      $ mkdir -p content/articles content/trials; echo one > content/articles/a.md; echo 1 > content/trials/t.json

      $ sheaf init lib --name Demo --open >/dev/null 2>&1; sheaf publish content -m Start --library lib >/dev/null

      $ sheaf bundle create --mode heads -o first.sheaf --library lib >/dev/null; sheaf clone first.sheaf copy --keep full
      sheaf: …first.sheaf holds every collection, with a history of the depth heads, and can give nothing else; no copy was made.
      hint: Leave --keep and --only out, or clone from a server or folder.
      [64]

      $ sheaf clone first.sheaf copy --only trials >/dev/null 2>&1
      [64]

      $ test ! -e copy && sheaf clone first.sheaf copy --keep heads 2>/dev/null | head -1
      Cloned demo into copy.

      $ mkdir stick; sheaf sync stick --library lib >/dev/null; sheaf clone stick other --limit-rate 64k
      sheaf: --limit-rate and --timeout are for servers, and …stick is a folder; nothing was changed.
      [64]

      $ mkdir empty; sheaf clone empty other
      sheaf: …empty is not a Sheaf library: it holds no checkpoint; no copy was made.
      hint: Check the folder; the publisher prepares one with `sheaf sync …empty`.
      [1]

      $ sheaf serve --port 0 --quiet --library lib >address & echo $! >serve.pid; until test -s address; do sleep 0.05; done

      $ sheaf clone $(cat address) third --plan; test ! -e third
      Would pull from checkpoint 0 to 1: 2 revisions, … B to receive, … B unpacked.
      Needs at most … of disk; … are free.

      $ sheaf clone $(cat address) third --only trails 2>&1 | grep warning
      warning: the library has no collection trails; it has articles, trials

      $ sheaf clone $(cat address) fourth --only trials --limit-rate 64k --timeout 20 2>&1 | grep -c warning
      0
      [1]

      $ echo two > content/articles/a.md; sheaf publish content -m Again --library lib >/dev/null; cd copy && sheaf sync $(cat ../address) --plan
      Would pull from checkpoint 1 to 2: 1 revision, … B to receive, 4 B unpacked.
      Needs at most … of disk; … are free.
      """#)
  }

  @Test(
    "A file that is larger than any may be is no full disk: the rest is done, and another file system is named"
  )
  func largeFiles() async throws {
    try await Transcript.play(
      #"""
      $ mkdir -p content/images content/articles one two; head -c 1500000 /dev/urandom > content/images/i.bin; echo one > content/articles/a.md

      $ sheaf init lib --name Demo --open >/dev/null 2>&1; sheaf publish content -m Start --library lib >/dev/null

      $ sheaf sync one --library lib
      No drafts in …one.
      Left 1 bundle in …one.
      At …

      $ (ulimit -f 2000; sheaf sync two --library lib 2>&1) | grep -o "bundles/0-1-trail.sheaf has .*"
      bundles/0-1-trail.sheaf has … bytes and was not left: the disk's file system takes no file of that size; use one with another, or keep less (`--keep heads`)

      $ test -e two/checkpoint && test ! -e two/bundles/0-1-trail.sheaf && ls two | grep -c new
      0
      [1]

      $ head -c 3000000 /dev/urandom > large.bin; (ulimit -f 2000; sheaf put images/large.bin large.bin -m Large --library lib)
      sheaf: the file system takes no file as large as this needs; the library is as it was.
      hint: Use a disk with another file system (FAT32 takes no file of 4 GiB), or keep less: `--keep heads`, `--only COLLECTION`.
      [1]

      $ sheaf put images/large.bin large.bin -m Large --library lib >/dev/null; sheaf verify --library lib >/dev/null
      """#)
  }

  @Test("An interrupted download ends with code 130, and goes on where it stopped")
  func interrupted() async throws {
    try await Transcript.play(
      #"""
      $ mkdir -p content/images; head -c 400000 /dev/urandom > content/images/i.bin

      $ sheaf init lib --name Demo --open >/dev/null 2>&1; sheaf publish content -m Start --library lib >/dev/null

      $ sheaf serve --port 0 --quiet --library lib >address & echo $! >serve.pid; until test -s address; do sleep 0.05; done

      $ (sheaf clone $(cat address) copy --limit-rate 100k 2>said; echo $? >code) & sleep 0.1; until test "$(cat .copy.incoming/*.part 2>/dev/null | wc -c)" -gt 30000; do sleep 0.05; done; pkill -INT -P $! sheaf; wait; cat code said
      130
      sheaf: interrupted; nothing is half done.

      $ test ! -e copy && cat .copy.incoming/*.part | wc -c >held; sheaf clone $(cat address) copy --json 2>/dev/null | head -1 | sed 's/.*"transferredInBytes":\([0-9]*\).*/\1/' >rest

      $ test $(cat rest) -lt 400000 && test $(($(cat rest) + $(cat held))) -ge 400000 && test ! -e .copy.incoming && echo went on
      went on
      """#)
  }
}
