extension InspectionScript {
  /// What is current, times, and the order of the checks.
  static let state = #"""
    # What is current

    def check_state(log, key, collections):
        """current.tsv leads to the root over what is current, which the log's key signed. Returns it by path."""
        entries, elsewhere = {}, {}
        for place, kind, name, digest in table("current.tsv"):
            if kind == "elsewhere":
                elsewhere[place] = (int(name), bytes.fromhex(digest))
            else:
                standing = entries.setdefault(place, {"head": [], "base": [], "proposal": []})
                standing[kind].append((name, None if digest == "-" else bytes.fromhex(digest)))
        if collections is None and elsewhere:
            tell("WRONG", "current.tsv", "it leaves collections out, and nothing says that this is a copy of some")

        def optional(digest):
            return b"\1" + digest if digest else b"\0"

        def value(standing):
            heads, base, made = [digest for _, digest in standing["head"]], dict(standing["base"]).get("-"), b"\0"
            if heads:
                made = b"\1" + heads[0] if len(heads) == 1 else b"\2" + optional(base) + bytes([len(heads)]) + b"".join(
                    optional(digest) for digest in heads)
            if standing["proposal"]:
                made = b"\3" + made + bytes([len(standing["proposal"])])
                for name, digest in standing["proposal"]:
                    number, line = name.split(".")
                    made += int(number).to_bytes(8, "big") + int(line).to_bytes(4, "big") + optional(digest)
            return made

        def tree(leaves, depth):
            if not leaves:
                return bytes(32)
            if len(leaves) <= 16:
                return sha(b"\0", *(key.to_bytes(32, "big") + leaf for key, leaf in sorted(leaves)))
            parts = [[] for _ in range(16)]
            for key, leaf in leaves:
                parts[key >> (252 - 4 * depth) & 15].append((key, leaf))
            return sha(b"\1", *(tree(part, depth + 1) for part in parts))

        held = {}
        for path, standing in entries.items():
            name = path.encode()
            hashed = sha(b"\2", len(name).to_bytes(2, "big"), name, value(standing))
            held.setdefault(collection_of(path), []).append((int.from_bytes(sha(name), "big"), hashed))
        roots = {name: (len(leaves), tree(leaves, 0)) for name, leaves in held.items()}
        for name in set(elsewhere) & (set(roots) | (collections or set())):
            tell("WRONG", "current.tsv", f"{name} is a collection of this copy, and elsewhere")
        roots.update(elsewhere)
        made = sha(b"sheaf/state/v1\n", *(
            len(name.encode()).to_bytes(2, "big") + name.encode() + count.to_bytes(8, "big") + digest
            for name, (count, digest) in sorted(roots.items(), key=lambda root: root[0].encode())))
        note = read("state")
        if not is_signed(note, log.library, key):
            tell("WRONG", "state", "the log's signature does not hold")
        said = parts(note)[0].split("\n")
        if said[:3] != ["sheaf/state/v1", log.library, str(log.size)] or len(said) != 5:
            tell("WRONG", "state", "it is not the state at the checkpoint")
        elif unbase64(said[3]) != made:
            tell("WRONG", "current.tsv", "it does not lead to the state that the log's key signed")
        return entries

    def check_current(entries, lines, authors, absent):
        """What is current is the newest in the log, or a conflict or proposal says why not; and its documents are here."""
        paths, by_name = {}, {line.name: line for line in lines}
        declined = {name for line in lines if line.verb == "decline" for name in line.names}
        for line in lines:
            if line.verb not in PASSIVE:
                paths.setdefault(line.path, []).append(line)
        for path in sorted(set(paths) | set(entries)):
            file, standing = "documents/" + path, entries.get(path, {"head": [], "base": [], "proposal": []})
            heads, waiting = [name for name, _ in standing["head"]], [name for name, _ in standing["proposal"]]
            for name, digest in standing["head"] + standing["proposal"]:
                line = by_name.get(name)
                if not line or line.path != path or line.verb in PASSIVE or line.digest != digest:
                    tell("WRONG", file, f"current.tsv says that revision {name} stands, and the log here does not say so")
            later = set()  # authors with a later draft that goes on from their earlier one
            for line in reversed(paths.get(path, [])):
                author = authors[line.place[0]]
                is_settled = line.name in waiting or line.name in declined or author in later
                if line.base == "^":
                    later.add(author)
                if line.name in heads or (not heads and not is_settled and not line.has_content):
                    break
                if not is_settled:
                    tell("MISSING", file, f"revision {line.name} is newer than what stands there, and is no proposal")
                    break
            if heads and standing["head"][0][1]:
                vouched.add(file)
                line = by_name.get(heads[0])
                try:
                    if digest_of(file)[0] != standing["head"][0][1]:
                        tell("WRONG", file, f"it is not the content of revision {heads[0]}, which is current")
                except OSError:
                    if not (line and line.name in absent and line.size > LARGE):
                        tell("MISSING", file, f"revision {heads[0]} is current")
            for name in heads[1:]:
                tell("LOOK", file, f"a conflict: revision {name} stands beside {heads[0]}")
            for name in waiting:
                tell("LOOK", file, f"revision {name} is a proposal that waits")

