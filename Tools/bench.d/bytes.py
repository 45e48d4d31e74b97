"""Where each byte of a one-document update goes, in every depth.

The updates are those of a history's text that change exactly one document, at most five, evenly spaced; a cell is
their mean. The parts are those of the account at the end of `sheaf bundle inspect --json`; bodies are checked against
what the writer said.
"""

import json

from tasks import Update

DEPTHS = ("heads", "trail", "full")
PARTS = ("header", "seal", "proof", "digests", "metadata and frame", "bodies", "whole")
# What an account calls them; all else is of bodies.
PART_OF = {
    "header": "header", "seal": "seal", "proof": "proof", "digests": "digests", "metadata": "metadata and frame",
    "frames": "metadata and frame"}


def measure(bench):
    for name, source in bench.histories:
        history = next(bench.variants(name, source))[0]
        one = [
            number for number in range(2, len(history) + 1)
            if len({path for side in history.changes(Update(number - 1, number)) for path in side}) == 1]
        chosen = sorted({one[len(one) * k // 6] for k in range(1, 6)}) if one else []
        if not chosen:
            print(f"  {name}: no change set changes exactly one document")
            continue
        library = bench.library(history)
        columns = {}
        for depth in DEPTHS:
            sums = dict.fromkeys(PARTS, 0)
            for number in chosen:
                file = bench.stage / "one.sheaf"
                report, _ = bench.bundle(library, number - 1, number, depth, file)
                for part, count in parts(bench, file, report).items():
                    sums[part] += count
                file.unlink()
            columns[depth] = {part: total / len(chosen) for part, total in sums.items()}
            bench.keep(name, f"one document, {depth}", "sheaf", changeSets=chosen, **columns[depth])
        bench.table(
            f"{name}: bytes of a one-document update, mean of change sets {', '.join(map(str, chosen))}",
            ["", *DEPTHS], [[part, *(f"{columns[depth][part]:.1f}" for depth in DEPTHS)] for part in PARTS])


def parts(bench, file, report):
    """Part to bytes; their sum is the bundle's size."""
    counts = dict.fromkeys(PARTS, 0)
    counts["whole"] = file.stat().st_size
    for line in bench.run(bench.sheaf, "bundle", "inspect", file, "--json").output.splitlines():
        item = json.loads(line)
        if item["place"] == "account":
            counts[PART_OF.get(item["label"], "bodies")] += item["sizeInBytes"]
    if sum(counts.values()) != 2 * counts["whole"] or counts["bodies"] != report["bodiesInBytes"]:
        bench.fail(f"the account of {file.name} is not that of its file and its writer")
    return counts
