"""Bytes of updates and first copies, in every depth, against git and other tools, and against the aims.

The histories are cut as `tasks.py` says. A figure is the sum over a task's updates. Bundles count whole; beside them
their bodies' part alone, which is what compares with the floor.
"""

import hashlib
import json
import pathlib
import shutil

import peers
import tasks

DEPTHS = ("heads", "trail", "full")
AIMS = (
    # what of ours, against which peer, {task: (aim, beyond)}
    ("heads, bodies", "floor", {"S": (1.3, 1.1), "M": (1.1, 0.95), "L": (1.15, 0.95)}),
    ("heads", "git state", {"S": (0.35, 0.175), "M": (0.3, 0.15), "L": (0.25, 0.125)}),
    ("trail", "git history", {"S": (0.5, 0.25), "M": (0.25, 0.125), "L": (0.15, 0.075)}),
    ("full", "git history", {"S": (0.6, 0.3), "M": (0.3, 0.15), "L": (0.3, 0.15)}),
    ("heads", "zstd -19 solid", {"initial": (1.2, None)}),
    ("heads", "xz -9e solid", {"initial": (None, 1.0)}),
    # No aim: what the contents alone leave of git's bytes, which no bundle goes far below.
    ("floor", "git state", {task: (None, None) for task in "SML"}),
)


def options(parser):
    parser.add_argument("--remember", metavar="FILE", help="keep the peers' byte counts there, and use those it has")
    parser.add_argument(
        "--check", action="store_true", help="apply every bundle that is counted, and compare the documents with git's")


def measure(bench):
    memory = Memory(bench.options.remember)
    for name, source in bench.histories:
        for history, _ in bench.variants(name, source):
            print(f"\n{history.name}: {len(history)} change sets", flush=True)
            figures = one(bench, history, memory)
            show(bench, history, figures)


def one(bench, history, memory):
    """Task to row to bytes, summed over the task's updates."""
    library = bench.library(history)
    figures = {}
    for task, updates in tasks.cut(history, bench.options.quick).items():
        rows = {}

        def add(row, count, rows=rows):
            rows[row] = rows.get(row, 0) + count

        places, changed, stamped = [], 0, 0
        for update in updates:
            places.append(f"{update.start}-{update.end}")
            old, new = history.changes(update)
            changed += len(old.keys() | new.keys())
            stamped += sum(
                tasks.STAMP.sub(b"", old[path]) == tasks.STAMP.sub(b"", new[path])
                for path in old.keys() & new.keys() if tasks.STAMP.search(new[path]))
            for depth in DEPTHS:
                file = bench.stage / "update.sheaf"
                report, cost = bench.bundle(library, update.start, update.end, depth, file)
                add(depth, file.stat().st_size)
                add(f"{depth}, bodies", report["bodiesInBytes"])
                if bench.options.check:
                    check(bench, history, library, update, depth, file)
                file.unlink()
                if len(updates) == 1:
                    bench.cost(history.name, f"{task}: make {depth}", "sheaf", cost)
            case = None
            for peer, function in peers.PEERS.items():
                if (peer in peers.ONLY_INITIAL) != (task == "initial") and (
                        peer in peers.ONLY_INITIAL or peer in peers.NOT_INITIAL):
                    continue
                key = (peer, history.commit(update.end), history.commit(update.start) if update.start else "")
                if (count := memory.get(*key)) is None:
                    case = case or peers.Case(history, update, bench.scratch("peers"), bench.environment)
                    try:
                        count = function(case)
                    except peers.Missing as missing:
                        bench.missing(str(missing))
                        continue
                    memory.put(*key, count=count)
                add(peer, count)
        figures[task] = rows
        about = {"updates": " ".join(places), "documents": changed}
        if stamped:
            about["onlyDateStamp"] = stamped
        bench.note(history.name, f"task {task}", "both", **about)
        bench.keep(history.name, f"bytes of task {task}", "all", **rows)
    shutil.rmtree(bench.stage / "scratch-peers", ignore_errors=True)
    return figures


def check(bench, history, library, update, depth, file):
    """Brings a copy that holds the update's start to its end, and compares each document."""
    place = bench.scratch("check")
    first = file
    if update.start:
        first = place / "first.sheaf"
        bench.bundle(library, 0, update.start, depth, first)
    bench.run(bench.sheaf, "clone", first, place / "copy", "--keep", depth, "--as", "Reader")
    if update.start:
        bench.run(bench.sheaf, "bundle", "apply", file, "--library", place / "copy")
    bench.run(bench.sheaf, "export", place / "documents", "--library", place / "copy")
    found = {
        str(path.relative_to(place / "documents")): path.read_bytes()
        for path in (place / "documents").rglob("*") if path.is_file()}
    tree = history.tree(update.end)
    contents = history.contents(tree.values())
    if found != {path: contents[blob] for path, blob in tree.items()}:
        bench.fail(f"{history.name}: {update.start} to {update.end} in {depth} gives other documents than git")
    shutil.rmtree(place)


def show(bench, history, figures):
    rows = []
    for row in (*(f"{d}{p}" for d in DEPTHS for p in ("", ", bodies")), *peers.PEERS):
        if any(row in counts for counts in figures.values()):
            label = f"sheaf {row}" if row.split(",")[0] in DEPTHS else row
            rows.append([label, *(f"{counts[row]:,}" if row in counts else "" for counts in figures.values())])
    bench.table(f"{history.name}: bytes", ["", *figures], rows)
    rows = []
    for ours, theirs, aims in AIMS:
        row = [f"{ours} / {theirs}"]
        for task, counts in figures.items():
            found = aims.get(task[0] if task[0] in "SML" else task)
            if found is None or not counts.get(theirs) or ours not in counts:
                row.append("")
                continue
            aim, beyond = found
            ratio = counts[ours] / counts[theirs]
            bench.keep(history.name, f"{task}: {row[0]}", "ratio", ratio=round(ratio, 4), aim=aim, beyond=beyond)
            row.append(f"{ratio:.3f} {verdict(ratio, aim, beyond)}".strip())
        if any(row[1:]):
            rows.append(row)
    bench.table(f"{history.name}: ratios", ["", *figures], rows)


def verdict(ratio, aim, beyond):
    if beyond is not None and ratio <= beyond:
        return "beyond"
    if aim is None:
        return "" if beyond is None else f"not below {beyond}"
    return "met" if ratio <= aim else f"MISSED {aim}"


class Memory:
    """Byte counts of peers from earlier runs: a commit's name stands for its content."""

    def __init__(self, file):
        self.file = pathlib.Path(file) if file else None
        self.counts = json.loads(self.file.read_text()) if self.file and self.file.exists() else {}
        # A count is worth nothing once the peers' command lines are others.
        self.salt = pathlib.Path(peers.__file__).read_bytes()

    def key(self, words):
        return hashlib.sha256(self.salt + "\n".join(words).encode()).hexdigest()[:24]

    def get(self, *words):
        return self.counts.get(self.key(words))

    def put(self, *words, count):
        self.counts[self.key(words)] = count
        if self.file:
            self.file.write_text(json.dumps(self.counts, indent=0, sort_keys=True))
