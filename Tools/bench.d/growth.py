"""The same change in a library ten times as large, and a sync with nothing new in one of a hundred times.

Libraries are made, the same every time: 60 articles in 30 change sets, ten and a hundred times as much of both. In
each, the same twenty documents are published and then changed; the bundle of that change, its making and its applying
are compared.
"""

import json
import random
import shutil
import sys

import corpus
from counting_proxy import CountingProxy
from make_apply import ROWS
from report import MEBIBYTE, table

DEPTHS = ("heads", "trail", "full")


def measure(bench):
    scales = (1, 10) if bench.options.quick else (1, 10, 100)
    found = {scale: one(bench, scale) for scale in scales}
    first = found[1]
    names = list(first)
    rows = [[name, *(found[scale][name] for scale in scales)] for name in names]
    bench.table("Growth: the same change in libraries of 1, 10 and 100 times the size", ["", *(f"{s} x" for s in scales)],
                [[name, *(f"{value:,}" for value in values)] for name, *values in rows])
    if 10 in found:
        ten = found[10]
        for depth in DEPTHS:
            ratio = ten[f"bundle, {depth}, bytes"] / first[f"bundle, {depth}, bytes"]
            verdict(bench, f"bundle bytes of {depth} at 10 x", ratio, abs(ratio - 1) <= 0.02, "within 2 %")
        for name in ("make heads, CPU ms", "publish, CPU ms"):
            ratio = ten[name] / first[name]
            verdict(bench, f"{name} at 10 x", ratio, ratio <= 1.2, "within 20 %")
        for name in (f"rows touched, {depth}" for depth in DEPTHS):
            ratio = ten[name] / first[name]
            verdict(bench, f"{name} at 10 x", ratio, ratio <= 1.2, "the same")
        for name in ("make heads, MiB", "apply heads, MiB", "publish, MiB"):
            ratio = ten[name] / first[name]
            verdict(bench, f"{name} at 10 x", ratio, ratio <= 1.1, "the same")
    last = found[max(scales)]
    digits = len(str(last["change sets"])) - len(str(first["change sets"]))
    for side in ("up", "down"):
        more = last[f"nothing new, {side}"] - first[f"nothing new, {side}"]
        ratio = last[f"nothing new, {side}"] / first[f"nothing new, {side}"]
        verdict(
            bench, f"bytes {side} of nothing new at {max(scales)} x, {more:+} bytes", ratio, abs(more) <= digits,
            f"the same to the byte, but for {digits} more digits in the log's size")


def verdict(bench, what, ratio, holds, aim):
    bench.keep("growth", what, "ratio", ratio=round(ratio, 4), aim=aim, met=holds)
    print(f"  {'met   ' if holds else 'MISSED'}  {what}: x {ratio:.3f} (aim: {aim})", flush=True)


def articles(change):
    """Twenty documents; with `change`, each with another sentence. The same bytes every time."""
    source = random.Random(5)
    words = ["".join(source.choices("abdegiklmnoprstuvwz", k=source.randint(2, 9))) for _ in range(2000)]
    documents = {}
    for number in range(20):
        lines = [" ".join(source.choices(words, k=12)).capitalize() + "." for _ in range(60)]
        new = " ".join(source.choices(words, k=12)).capitalize() + "."
        if change:
            lines[20 + number] = new
        documents[f"probe/p{number:02}.md"] = "\n".join(lines) + "\n"
    return documents


