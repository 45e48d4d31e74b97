"""Writes the rows that an update brought with SQLite alone: `sqlite_rows.py BEFORE AFTER WORK [TEXTS]`.

BEFORE is a database as it was, or `-`; AFTER one as it became. Finds the rows that went and that came, table by table,
then takes them out of and puts them into WORK, a copy of BEFORE (or an empty database with AFTER's tables), in one
transaction with Sheaf's durability. Prints one JSON object: the processor time of that transaction, how many rows it
touched and their bytes. Rows of the search index are put in as text, so that SQLite cuts them into words, where
they can be read back as text; otherwise as the rows that SQLite keeps them in, or, with TEXTS (a JSON array), by
putting these texts into an empty index of the same kind.
"""

import json
import shutil
import sqlite3
import sys
import time


def tables(database):
    """(name, key columns) of the tables whose rows count."""
    found = []
    virtual = [row[0] for row in database.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE VIRTUAL%'")]
    readable = []
    for name in virtual:
        try:
            row = database.execute(f'SELECT * FROM "{name}" LIMIT 1').fetchone()
            if row is not None and any(value is not None for value in row):
                readable.append(name)
        except sqlite3.Error:
            pass
    for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY rootpage"):
        shadow = any(name.startswith(f"{owner}_") for owner in virtual)
        if name.startswith("sqlite_") or name in virtual and name not in readable:
            continue
        if shadow and any(name.startswith(f"{owner}_") for owner in readable) and not is_plain(database, name):
            continue
        keys = [row[1] for row in database.execute(f'PRAGMA table_info("{name}")') if row[5]]
        found.append((name, keys or ["rowid"]))
    return found


def index_to_fill(database):
    """(name, declaration) of a search index that holds something and does not give its text back, or None."""
    for name, sql in database.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE VIRTUAL%fts5%'").fetchall():
        # An empty index keeps two rows of its own there.
        holds = database.execute(f'SELECT count(*) > 2 FROM "{name}_data"').fetchone()[0]
        try:
            row = database.execute(f'SELECT * FROM "{name}" LIMIT 1').fetchone()
            gives = row is not None and any(value is not None for value in row)
        except sqlite3.Error:
            gives = False
        if holds and not gives:
            return name, sql
    return None


def is_plain(database, name):
    """Whether a table is one of its own and only named like a part of an index."""
    return not name.endswith(("_data", "_idx", "_content", "_docsize", "_config"))


def rows(database, name, keys):
    # Not `*`, which has computed columns too.
    stored = [f'"{row[1]}"' for row in database.execute(f'PRAGMA table_info("{name}")')]
    cursor = database.execute(
        f'SELECT {", ".join((["rowid"] if keys == ["rowid"] else []) + stored)} FROM "{name}"')
    columns = [about[0] for about in cursor.description]
    return columns, set(cursor)


def size(values):
    return sum(len(v) if isinstance(v, (bytes, str)) else 8 for v in values if v is not None)


def main():
    before_file, after_file, work_file = sys.argv[1:4]
    texts = []
    if len(sys.argv) > 4:
        with open(sys.argv[4], encoding="utf-8") as file:
            texts = json.load(file)
    after = sqlite3.connect(f"file:{after_file}?mode=ro", uri=True)
    before = None if before_file == "-" else sqlite3.connect(f"file:{before_file}?mode=ro", uri=True)
    plan = []
    index = index_to_fill(after) if texts else None
    for name, keys in tables(after):
        if index and name.startswith(f"{index[0]}_") and not is_plain(after, name):
            continue
        columns, new = rows(after, name, keys)
        old = rows(before, name, keys)[1] if before is not None else set()
        places = [columns.index(key) for key in keys]
        kept = {tuple(row[p] for p in places) for row in new}
        gone = [row for row in (tuple(row[p] for p in places) for row in old - new) if row not in kept]
        plan.append((name, keys, columns, gone, sorted(new - old, key=lambda row: [str(row[p]) for p in places])))
    if before is not None:
        before.close()
        shutil.copyfile(before_file, work_file)
    work = sqlite3.connect(work_file, isolation_level=None)
    if before is None:
        virtual = []
        for kind, name, sql in after.execute("SELECT type, name, sql FROM sqlite_master WHERE sql NOT NULL ORDER BY rowid"):
            if any(name.startswith(f"{owner}_") and not is_plain(after, name) for owner in virtual):
                continue
            if sql.startswith("CREATE VIRTUAL"):
                virtual.append(name)
            if not name.startswith("sqlite_"):
                work.execute(sql)
        # An index that can't be read back as text starts empty here: its tables are filled as they stand.
        for name, *_ in plan:
            if any(name.startswith(f"{owner}_") for owner in virtual) and not is_plain(after, name):
                work.execute("PRAGMA writable_schema = ON")
                work.execute(f'DELETE FROM "{name}"')
    after.close()
    if index:
        # In the same file and transaction, under another name: what the copy's own index holds can't be taken out.
        work.execute(index[1].replace(index[0], "texts_alone", 1))
    work.execute("PRAGMA journal_mode = WAL")
    work.execute("PRAGMA synchronous = FULL")
    work.execute("PRAGMA foreign_keys = OFF")
    start = time.process_time()
    work.execute("BEGIN IMMEDIATE")
    touched = written = 0
    for name, keys, columns, gone, new in plan:
        if gone:
            where = " AND ".join(f'"{key}" IS ?' for key in keys)
            work.executemany(f'DELETE FROM "{name}" WHERE {where}', gone)
        if new:
            names = ", ".join(f'"{column}"' for column in columns)
            marks = ", ".join("?" * len(columns))
            work.executemany(f'INSERT OR REPLACE INTO "{name}" ({names}) VALUES ({marks})', new)
        touched += len(gone) + len(new)
    if index:
        columns = [row[1] for row in work.execute("PRAGMA table_info(texts_alone)")]
        work.executemany(
            f'INSERT INTO texts_alone (rowid, "{columns[-1]}") VALUES (?, ?)', enumerate(texts, 1))
    work.execute("COMMIT")
    cpu = time.process_time() - start
    touched += len(texts) if index else 0
    written = sum(size(row) for _, _, _, _, new in plan for row in new)
    print(json.dumps({
        "cpuSeconds": round(cpu, 4), "rows": touched, "sizeInBytes": written,
        "tables": {name: len(gone) + len(new) for name, _, _, gone, new in plan if gone or new}}))


main()
