"""What other tools need for one update, in bytes that go down the line.

Each peer is a function of a `Case` that returns a byte count. A tool that is not there raises `Missing`, which costs
only its own row.
"""

import gzip
import io
import json
import os
import pathlib
import re
import shutil
import subprocess
import tarfile


class Missing(Exception):
    """The tool is not installed."""


class Case:
    """One update as files in a folder of its own: `old.tar`, `new.tar`, `old.bin`, `new.bin`."""

    def __init__(self, history, update, folder, environment):
        self.history = history
        self.update = update
        self.folder = pathlib.Path(folder)
        self.environment = environment
        self.old, self.new = history.changes(update)
        for name, documents in (("old", self.old), ("new", self.new)):
            (self.folder / f"{name}.bin").write_bytes(b"".join(documents[path] for path in sorted(documents)))
            with tarfile.open(self.folder / f"{name}.tar", "w", format=tarfile.GNU_FORMAT) as tar:
                for path in sorted(documents):
                    entry = tarfile.TarInfo(path.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))
                    entry.size = len(documents[path])
                    tar.addfile(entry, io.BytesIO(documents[path]))

    def call(self, *command, folder=None, given=None, out=None):
        """Runs a tool; returns its output, or the output's size when it goes to a file."""
        if shutil.which(command[0]) is None:
            raise Missing(command[0])
        words = [str(word) for word in command]
        if out is None:
            return subprocess.run(
                words, cwd=folder or self.folder, env=self.environment, input=given, check=True,
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
        with open(self.folder / out, "wb") as file:
            subprocess.run(
                words, cwd=folder or self.folder, env=self.environment, input=given, check=True, stdout=file,
                stderr=subprocess.DEVNULL)
        return (self.folder / out).stat().st_size


# git -----------------------------------------------------------------------------------------------------------

THOROUGH = ("-c", "pack.compression=9", "-c", "pack.threads=1")


def thin_pack(case, tip):
    """The smaller of the pack as git makes it and the one it makes when told to take its time."""
    revisions = [tip] + ([f"^{case.history.commit(case.update.start)}"] if case.update.start else [])
    given = ("\n".join(revisions) + "\n").encode()
    pack = ("pack-objects", "--revs", "--thin", "--stdout", "-q", "--delta-base-offset")
    return min(
        case.call("git", *pack, folder=case.history.git, given=given, out="pack"),
        case.call(
            "git", *THOROUGH, *pack, "--window=250", "--depth=250", "--no-reuse-delta", "--no-reuse-object",
            folder=case.history.git, given=given, out="pack"))


def git_state(case):
    """A thin pack of one commit that has all of the update's changes."""
    parent = ["-p", case.history.commit(case.update.start)] if case.update.start else []
    environment = dict(case.environment)
    for role in ("AUTHOR", "COMMITTER"):
        environment[f"GIT_{role}_DATE"] = "1500000000 +0000"
    tip = subprocess.run(
        ["git", "commit-tree", f"{case.history.commit(case.update.end)}^{{tree}}", "-m", "All of it", *parent],
        cwd=case.history.git, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    return thin_pack(case, tip)


def git_history(case):
    """A thin pack of every commit of the update."""
    return thin_pack(case, case.history.commit(case.update.end))


# Compressors and deltas ----------------------------------------------------------------------------------------


def zstd(case, level, name):
    against = [f"--patch-from=old.{name}"] if case.old else []
    return case.call("zstd", "-q", "-f", *level, "--long=27", *against, f"new.{name}", "-c", out="packed")


def floor(case):
    """Not a tool that one can run: it is told which documents changed, and carries no name, list or hash."""
    return zstd(case, ("-22", "--ultra"), "bin") if case.new else 0


def zstd_patch(case):
    return zstd(case, ("-19",), "tar")


def zstd_solid(case):
    return case.call("zstd", "-q", "-f", "-19", "new.tar", "-c", out="packed")


def xz_solid(case):
    return case.call("xz", "-9e", "-k", "-c", "new.tar", out="packed")


def xdelta(case):
    size = max(1 << 20, (case.folder / "old.tar").stat().st_size + 4096)
    window = min(16 << 20, max(1 << 20, (case.folder / "new.tar").stat().st_size))
    return case.call(
        "xdelta3", "-9", "-S", "lzma", "-B", size, "-W", window, "-e", "-s", "old.tar", "-c", "new.tar", out="packed")


def hdiffpatch(case):
    try:
        import hdiffpatch as library
    except ImportError:
        raise Missing("the Python package hdiffpatch") from None
    old, new = ((case.folder / f"{name}.bin").read_bytes() for name in ("old", "new"))
    return len(library.diff(old, new, library.LzmaConfig(level=9, window=25), validate=False))


def json_lines(case):
    """What a document database's changes feed carries, at its best: one gzip stream."""
    history = case.history
    names = history.tree(case.update.end)
    rows = [
        json.dumps({"id": path, "rev": names[path], "body": content.decode("utf-8", "replace")})
        for path, content in sorted(case.new.items())
    ]
    rows += [json.dumps({"id": path, "deleted": True}) for path in sorted(case.old.keys() - case.new.keys())]
    return len(gzip.compress("\n".join(rows).encode("utf-8", "surrogateescape"), 9, mtime=0))


def rsync(case):
    """Bytes from the sender, with its own compression; unchanged files keep their times."""
    if shutil.which("rsync") is None:
        raise Missing("rsync")
    trees = {}
    for name, number, other in (("a", case.update.start, case.update.end), ("b", case.update.end, case.update.start)):
        trees[name] = case.history.tree(number)
        unlike = case.history.tree(other)
        contents = case.history.contents(trees[name].values())
        root = case.folder / name
        root.mkdir()
        for path, blob in trees[name].items():
            file = root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(contents[blob])
            moment = 1_500_000_000 if name == "a" or unlike.get(path) == blob else 1_600_000_000
            os.utime(file, (moment, moment))
    said = case.call("rsync", "-az", "--delete", "--no-whole-file", "--stats", "b/", "a/").decode()
    shutil.rmtree(case.folder / "a")
    shutil.rmtree(case.folder / "b")
    return int(re.search(r"Total bytes sent: ([\d,]+)", said).group(1).replace(",", ""))


PEERS = {
    "floor": floor,
    "git state": git_state,
    "git history": git_history,
    "zstd -19 --patch-from": zstd_patch,
    "xdelta3": xdelta,
    "HDiffPatch": hdiffpatch,
    "rsync -az": rsync,
    "JSON lines, gzip": json_lines,
    "zstd -19 solid": zstd_solid,
    "xz -9e solid": xz_solid,
}
"""By name; the order is that of the rows."""

ONLY_INITIAL = {"zstd -19 solid", "xz -9e solid"}
NOT_INITIAL = {"zstd -19 --patch-from", "xdelta3", "HDiffPatch"}
