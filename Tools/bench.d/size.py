"""What a history takes on disk: Sheaf's library, git's repository after `git gc`, Fossil's repository.

Sheaf's library is measured after the import and after `sheaf compact`, and holds a search index, which the others do
not. Fossil's is made from git's history, with its deltas compressed by `fossil rebuild`.
"""

import shutil
import sqlite3
import subprocess

from measure import CommandFailed
from workbench import tree_size


def measure(bench):
    table = []
    for name, source in bench.histories:
        for history, _ in bench.variants(name, source):
            library = bench.scratch("size") / "library"
            shutil.copytree(bench.library(history), library)
            sizes = {"sheaf": tree_size(library)}
            parts(bench, history, library, "after import")
            try:
                cost = bench.run(bench.sheaf, "compact", "--json", "--library", library)
                sizes["compacted"] = tree_size(library)
                bench.cost(history.name, "compact", "sheaf", cost, sizeInBytes=sizes["compacted"])
                parts(bench, history, library, "after compact")
            except CommandFailed as failure:
                if "ended with code 64" not in str(failure):
                    raise
                bench.missing("sheaf compact")
            sizes["git"] = tree_size(history.git)
            sizes["fossil"] = fossil(bench, history, library.parent)
            bench.note(history.name, "on disk", "all", **sizes)
            least = min(count for tool, count in sizes.items() if tool in ("git", "fossil") and count)
            last = sizes.get("compacted", sizes["sheaf"])
            table.append([
                history.name, *(f"{sizes[t]:,}" if sizes.get(t) else "" for t in ("sheaf", "compacted", "git", "fossil")),
                f"{last / least:.2f} {'met' if last <= least else 'MISSED 1'}"])
            shutil.rmtree(library.parent)
    bench.table("Bytes on disk", ["", "IMPORTED", "COMPACTED", "GIT GC", "FOSSIL", "TO THE SMALLER"], table)


def parts(bench, history, library, moment):
    """The bytes of each table and its indexes, where SQLite was built to tell."""
    # Of a copy: a reader of the library itself would leave 32 KiB of shared memory beside it, to be counted below.
    copy = library.parent / "copy"
    copy.mkdir(exist_ok=True)
    for file in library.glob("library.sqlite*"):
        shutil.copy(file, copy)
    with sqlite3.connect(f"file:{copy / 'library.sqlite'}?mode=ro", uri=True) as database:
        owners = dict(database.execute("SELECT name, tbl_name FROM sqlite_master"))
        sums = {}
        try:
            for name, count in database.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name"):
                owner = owners.get(name, name)
                owner = "search index" if owner.startswith("search") else owner
                sums[owner] = sums.get(owner, 0) + count
        except sqlite3.Error:
            return
    largest = dict(sorted(sums.items(), key=lambda pair: -pair[1])[:8])
    bench.note(history.name, f"largest tables {moment}", "sheaf", **largest)


def fossil(bench, history, place):
    if shutil.which("fossil") is None:
        bench.missing("fossil")
        return None
    file = place / "history.fossil"
    environment = {**bench.environment, "USER": "bench", "FOSSIL_HOME": str(place)}
    with subprocess.Popen(
            ["git", "fast-export", "--signed-tags=strip", "main"], cwd=history.git, env=environment,
            stdout=subprocess.PIPE) as export:
        subprocess.run(
            ["fossil", "import", "--git", str(file)], env=environment, stdin=export.stdout, check=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    subprocess.run(
        ["fossil", "rebuild", "--compress", "--vacuum", str(file)], env=environment, check=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return file.stat().st_size
