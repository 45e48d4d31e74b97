"""Imports each history, serves it, clones it in every depth, syncs nothing and one document, and verifies it.

git does the same beside it: the same first-parent history in one branch, packed by `git gc` without bitmaps, served by
`git http-backend`.
"""

import json
import shutil
import subprocess

import corpus
import report
from counting_proxy import CountingProxy
from exports import check_exports
from git_server import GitServer
from measure import peak_memory
from workbench import tree_size

DEPTHS = ("heads", "trail", "full")


def options(parser):
    parser.add_argument(
        "--check-exports", action="store_true", help="compare every tenth change set's export with git archive")


def measure(bench):
    for name, source in bench.histories:
        history(bench, name, source)
    if bench.records is not None and (not bench.options.only or "records" in bench.options.only):
        publish_records(bench, bench.records)
    print("\n" + report.tables(bench.figures))
    for line in report.aims(bench.figures):
        print(line)


def history(bench, name, source):
    print(f"\n{name}", flush=True)
    place = bench.stage / name
    place.mkdir()
    git = place / "git" / f"{name}.git"
    git.parent.mkdir()
    corpus.linear(bench.run, source, git, place / "whole.git")
    commits = int(bench.run("git", "rev-list", "--count", "main", folder=git).output)
    bench.note(name, "history", "git", changeSets=commits, sizeInBytes=tree_size(git))

    library = import_history(bench, name, git, place, commits)
    server, port = bench.serve(library)
    git_server = GitServer(str(git.parent), bench.environment)
    try:
        roots = clones(bench, name, place, port, git_server.port)
        small_syncs(bench, name, place, library, git, port, git_server.port)
    finally:
        git_server.close()
        bench.note(name, "serve", "sheaf", memoryInBytes=peak_memory(server.pid))
        if (code := bench.stop(server)) != 0:
            bench.fail(f"{name}: the server ended with code {code}")
    verification(bench, name, place, library, git, roots)
    if bench.options.check_exports:
        checked, problems = check_exports(bench, library, git, place, commits)
        bench.note(name, "exports equal to git archive", "sheaf", count=checked - len(problems), of=checked)
        for problem in problems[:5]:
            bench.fail(f"{name}: {problem}")
    if not bench.options.keep:
        shutil.rmtree(place)


def import_history(bench, name, git, place, commits):
    library = place / "library"

    def fresh():
        shutil.rmtree(library, ignore_errors=True)
        bench.run(bench.sheaf, "init", library, "--name", name, "--open", "--as", "Bench")

    cost = bench.repeat(
        bench.options.runs, fresh, bench.sheaf, "import", "git", git, "--branch", "main", "--json",
        "--library", library)
    size = json.loads(cost.output)["size"]
    if size != commits:
        bench.fail(f"{name}: {commits} commits became {size} change sets")
    bench.cost(
        name, "import", "sheaf", cost, changeSets=size, perSecond=round(size / cost.seconds, 1),
        sizeInBytes=tree_size(library))
    return library


def clones(bench, name, place, port, git_port):
    roots = {}
    # The first clone of a depth has the server make the bundle, which it then keeps; so it is told apart.
    for depth in DEPTHS:
        target = place / f"clone-{depth}"

        def clear(target=target):
            shutil.rmtree(target, ignore_errors=True)

        command = (
            bench.sheaf, "clone", f"http://127.0.0.1:{port}", target, "--keep", depth, "--as", "Reader", "--json")
        clear()
        first = bench.run(*command)
        bench.cost(name, f"clone {depth}, first", "sheaf", first)
        cost = bench.repeat(bench.options.runs, clear, *command)
        pulled = json.loads(cost.output.splitlines()[0])
        roots[depth] = pulled["stateRoot"]
        bench.cost(
            name, f"clone {depth}", "sheaf", cost, bytesDown=pulled["transferredInBytes"],
            sizeInBytes=tree_size(target))
    if len(set(roots.values())) != 1:
        bench.fail(f"{name}: the state roots differ between depths")
    address = f"http://127.0.0.1:{git_port}/{name}.git"
    for what, extra in (("clone depth 1", ["--depth", "1"]), ("clone", [])):
        target = place / f"git-{what.replace(' ', '-')}"

        def clear(target=target):
            shutil.rmtree(target, ignore_errors=True)

        command = ("git", "clone", "--quiet", *extra, address, target)
        clear()
        bench.cost(name, f"{what}, first", "git", bench.run(*command))
        cost = bench.repeat(bench.options.runs, clear, *command)
        clear()
        proxy = CountingProxy(git_port)
        bench.run("git", "clone", "--quiet", *extra, address.replace(str(git_port), str(proxy.port)), target)
        counts = proxy.counts()
        proxy.close()
        bench.cost(name, what, "git", cost, bytesDown=counts["down"], sizeInBytes=tree_size(target))
    return roots


