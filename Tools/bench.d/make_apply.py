"""Processor time and peak memory of making and applying a first copy and a long update.

Against git (`pack-objects`; `index-pack` and a checkout), and against writing the same rows with SQLite alone, in one
transaction. The first copy and the update `L` are those of `tasks.py`. In `heads` git packs one commit with all
changes, in `full` every commit. What is applied is checked: a copy that was brought up to date has the state root
of one that was made anew.
"""

import json
import pathlib
import shutil
import sys

import tasks
from report import MEBIBYTE
from workbench import tree_size

DEPTHS = ("heads", "trail", "full")
ROWS = str(pathlib.Path(__file__).resolve().parent / "sqlite_rows.py")


def measure(bench):
    for name, source in bench.histories:
        for history, _ in bench.variants(name, source):
            library = bench.library(history)
            place = bench.scratch("make-apply")
            start = bench.repeat(bench.options.runs, lambda: None, bench.sheaf, "--version")
            bench.cost(history.name, "started, and no more", "sheaf", start)
            table, roots = [["sheaf, only started", f"{start.cpu:.2f} s", f"{start.memory / MEBIBYTE:.0f} MiB",
                             *[""] * 6]], {}
            for task in ("initial", "L"):
                for update in tasks.cut(history).get(task, ()):
                    for depth in DEPTHS:
                        table.append(sheaf(bench, history, library, place, task, update, depth, roots))
                    table += [git(bench, history, place, task, update, squashed) for squashed in (True, False)]
            shutil.rmtree(place)
            if len(set(roots.values())) > 1:
                bench.fail(f"{history.name}: copies that were made in different ways have different state roots")
            bench.table(
                f"{history.name}: making and applying",
                ["", "MAKE CPU", "MEMORY", "BYTES", "APPLY CPU", "MEMORY", "SQLITE ALONE", "RATIO", "ROWS"], table)


def clone(bench, bundle, folder, depth):
    """A copy from a bundle's file; files give the depth that they have."""
    shutil.rmtree(folder, ignore_errors=True)
    return bench.run(bench.sheaf, "clone", bundle, folder, "--keep", depth, "--as", "Reader", "--json")


def sheaf(bench, history, library, place, task, update, depth, roots):
    file, before, copy = place / "task.sheaf", place / "before", place / "copy"
    make = bench.repeat(
        bench.options.runs, lambda: None, bench.sheaf, "bundle", "create", "--from", update.start, "--to", update.end,
        "--mode", depth, "-o", file, "--json", "--library", library)
    if update.start == 0:
        costs = [clone(bench, file, copy, depth) for _ in range(bench.options.runs)]
        apply = sorted(costs, key=lambda cost: cost.cpu)[len(costs) // 2]
        known = "-"
    else:
        first = place / "first.sheaf"
        bench.bundle(library, 0, update.start, depth, first)
        clone(bench, first, before, depth)

        def fresh():
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(before, copy)

        apply = bench.repeat(
            bench.options.runs, fresh, bench.sheaf, "bundle", "apply", file, "--json", "--library", copy)
        known = before / "library.sqlite"
    roots[f"{task} {depth}"] = json.loads(apply.output.splitlines()[0])["stateRoot"]
    texts = place / "texts"
    texts.write_text(json.dumps([
        content.decode() for content in history.changes(update)[1].values() if is_text(content)]))
    costs = []
    for _ in range(bench.options.runs):
        for work in place.glob("work.sqlite*"):
            work.unlink()
        costs.append(json.loads(bench.run(
            sys.executable, "-I", "-S", ROWS, known, copy / "library.sqlite", place / "work.sqlite", texts).output))
    rows = sorted(costs, key=lambda cost: cost["cpuSeconds"])[len(costs) // 2]
    ratio = apply.cpu / max(rows["cpuSeconds"], 0.0001)
    size = file.stat().st_size
    bench.cost(history.name, f"{task}: make {depth}", "sheaf", make, sizeInBytes=size)
    bench.cost(
        history.name, f"{task}: apply {depth}", "sheaf", apply, sqliteAloneSeconds=rows["cpuSeconds"],
        ratio=round(ratio, 2), rows=rows["rows"], rowsInBytes=rows["sizeInBytes"], tables=rows["tables"])
    return [
        f"sheaf {task}, {depth}", f"{make.cpu:.2f} s", f"{make.memory / MEBIBYTE:.0f} MiB", f"{size:,}",
        f"{apply.cpu:.2f} s", f"{apply.memory / MEBIBYTE:.0f} MiB", f"{rows['cpuSeconds']:.3f} s", f"{ratio:.2f}",
        f"{rows['rows']:,}"]


def is_text(content):
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return b"\0" not in content


def git(bench, history, place, task, update, squashed):
    """A pack to a file; then into a repository that holds the start, and its files checked out."""
    source, target, before = history.git, place / "target", place / "start"
    start = history.commit(update.start) if update.start else None
    tip = history.commit(update.end)
    if squashed:
        tip = bench.run(
            "git", "commit-tree", f"{tip}^{{tree}}", "-m", "All of it", *(["-p", start] if start else []),
            folder=source).output.strip()
    pack, wanted = place / "pack", place / "wanted"
    wanted.write_text(f"{tip}\n" + (f"^{start}\n" if start else ""))
    make = bench.repeat(
        bench.options.runs, lambda: None, "sh", "-c",
        f"exec git -C '{source}' pack-objects --revs --thin --stdout -q --delta-base-offset < '{wanted}' > '{pack}'")
    shutil.rmtree(before, ignore_errors=True)
    bench.run("git", "init", "--quiet", "--initial-branch", "main", before)
    if start:
        bench.run("git", "fetch", "--quiet", source, start, folder=before)
        bench.run("git", "reset", "--quiet", "--hard", start, folder=before)

    def fresh():
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(before, target, symlinks=True)

    apply = bench.repeat(
        bench.options.runs, fresh, "sh", "-c",
        f"git index-pack --fix-thin --stdin < '{pack}' > /dev/null && git reset --quiet --hard {tip}", folder=target)
    label = f"{task}, {'one commit' if squashed else 'every commit'}"
    bench.cost(history.name, f"{label}: make", "git", make, sizeInBytes=pack.stat().st_size)
    bench.cost(history.name, f"{label}: apply", "git", apply, onDisk=tree_size(target))
    return [
        f"git {label}", f"{make.cpu:.2f} s", f"{make.memory / MEBIBYTE:.0f} MiB", f"{pack.stat().st_size:,}",
        f"{apply.cpu:.2f} s", f"{apply.memory / MEBIBYTE:.0f} MiB", "", "", ""]
