-- Sheaf's store, version 1. Explained in store.md; migrations live in
-- Sources/SheafStore/StoreMigrations.swift and a test compares the two.

-- Facts about this copy: library, name, role, depth, subscription, log edge.
CREATE TABLE meta (
  key TEXT PRIMARY KEY,
  value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE document (
  id INTEGER PRIMARY KEY,
  path TEXT NOT NULL UNIQUE,
  folded INTEGER NOT NULL,
  title TEXT,
  collection TEXT NOT NULL
    AS (iif(instr(path, '/') > 0, substr(path, 1, instr(path, '/') - 1), '.')) VIRTUAL
) STRICT;
CREATE INDEX document_by_folded ON document (folded);

-- Bodies compressed together; entries: how many were, held: how many of them are still in use.
CREATE TABLE pack (
  id INTEGER PRIMARY KEY,
  entries INTEGER NOT NULL,
  held INTEGER NOT NULL,
  data BLOB NOT NULL
) STRICT;

-- Content, once by hash. coding 0: as it is; 1: raw deflate; 2: a delta against another
-- body (depth counts the bases below); 3: an entry of a pack, as a delta where it has a base; 9: an asset.
CREATE TABLE body (
  id INTEGER PRIMARY KEY,
  hash BLOB NOT NULL CHECK (length(hash) = 32),
  size INTEGER NOT NULL,
  coding INTEGER NOT NULL,
  base INTEGER REFERENCES body (id),
  depth INTEGER NOT NULL,
  pack INTEGER REFERENCES pack (id),
  entry INTEGER,
  data BLOB NOT NULL
) STRICT;
CREATE INDEX body_by_hash ON body (substr(hash, 1, 8));
CREATE INDEX body_by_base ON body (base) WHERE base IS NOT NULL;

-- Assets (assets.md): a body of coding 9 has no data of its own but chunks, each stored once by hash.
-- coding of a chunk, 0: as it is; 1: raw deflate. start: the offset in the asset.
CREATE TABLE chunk (
  id INTEGER PRIMARY KEY,
  hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
  size INTEGER NOT NULL,
  coding INTEGER NOT NULL,
  data BLOB NOT NULL
) STRICT;
CREATE TABLE asset_chunk (
  body INTEGER NOT NULL REFERENCES body (id) ON DELETE CASCADE,
  start INTEGER NOT NULL,
  chunk INTEGER NOT NULL REFERENCES chunk (id),
  PRIMARY KEY (body, start)
) STRICT, WITHOUT ROWID;
CREATE INDEX asset_chunk_by_chunk ON asset_chunk (chunk);
CREATE TRIGGER asset_chunk_gone AFTER DELETE ON asset_chunk
WHEN NOT EXISTS (SELECT 1 FROM asset_chunk WHERE chunk = OLD.chunk)
BEGIN
  DELETE FROM chunk WHERE id = OLD.chunk;
END;
-- Assets that this copy knows of and does not hold.
CREATE TABLE absent_asset (
  hash BLOB PRIMARY KEY CHECK (length(hash) = 32),
  size INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The log. leaf: its hash's first bytes. note: only where it does not follow from the other columns.
-- reason_seal: the reason's commitment, which outlives it. proof: the subset proof where this
-- copy holds a part of the lines.
CREATE TABLE author (
  id INTEGER PRIMARY KEY,
  key BLOB NOT NULL UNIQUE
) STRICT;
CREATE TABLE change_set (
  number INTEGER PRIMARY KEY,
  leaf BLOB NOT NULL CHECK (length(leaf) = 8),
  note BLOB,
  signature BLOB,
  seen_root BLOB,
  lines_root BLOB,
  reason_seal BLOB,
  seed BLOB,
  reason BLOB,
  author INTEGER NOT NULL REFERENCES author (id),
  after_leaf BLOB,
  seen INTEGER NOT NULL,
  time INTEGER NOT NULL,
  effective_time INTEGER NOT NULL,
  line_count INTEGER NOT NULL,
  proof BLOB
) STRICT;
CREATE INDEX change_set_by_leaf ON change_set (leaf);
CREATE INDEX change_set_by_author ON change_set (author);
CREATE INDEX change_set_by_time ON change_set (effective_time);
-- Reasons of 64 change sets together, which change_set has not any more.
CREATE TABLE reasons (
  span INTEGER PRIMARY KEY,
  data BLOB NOT NULL
) STRICT;

-- The lines. id: the change set's number and the line's in one. base: of a move the document's row, where it has
-- one. content: the hash, or the row of the body. commitment: only where it can't be computed from seed and content.
CREATE TABLE revision (
  id INTEGER PRIMARY KEY,
  document INTEGER NOT NULL REFERENCES document (id),
  verb TEXT NOT NULL,
  base ANY NOT NULL,
  size INTEGER,
  content ANY,
  commitment BLOB,
  change_set INTEGER NOT NULL AS (id >> 17) VIRTUAL,
  line INTEGER NOT NULL AS (id & 131071) VIRTUAL
) STRICT;
CREATE INDEX revision_by_document ON revision (document);
CREATE INDEX revision_by_content ON revision (iif(typeof(content) = 'blob', substr(content, 1, 8), content))
  WHERE content IS NOT NULL;
CREATE INDEX revision_by_verb ON revision (verb) WHERE verb NOT IN ('put', 'move', 'delete');

-- Salts of what is left of change sets whose seed was destroyed (redaction.md); line 0 is the reason's.
CREATE TABLE salt (
  change_set INTEGER NOT NULL,
  line INTEGER NOT NULL,
  salt BLOB NOT NULL CHECK (length(salt) = 16),
  PRIMARY KEY (change_set, line)
) STRICT, WITHOUT ROWID;

-- What contents are like: the numbers of a revision's sketch.
CREATE TABLE sketch (
  value INTEGER NOT NULL,
  revision INTEGER NOT NULL REFERENCES revision (id),
  PRIMARY KEY (value, revision)
) STRICT, WITHOUT ROWID;

-- The hashes of perfect subtrees of the log, of every fourth level; level 0 holds the leaves.
CREATE TABLE log_node (
  level INTEGER NOT NULL,
  position INTEGER NOT NULL,
  hash BLOB NOT NULL CHECK (length(hash) = 32),
  PRIMARY KEY (level, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE checkpoint (
  size INTEGER PRIMARY KEY,
  root BLOB,
  signature BLOB,
  state_root BLOB,
  state_signature BLOB,
  note BLOB,
  state_note BLOB
) STRICT;

-- State roots of change sets that are in the log and not signed yet: filled with the change set,
-- emptied by the signing that follows.
CREATE TABLE unsigned (
  size INTEGER PRIMARY KEY,
  state_root BLOB NOT NULL CHECK (length(state_root) = 32)
) STRICT;

-- Who cosigned which checkpoints when: the publisher's clock and witnesses.
CREATE TABLE cosigner (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  key BLOB NOT NULL CHECK (length(key) = 32),
  UNIQUE (name, key)
) STRICT;
CREATE TABLE cosignature (
  size INTEGER NOT NULL,
  cosigner INTEGER NOT NULL REFERENCES cosigner (id),
  time INTEGER NOT NULL,
  signature BLOB NOT NULL CHECK (length(signature) = 64),
  PRIMARY KEY (size, cosigner, time)
) STRICT, WITHOUT ROWID;
CREATE INDEX cosignature_by_cosigner ON cosignature (cosigner, time);
CREATE INDEX cosignature_by_size ON cosignature (cosigner, size, time);

-- What binds the publisher's clock to the library: the note of each of its keys that was seen.
CREATE TABLE time_key (
  generation INTEGER PRIMARY KEY,
  note BLOB NOT NULL
) STRICT;

-- Checkpoints of this log's key that contradict this copy's, each with the own one.
CREATE TABLE split_view (
  theirs BLOB PRIMARY KEY,
  own BLOB NOT NULL,
  size INTEGER NOT NULL,
  place TEXT NOT NULL,
  time INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Drafts of this copy and what became of them.
CREATE TABLE draft (
  id INTEGER PRIMARY KEY,
  leaf BLOB NOT NULL UNIQUE,
  note BLOB NOT NULL,
  seed BLOB NOT NULL,
  reason BLOB NOT NULL,
  outcome TEXT NOT NULL CHECK (
    outcome IN ('waiting', 'deposited', 'logged', 'refused', 'proposed', 'accepted', 'declined', 'decided')),
  change_set INTEGER,
  receipt TEXT,
  refusal TEXT
) STRICT;
CREATE INDEX draft_unanswered ON draft (id) WHERE outcome IN ('waiting', 'deposited');
CREATE TABLE draft_line (
  draft INTEGER NOT NULL REFERENCES draft (id),
  line INTEGER NOT NULL,
  path TEXT NOT NULL,
  verb TEXT NOT NULL,
  base TEXT NOT NULL,
  size INTEGER,
  content BLOB,
  base_content BLOB,
  PRIMARY KEY (draft, line)
) STRICT, WITHOUT ROWID;
CREATE INDEX draft_line_by_path ON draft_line (path);

-- Drafts that a publisher could not take, kept whole for two people to look at.
CREATE TABLE quarantine (
  leaf BLOB PRIMARY KEY,
  note BLOB NOT NULL,
  seed BLOB NOT NULL,
  reason BLOB NOT NULL,
  lines TEXT NOT NULL,
  refusal TEXT NOT NULL,
  time INTEGER NOT NULL,
  author BLOB NOT NULL,
  carrier BLOB NOT NULL,
  size INTEGER NOT NULL,
  change_set INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX quarantine_by_carrier ON quarantine (carrier, time, size);
CREATE TABLE quarantine_body (
  leaf BLOB NOT NULL REFERENCES quarantine (leaf),
  hash BLOB NOT NULL,
  PRIMARY KEY (leaf, hash)
) STRICT, WITHOUT ROWID;

-- Invitations that a publisher made; the codes are nowhere.
CREATE TABLE invitation (
  id BLOB PRIMARY KEY CHECK (length(id) = 4),
  key BLOB NOT NULL CHECK (length(key) = 32),
  name TEXT NOT NULL,
  role TEXT NOT NULL,
  site TEXT,
  collections TEXT,
  expires INTEGER NOT NULL,
  used_by BLOB,
  change_set INTEGER
) STRICT, WITHOUT ROWID;

-- From here on: projections of the log, dropped and rebuilt by `sheaf verify --rebuild`.

-- What a revision was made from, found out, and how it stood among the heads.
CREATE TABLE lineage (
  revision INTEGER PRIMARY KEY REFERENCES revision (id),
  parents ANY NOT NULL,
  rank INTEGER NOT NULL,
  superseded INTEGER,
  proposed INTEGER NOT NULL
) STRICT;

CREATE TABLE head (
  document INTEGER NOT NULL REFERENCES document (id),
  position INTEGER NOT NULL,
  revision INTEGER,
  content BLOB,
  size INTEGER,
  PRIMARY KEY (document, position)
) STRICT, WITHOUT ROWID;
CREATE TABLE conflict (
  document INTEGER PRIMARY KEY REFERENCES document (id),
  base BLOB,
  severity INTEGER,
  parts INTEGER,
  place TEXT
) STRICT;

-- Edits that wait for somebody to accept or decline them.
CREATE TABLE proposal (
  document INTEGER NOT NULL REFERENCES document (id),
  change_set INTEGER NOT NULL,
  line INTEGER NOT NULL,
  revision INTEGER,
  content BLOB,
  size INTEGER,
  PRIMARY KEY (document, change_set, line)
) STRICT, WITHOUT ROWID;

-- Electronic signatures: which line signs which revision. withdrawn: the change set by which its author
-- took it back.
CREATE TABLE signature (
  revision INTEGER PRIMARY KEY REFERENCES revision (id),
  signed INTEGER NOT NULL REFERENCES revision (id),
  author INTEGER NOT NULL REFERENCES author (id),
  withdrawn INTEGER
) STRICT;
CREATE INDEX signature_by_signed ON signature (signed);

-- Revisions whose content is to be destroyed, the change set with which that took effect, and that of the
-- first person.
CREATE TABLE redaction (
  revision INTEGER PRIMARY KEY REFERENCES revision (id),
  change_set INTEGER NOT NULL,
  asked INTEGER NOT NULL
) STRICT;
CREATE INDEX redaction_by_change_set ON redaction (change_set);
-- Who has asked for a revision's content to be destroyed, while that waits for a second person.
CREATE TABLE redaction_request (
  revision INTEGER NOT NULL REFERENCES revision (id),
  author INTEGER NOT NULL REFERENCES author (id),
  change_set INTEGER NOT NULL,
  PRIMARY KEY (revision, author)
) STRICT, WITHOUT ROWID;

CREATE TABLE state_leaf (
  collection TEXT NOT NULL,
  key BLOB NOT NULL,
  leaf BLOB NOT NULL,
  PRIMARY KEY (collection, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE state_node (
  collection TEXT NOT NULL,
  prefix BLOB NOT NULL,
  count INTEGER NOT NULL,
  digest BLOB NOT NULL,
  PRIMARY KEY (collection, prefix)
) STRICT, WITHOUT ROWID;
-- held = 0: a collection outside the subscription, whose root came with a bundle.
CREATE TABLE state_collection (
  collection TEXT PRIMARY KEY,
  count INTEGER NOT NULL,
  root BLOB NOT NULL,
  held INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The search index follows the heads a little later: stale lists what it has yet to take in. It keeps
-- no text; search_row tells which document its rows are about, none for a row that is worn.
CREATE VIRTUAL TABLE search USING fts5 (
  text, content = '', columnsize = 0, detail = none, tokenize = 'unicode61 remove_diacritics 2'
);
CREATE TABLE search_row (
  id INTEGER PRIMARY KEY,
  document INTEGER UNIQUE
) STRICT;
CREATE TABLE search_stale (
  document INTEGER PRIMARY KEY
) STRICT;

-- Which change set's reason holds which word, and which name: filled when somebody first asks, up to what
-- `meta` says in `reasons-searched`.
CREATE VIRTUAL TABLE reason_search USING fts5 (
  who, why, content = '', columnsize = 0, detail = column, tokenize = 'unicode61 remove_diacritics 2'
);
