"""10,000 documents that changed on both sides: how long sync, status, lists and settling take.

A library of small records; a clinic changes one field of each and the publisher changes the same field otherwise, and
another one beside it. The clinic's drafts are then taken, its copy pulls the conflicts, and every command that a person
would run is timed on both copies.
"""

import json

import report

COUNT = 10_000


def options(parser):
    parser.add_argument("--conflicts", type=int, default=COUNT, help=f"documents in conflict (default {COUNT:,})")


def measure(bench):
    count = getattr(bench.options, "conflicts", COUNT)
    if bench.options.quick:
        count = min(count, 1_000)
    place = bench.stage / "conflicts"
    place.mkdir()
    library, clinic, stick, content = (place / name for name in ("library", "clinic", "stick", "content"))
    stick.mkdir()
    name = f"{count:,} conflicts"
    rows = []

    def run(what, *command, where, accepted=(0, 3), folder=None):
        cost = bench.run(bench.sheaf, *command, "--library", where, accepted=accepted, folder=folder)
        bench.cost(name, what, "sheaf", cost)
        rows.append([what, report.seconds(cost.seconds), report.seconds(cost.cpu), f"{cost.memory >> 20} MiB"])
        return cost

    write(content, count, {})
    bench.run(bench.sheaf, "init", library, "--name", "Conflicts", "--open", "--as", "Publisher")
    bench.run(bench.sheaf, "publish", content, "-m", "Start", "--library", library)
    bench.run(bench.sheaf, "sync", stick, "--library", library)
    bench.run(bench.sheaf, "clone", stick, clinic, "--as", "Clinic", "--keep", "trail")
    write(content, count, {"status": "closed", "site": "north"})
    bench.run(bench.sheaf, "commit", content, "-m", "Closed", "--library", clinic)
    write(content, count, {"status": "paused", "phase": 3})
    bench.run(bench.sheaf, "publish", content, "-m", "Paused", "--library", library)
    bench.run(bench.sheaf, "sync", "--library", clinic)

    run("publisher takes the drafts", "sync", stick, where=library)
    run("clinic pulls the conflicts", "sync", where=clinic)
    for who, where in (("publisher", library), ("clinic", clinic)):
        status = json.loads(bench.run(bench.sheaf, "status", "--json", "--library", where, accepted=(3,)).output)
        if status["conflicts"] != count:
            bench.fail(f"{who} has {status['conflicts']} conflicts instead of {count}")
        run(f"{who}: status", "status", where=where)
        run(f"{who}: conflicts", "conflicts", where=where)
        run(f"{who}: resolve DOC, shown", "resolve", path(count // 2), where=where)
        run(f"{who}: show DOC", "show", path(count // 2), where=where)
    run("clinic: sync with nothing new", "sync", where=clinic)
    run("clinic: search", "search", "record", where=clinic)
    run("publisher: resolve --take theirs", "resolve", path(count // 2), "--take", "theirs", where=library)
    run("publisher leaves one settlement", "sync", stick, where=library)
    run("clinic: sync of one settlement", "sync", where=clinic)
    bench.table(f"{name}: what each command takes", ["", "TIME", "CPU", "MEMORY"], rows)


def path(number):
    return f"trials/{number // 100:03}/record-{number:05}.json"


def write(folder, count, changes):
    """A small record for each document, with some fields changed."""
    for number in range(count):
        file = folder / path(number)
        file.parent.mkdir(parents=True, exist_ok=True)
        record = {"title": f"Record {number}", "status": "open", "phase": 1, "site": "south", "enrolled": number} | changes
        file.write_text(json.dumps(record, indent=2) + "\n")
