"""Where each byte of a one-document update goes, in every depth.

The updates are those of a history's text that change exactly one document, at most five, evenly spaced; a cell is
their mean. Bodies are what the writer says they came to; in a bundle whose streams are coded as one, what the metadata
beside them cost is the rest.
"""

import json

from tasks import Update

DEPTHS = ("heads", "trail", "full")
PARTS = ("header", "seal", "proof", "digests", "metadata and frame", "bodies", "whole")


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
    counts["bodies"] = report["bodiesInBytes"]
    place = "header"
    for line in bench.run(bench.sheaf, "bundle", "inspect", file, "--json").output.splitlines():
        item = json.loads(line)
        if item["place"] != "file":
            continue
        label, count = item["label"], item["sizeInBytes"]
        if label == "seal flags":
            place = "seal"
        elif label.startswith("proof"):
            place = "proof"
        elif label.startswith("frame"):
            place = "metadata and frame"
        counts["digests" if label == "digests" else place] += count
    counts["metadata and frame"] -= counts["bodies"]
    return counts
