/// The program that goes with a copy for inspection: it checks what `VERIFY.txt` says how to check by hand.
enum InspectionScript {
  /// Python 3, its standard library alone; signatures are OpenSSL's work.
  static let python = #"""
    #!/usr/bin/env python3
    """Checks a copy for inspection: signatures, the log, reasons, revision lists and contents.

        python3 verify.py             everything
        python3 verify.py 12 40       only these change sets, and the log
        python3 verify.py --root 12   prints the log's root when it had 12 change sets, for a checkpoint you kept

    Needs Python 3 and the command openssl (1.1.1 or newer). VERIFY.txt says how to do each step by hand.
    """
    import base64, hashlib, hmac, os, subprocess, sys, tempfile

    HERE = os.path.dirname(os.path.abspath(__file__))
    problems = []

    def tell(text):
        sys.stdout.write(text + "\n")

    def sha(*parts):
        return hashlib.sha256(b"".join(parts)).digest()

    def read(*names):
        with open(os.path.join(HERE, *names), "rb") as file:
            return file.read()

    def there(*names):
        return os.path.exists(os.path.join(HERE, *names))

    def wrong(place, what):
        problems.append(place)
        tell(f"WRONG  {place}: {what}")

    def leaf(data):
        return sha(b"\0", data)

    def root(hashes):
        """RFC 6962: neighbours are joined level by level, an odd one out goes up as it is."""
        if not hashes:
            return sha()
        while len(hashes) > 1:
            joined = [sha(b"\1", a, b) for a, b in zip(hashes[::2], hashes[1::2])]
            hashes = joined + ([hashes[-1]] if len(hashes) % 2 else [])
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
            return sha(b"\1", left, walk(start + half, end))

        made = walk(0, total)
        if proof:
            raise ValueError("hashes are left over")
        return made

    def parts(note):
        text, _, signatures = note.rpartition(b"\n\n")
        return text + b"\n", [line.split(b" ") for line in signatures.splitlines()]

