"""Runs commands and tells what they cost."""

import dataclasses
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

SPAWN = str(pathlib.Path(__file__).resolve().parent / "spawn.py")


@dataclasses.dataclass
class Cost:
    """What one command took."""

    seconds: float
    """By the clock on the wall."""
    cpu: float
    """User and system time of it and of its children."""
    memory: int
    """Bytes: the largest resident size of it or of any one child."""
    output: str
    """Its standard output."""


class CommandFailed(Exception):
    """A command ended with another code than 0."""


def run(command, folder=None, environment=None, accepted=(0,)):
    """Runs a command to its end. Raises CommandFailed with what it said on the standard error."""
    with (tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err,
          tempfile.NamedTemporaryFile("r", encoding="ascii") as taken):
        code = subprocess.call(
            [sys.executable, "-I", "-S", SPAWN, taken.name, *command], cwd=folder, env=environment,
            stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        out.seek(0)
        err.seek(0)
        if code not in accepted:
            words = err.read().decode(errors="replace").strip()
            raise CommandFailed(f"{' '.join(map(str, command))}\nended with code {code}: {words[-2000:]}")
        seconds, cpu, memory = taken.read().split()
        return Cost(float(seconds), float(cpu), int(memory), out.read().decode(errors="replace"))


def wait(process):
    """Waits for a child; returns its code and its resource usage, which subprocess alone does not tell."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage


def processor_time(pid):
    """Seconds of user and system time that a running process took so far, without its children."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_memory(pid):
    """Bytes: a running process' largest resident size so far, not counting what started it."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) << 10 for line in file if line.startswith("VmHWM"))


def median(costs):
    """The median of each number over several runs, with the last run's output."""
    return Cost(
        statistics.median(cost.seconds for cost in costs), statistics.median(cost.cpu for cost in costs),
        max(cost.memory for cost in costs), costs[-1].output)