def small_syncs(bench, name, place, library, git, port, git_port):
    """A sync with nothing new and one with one changed document, in bytes and requests."""
    sheaf_proxy, git_proxy = CountingProxy(port), CountingProxy(git_port)
    clone = place / "git-clone"
    bench.run(
        "git", "remote", "set-url", "origin", f"http://127.0.0.1:{git_proxy.port}/{name}.git", folder=clone)

    def sync(depth, what):
        sheaf_proxy.reset()
        cost = bench.run(
            bench.sheaf, "sync", f"http://127.0.0.1:{sheaf_proxy.port}", "--json", "--library",
            place / f"clone-{depth}")
        if not json.loads(cost.output)["isSameAsPublisher"]:
            bench.fail(f"{name}: {what} ({depth}) did not end with the publisher's state")
        bench.cost(name, f"{what}, {depth}", "sheaf", cost, **sheaf_proxy.counts())

    def fetch(what):
        git_proxy.reset()
        cost = bench.run("git", "fetch", "--quiet", folder=clone)
        bench.cost(name, what, "git", cost, **git_proxy.counts())

    for depth in DEPTHS:
        sync(depth, "sync nothing")
    fetch("sync nothing")

    # The same small edit on both sides, of the text document whose size is the median.
    path = corpus.median_text(bench.run, git)
    if path is None:
        bench.note(name, "one document", "sheaf", skipped="no text document")
    else:
        edited = place / "edited"
        content = subprocess.run(
            ["git", "show", f"main:{path}"], cwd=git, env=bench.environment, check=True,
            stdout=subprocess.PIPE).stdout
        edited.write_bytes(corpus.edited(path, content))
        bench.run(bench.sheaf, "put", path, edited, "-m", "Add a sentence", "--library", library)
        corpus.commit(bench.run, git, path, edited)
        bench.note(name, "one document", "both", path=path, sizeInBytes=edited.stat().st_size)
        for depth in DEPTHS:
            sync(depth, "sync one document")
        fetch("sync one document")
    sheaf_proxy.close()
    git_proxy.close()


def verification(bench, name, place, library, git, roots):
    size, root = None, None
    for copy, folder in (("publisher", library), *((d, place / f"clone-{d}") for d in DEPTHS)):
        cost = bench.repeat(
            bench.options.runs, lambda: None, bench.sheaf, "verify", "--json", "--library", folder,
            accepted=(0, 4))
        found = json.loads(cost.output)
        if found["problems"]:
            bench.fail(f"{name}: verify finds problems at {copy}: {found['problems'][:2]}")
        size = size or found["size"]
        root = root or found["stateRoot"]
        if found["stateRoot"] != root:
            bench.fail(f"{name}: the state root at {copy} differs from the publisher's")
        bench.cost(
            name, f"verify {copy}", "sheaf", cost, changeSets=size,
            perSecond=round(size / cost.seconds, 1))
    cost = bench.repeat(bench.options.runs, lambda: None, "git", "fsck", "--full", folder=git)
    bench.cost(name, "fsck --full", "git", cost, perSecond=round(size / cost.seconds, 1))


def publish_records(bench, folder):
    """Publishes a folder of records in one change set, and commits it with git."""
    name = "records"
    place = bench.stage / name
    content = place / "content" / "trials"
    content.mkdir(parents=True)
    count = 0
    for file in sorted(folder.iterdir()):
        if file.suffix == ".json":
            shutil.copyfile(file, content / file.name)
            count += 1
    print(f"\n{name}: {count} documents, {tree_size(content)} bytes", flush=True)
    library, work = place / "library", place / "git"

    def fresh():
        shutil.rmtree(library, ignore_errors=True)
        bench.run(bench.sheaf, "init", library, "--name", "Records", "--open", "--as", "Bench")

    def fresh_git():
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(place / "content", work)
        bench.run("git", "init", "--quiet", folder=work)

    cost = bench.repeat(
        bench.options.runs, fresh, bench.sheaf, "publish", place / "content", "-m", "All records", "--json",
        "--library", library)
    added = len(json.loads(cost.output)["added"])
    if added != count:
        bench.fail(f"{added} of {count} records were published")
    bench.cost(name, "publish in one change set", "sheaf", cost, documents=added, sizeInBytes=tree_size(library))
    cost = bench.repeat(
        bench.options.runs, fresh_git, "sh", "-c", "git add -A && git commit --quiet -m 'All records'", folder=work)
    bench.cost(name, "add and commit", "git", cost, documents=count, sizeInBytes=tree_size(work / ".git"))
    cost = bench.repeat(
        bench.options.runs, lambda: None, bench.sheaf, "publish", place / "content", "-m", "Nothing", "--json",
        "--library", library)
    bench.cost(name, "publish nothing new", "sheaf", cost)
    cost = bench.repeat(
        bench.options.runs, lambda: None, bench.sheaf, "search", "stem cells", "--json", "--library", library)
    bench.cost(name, "search for two words", "sheaf", cost, hits=len(cost.output.splitlines()))
    shutil.rmtree(place)
