"""Finds or makes the histories that are measured."""

import pathlib
import random
import re
import subprocess

PROSE = (".md", ".txt", ".rst")
MARKUP = (".xml", ".cnxml", ".html", ".svg")
SENTENCE = "This sentence was added to measure what one small change costs."


def find(folder, records, stage, run):
    """The histories, smallest first, as (name, source) pairs, and a folder of records or None."""
    if folder is None:
        source = stage / "made.git"
        make(run, source)
        return [("made", source)], records
    found = [(path.stem, path) for path in (*folder.glob("*.bundle"), *folder.glob("*.git"))]
    if not found and records is None:
        raise SystemExit(f"Tools/bench: {folder} holds neither NAME.bundle nor NAME.git")
    if records is None and (folder / "trials" / "records").is_dir():
        records = folder / "trials" / "records"
    return sorted(found, key=lambda pair: (size(pair[1]), pair[0])), records


def size(path):
    if path.is_file():
        return path.stat().st_size
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())


def linear(run, source, target, scratch):
    """Makes a bare repository whose branch `main` holds the first-parent line of the source's, and nothing else.

    So both sides carry the same versions: an import takes a branch's main line.
    """
    branch = ["--branch", "main"] if source.suffix == ".bundle" else []
    run("git", "clone", "--quiet", "--bare", *branch, source, scratch)
    commits = run(
        "git", "log", "--reverse", "--first-parent", "--format=%H%x00%T%x00%an%x00%ae%x00%at%x00%B%x01", "HEAD",
        folder=scratch).output
    stream = bytearray()
    mark = 0
    for entry in commits.split("\x01\n"):
        if not entry.strip():
            continue
        _, tree, author, email, date, message = entry.split("\x00", 5)
        mark += 1
        text = message.encode()
        stream += f"commit refs/heads/line\nmark :{mark}\n".encode()
        for role in ("author", "committer"):
            stream += f"{role} {clean(author)} <{clean(email)}> {date} +0000\n".encode()
        stream += b"data %d\n%s\n" % (len(text), text)
        if mark > 1:
            stream += f"from :{mark - 1}\n".encode()
        # The whole tree takes the root's place; its objects are there already.
        stream += f'M 040000 {tree} ""\n\n'.encode()
    subprocess.run(["git", "fast-import", "--quiet", "--force"], cwd=scratch, input=bytes(stream), check=True)
    run("git", "init", "--quiet", "--bare", "--initial-branch", "main", target)
    run("git", "fetch", "--quiet", scratch, "refs/heads/line:refs/heads/main", folder=target)
    run("git", "gc", "--quiet", "--prune=now", folder=target)


def clean(name):
    return "".join(c for c in name if c not in "<>\n\0") or "Unknown"


def median_text(run, git):
    """The path of the text document whose size is the median among the tip's; None when there is none."""
    texts = []
    for line in run("git", "ls-tree", "-r", "-l", "-z", "main", folder=git).output.split("\0"):
        if not line:
            continue
        about, _, path = line.partition("\t")
        mode, kind, _, length = about.split()
        if kind == "blob" and mode != "120000" and path.endswith((*PROSE, *MARKUP, ".json")):
            texts.append((int(length), path))
    if not texts:
        return None
    texts.sort()
    return texts[len(texts) // 2][1]


def edited(path, content):
    """The content with a small edit: a sentence more at the end, or some words more in a record's last text."""
    if path.endswith(PROSE):
        return content + f"\n{SENTENCE}\n".encode()
    if path.endswith(MARKUP):
        return content + f"<!-- {SENTENCE} -->\n".encode()
    texts = list(re.finditer(rb'": *"[^"\\]*(?=")', content))
    if not texts:
        return content + b"\n"
    end = texts[-1].end()
    return content[:end] + b" (amended)" + content[end:]


def commit(run, git, path, file):
    """Commits one file's new content to a bare repository's `main`."""
    blob = run("git", "hash-object", "-w", "--no-filters", file, folder=git).output.strip()
    run("git", "read-tree", "main", folder=git)
    run("git", "update-index", "--add", "--cacheinfo", f"100644,{blob},{path}", folder=git)
    tree = run("git", "write-tree", folder=git).output.strip()
    new = run("git", "commit-tree", tree, "-p", "main", "-m", "Add a sentence", folder=git).output.strip()
    run("git", "update-ref", "refs/heads/main", new, folder=git)


def make(run, target, seed=8428, commits=300, documents=60):
    """Makes a history of articles that are edited sentence by sentence; the same one every time."""
    source = random.Random(seed)
    syllables = "ba de ki lo mu na re si to vu wa ze".split()
    words = ["".join(source.choices(syllables, k=source.randint(1, 4))) for _ in range(3000)]

    def sentence():
        return " ".join(source.choices(words, k=source.randint(6, 20))).capitalize() + "."

    texts = {f"articles/a{i:03}.md": [sentence() for _ in range(source.randint(20, 120))] for i in range(documents)}
    run("git", "init", "--quiet", "--bare", "--initial-branch", "main", target)
    stream = bytearray()
    for number in range(1, commits + 1):
        changed = texts if number == 1 else source.sample(sorted(texts), source.choice([1, 1, 1, 2, 5]))
        for path in changed if number > 1 else ():
            lines = texts[path]
            lines[source.randrange(len(lines))] = sentence()
            if source.random() < 0.3:
                lines.insert(source.randrange(len(lines)), sentence())
        stream += f"commit refs/heads/main\nmark :{number}\n".encode()
        stream += f"committer Editor <editor@example.org> {1_700_000_000 + number * 3600} +0000\n".encode()
        message = f"Edit {number}".encode()
        stream += b"data %d\n%s\n" % (len(message), message)
        for path in changed:
            body = ("\n".join(texts[path]) + "\n").encode()
            stream += b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(body), body)
    subprocess.run(
        ["git", "fast-import", "--quiet"], cwd=pathlib.Path(target), input=bytes(stream), check=True)


