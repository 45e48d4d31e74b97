"""Compares what Sheaf exports with git's own trees, byte for byte."""

import io
import pathlib
import shutil
import subprocess
import tarfile


def check_exports(bench, library, git, place, commits, step=10):
    """Exports every tenth change set, and the last imported one, and compares each with `git archive`.

    Change set n holds the n-th commit. Symbolic links and submodules are no documents and are left out.
    Returns how many were compared and what differs.
    """
    names = bench.run(
        "git", "rev-list", "--reverse", "--first-parent", "main", folder=git).output.split()[:commits]
    problems = []
    moments = sorted({*range(step, commits + 1, step), commits})
    for size in moments:
        expected = archive(git, names[size - 1], bench.environment)
        folder = place / "export"
        shutil.rmtree(folder, ignore_errors=True)
        bench.run(bench.sheaf, "export", folder, "--at", size, "--library", library)
        found = {
            str(path.relative_to(folder)): path.read_bytes()
            for path in pathlib.Path(folder).rglob("*") if path.is_file()
        }
        if found != expected:
            missing = sorted(expected.keys() - found.keys())
            extra = sorted(found.keys() - expected.keys())
            changed = sorted(path for path in expected.keys() & found.keys() if expected[path] != found[path])
            problems.append(
                f"checkpoint {size}: {len(missing)} missing {missing[:2]}, {len(extra)} too many {extra[:2]},"
                f" {len(changed)} different {changed[:2]}")
    shutil.rmtree(place / "export", ignore_errors=True)
    return len(moments), problems


def archive(git, commit, environment):
    """The files of a commit's tree."""
    packed = subprocess.run(
        ["git", "-c", "core.attributesFile=/dev/null", "archive", "--format=tar", commit], cwd=git, env=environment,
        check=True, stdout=subprocess.PIPE).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        return {entry.name: tar.extractfile(entry).read() for entry in tar if entry.isreg()}
