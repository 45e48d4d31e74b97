"""Depths: what it costs to keep more than before, and to get the past of one document only.

A copy of heads that turns to trail, and one of trail that turns to full, download a whole of the new depth. That is set
beside a first copy of it, and beside the earlier contents of the document that changed most often.
"""

import collections
import json
import shutil

from measure import CommandFailed


def measure(bench):
    rows = []
    for name, source in bench.histories:
        history = next(bench.variants(name, source))[0]
        place = bench.scratch("depths")
        library = bench.library(history)
        server, port = bench.serve(library)
        try:
            address = f"http://127.0.0.1:{port}"
            first = {}
            for depth in ("heads", "trail", "full"):
                copy = place / depth
                cost = bench.run(bench.sheaf, "clone", "--json", "--keep", depth, address, copy)
                first[depth] = transferred(json.loads(cost.output.splitlines()[0]))
                bench.cost(history.name, f"first copy, {depth}", "sheaf", cost, transferred=first[depth])
            past(bench, history, place / "trail", rows)
            for before, after in (("heads", "trail"), ("trail", "full")):
                cost = bench.run(
                    bench.sheaf, "sync", "--json", "--keep", after, "--library", place / before)
                bytes_down = transferred(json.loads(cost.output)["pulled"])
                bench.cost(history.name, f"{before} to {after}", "sheaf", cost, transferred=bytes_down)
                rows.append([
                    history.name, f"{before} to {after}", f"{bytes_down:,}", f"{first[after]:,}",
                    f"{bytes_down / first[after]:.2f}"])
        finally:
            bench.stop(server)
        shutil.rmtree(place)
    bench.table("Keeping more than before", ["", "", "BYTES DOWN", "FIRST COPY OF THAT DEPTH", "PART"], rows)


def transferred(report):
    """The bytes that a clone's or a pull's report says it downloaded."""
    return report.get("pulled", report).get("transferredInBytes", 0)


def past(bench, history, copy, rows):
    """The earlier contents of the document with the most revisions."""
    counts = collections.Counter()
    for line in bench.run(bench.sheaf, "log", "--json", "-n", "100000", "--library", copy).output.splitlines():
        counts.update(revision["path"] for revision in json.loads(line)["revisions"])
    if not counts:
        return
    path, _ = counts.most_common(1)[0]
    try:
        cost = bench.run(bench.sheaf, "history", "--fetch", "--json", path, "--library", copy)
    except CommandFailed as failure:
        if "ended with code 64" not in str(failure):
            raise
        bench.missing("sheaf history --fetch")
        return
    entries = [json.loads(line) for line in cost.output.splitlines()]
    held = [entry for entry in entries if entry["isHeld"]]
    size = sum(entry.get("sizeInBytes") or 0 for entry in held)
    bench.cost(history.name, "one document's past", "sheaf", cost, revisions=len(held), sizeInBytes=size)
    rows.append([history.name, f"{len(held)} revisions of one document, {size:,} bytes", "", "", f"{cost.seconds:.2f} s"])
