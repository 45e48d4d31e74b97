"""Assets: what a change of a large file costs, and the memory of publishing, serving, cloning and syncing them.

A small sync also runs while a first copy of everything is made: it is not to wait for that.

The library is 500 MB of bytes that nothing compresses, in five files of 100 MB, the same every time. Each verb's peak
memory is to stay below 128 MiB, however large a file is.
"""

import hashlib
import json
import pathlib
import shutil
import threading

from measure import peak_memory, processor_time
from report import MEBIBYTE

FILES = 5
AIM = 128 * MEBIBYTE
LAZY = {"format": 1, "collections": {"media": {"assets": "lazy"}}}


def options(parser):
    parser.add_argument(
        "--asset-megabytes", type=int, default=100, metavar="N", help="the size of each asset (default 100)")


def measure(bench):
    size = (20 if bench.options.quick else bench.options.asset_megabytes) * 1_000_000
    place = bench.scratch("assets")
    content = place / "content"
    (content / "media").mkdir(parents=True)
    (content / "about.md").write_text("# Films\n")
    for number in range(FILES):
        film(content, number).write_bytes(hashlib.shake_128(b"film %d" % number).digest(size))
    library = place / "library"
    bench.start_library(library, "Assets")
    rows = []

    def told(what, cost, **values):
        bench.cost("assets", what, "sheaf", cost, **values)
        rows.append([what, f"{cost.seconds:.1f} s", f"{cost.cpu:.1f} s", f"{cost.memory / MEBIBYTE:.0f} MiB"])
        if cost.memory > AIM:
            bench.fail(f"assets: {what} took {cost.memory / MEBIBYTE:.0f} MiB of memory")

    def publish(what):
        told(what, bench.run(bench.sheaf, "publish", content, "-m", what, "--library", library))

    total = FILES * size
    publish(f"publish {total / 1e6:.0f} MB")
    server, port = bench.serve(library)
    try:
        address = f"http://127.0.0.1:{port}"
        copy = place / "copy"
        told("clone", bench.run(bench.sheaf, "clone", address, copy))
        steps = []
        for what, change in changes(size):
            file = film(content, 0)
            # Replaced at a stroke, in place: the others stay as they are.
            file.write_bytes(change(file.read_bytes()))
            publish(f"publish: {what}")
            cost = bench.run(bench.sheaf, "sync", "--json", "--library", copy)
            told(f"sync: {what}", cost, transferred=json.loads(cost.output)["pulled"]["transferredInBytes"])
            steps.append(what)
        beside(bench, content, place, address, copy, publish, told)
        told("verify", bench.run(bench.sheaf, "verify", "--library", copy))
        told("export", bench.run(bench.sheaf, "export", place / "export", "--library", copy))
        if any(film(place / "export", n).read_bytes() != film(content, n).read_bytes() for n in range(FILES)):
            bench.fail("assets: an exported asset is not what was published")
        shutil.rmtree(place / "export")
        lazy(bench, content, library, copy, place, address, publish, told)
        memory = peak_memory(server.pid)
        bench.note(
            "assets", "serve, all of it", "sheaf", memoryInBytes=memory,
            cpuSeconds=round(processor_time(server.pid), 3))
        rows.append(["serve, all of it", "", f"{processor_time(server.pid):.1f} s", f"{memory / MEBIBYTE:.0f} MiB"])
        if memory > AIM:
            bench.fail(f"assets: the server took {memory / MEBIBYTE:.0f} MiB of memory")
    finally:
        bench.stop(server)
    bench.table(f"{FILES} assets of {size / 1e6:.0f} MB", ["", "TIME", "CPU", "MEMORY"], rows)
    bench.table(
        f"A change of an asset of {size / 1e6:.0f} MB, as a bundle", ["", "heads", "trail", "full", "gzip -9 of the file"],
        [[what, *(f"{bytes_of(bench, library, start, depth, place):,}" for depth in ("heads", "trail", "full")),
          f"about {size:,}"] for start, what in enumerate(steps, 1)])


def film(folder, number):
    return pathlib.Path(folder) / "media" / f"film-{number}.bin"


def changes(size):
    """What is done to an asset, and how."""
    half = size // 2

    def flip(data):
        return data[:half] + bytes([data[half] ^ 1]) + data[half + 1:]

    return [
        ("a byte changed", flip),
        ("1,000 bytes put in", lambda data: data[:half] + bytes(range(250)) * 4 + data[half:]),
        ("1 MB put at the end", lambda data: data + hashlib.shake_128(b"end").digest(1_000_000)),
        ("a tenth written anew", lambda data: data[:half] + hashlib.shake_128(b"new").digest(size // 10)
            + data[half + size // 10:]),
    ]


def bytes_of(bench, library, start, depth, place):
    """The size of the bundle over one change set."""
    report, _ = bench.bundle(library, start, start + 1, depth, place / "step.sheaf")
    bench.note(
        "assets", f"change set {start + 1}, {depth}", "sheaf", sizeInBytes=report["sizeInBytes"])
    return report["sizeInBytes"]


def beside(bench, content, place, address, copy, publish, told):
    """One change set is synced while the server makes a first copy that nobody had before."""
    (content / "about.md").write_text("# More films\n")
    publish("publish: a text")
    costs = {}

    def full():
        costs["full"] = bench.run(bench.sheaf, "clone", "--keep", "full", address, place / "full")

    other = threading.Thread(target=full)
    other.start()
    costs["sync"] = bench.run(bench.sheaf, "sync", "--library", copy)
    other.join()
    if "full" not in costs:
        bench.fail("assets: the first copy beside a sync failed")
        return
    told("sync: a text, beside a first copy", costs["sync"])
    told("clone --keep full, beside a sync", costs["full"])
    shutil.rmtree(place / "full")


def lazy(bench, content, library, copy, place, address, publish, told):
    """A collection turns lazy: a first copy is small, and one asset comes when it is asked for."""
    (content / "sheaf").mkdir()
    (content / "sheaf" / "settings.json").write_text(json.dumps(LAZY))
    publish("publish: lazy from now on")
    late = place / "late"
    told("clone, lazy", bench.run(bench.sheaf, "clone", address, late))
    told("fetch one", bench.run(bench.sheaf, "fetch", "media/film-1.bin", "--library", late))
    if (absent := json.loads(bench.run(bench.sheaf, "status", "--json", "--library", late).output)["absent"]) != FILES - 1:
        bench.fail(f"assets: {absent} assets are absent after one was fetched")
    shutil.rmtree(copy)
