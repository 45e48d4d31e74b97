/// `VERIFY.txt`: how an inspector verifies a copy with tools that were not written here.
enum InspectionPage {
  /// - Parameters:
  ///   - library: The library's identity.
  ///   - size: The checkpoint's size.
  ///   - example: A change set to show the steps with.
  ///   - mark: The mark of its author's key.
  static func text(library: String, size: UInt64, example: UInt64, mark: String) -> String {
    let file = "trail/\(InspectionCopy.name(example))"
    return """
      HOW TO VERIFY THIS COPY

      Library    \(library)
      Checkpoint \(size) change sets

      You need: a POSIX shell, OpenSSL 1.1.1 or newer (openssl), base64, sed, grep, cut, head, tail. Nothing of Sheaf.
      Run the commands in this folder. Each step says what must come out. `python3 verify.py` does all steps for all
      change sets; read it first, it is one page.

      WHAT IS HERE

      audit.html             every change: who, when, why, before and after
      documents/             the documents as they are now
      contents/              contents of revisions, named by their SHA-256
      contents.tsv           revision, SHA-256, file
      checkpoint             the log's size and root, signed by the log's key
      state                  the root over what is current, signed by the log's key
      trail/NNN/NNNNNN.note  change set N as its author signed it: a leaf of the log
                      .lines  what it does, a line for each document (.some-lines and .proof: part of them)
                      .reason why; .seed: what opens the commitments to reason and contents;
                      .salts in its place where content was redacted: what opens the others
      receipts/              for each change set the proof that it is in the log
      tile/                  the log's tree (C2SP tlog-tiles)
      keys/                  public keys: log.pem, and each author's under the first 16 digits of its SHA-256
      authors.tsv            key, name and role of each author

      1. THE LOG'S KEY IS THE LIBRARY'S

      openssl pkey -pubin -in keys/log.pem -outform DER | tail -c 32 | sha256sum | cut -c 1-32

      prints the last part of the library's name above. Ask the publisher for that name by another way (telephone,
      letterhead, an earlier copy): everything else follows from it.

      2. THE LOG'S KEY SIGNED THE CHECKPOINT

      sed '/^$/,$d' checkpoint > /tmp/text
      grep "^— $(head -n 1 checkpoint) " checkpoint | head -n 1 | cut -d ' ' -f 3 | base64 -d | tail -c 64 > /tmp/sig
      openssl pkeyutl -verify -pubin -inkey keys/log.pem -rawin -in /tmp/text -sigfile /tmp/sig

      prints "Signature Verified Successfully". The same with `state` for `checkpoint`.

      3. THE AUTHOR SIGNED A CHANGE SET (here \(example))

      sed '/^$/,$d' \(file).note > /tmp/text
      tail -n 1 \(file).note | cut -d ' ' -f 3 | base64 -d | tail -c 64 > /tmp/sig
      openssl pkeyutl -verify -pubin -inkey keys/\(mark).pem -rawin -in /tmp/text -sigfile /tmp/sig
      openssl pkey -pubin -in keys/\(mark).pem -outform DER | tail -c 32 | base64

      The signature is verified, and the last command prints what the note has behind "author".

      4. THE CHANGE SET IS IN THE LOG

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

      5. WHAT IT DOES IS WHAT WAS SIGNED

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

      prints the same line twice: the tree's root over the lines.

      6. THE REASON, AND A CONTENT (line 1 of the change set)

      s=$(cat \(file).seed)
      salt() { printf "sheaf/salt/v1\\n\\\\000\\\\000\\\\$(printf %03o $(($1 / 256)))\\\\$(printf %03o $(($1 % 256)))" |
        openssl dgst -sha256 -mac HMAC -macopt hexkey:$s -binary | head -c 16; }
      (printf 'sheaf/reason/v1\\n'; salt 0; openssl dgst -sha256 -binary \(file).reason) | h
      sed -n 's/^reason //p' \(file).note

      prints the same line twice. For a content, with the file that contents.tsv names for \(example).1:

      c=$(grep "^\(example)\\.1	" contents.tsv | cut -f 3 | head -n 1)
      (printf 'sheaf/content/v1\\n'; salt 1; openssl dgst -sha256 -binary "$c") | h
      sed -n 1p \(file).lines | cut -f 5

      prints the same line twice. (A line that deletes has "-" and no content.) `salt` takes lines up to 65,535.

      A line "redact" asks to destroy what the revisions that it names said; two of them, by two people, do it. Such contents are in no
      copy. Their change set has no ….seed then: ….salts has the salt of each line that is left, 0 for the reason, in hexadecimal.

      7. NOTHING WAS REWRITTEN SINCE AN EARLIER COPY

      If you kept a checkpoint of this library from before (its second line is a size, the third a root):

      python3 verify.py --root SIZE

      prints its root. If it prints another, the history was rewritten: keep both.

      WHAT THIS DOES NOT SHOW

      - Who holds a key: that is the publisher's word, in authors.tsv and in the reasons.
      - That the times which authors claim are true. "seen" in a note is a checkpoint its author had: it was made after that one.
      - That this copy is the newest: ask the publisher for the newest checkpoint.

      """
  }
}
