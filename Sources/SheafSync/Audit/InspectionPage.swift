/// `VERIFY.txt`: how an inspector verifies a copy with tools that were not written here.
enum InspectionPage {
  /// - Parameters:
  ///   - library: The library's identity.
  ///   - size: The checkpoint's size.
  ///   - example: A change set to show the steps with.
  ///   - mark: The mark of its author's key.
  ///   - isTimed: Whether the publisher's clock cosigned the checkpoint.
  static func text(library: String, size: UInt64, example: UInt64, mark: String, isTimed: Bool) -> String {
    let file = "trail/\(InspectionCopy.name(example))"
    return """
      HOW TO VERIFY THIS COPY

      Library    \(library)
      Checkpoint \(size) change sets

      You need: a POSIX shell, OpenSSL 3.0 or newer (openssl), base64, sed, grep, cut, head, tail, od, tr,
      sha256sum, basename, date. Nothing of Sheaf.
      Run the commands in this folder. Each step says what must come out. `python3 verify.py` does steps 1 to 8 for all
      that is here, and fails when anything is missing or nothing vouches for it; read it first.

      WHAT IS HERE

      documents/             the documents as they are now
      contents/              contents of revisions, named by their SHA-256
      contents.tsv           revision, SHA-256, file
      absent.tsv             revision, SHA-256: contents that whoever made this copy did not hold. Only contents of the
                             past, and files above 1 MiB, may be there
      checkpoint             the log's size and root, signed by the log's key, cosigned by clocks
      cosignatures           who said when of this checkpoint and earlier ones
      state, current.tsv     the root over what is current, signed by the log's key; and what leads to it
      trail/NNN/NNNNNN.note  change set N as its author signed it: a leaf of the log
                      .lines  what it does, a line for each document
                      .reason why; .seed: what opens the commitments to reason and contents;
                      .salts in its place where content was redacted: what opens the others
      collections            only in a copy of some collections: which. There, .some-lines and .proof, or .no-lines, stand
                             where a change set has lines of others too
      receipts/              for each change set the proof that it is in the log
      tile/                  the log's tree (C2SP tlog-tiles)
      keys/                  public keys: log.pem, time.pem, and each author's under the first 16 digits of its SHA-256
      authors.tsv            key, name and role of each author: what the documents in sheaf/members/ say of them
      audit.html             every change: who, when, why, before and after. For reading: NOTHING VERIFIES THIS FILE

      1. THE LOG'S KEY IS THE LIBRARY'S

      openssl pkey -pubin -in keys/log.pem -outform DER | tail -c 32 | sha256sum | cut -c 1-32

      prints the last part of the library's name above. Ask the publisher for that name by another way (telephone,
      letterhead, an earlier copy): everything else follows from it.

      2. THE LOG'S KEY SIGNED THE CHECKPOINT

      sed '/^$/,$d' checkpoint > /tmp/text
      grep "^— $(head -n 1 checkpoint) " checkpoint | head -n 1 | cut -d ' ' -f 3 | base64 -d | tail -c 64 > /tmp/sig
      openssl pkeyutl -verify -pubin -inkey keys/log.pem -rawin -in /tmp/text -sigfile /tmp/sig

      prints "Signature Verified Successfully".

      3. WHEN IT WAS THERE

      \(isTimed ? clock : noClock)

      4. THE AUTHOR SIGNED A CHANGE SET (here \(example))

      sed '/^$/,$d' \(file).note > /tmp/text
      tail -n 1 \(file).note | cut -d ' ' -f 3 | base64 -d | tail -c 64 > /tmp/sig
      openssl pkeyutl -verify -pubin -inkey keys/\(mark).pem -rawin -in /tmp/text -sigfile /tmp/sig
      openssl pkey -pubin -in keys/\(mark).pem -outform DER | tail -c 32 | base64

      The signature is verified, and the last command prints what the note has behind "author".

      5. THE CHANGE SET IS IN THE LOG

      h() { openssl dgst -sha256 -binary | base64; }
      f=receipts/\(InspectionCopy.name(example)).tlog-proof
      r=$( (printf '\\000'; cat \(file).note) | h )
      i=$(sed -n 's/^index //p' $f); n=$(( $(sed -n '2p' checkpoint) - 1 ))
      for p in $(sed -e '1,2d' -e '/^$/,$d' $f); do
        if [ $((i % 2)) = 1 ] || [ $i = $n ]; then
          r=$( (printf '\\001'; echo $p | base64 -d; echo $r | base64 -d) | h )
          while [ $((i % 2)) = 0 ] && [ $i != 0 ]; do i=$((i / 2)); n=$((n / 2)); done
        else
          r=$( (printf '\\001'; echo $r | base64 -d; echo $p | base64 -d) | h )
        fi
        i=$((i / 2)); n=$((n / 2))
      done
      echo $r; sed -n '3p' checkpoint

      prints the same line twice. (RFC 9162, section 2.1.3.2.)

      6. WHAT IT DOES IS WHAT WAS SIGNED

      l=''; while IFS= read -r line; do l="$l $( (printf '\\000'; printf '%s\\n' "$line") | h )"; done < \(file).lines
      set -- $l
      while [ $# -gt 1 ]; do
        l=''
        while [ $# -gt 1 ]; do
          l="$l $( (printf '\\001'; echo $1 | base64 -d; echo $2 | base64 -d) | h )"; shift 2
        done
        set -- $l $*
      done
      echo $1; sed -n 's/^lines [0-9]* //p' \(file).note

      prints the same line twice: the tree's root over the lines. A change set without its lines proves nothing of what it did.

      7. THE REASON, AND A CONTENT (line 1 of the change set)

      s=$(cat \(file).seed)
      salt() { printf "sheaf/salt/v1\\n\\\\000\\\\000\\\\$(printf %03o $(($1 / 256)))\\\\$(printf %03o $(($1 % 256)))" |
        openssl dgst -sha256 -mac HMAC -macopt hexkey:$s -binary | head -c 16; }
      (printf 'sheaf/reason/v1\\n'; salt 0; openssl dgst -sha256 -binary \(file).reason) | h
      sed -n 's/^reason //p' \(file).note

      prints the same line twice. For a content, with the file that contents.tsv names for \(example).1:

      c=$(grep "^\(example)\\.1	" contents.tsv | cut -f 3 | head -n 1)
      (printf 'sheaf/content/v1\\n'; salt 1; openssl dgst -sha256 -binary "$c") | h
      sed -n 1p \(file).lines | cut -f 5

      prints the same line twice. (A line that deletes has "-" and no content.) `salt` takes lines up to 65,535. Without
      a seed, or the line's salt in .salts, nothing says that a file is the content: do not believe it.

      8. NOTHING IS LEFT OUT, AND THE DOCUMENTS ARE THE NEWEST

      for f in trail/*/*.lines; do
        n=$(basename $f .lines | sed 's/^0*//'); i=0
        while IFS='	' read -r verb path base size sealed; do
          i=$((i + 1))
          [ "$sealed" = - ] || grep -q "^$n\\.$i	" contents.tsv || echo "$n.$i $path"
        done < $f
      done

      prints the revisions whose content is not here. Each is in absent.tsv, or two persons had it destroyed: then two lines
      that this prints name it, in change sets whose authors are two persons by the documents in sheaf/members/:

      grep -H '^redact	' trail/*/*.lines

      What is current of each path, its conflicts and the proposals that wait is in current.tsv. The root in `state` is over
      exactly that; verify.py computes it. By hand: `state` is signed as in step 2, and for each path the first revision that
      current.tsv calls "head" is the one in documents/, and the last line that

      grep -HnF "	$(head -n 1 current.tsv | cut -f 1)	" trail/*/*.lines

      prints, save lines that sign, redact or decline, and proposals: the file's number and the line's are the revision's.
      So for every path that any line names.

      9. NOTHING WAS REWRITTEN SINCE AN EARLIER COPY

      If you kept a checkpoint of this library from before (its second line is a size, the third a root):

      python3 verify.py --root SIZE

      prints its root. If it prints another, the history was rewritten: keep both.

      WHAT THIS DOES NOT SHOW

      - Who holds a key: that is the publisher's word, in sheaf/members/ and in the reasons.
      - That the times which authors claim are true. "seen" in a note is a checkpoint its author had: it was made after that one.
      - That a clock was right. The publisher's is its own word, a witness' another's.
      - That this copy is the newest: ask the publisher for the newest checkpoint.
      - In a copy of some collections: that the lines which are not here are all of other collections.
      - What contents in absent.tsv say: of these only the SHA-256 is proved.

      """
  }

