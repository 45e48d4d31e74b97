"""Cuts update tasks from a history, at places that follow from its length alone.

With N change sets, an update over n of them leads from A to A + n, where for k = 1 ... count

    A = 1 + (N - 1 - n) * k // (count + 1)

    S         five updates over 1 change set
    M         three over 20
    L         one over 500, or three quarters of the history when that is less; it ends at N
    initial   one from nothing to N

A is at least 1: what a first import holds is the task `initial`. An update of a history whose change sets do not
suffice is left out. In a history of trial records, S is also cut from the change sets that only move the date which
the registry stamps on every record each day (`S stamp`), and from the others (`S rest`).
"""

import dataclasses
import re
import subprocess

import corpus

STAMP = re.compile(rb'"versionHolder": *"[^"]*"')


@dataclasses.dataclass(frozen=True)
class Update:
    """From change set `start` (0: nothing) to change set `end`."""

    start: int
    end: int


class History:
    """A linear repository: commit n is change set n."""

    def __init__(self, name, git, environment):
        self.name = name
        self.git = git
        self.environment = environment
        self.commits = self.ask("rev-list", "--reverse", "--first-parent", "main").decode().split()
        self.blobs = {}
        self.trees = {}

    def __len__(self):
        return len(self.commits)

    def ask(self, *words):
        return subprocess.run(
            ["git", *words], cwd=self.git, env=self.environment, check=True, stdout=subprocess.PIPE).stdout

    def commit(self, number):
        return self.commits[number - 1]

    def tree(self, number):
        """Path to blob name, of the regular files at a change set; empty at 0."""
        if number == 0:
            return {}
        if number not in self.trees:
            found = {}
            for line in self.ask("ls-tree", "-r", "-z", self.commit(number)).split(b"\0"):
                if line.startswith(b"100"):
                    about, _, path = line.partition(b"\t")
                    found[path.decode("utf-8", "surrogateescape")] = about.split()[2].decode()
            self.trees[number] = found
        return self.trees[number]

    def contents(self, names):
        """The bytes of blobs, by name."""
        if missing := set(names) - self.blobs.keys():
            self.blobs.update(corpus.read_objects(self.git, self.environment, missing))
        return {name: self.blobs[name] for name in names}

    def changes(self, update):
        """What an update changes: (old, new), each path to content. Old has what was changed or went."""
        old, new = self.tree(update.start), self.tree(update.end)
        after = {path: blob for path, blob in sorted(new.items()) if old.get(path) != blob}
        before = {path: blob for path, blob in sorted(old.items()) if new.get(path) != blob}
        self.contents({*after.values(), *before.values()})
        return ({p: self.blobs[b] for p, b in before.items()}, {p: self.blobs[b] for p, b in after.items()})

    def only_stamps(self, number):
        """Whether a change set changes documents, and nothing of them but the registry's date."""
        old, new = self.changes(Update(number - 1, number))
        return old.keys() == new.keys() and bool(old) and all(
            STAMP.search(new[path]) and STAMP.sub(b"", old[path]) == STAMP.sub(b"", new[path]) for path in old)


def spaced(total, length, count):
    """The starts of `count` updates over `length` change sets, evenly spaced."""
    if total - 1 < length:
        return []
    return sorted({1 + (total - 1 - length) * k // (count + 1) for k in range(1, count + 1)})


def cut(history, quick=False):
    """Task name to its updates."""
    total = len(history)
    tasks = {
        "S": [Update(a, a + 1) for a in spaced(total, 1, 5)],
        "M": [Update(a, a + 20) for a in spaced(total, 20, 3)],
    }
    length = min(500, total * 3 // 4)
    if length >= 1 and total > length:
        tasks["L"] = [Update(total - length, total)]
    tasks["initial"] = [Update(0, total)]
    if quick:
        tasks["S"], tasks["M"] = tasks["S"][:2], tasks["M"][:1]
    if any(path.startswith("trials/") for path in history.tree(total)):
        steps = range(2, total + 1)
        stamped = [n for n in steps if history.only_stamps(n)]
        rest = [n for n in steps if n not in set(stamped)]
        for name, numbers in (("S stamp", stamped), ("S rest", rest)):
            chosen = sorted({numbers[len(numbers) * k // 6] for k in range(1, 6)}) if numbers else []
            tasks[name] = [Update(n - 1, n) for n in chosen]
    return {name: updates for name, updates in tasks.items() if updates}
