"""What all parts of the bench share: where things are, how commands run, which figures there are so far."""

import json
import os
import pathlib
import shutil
import signal
import subprocess

import corpus
import report
from measure import CommandFailed, median, run, wait
from tasks import History


class Unavailable(Exception):
    """A part cannot be measured here; the words say what it lacks."""


class Bench:
    """One run."""

    def __init__(self, options, sheaf, stage):
        self.options = options
        self.sheaf = sheaf
        self.stage = stage
        self.figures = []
        self.failures = []
        self.absent = set()
        self.histories = []
        self.records = None
        self.kept = {}
        home = stage / "home"
        home.mkdir()
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("SHEAF_", "GIT_"))},
            # The same publisher's folder is copied and changed time and again, which a record outside it would stop.
            "XDG_STATE_HOME": os.devnull,
            "HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1", "NO_COLOR": "1", "LC_ALL": "C.UTF-8",
            "GIT_AUTHOR_NAME": "Bench", "GIT_AUTHOR_EMAIL": "bench@example.org",
            "GIT_COMMITTER_NAME": "Bench", "GIT_COMMITTER_EMAIL": "bench@example.org",
        }
        # With bitmaps, git's small fetches carry whole objects and no deltas against what the client has.
        (home / ".gitconfig").write_text(
            "[safe]\n\tdirectory = *\n[gc]\n\tauto = 0\n[repack]\n\twriteBitmaps = false\n[http]\n\tproxy =\n")

    # Running -------------------------------------------------------------------------------------------------

    def run(self, *command, folder=None, accepted=(0,)):
        return run([str(word) for word in command], folder, self.environment, accepted)

    def repeat(self, count, prepare, *command, **more):
        """Runs a command several times, each after a preparation, and returns the medians."""
        costs = []
        for _ in range(count):
            prepare()
            costs.append(self.run(*command, **more))
        return median(costs)

    def keep(self, corpus_name, what, tool, **values):
        """Keeps one figure for `--json`."""
        self.figures.append({"corpus": corpus_name, "what": what, "tool": tool, **values})

    def note(self, corpus_name, what, tool, **values):
        """Keeps one figure, and tells it at once."""
        self.keep(corpus_name, what, tool, **values)
        print(report.line(self.figures[-1]), flush=True)

    def cost(self, corpus_name, what, tool, cost, **values):
        self.note(
            corpus_name, what, tool, seconds=round(cost.seconds, 3), cpuSeconds=round(cost.cpu, 3),
            memoryInBytes=cost.memory, **values)

    def fail(self, problem):
        self.failures.append(problem)
        print(f"  FAILED: {problem}", flush=True)

    def missing(self, tool):
        """Remembers a tool that is not installed, to be told at the end of the run."""
        self.absent.add(tool)

    def table(self, title, header, rows):
        if rows:
            print(f"\n{title}\n\n{report.table(header, rows)}\n", flush=True)

    # Sheaf ---------------------------------------------------------------------------------------------------

    def start_library(self, folder, name):
        shutil.rmtree(folder, ignore_errors=True)
        self.run(self.sheaf, "init", folder, "--name", name, "--open", "--as", "Bench")

    def serve(self, library):
        """Starts a server; returns its process and its port."""
        process = subprocess.Popen(
            [str(self.sheaf), "serve", "--port", "0", "--quiet", "--json", "--drafts-from-everybody", "--library",
             str(library)],
            env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        line = process.stdout.readline()
        if not line:
            wait(process)
            raise CommandFailed(f"sheaf serve ended with code {process.returncode}")
        return process, int(json.loads(line)["address"].rsplit(":", 1)[1])

    def bundle(self, library, start, end, depth, file):
        """Makes a bundle; returns its report and its cost."""
        cost = self.run(
            self.sheaf, "bundle", "create", "--from", start, "--to", end, "--mode", depth, "-o", file, "--json",
            "--library", library)
        return json.loads(cost.output), cost

    def stop(self, server):
        """Ends a server as a person would; returns its code."""
        server.send_signal(signal.SIGTERM)
        code, _ = wait(server)
        server.stdout.close()
        return code

    # Histories -----------------------------------------------------------------------------------------------

    def linear(self, name, source):
        """The corpus's history as a bare linear repository, made once a run."""
        return self.once(("linear", name), lambda place: corpus.linear(
            self.run, source, place / f"{name}.git", place / "whole.git")) / f"{name}.git"

    def variants(self, name, source):
        """Yields the history's text alone, and all of it where that is more: (History, is text only)."""
        whole = self.linear(name, source)

        def make(place):
            count = corpus.text_only(whole, place / "text.git", self.environment, self.options.ext or ())
            (place / "dropped").write_text(str(count))

        place = self.once(("text", name), make)
        yield History(name, place / "text.git", self.environment), True
        if int((place / "dropped").read_text()) and not self.options.text:
            yield History(f"{name}, all files", whole, self.environment), False

    def library(self, history):
        """A library that holds the history, one change set a commit, made once a run."""
        def make(place):
            self.start_library(place / "library", "Bench")
            cost = self.run(
                self.sheaf, "import", "git", history.git, "--branch", "main", "--json", "--library",
                place / "library")
            if (size := json.loads(cost.output)["size"]) != len(history):
                raise CommandFailed(f"{history.name}: {len(history)} commits became {size} change sets")

        return self.once(("library", history.name), make) / "library"

    def once(self, key, make):
        """A folder that `make` fills the first time it is asked for; it stays until the run ends."""
        if key not in self.kept:
            place = self.stage / f"kept-{len(self.kept)}"
            place.mkdir()
            make(place)
            self.kept[key] = place
        return self.kept[key]

    def scratch(self, name):
        """An empty folder."""
        place = self.stage / f"scratch-{name}"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        return place


def tree_size(folder):
    """The bytes of all files below a folder."""
    return sum(file.stat().st_size for file in pathlib.Path(folder).rglob("*") if file.is_file())