    def is_signed(note, key, name):
        text, signatures = parts(note)
        own = [line[2] for line in signatures if len(line) == 3 and line[1] == name]
        if not own:
            return False
        with tempfile.TemporaryDirectory() as folder:
            for index, content in enumerate((text, base64.b64decode(own[0])[-64:])):
                with open(os.path.join(folder, str(index)), "wb") as file:
                    file.write(content)
            command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", os.path.join(HERE, "keys", key), "-rawin",
                       "-in", os.path.join(folder, "0"), "-sigfile", os.path.join(folder, "1")]
            return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0

    def public_key(pem):
        return base64.b64decode(b"".join(read("keys", pem).splitlines()[1:-1]))[-32:]

    def name_of(number):
        return os.path.join("trail", f"{number // 1000:03}", f"{number:06}")

    def salts_of(base):
        """The salt of each line; a redaction destroys the seed and leaves the salts of the other lines."""
        if there(base + ".seed"):
            seed = bytes.fromhex(read(base + ".seed").decode())
            return lambda line: hmac.new(
                seed, b"sheaf/salt/v1\n" + line.to_bytes(4, "big"), hashlib.sha256).digest()[:16]
        kept = read(base + ".salts").decode().split() if there(base + ".salts") else []
        return {int(line): bytes.fromhex(salt) for line, salt in zip(kept[::2], kept[1::2])}.get

    def commitment(kind, salt, content):
        return sha(b"sheaf/" + kind + b"/v1\n", salt, content)

    def fields(text):
        return {line.split(b" ")[0]: line.split(b" ")[1:] for line in text.splitlines()}

    def check_change_set(number, library, contents):
        place = f"change set {number}"
        base = name_of(number)
        note = read(base + ".note")
        text, _ = parts(note)
        said = fields(text)
        if said[b"library"] != [library]:
            wrong(place, "it belongs to another library")
        author = base64.b64decode(said[b"author"][0])
        mark = hashlib.sha256(author).hexdigest()[:16]
        if public_key(mark + ".pem") != author:
            wrong(place, f"keys/{mark}.pem is not its author's key")
        if not is_signed(note, mark + ".pem", b"sheaf-member-" + mark.encode()):
            wrong(place, "its author's signature does not hold")
        salt = salts_of(base)
        if salt(0) and there(base + ".reason"):
            if commitment(b"reason", salt(0), sha(read(base + ".reason"))) != base64.b64decode(said[b"reason"][0]):
                wrong(place, "its reason is not the one that was signed")
        total, wanted = int(said[b"lines"][0]), base64.b64decode(said[b"lines"][1])
        lines = {}
        if there(base + ".lines"):
            whole = read(base + ".lines").splitlines(keepends=True)
            lines = dict(enumerate(whole))
            if len(whole) != total or root([leaf(line) for line in whole]) != wanted:
                wrong(place, "its lines are not those that were signed")
        elif there(base + ".some-lines"):
            for line in read(base + ".some-lines").splitlines(keepends=True):
                index, _, rest = line.partition(b"\t")
                lines[int(index) - 1] = rest
            proof = [base64.b64decode(line) for line in read(base + ".proof").splitlines()]
            try:
                made = subset_root(total, {index: leaf(line) for index, line in lines.items()}, proof)
            except (ValueError, IndexError):
                made = None
            if made != wanted:
                wrong(place, "its lines do not lead to the root that was signed")
        for index, line in sorted(lines.items()):
            name = f"{number}.{index + 1}"
            if name not in contents or not salt(index + 1):
                continue
            sealed = line.rstrip(b"\n").split(b"\t")[4]
            for file, digest in contents[name]:
                if commitment(b"content", salt(index + 1), digest) != base64.b64decode(sealed):
                    wrong(f"revision {name}", f"{file} is not the content that was signed")
        told = []
        for index, line in sorted(lines.items()):
            verb, path, base = line.split(b"\t")[:3]
            told.append((path, f"{number}.{index + 1}", verb, base.decode().split(",")))
        return told

    def listed_contents():
        """Files by the revision that they are the content of."""
        found = {}
        for line in read("contents.tsv").decode().splitlines():
            name, digest, file = line.split("\t")
            try:
                content = hashlib.sha256(read(*file.split("/"))).digest()
            except OSError:
                wrong(f"revision {name}", f"{file} is missing")
                continue
            if content.hex() != digest:
                wrong(f"revision {name}", f"{file} has another SHA-256 than contents.tsv says")
            found.setdefault(name, []).append((file, content))
        listed = {file for files in found.values() for file, _ in files}
        for top in ("documents", "contents"):
            for folder, _, files in os.walk(os.path.join(HERE, top)):
                for file in files:
                    name = os.path.relpath(os.path.join(folder, file), HERE)
                    if name not in listed:
                        wrong(name, "nothing says which revision it is the content of")
        return found

    def check_document(file, name, newest):
        """A document stands under its revision's path, and nothing newer in the log takes its place."""
        lines = newest.get(file[len("documents/"):].encode(), [])
        own = [place for place, (number, _, _) in enumerate(lines) if number == name]
        if not own:
            wrong(file, f"revision {name} is of another document")
            return
        declined = {named: number for number, verb, base in lines if verb == b"decline" for named in base}
        newer = []
        for number, verb, base in lines[own[0] + 1:]:
            if verb == b"redact":
                tell(f"NOTE   {file}: {number} asks to destroy what {', '.join(base)} said; it changes nothing here")
            elif number in declined:
                tell(f"NOTE   {file}: {number} was proposed and declined by {declined[number]}")
            elif verb != b"decline" and not verb.startswith(b"sign-"):
                newer.append(number)
        if newer:
            tell(f"LOOK   {file}: it is of revision {name}, and {newer[-1]} is newer:"
                 " a conflict, an open proposal, or not the newest")

    def main():
        checkpoint = read("checkpoint")
        text, _ = parts(checkpoint)
        library, size, said = text.splitlines()
        size = int(size)
        try:
            leaves = [leaf(read(name_of(number) + ".note")) for number in range(1, size + 1)]
        except OSError as error:
            sys.exit(f"WRONG  log: a change set is missing: {error.filename}")
        if sys.argv[1:2] == ["--root"]:
            tell(base64.b64encode(root(leaves[:int(sys.argv[2])])).decode())
            return
        if hashlib.sha256(public_key("log.pem")).hexdigest()[:32].encode() != library.split(b"/")[2]:
            wrong("keys/log.pem", f"it is not the key of {library.decode()}")
        if not is_signed(checkpoint, "log.pem", library):
            wrong("checkpoint", "the log's signature does not hold")
        if root(leaves) != base64.b64decode(said):
            wrong("log", "the change sets here are not those that the checkpoint signs")
        contents = listed_contents()
        numbers = [int(word) for word in sys.argv[1:]] or range(1, size + 1)
        newest = {}
        for number in numbers:
            try:
                for path, name, verb, base in check_change_set(number, library, contents):
                    newest.setdefault(path, []).append((name, verb, base))
            except (OSError, KeyError, ValueError, IndexError) as error:
                wrong(f"change set {number}", f"it can't be read: {error}")
        for name, files in contents.items():
            for file, _ in files:
                if file.startswith("documents/") and int(name.split(".")[0]) in numbers:
                    check_document(file, name, newest)
        if problems:
            tell(f"{len(problems)} things do not hold.")
            sys.exit(1)
        tell(f"{len(numbers)} change sets hold, in the log of {size} that {library.decode()} signed.")
        tell("Compare the library's name with what its publisher tells you by another way.")

    main()

    """#
}