def one(bench, scale):
    """The figures at one scale, by name."""
    place = bench.scratch("growth")
    git, library = place / "made.git", place / "library"
    corpus.make(bench.run, git, commits=30 * scale, documents=60 * scale)
    bench.start_library(library, "Growth")
    size = json.loads(bench.run(
        bench.sheaf, "import", "git", git, "--branch", "main", "--json", "--library", library).output)["size"]
    shutil.rmtree(git)
    for name, change in (("first", False), ("second", True)):
        for path, text in articles(change).items():
            file = place / name / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)

    def publish(folder, which):
        return bench.run(
            bench.sheaf, "publish", place / which, "-m", "The same change", "--json", "--library", folder)

    publish(library, "first")
    # The first bundle finds out what all contents are like; later ones look at what is new.
    bench.bundle(library, size, size + 1, "heads", place / "warm.sheaf")
    before = place / "before"

    def fresh(target=place / "again"):
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(library, target)

    costs = []
    for _ in range(bench.options.runs):
        fresh()
        costs.append(publish(place / "again", "second"))
    cost = sorted(costs, key=lambda one: one.cpu)[len(costs) // 2]
    figures = {"change sets": size, "publish, CPU ms": round(cost.cpu * 1000, 1),
               "publish, MiB": round(cost.memory / MEBIBYTE, 1)}
    shutil.copytree(library, before)
    shutil.rmtree(library)
    (place / "again").rename(library)
    figures["publish, rows touched"] = rows(bench, before, library)
    for depth in DEPTHS:
        apply(bench, library, place, size + 1, depth, figures)
    figures.update(nothing_new(bench, library, place))
    bench.keep("growth", f"{scale} times", "sheaf", **figures)
    print(table([f"{scale} x", ""], list(figures.items())), flush=True)
    shutil.rmtree(place)
    return figures


def rows(bench, before, after):
    """How many rows differ between two states of a library."""
    work = after.parent / "work.sqlite"
    for file in after.parent.glob("work.sqlite*"):
        file.unlink()
    return json.loads(bench.run(
        sys.executable, "-I", "-S", ROWS, before / "library.sqlite", after / "library.sqlite", work).output)["rows"]


def apply(bench, library, place, start, depth, figures):
    """Makes the change's bundle and applies it to a copy that holds everything before it."""
    file, first, copy, held = place / "change.sheaf", place / "first.sheaf", place / "copy", place / "held"
    make = bench.repeat(
        bench.options.runs, lambda: None, bench.sheaf, "bundle", "create", "--from", start, "--to", start + 1,
        "--mode", depth, "-o", file, "--json", "--library", library)
    bench.bundle(library, 0, start, depth, first)
    shutil.rmtree(held, ignore_errors=True)
    bench.run(bench.sheaf, "clone", first, held, "--keep", depth, "--as", "Reader")

    def fresh():
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(held, copy)

    cost = bench.repeat(bench.options.runs, fresh, bench.sheaf, "bundle", "apply", file, "--library", copy)
    figures[f"bundle, {depth}, bytes"] = file.stat().st_size
    figures[f"make {depth}, CPU ms"] = round(make.cpu * 1000, 1)
    figures[f"make {depth}, MiB"] = round(make.memory / MEBIBYTE, 1)
    figures[f"apply {depth}, CPU ms"] = round(cost.cpu * 1000, 1)
    figures[f"apply {depth}, MiB"] = round(cost.memory / MEBIBYTE, 1)
    figures[f"rows touched, {depth}"] = rows(bench, held, copy)


def nothing_new(bench, library, place):
    """Bytes both ways of a sync over HTTP that brings nothing, and its cost to server and client."""
    server, port = bench.serve(library)
    proxy = CountingProxy(port)
    try:
        shutil.rmtree(place / "copy", ignore_errors=True)
        bench.run(
            bench.sheaf, "clone", f"http://127.0.0.1:{port}", place / "copy", "--keep", "heads", "--as", "Reader")
        proxy.reset()
        cost = bench.run(
            bench.sheaf, "sync", f"http://127.0.0.1:{proxy.port}", "--json", "--library", place / "copy")
        counts = proxy.counts()
    finally:
        proxy.close()
        bench.stop(server)
    return {
        "nothing new, up": counts["up"], "nothing new, down": counts["down"], "nothing new, requests": counts["requests"],
        "nothing new, CPU ms": round(cost.cpu * 1000, 1)}
