"""100,000 change sets: who wrote what, filtered logs, audit reports, a full verification, beside git's own.

A library of records and articles with edits by forty people, made as a git history first, so that both hold the same.
The aims: the history of one document and of one field in 50 ms, a report over 10,000 change sets in 5 s.
"""

import json
import shutil
import subprocess


COUNT = 100_000
REPORTED = 10_000
WORDS = "cells trial dose motor neuron survival group median placebo visit outcome safety consent site phase".split()


def options(parser):
    parser.add_argument("--change-sets", type=int, default=COUNT, help=f"how many to make (default {COUNT:,})")


def measure(bench):
    count = getattr(bench.options, "change_sets", COUNT)
    if bench.options.quick:
        count = min(count, 5_000)
    place = bench.scratch("audit")
    git, library = place / "history.git", place / "library"
    name = f"{count:,} change sets"
    bench.run("git", "init", "--quiet", "--bare", "--initial-branch=main", git)
    with subprocess.Popen(
            ["git", "fast-import", "--quiet"], cwd=git, env=bench.environment, stdin=subprocess.PIPE) as process:
        write(process.stdin, count)
    if process.returncode:
        bench.fail("git could not make the history")
        return
    bench.run("git", "gc", "--quiet", folder=git)
    bench.start_library(library, "Audit")
    bench.cost(name, "import", "sheaf", bench.run(
        bench.sheaf, "import", "git", git, "--branch", "main", "--library", library))
    rows = []

    def take(what, tool, command, limit=None, folder=None, runs=None, accepted=(0,)):
        cost = bench.repeat(runs or bench.options.runs, lambda: None, *command, folder=folder, accepted=accepted)
        bench.cost(name, what, tool, cost)
        verdict = "" if limit is None else "met" if cost.seconds <= limit else "MISSED"
        rows.append([
            f"{tool} {what}", f"{cost.seconds * 1000:,.0f} ms", f"{cost.cpu * 1000:,.0f} ms",
            f"{cost.memory >> 20} MiB", f"{limit * 1000:,.0f} ms {verdict}" if limit else ""])
        return cost

    def sheaf(what, *words, limit=None, runs=None, accepted=(0,)):
        return take(what, "sheaf", [bench.sheaf, *words, "--library", library], limit, runs=runs, accepted=accepted)

    names = bench.run("git", "ls-tree", "-r", "--name-only", "main", folder=git).output.split()
    record, article = (next(name for name in names if name.startswith(start)) for start in ("trials/", "articles/"))
    sheaf("status", "status")
    sheaf("history of a document", "history", record, limit=0.05)
    sheaf("history of a field", "history", record, "--field", "/status", limit=0.05)
    sheaf("history of a sentence", "history", article, "--text", "median")
    sheaf("blame of a record", "blame", record)
    sheaf("blame of an article", "blame", article)
    take("log of a document", "git", ["git", "log", "--format=%h %an %s", "main", "--", record], folder=git)
    take("blame of a document", "git", ["git", "blame", "main", "--", article], folder=git)
    sheaf("log, first filter by words", "log", "--reason", "consent", runs=1)
    for what, *words in (
            ("log --reason", "--reason", "consent safety"), ("log --by", "--by", "person 7"),
            ("log --by, nobody", "--by", "nobody"), ("log --collection", "--collection", "articles"),
            ("log --document", "--document", record), ("log --action delete", "--action", "delete"),
            ("log --since --until", "--since", "2020-02-01", "--until", "2020-02-02"),
            ("log of all together", "--by", "person", "--collection", "trials", "--action", "put", "--reason", "dose",
             "--until", "2021-01-01"),
            ("log --field of a document", "--document", record, "--field", "/status")):
        sheaf(what, "log", *words)
    reported = min(REPORTED, count // 2)
    for form in ("html", "csv", "ndjson", "fhir"):
        file = place / f"audit.{form}"
        sheaf(
            f"audit of {reported:,}, {form}", "audit", "--from", str(count - reported), "--format", form, "-o", file,
            limit=5 if reported == REPORTED else None)
        bench.note(name, f"size of the report, {form}", "sheaf", sizeInBytes=file.stat().st_size)
        file.unlink()
    verified = sheaf("verify", "verify", runs=1)
    bench.note(name, "verify, a change set", "sheaf", microseconds=round(verified.seconds / count * 1e6, 1))
    take("fsck --full", "git", ["git", "fsck", "--full"], folder=git, runs=1)
    if shutil.which("fossil"):
        file = fossil(bench, git, place)
        take("test-integrity", "fossil", ["fossil", "test-integrity", "-R", file], folder=place, runs=1)
    else:
        bench.missing("fossil")
    sheaf("copy for inspection", "copy", "--for-inspection", place / "inspection", runs=1)
    bench.table(f"{name}: what each command takes", ["", "TIME", "CPU", "MEMORY", "AIM"], rows)
    shutil.rmtree(place)


def fossil(bench, git, place):
    file = place / "history.fossil"
    environment = {**bench.environment, "USER": "bench", "FOSSIL_HOME": str(place)}
    with subprocess.Popen(
            ["git", "fast-export", "main"], cwd=git, env=environment, stdout=subprocess.PIPE) as export:
        subprocess.run(
            ["fossil", "import", "--git", str(file)], env=environment, stdin=export.stdout, check=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return file


def path(number):
    return f"articles/a{number // 2:04}.md" if number % 2 == 0 else f"trials/t{number // 2:04}.json"


def write(stream, count):
    """A history for git fast-import: every commit changes one of 2,000 documents."""
    random = Random(20)
    documents = 2_000
    state = {}

    def data(text):
        raw = text.encode()
        stream.write(b"data %d\n" % len(raw) + raw + b"\n")

    for number in range(1, count + 1):
        document = random.below(documents) if number > documents else number - 1
        is_gone = number > documents and random.below(500) == 0
        person = random.below(40)
        time = 1_577_836_800 + number * 900
        stream.write(b"commit refs/heads/main\n")
        for who in ("author", "committer"):
            stream.write(f"{who} Person {person} <p{person}@example.org> {time} +0000\n".encode())
        data(" ".join(random.choice(WORDS) for _ in range(6)) + f" ({number})\n")
        if is_gone and document in state:
            del state[document]
            stream.write(f"D {path(document)}\n".encode())
            continue
        text = article(state, document, random) if document % 2 == 0 else record(state, document, random)
        stream.write(f"M 100644 inline {path(document)}\n".encode())
        data(text)


def article(state, document, random):
    """Forty sentences in ten paragraphs, of which one changes."""
    if document not in state:
        state[document] = [sentence(random) for _ in range(40)]
        state[document][0] = "The median of all visits counts."
    else:
        state[document][1 + random.below(39)] = sentence(random)
    sentences = state[document]
    blocks = [" ".join(sentences[i:i + 4]) for i in range(0, len(sentences), 4)]
    return f"---\ntitle: Article {document}\n---\n\n# Article {document}\n\n" + "\n\n".join(blocks) + "\n"


def record(state, document, random):
    """A record with forty fields, of which one or two change."""
    if document not in state:
        state[document] = {"id": document, "status": "open", "phase": 1, "notes": [sentence(random) for _ in range(20)]}
        state[document] |= {f"field{i}": sentence(random) for i in range(16)}
    else:
        fields = state[document]
        fields[f"field{random.below(16)}"] = sentence(random)
        if random.below(3) == 0:
            fields["status"] = random.choice(["open", "closed", "paused", "withdrawn"])
    return json.dumps(state[document], indent=2) + "\n"


def sentence(random):
    return " ".join(random.choice(WORDS) for _ in range(9)).capitalize() + "."


class Random:
    """The same numbers on every machine (a linear congruential generator; Knuth's constants)."""

    def __init__(self, seed):
        self.state = seed

    def below(self, bound):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % (1 << 64)
        return (self.state >> 33) % bound

    def choice(self, items):
        return items[self.below(len(items))]