    # Times

    def check_times(log, key, members):
        """Who says when a checkpoint was there: the publisher's clock, and witnesses."""
        clock, head, newest = None, "sheaf/cosignatures/v1\n", []
        if there("keys/time.note"):
            note = read("keys/time.note")
            said = parts(note)[0].split("\n")
            name, number, bound = said[2].split("+", 2)
            clock = unbase64(bound)[1:]
            if not is_signed(note, log.library, key) or said[:2] != ["sheaf/time-key/v1", log.library] or \
                    name != log.library + "/time" or unbase64(bound)[0] != 4:
                tell("WRONG", "keys/time.note", "the log's key binds no clock by it")
            check_key("time", said[2], clock)
            head += note.decode()
        text = read("cosignatures").decode()
        if not text.startswith(head):
            return tell("WRONG", "cosignatures", "it does not begin with the clock's key note")
        stated = [(log.size, name, bytes) for name, bytes in log.signatures if name != log.library]
        for entry in text[len(head):].split("\n\n") if len(text) > len(head) else []:
            size, *signatures = entry.strip("\n").split("\n")
            stated += [(int(size), name, bytes) for name, bytes in
                       parts(("x\n\n" + "\n".join(signatures) + "\n").encode())[1]]
        for size, name, bytes in dict.fromkeys(stated):
            keys = {clock} if name == log.library + "/time" else members.witnesses(name.rpartition("/witness/")[2])
            text = log.checkpoint_at(size) if size <= log.size else ""
            times = [guard(f"cosignature {size}", time_of, bytes, name, own, text) for own in keys - {None}]
            times = [time for time in times if time is not None]
            if not times:
                tell("LOOK", f"cosignature {size}", f"no key that is bound here made the line by {name}")
            newest += [(size, time, name) for time in times]
        for name in os.listdir(os.path.join(HERE, "keys")):
            if name.startswith("witness-") and name.endswith(".vkey"):
                bound = read("keys/" + name).decode().strip()
                own = unbase64(bound.split("+", 2)[2])[1:]
                if own not in members.witnesses(name.split("-")[1]):
                    tell("WRONG", "keys/" + name, "no member's document names it")
                check_key(name[:-len(".vkey")], bound, own)
        return newest

    def check_key(name, text, key):
        """keys/NAME.vkey and .pem are this key."""
        signer, number, bound = text.split("+", 2)
        if read(f"keys/{name}.vkey").decode() != text + "\n" or public_key(name) != key or \
                number != sha(signer.encode(), b"\n", unbase64(bound))[:4].hex() or unbase64(bound)[1:] != key:
            tell("WRONG", f"keys/{name}.vkey", "it is not the key that it says")

    def report_times(log, times):
        for name in sorted({name for size, _, name in times if size == log.size}):
            first = min(time for size, time, signer in times if size == log.size and signer == name)
            last = max(time for size, time, signer in times if size == log.size and signer == name)
            say(f"{name} says that checkpoint {log.size} was there at {when(first)}"
                  + (f", and still the newest at {when(last)}." if last > first else "."))
        if not any(size == log.size and name == log.library + "/time" for size, _, name in times):
            older = max((size for size, _, name in times), default=None)
            tell("LOOK", "checkpoint", "no clock says when it was there"
                 + (f"; the newest that one vouches for is {older}" if older else ""))

    # Everything

