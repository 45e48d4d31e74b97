extension InspectionScript {
  /// Change sets, contents and persons.
  static let trail = #"""
    # Change sets

    class Line:
        """A line of a revision list: what was done to one document."""
        def __init__(self, number, index, bytes):
            verb, path, base, size, sealed = bytes.decode().rstrip("\n").split("\t")
            self.name, self.place = f"{number}.{index + 1}", (number, index + 1)
            self.verb, self.path, self.base, self.digest, self.file = verb, path, base, None, None
            self.has_content = sealed != "-"
            if self.has_content:
                self.size, self.sealed = int(size), unbase64(sealed)
            self.names = base.split(",") if base[0].isdigit() else []

    def public_key(name):
        """The 32 bytes of a public key in a PEM file."""
        lines = read(f"keys/{name}.pem").decode().split("\n")
        return unbase64("".join(line for line in lines if not line.startswith("-----")))[12:]

    def commitment(kind, salt, digest):
        return sha(b"sheaf/" + kind + b"/v1\n", salt, digest)

    class ChangeSet:
        """A change set's note as its author signed it, its reason, its lines, and the salts that open both."""
        def __init__(self, number, log):
            self.number, self.base, self.lines, self.note = number, name_of(number), [], log.notes[number - 1]
            self.said = dict(line.split(" ", 1) for line in parts(self.note)[0].split("\n")[1:-1])
            self.author = unbase64(self.said["author"])
            self.mark = hashlib.sha256(self.author).hexdigest()[:16]
            self.is_whole = True
            if self.said["library"] != log.library:
                self.wrong("it belongs to another library")
            if public_key(self.mark) != self.author:
                self.wrong(f"keys/{self.mark}.pem is not its author's key")

        def wrong(self, what):
            tell("WRONG", f"change set {self.number}", what)

        def missing(self, what):
            tell("MISSING", f"change set {self.number}", what)

        def check_signature(self):
            if not is_signed(self.note, "sheaf-member-" + self.mark, self.author):
                self.wrong("its author's signature does not hold")

        def read_salts(self):
            """The salt of each line, 0 for the reason; a redaction destroys the seed and leaves the other lines' salts."""
            if there(self.base + ".seed"):
                seed = bytes.fromhex(read(self.base + ".seed").decode())
                self.salt = lambda line: hmac.new(
                    seed, b"sheaf/salt/v1\n" + line.to_bytes(4, "big"), hashlib.sha256).digest()[:16]
            else:
                kept = read(self.base + ".salts").decode().split() if there(self.base + ".salts") else []
                self.salt = {int(line): bytes.fromhex(salt) for line, salt in zip(kept[::2], kept[1::2])}.get

        def check_reason(self):
            if not there(self.base + ".reason"):
                return self.missing("its reason")
            digest, salt = sha(read(self.base + ".reason")), self.salt(0)
            if not salt:
                self.missing("the salt of its reason, so nothing says that this is the reason")
            elif commitment(b"reason", salt, digest) != unbase64(self.said["reason"]):
                self.wrong("its reason is not the one that was signed")

        def read_lines(self, collections):
            """All lines; or, in a copy that says of which collections it is, some of them, proved against the rest."""
            count, wanted = self.said["lines"].split(" ")
            total, wanted, made = int(count), unbase64(wanted), None
            if there(self.base + ".lines"):
                found = dict(enumerate(read(self.base + ".lines").splitlines(keepends=True)))
                if len(found) == total:
                    made = root([leaf(line) for line in found.values()])
            elif collections is None:
                return self.missing("its lines: what it did")
            elif there(self.base + ".no-lines"):
                self.is_whole = False
                if read(self.base + ".no-lines"):
                    self.wrong("the file that says that no line is here is not empty")
                return
            elif there(self.base + ".some-lines") and there(self.base + ".proof"):
                self.is_whole, found = False, {}
                for line in read(self.base + ".some-lines").splitlines(keepends=True):
                    index, _, line = line.partition(b"\t")
                    found[int(index) - 1] = line
                proof = [unbase64(line) for line in read(self.base + ".proof").split()]
                if found and max(found) < total and min(found) >= 0:
                    made = subset_root(total, {index: leaf(line) for index, line in found.items()}, proof)
            else:
                return self.missing("its lines, or the proof of those that are here")
            if made != wanted:
                return self.wrong("its lines are not those that were signed")
            self.lines = [Line(self.number, index, line) for index, line in sorted(found.items())]
            for line in self.lines:
                if collections is not None and collection_of(line.path) not in collections:
                    self.wrong(f"{line.path} is in none of the collections of this copy")

    def collection_of(path):
        return path.split("/")[0] if "/" in path else "."

    # Contents

    def digest_of(name):
        """The SHA-256 of a file, and its size."""
        place, hash, size = os.path.join(HERE, *name.split("/")), hashlib.sha256(), 0
        if os.path.realpath(place) != os.path.join(os.path.realpath(HERE), *name.split("/")):
            raise OSError(f"{name} is a link, or leads elsewhere")
        with open(place, "rb") as file:
            for piece in iter(lambda: file.read(1 << 20), b""):
                hash.update(piece)
                size += len(piece)
        return hash.digest(), size

    class Contents:
        """What contents.tsv and absent.tsv say of each revision, and whether that is what was signed."""
        def __init__(self):
            self.files, self.absent, self.unproved, self.asked = {}, {}, [], set()
            known = {}
            for name, digest, file in table("contents.tsv"):
                if not file.startswith("documents/"):
                    vouched.add(file)
                    if file != f"contents/{digest[:2]}/{digest}":
                        tell("WRONG", file, "it is not named for its SHA-256")
                try:
                    known[file] = known.get(file) or digest_of(file)
                except OSError:
                    tell("MISSING", f"revision {name}", file)
                    continue
                if known[file][0].hex() != digest:
                    tell("WRONG", f"revision {name}", f"{file} has another SHA-256 than contents.tsv says")
                self.files.setdefault(name, []).append((file, *known[file]))
            for name, digest in table("absent.tsv"):
                self.absent[name] = bytes.fromhex(digest)

        def check(self, line, salt):
            """The content has the size and the commitment that the line was signed with."""
            self.asked.add(line.name)
            files, absent, place = self.files.pop(line.name, []), self.absent.get(line.name), f"revision {line.name}"
            if not line.has_content or not salt:
                if files or absent:
                    tell("WRONG", place, f"nothing says that {files[0][0] if files else 'absent.tsv'} is its content")
                elif line.has_content:
                    self.unproved.append(line)
                return
            for file, digest, size in files:
                if commitment(b"content", salt, digest) == line.sealed and size == line.size:
                    line.digest = digest
                else:
                    tell("WRONG", place, f"{file} is not the content that was signed")
            if absent and not files:
                if commitment(b"content", salt, absent) == line.sealed:
                    line.digest = absent
                else:
                    tell("WRONG", place, "absent.tsv does not name the content that was signed")
            elif not files:
                tell("MISSING", place, f"its content, of {line.path}")
            line.file = files[0][0] if files else None

        def check_rest(self, redacted):
            for name, files in self.files.items():
                tell("WRONG", files[0][0], f"no revision {name} is here whose content it could be")
            for name in sorted(set(self.absent) - self.asked):
                tell("WRONG", "absent.tsv", f"no revision {name} is here whose content it could be")
            for line in self.unproved:
                if line.name not in redacted:
                    tell("MISSING", f"revision {line.name}", f"its content, of {line.path}, which no two persons redacted")
            return len([line for line in self.unproved if line.name in redacted])

    # Persons

    class Members:
        """What the documents below sheaf/members/ say of each key, in the log's order."""
        def __init__(self, lines):
            self.documents, self.changes, self.closing = {}, {}, None
            for line in lines:
                if not line.path.startswith("sheaf/members/"):
                    continue
                self.closing = self.closing or line.place[0]
                mark = line.path[len("sheaf/members/"):-len(".json")]
                self.changes.setdefault(mark, set()).add(line.place[0])
                if line.digest and line.file:
                    self.documents.setdefault(mark, []).append((line.place[0], json.loads(read_content(line))))

        def person(self, mark):
            """The first key of somebody who changed keys."""
            seen = set()
            while mark not in seen:
                seen.add(mark)
                mark = next((said["replaces"] for _, said in self.documents.get(mark, []) if "replaces" in said), mark)
            return mark

        def redacted(self, change_sets, paths):
            """The revisions of which two persons with the right to it asked that they be destroyed."""
            persons = {}
            for change_set in change_sets:
                spoken = [said for number, said in self.documents.get(change_set.mark, []) if number < change_set.number]
                if any(said["role"] in REDACTING for said in spoken):
                    for line in change_set.lines:
                        for name in line.names if line.verb == "redact" else []:
                            if paths.get(name) == line.path:
                                persons.setdefault(name, set()).add(self.person(change_set.mark))
            return {name for name, asking in persons.items() if len(asking) > 1}

        def witnesses(self, mark):
            return {unbase64(said["witness"]) for _, said in self.documents.get(mark, []) if "witness" in said}

        def check_names(self, change_sets):
            """authors.tsv is what the log says of its authors: a row for each change, with what some revision so far says."""
            allowed, (head, *rows) = {}, table("authors.tsv")
            for one in change_sets:
                key = (one.mark, hashlib.sha256(one.author).hexdigest())
                if self.closing != 1:
                    founds = one.author == change_sets[0].author
                    allowed[(*key, "1")] = {("-", "publisher" if founds else "contributor", "-")}
                for number in self.changes.get(one.mark, ()):
                    allowed[(*key, str(1 if number == 1 else number + 1))] = {
                        (said["name"], "-" if "revoked" in said else said["role"], said.get("site", "-"))
                        for place, said in self.documents.get(one.mark, []) if place <= number}
            found = {tuple(row[:3]): tuple(row[3:]) for row in rows}
            for key in sorted(set(found) | set(allowed)):
                if found.get(key) not in allowed.get(key, ()):
                    tell("WRONG", "authors.tsv", f"it is not what the log says of {key[0]} from change set {key[2]} on")
            if head != ["key", "sha256", "from", "name", "role", "site"] or len(found) < len(rows):
                tell("WRONG", "authors.tsv", "it is no list of authors")

    def read_content(line):
        with open(os.path.join(HERE, *line.file.split("/")), "rb") as file:
            return file.read()

    """#
}
