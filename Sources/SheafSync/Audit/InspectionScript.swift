/// The program that goes with a copy for inspection: it checks what `VERIFY.txt` says how to check by hand.
///
/// Python 3, its standard library alone; signatures are OpenSSL's work.
enum InspectionScript {
  /// The program.
  static let python = log + trail + state

  /// Signatures, the log and its proofs.
  static let log = #"""
    #!/usr/bin/env python3
    """Checks a copy for inspection: signatures, times, the log, reasons, revision lists, contents, and what is current.

        python3 verify.py             everything
        python3 verify.py 12 40       everything but the authors' signatures, of which only these change sets'
        python3 verify.py --root 12   prints the log's root when it had 12 change sets, for a checkpoint you kept

    Needs Python 3.8 and the command openssl (3.0 or newer). VERIFY.txt says how to do each step by hand.

    WRONG    something is not what was signed: exit code 1.
    MISSING  something that must be there is not: exit code 1.
    ABSENT   absent.tsv says that whoever made this copy did not hold a content: past ones, and large files that are no text.
    LOOK     something to know: a conflict, a proposal that waits, a time that is not proved.
    """
    import base64, datetime, hashlib, hmac, json, os, re, subprocess, sys, tempfile

    HERE = os.path.dirname(os.path.abspath(__file__))
    PASSIVE = {"decline", "redact", "sign-authored", "sign-reviewed", "sign-approved", "sign-rejected"}
    REDACTING = {"privacy-officer", "administrator", "publisher"}
    LARGE = 1 << 20  # no content up to this size is left out as a large file
    problems, vouched = [], {"VERIFY.txt", "verify.py", "audit.html"}

    def say(text):
        sys.stdout.write(text + "\n")

    def tell(kind, place, what):
        if kind in ("WRONG", "MISSING"):
            problems.append(place)
        say(f"{kind:8} {place}: {what}")

    def sha(*parts):
        return hashlib.sha256(b"".join(parts)).digest()

    def there(name):
        return os.path.isfile(os.path.join(HERE, *name.split("/")))

    def read(name):
        """A file's bytes; it counts as vouched for, since what reads it checks it."""
        vouched.add(name)
        place = os.path.join(HERE, *name.split("/"))
        if os.path.realpath(place) != os.path.join(os.path.realpath(HERE), *name.split("/")):
            raise OSError(f"{name} is a link")
        with open(place, "rb") as file:
            return file.read()

    def table(name):
        """Lines of fields between tabs."""
        text = read(name).decode()
        if text and not text.endswith("\n"):
            raise ValueError(f"{name} ends within a line")
        return [line.split("\t") for line in text.split("\n")[:-1]]

    def unbase64(text):
        return base64.b64decode(text, validate=True)

    # Signatures