    def guard(place, step, *arguments):
        """A step that can't be done is a fault, and the others go on."""
        try:
            return step(*arguments)
        except (OSError, KeyError, ValueError, IndexError, TypeError, AttributeError, OverflowError) as error:
            tell("WRONG", place, f"it can't be read: {error}")

    def check_leftovers():
        for folder, _, files in os.walk(HERE):
            for file in files:
                name = os.path.relpath(os.path.join(folder, file), HERE).replace(os.sep, "/")
                if name not in vouched:
                    tell("WRONG" if "/" in name else "LOOK", name, "nothing vouches for it")

    def check_change_set(number, log, key, collections, contents):
        change_set = ChangeSet(number, log)
        change_set.read_salts()
        guard(f"change set {number}", change_set.check_reason)
        guard(f"change set {number}", change_set.read_lines, collections)
        for line in change_set.lines:
            guard(f"revision {line.name}", contents.check, line, change_set.salt(line.place[1]))
        guard(f"receipt {number}", check_receipt, number, log, key)
        return change_set

    def main():
        try:
            log, key = Log(), public_key("log")
        except (OSError, ValueError) as error:
            sys.exit(f"WRONG    log: {error}")
        wanted = sys.argv[2:] if sys.argv[1:2] == ["--root"] else sys.argv[1:]
        is_root = wanted != sys.argv[1:]
        fit = all(re.fullmatch("[0-9]{1,18}", word) and 1 <= int(word) <= log.size for word in wanted)
        if not fit or (is_root and len(wanted) != 1):
            sys.exit(f"usage: verify.py [NUMBER ...] or verify.py --root SIZE, each from 1 to {log.size}")
        if is_root:
            return say(base64.b64encode(log.root_at(int(wanted[0]))).decode())
        if hashlib.sha256(key).hexdigest()[:32] != log.library.split("/")[2]:
            tell("WRONG", "keys/log.pem", f"it is not the key of {log.library}")
        guard("keys/log.vkey", lambda: check_key("log", read("keys/log.vkey").decode().strip(), key))
        if not guard("checkpoint", is_signed, log.note, log.library, key):
            tell("WRONG", "checkpoint", "the log's signature does not hold")
        if log.root_at(log.size) != log.signed:
            tell("WRONG", "log", "the change sets here are not those that the checkpoint signs")
        guard("tile", check_tiles, log)
        collections = set(read("collections").decode().split("\n")[:-1]) if there("collections") else None
        contents = guard("contents.tsv", Contents) or sys.exit(1)
        made = [guard(f"change set {number}", check_change_set, number, log, key, collections, contents)
                for number in range(1, log.size + 1)]
        change_sets = [change_set for change_set in made if change_set]
        numbers = {int(word) for word in wanted}
        chosen = [change_set for change_set in change_sets if not numbers or change_set.number in numbers]
        for change_set in chosen:
            guard(f"change set {change_set.number}", change_set.check_signature)
        lines = [line for change_set in change_sets for line in change_set.lines]
        members = guard("sheaf/members", Members, lines) or sys.exit(1)
        redacted = contents.check_rest(members.redacted(change_sets, {line.name: line.path for line in lines}))
        guard("authors.tsv", members.check_names, change_sets)
        entries = guard("current.tsv", check_state, log, key, collections)
        if entries is not None:
            guard("documents", check_current, entries, lines, {one.number: one.mark for one in change_sets}, contents.absent)
        times = guard("cosignatures", check_times, log, key, members)
        check_leftovers()
        if collections is not None:
            part = len([one for one in change_sets if not one.is_whole])
            tell("LOOK", "collections", f"a copy of {', '.join(sorted(collections))} alone; of {part} change sets lines are"
                 " left out, and that these are of other collections is the word of who made the copy")
        if contents.absent:
            large = len([line for line in lines if line.name in contents.absent and line.size > LARGE])
            tell("ABSENT", "absent.tsv", f"{len(contents.absent)} contents are not in this copy; {large} of them are large files")
        if redacted:
            tell("LOOK", "redactions", f"{redacted} contents were destroyed, each by two persons")
        report_times(log, times or [])
        say("Not verified: audit.html, which is for reading.")
        if problems:
            say(f"{len(problems)} things do not hold.")
            sys.exit(1)
        say(f"{len(chosen)} change sets hold, in the log of {log.size} that {log.library} signed.")
        say("Compare the library's name with what its publisher tells you by another way.")

    main()

    """#
}
