"""Merges of three files: against what people made of them, and against `git merge-file`.

With --merges SET (a .tar.gz or folder of KIND/ID/{base,ours,theirs,result,meta.json}): how many come out clean, how many
of those as the person's, with white space set aside, and whether the order of the sides matters. Always: the time
of all merges in one process of Sheaf and in one process each of git, and of 1 MB with 1,000 edits on each side.
"""

import json
import pathlib
import tarfile


def options(parser):
    parser.add_argument("--merges", type=pathlib.Path, metavar="SET", help="real merges, as a folder or .tar.gz")


def measure(bench):
    folder = bench.scratch("merges")
    triples = found(bench.options.merges, folder)
    if triples:
        score(bench, folder, triples)
    else:
        triples = [made(folder, "small", 40, 2)]
        bench.missing("real merges (--merges SET)")
    speed(bench, folder, "all merges", [path for path, _ in triples])
    speed(bench, folder, "1 MB, 1,000 edits a side", [made(folder, "large", 14_000, 1_000)[0]])


def found(source, folder):
    """The folders of the triples with their notes, sorted."""
    if source is None:
        return []
    if source.is_file():
        with tarfile.open(source) as archive:
            archive.extractall(folder / "set", filter="data")
        source = folder / "set"
    return [(note.parent, json.loads(note.read_text())) for note in sorted(source.glob("*/*/meta.json"))]


def made(folder, name, count, edits):
    """A document of many lines, and two edits of it that share no line."""
    base = [f"Line {index} of a long document that goes on, so that all of it is about one megabyte.\n"
            for index in range(count)]
    ours, theirs, step = list(base), list(base), count // edits
    for index in range(edits):
        ours[index * step] = f"Our own words at {index} here.\n"
        theirs[index * step + step // 2] = f"Their own words at {index} here.\n"
    place = folder / "text" / name
    place.mkdir(parents=True)
    for side, lines in (("base", base), ("ours", ours), ("theirs", theirs)):
        (place / side).write_text("".join(lines))
    return place, {"path": f"{name}.md"}


def batch(bench, folder, triples, swapped=False, proposed="conflict"):
    """Merges all in one process; returns its cost and one report for each."""
    out = folder / "out"
    out.mkdir(exist_ok=True)
    first, second = ("theirs", "ours") if swapped else ("ours", "theirs")
    lines = [f"{path / 'base'}\t{path / first}\t{path / second}\t{out / str(index)}\t{pathlib.Path(note['path']).name}\n"
             for index, (path, note) in enumerate(triples)]
    jobs = folder / "jobs"
    jobs.write_text("".join(lines))
    cost = bench.run(bench.sheaf, "merge-file", "--batch", jobs, "--proposed", proposed, "--json", accepted=(0, 1))
    reports = [json.loads(line) for line in cost.output.splitlines()]
    return cost, [(report, (out / str(index)).read_bytes()) for index, report in enumerate(reports)]


def score(bench, folder, triples):
    table = []
    for proposed in ("conflict", "clean"):
        _, merged = batch(bench, folder, triples, proposed=proposed)
        _, swapped = batch(bench, folder, triples, swapped=True, proposed=proposed)
        groups = {}
        for (path, note), (report, text), (mirror, other) in zip(triples, merged, swapped, strict=True):
            group = groups.setdefault((note["kind"], "hard" if note["git"] == "conflict" else "easy"), [0, 0, 0, 0])
            clean = report["isClean"]
            group[0] += 1
            group[1] += clean
            group[2] += clean and same(note["kind"], text, (path / "result").read_bytes())
            group[3] += clean != mirror["isClean"] or clean and text != other
        for (kind, stratum), (count, clean, right, asymmetric) in sorted(groups.items()):
            bench.note(f"{kind}, {stratum}", f"proposed counts as {proposed}", "sheaf", merges=count, clean=clean,
                       same=right, dependsOnOrder=asymmetric)
            table.append([f"{kind}, {stratum}", proposed, f"{count:,}", f"{100 * clean / count:.1f} %",
                          f"{100 * right / max(1, clean):.1f} %", f"{100 * right / count:.1f} %", str(asymmetric)])
    bench.table("Real merges", ["", "PROPOSED AS", "MERGES", "CLEAN", "PRECISION", "AS THE PERSON'S", "BY ORDER"], table)


def same(kind, text, result):
    if kind == "json":
        try:
            return json.loads(text) == json.loads(result)
        except ValueError:
            return False
    return text.split() == result.split()


def speed(bench, folder, name, places):
    triples = [(place, {"path": "a.md"}) for place in places]
    cost, _ = batch(bench, folder, triples)
    bench.cost(name, "merge in one process", "sheaf", cost, merges=len(places))
    script = folder / "git.sh"
    # A process for each merge, as git runs its drivers; any code up to 127 is a count of conflicts.
    script.write_text("while read -r d; do git merge-file -p \"$d/ours\" \"$d/base\" \"$d/theirs\" >/dev/null 2>&1; "
                      "done < \"$1\"; true\n")
    listing = folder / "places"
    listing.write_text("".join(f"{place}\n" for place in places))
    cost = bench.run("sh", script, listing)
    bench.cost(name, "merge by a process each", "git", cost, merges=len(places))