    def verifies(key, text, signature):
        """Ed25519, by OpenSSL, with the 32 bytes of a public key."""
        with tempfile.TemporaryDirectory() as folder:
            parts = (bytes.fromhex("302a300506032b6570032100") + key, text, signature)
            names = [os.path.join(folder, name) for name in ("key", "text", "signature")]
            for name, content in zip(names, parts):
                with open(name, "wb") as file:
                    file.write(content)
            command = ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", names[0], "-rawin",
                       "-in", names[1], "-sigfile", names[2]]
            return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0

    def parts(note):
        """A signed note's text, and its signatures: name and bytes, of which the first four name the key."""
        text, _, signatures = note.decode().rpartition("\n\n")
        lines = [line.split(" ") for line in signatures.split("\n")[:-1]]
        if not lines or any(len(line) != 3 or line[0] != "\u2014" for line in lines):
            raise ValueError("it is no signed note")
        return text + "\n", [(name, unbase64(signature)) for _, name, signature in lines]

    def is_signed(note, name, key):
        """Whether the key signed, and all that stands there under its name is true."""
        text, signatures = parts(note)
        number = sha(name.encode(), b"\n\1", key)[:4]
        own = [bytes[4:] for signer, bytes in signatures if signer == name and bytes[:4] == number]
        return bool(own) and all(verifies(key, text.encode(), signature) for signature in own)

    def time_of(cosignature, name, key, text):
        """The time that a cosignature states; None where it is not by this key; an error where it is false."""
        number, stamp, signature = cosignature[:4], cosignature[4:12], cosignature[12:]
        if number != sha(name.encode(), b"\n\4", key)[:4]:
            return None
        time = int.from_bytes(stamp, "big")
        if not verifies(key, f"cosignature/v1\ntime {time}\n{text}".encode(), signature):
            raise ValueError(f"a cosignature of {name} does not hold")
        return time

    def when(time):
        try:
            return (datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=time)).isoformat() + "Z"
        except OverflowError:
            return f"second {time}"

    # The log's tree

    def leaf(data):
        return sha(b"\0", data)

    def node(left, right):
        return sha(b"\1", left, right)

    def root(hashes):
        """RFC 6962: neighbours are joined level by level, an odd one out goes up as it is."""
        if not hashes:
            return sha()
        while len(hashes) > 1:
            hashes = [node(*pair) if len(pair) == 2 else pair[0] for pair in
                      (hashes[index:index + 2] for index in range(0, len(hashes), 2))]
        return hashes[0]

    def subset_root(total, leaves, proof):
        """The root where only some leaves are there, and hashes for the rest."""
        proof = list(proof)

        def walk(start, end):
            if not any(start <= index < end for index in leaves):
                return proof.pop(0)
            if end - start == 1:
                return leaves[start]
            half = 1
            while half * 2 < end - start:
                half *= 2
            left = walk(start, start + half)
            return node(left, walk(start + half, end))

        made = walk(0, total)
        if proof:
            raise ValueError("hashes are left over")
        return made

    def proved_root(leaf, index, size, proof):
        """RFC 9162, 2.1.3.2: the root to which an inclusion proof leads."""
        last = size - 1
        for other in proof:
            if last == 0:
                raise ValueError("the proof is too long")
            if index % 2 or index == last:
                leaf = node(other, leaf)
                while index and index % 2 == 0:
                    index, last = index // 2, last // 2
            else:
                leaf = node(leaf, other)
            index, last = index // 2, last // 2
        if last:
            raise ValueError("the proof is too short")
        return leaf

    class Log:
        """The change sets' notes, the tree over them, and the checkpoint that signs it."""
        def __init__(self):
            self.note = read("checkpoint")
            self.text, self.signatures = parts(self.note)
            self.library, size, signed = self.text.split("\n")[:-1]
            self.size, self.signed = int(size), unbase64(signed)
            self.notes = [read(name_of(number) + ".note") for number in range(1, self.size + 1)]
            self.levels = [[leaf(note) for note in self.notes]]
            while len(self.levels[-1]) > 1:
                below = self.levels[-1]
                self.levels.append([node(*below[index:index + 2]) for index in range(0, len(below) - 1, 2)])

        def root_at(self, size):
            """The root of the first change sets: the largest whole subtrees, joined from the right."""
            made, start, edge = None, 0, []
            for level in reversed(range(len(self.levels))):
                if size >> level & 1:
                    edge.append(self.levels[level][start >> level])
                    start += 1 << level
            for hash in reversed(edge):
                made = hash if made is None else node(hash, made)
            return made or sha()

        def checkpoint_at(self, size):
            return f"{self.library}\n{size}\n{base64.b64encode(self.root_at(size)).decode()}\n"

    def name_of(number, folder="trail"):
        return f"{folder}/{number // 1000:03}/{number:06}"

    def check_tiles(log):
        """C2SP tlog-tiles: 256 hashes a file, of every eighth level, and the notes."""
        def check(kind, index, count, content):
            digits = f"{index:0{(len(str(index)) + 2) // 3 * 3}}"
            groups = [digits[place:place + 3] for place in range(0, len(digits), 3)]
            name = f"tile/{kind}/" + "/".join(["x" + group for group in groups[:-1]] + groups[-1:])
            name += f".p/{count}" if count < 256 else ""
            if not there(name):
                tell("MISSING", name, "a part of the log's tree")
            elif read(name) != content:
                tell("WRONG", name, "it is not the log's tree")

        for level, hashes in enumerate(log.levels[::8]):
            for index in range(0, len(hashes), 256):
                check(level, index // 256, len(hashes[index:index + 256]), b"".join(hashes[index:index + 256]))
        for index in range(0, log.size, 256):
            notes = log.notes[index:index + 256]
            check("entries", index // 256, len(notes), b"".join(len(note).to_bytes(2, "big") + note for note in notes))

    def check_receipt(number, log, key, known={}):
        """C2SP tlog-proof: the change set is in the log that the checkpoint below signs."""
        name = name_of(number, "receipts") + ".tlog-proof"
        if not there(name):
            return tell("MISSING", name, f"the receipt of change set {number}")
        proof, _, checkpoint = read(name).decode().partition("\n\n")
        lines = proof.split("\n")
        if lines[:2] != ["c2sp.org/tlog-proof@v1", f"index {number - 1}"]:
            return tell("WRONG", name, "it is not this change set's receipt")
        if checkpoint not in known:
            known[checkpoint] = parts(checkpoint.encode())[0] == log.text and is_signed(checkpoint.encode(), log.library, key)
        made = proved_root(log.levels[0][number - 1], number - 1, log.size, [unbase64(line) for line in lines[2:]])
        if not known[checkpoint] or made != log.signed:
            tell("WRONG", name, "it does not prove that the change set is in the log")

    """#
}