def read_objects(git, environment, names):
    """The bytes of objects, by name."""
    wanted = sorted(set(names))
    answer = subprocess.run(
        ["git", "cat-file", "--batch"], cwd=git, env=environment, input="".join(f"{n}\n" for n in wanted).encode(),
        check=True, stdout=subprocess.PIPE).stdout
    found, place = {}, 0
    while place < len(answer):
        end = answer.index(b"\n", place)
        name, _, length = answer[place:end].split()
        found[name.decode()] = answer[end + 1:end + 1 + int(length)]
        place = end + 2 + int(length)
    return found


def text_only(git, target, environment, extensions=()):
    """Makes a bare repository with the linear history's text documents alone; returns how many others there were.

    Text is what git itself takes for text: no zero byte among the first 8,000. With extensions, it is the files that
    have one of them. Commits that change none of these are dropped.
    """
    def ask(*words, given=None):
        return subprocess.run(
            ["git", *words], cwd=git, env=environment, input=given, check=True, stdout=subprocess.PIPE).stdout

    commits = ask("rev-list", "--reverse", "main")
    tokens = iter(ask("diff-tree", "--stdin", "-r", "--root", "--no-renames", "-z", given=commits).split(b"\0"))
    changes = []
    for token in tokens:
        if token.startswith(b":"):
            _, mode, _, blob, _ = token.split(b" ")
            changes[-1][1].append((mode, blob.decode(), next(tokens)))
        elif token.strip():
            changes.append((token.strip().decode(), []))
    files = {blob for _, entries in changes for mode, blob, _ in entries if mode.startswith(b"100")}
    texts = {blob for blob, content in read_objects(git, environment, files).items() if b"\0" not in content[:8000]}
    endings = tuple(f".{extension.lstrip('.')}".encode() for extension in extensions)
    notes = read_objects(git, environment, (commit for commit, _ in changes))
    stream, mark, held, dropped = bytearray(), 0, set(), set()
    for commit, entries in changes:
        lines = []
        for mode, blob, path in entries:
            quoted = b'"' + path.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n") + b'"'
            is_file = mode.startswith(b"100")
            if is_file and (path.lower().endswith(endings) if endings else blob in texts):
                held.add(path)
                lines.append(b"M 100644 %s %s\n" % (blob.encode(), quoted))
                continue
            if path in held:
                held.remove(path)
                lines.append(b"D %s\n" % quoted)
            if is_file:
                dropped.add(path)
        if not lines:
            continue
        head, _, message = notes[commit].partition(b"\n\n")
        people = [line for line in head.split(b"\n") if line.startswith((b"author ", b"committer "))]
        mark += 1
        stream += b"commit refs/heads/text\nmark :%d\n%s\n" % (mark, b"\n".join(people))
        stream += b"data %d\n%s\n" % (len(message), message)
        stream += (b"from :%d\n" % (mark - 1) if mark > 1 else b"") + b"".join(lines) + b"\n"
    subprocess.run(
        ["git", "init", "--quiet", "--bare", "--initial-branch", "main", str(target)], env=environment, check=True)
    subprocess.run(
        ["git", "fast-import", "--quiet", "--force"], cwd=git, env=environment, input=bytes(stream), check=True)
    subprocess.run(
        ["git", "fetch", "--quiet", str(git), "refs/heads/text:refs/heads/main"], cwd=target, env=environment,
        check=True)
    ask("update-ref", "-d", "refs/heads/text")
    subprocess.run(["git", "gc", "--quiet", "--prune=now"], cwd=target, env=environment, check=True)
    return len(dropped)