  private static let clock = """
    sed '/^$/,$d' keys/time.note > /tmp/text
    tail -n 1 keys/time.note | cut -d ' ' -f 3 | base64 -d | tail -c 64 > /tmp/sig
    openssl pkeyutl -verify -pubin -inkey keys/log.pem -rawin -in /tmp/text -sigfile /tmp/sig
    sed -n 3p keys/time.note | cut -d + -f 3- | base64 -d | tail -c 32 | base64
    openssl pkey -pubin -in keys/time.pem -outform DER | tail -c 32 | base64

    prints "Signature Verified Successfully" and the same line twice: the log's key says which is the publisher's clock.

    t=$(grep "^— $(head -n 1 checkpoint)/time " checkpoint | head -n 1 | cut -d ' ' -f 3)
    d=$((0x$(echo $t | base64 -d | head -c 12 | tail -c 8 | od -An -v -tx1 | tr -d ' \\n')))
    (printf 'cosignature/v1\\ntime %s\\n' $d; sed '/^$/,$d' checkpoint) > /tmp/text
    echo $t | base64 -d | tail -c 64 > /tmp/sig
    openssl pkeyutl -verify -pubin -inkey keys/time.pem -rawin -in /tmp/text -sigfile /tmp/sig
    date -u -d @$d

    prints "Signature Verified Successfully" and the time. A line of a witness is verified in the same way, with its
    keys/witness-….pem, which the document sheaf/members/….json names as "witness".
    """

  private static let noClock = """
    No clock that is known here cosigned this checkpoint; `cosignatures` may have times of earlier ones, and the times in
    the notes are their authors' claims.
    """
}
