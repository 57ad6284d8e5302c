-- Data sets: the catalog, who met which item when, and what was wrong with the rows of the files.

CREATE TABLE dataset (
    id            INTEGER PRIMARY KEY,
    name          TEXT    NOT NULL UNIQUE,
    title         TEXT    NOT NULL,
    licence       TEXT    NOT NULL,
    simulated     INTEGER NOT NULL CHECK (simulated IN (0, 1)),
    source        TEXT    NOT NULL,
    text_template TEXT    NOT NULL,
    settings      TEXT    NOT NULL,             -- JSON: columns, filters of the import
    digest        TEXT    NOT NULL,             -- of items, users and interactions as stored
    imported_at   INTEGER NOT NULL,             -- Unix seconds
    items         INTEGER NOT NULL,
    users         INTEGER NOT NULL,
    interactions  INTEGER NOT NULL,
    problems      INTEGER NOT NULL
) STRICT;

CREATE TABLE item (
    dataset    INTEGER NOT NULL REFERENCES dataset (id) ON DELETE CASCADE,
    idx        INTEGER NOT NULL,
    key        TEXT    NOT NULL,
    title      TEXT    NOT NULL,
    text       TEXT    NOT NULL,
    categories TEXT    NOT NULL,                -- JSON array, coarse to fine
    PRIMARY KEY (dataset, idx),
    UNIQUE (dataset, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE user_key (
    dataset INTEGER NOT NULL REFERENCES dataset (id) ON DELETE CASCADE,
    idx     INTEGER NOT NULL,
    key     TEXT    NOT NULL,
    PRIMARY KEY (dataset, idx)
) STRICT, WITHOUT ROWID;

-- Interactions in the order of the file, column by column, 16,384 rows to a chunk: the engine always reads all of them,
-- and a table row each takes about ten times as long to write.
CREATE TABLE interaction_chunk (
    dataset INTEGER NOT NULL REFERENCES dataset (id) ON DELETE CASCADE,
    first   INTEGER NOT NULL,                   -- position in the file of the chunk's first row
    users   BLOB    NOT NULL,                   -- u32 each, little-endian
    items   BLOB    NOT NULL,                   -- u32 each
    ratings BLOB,                               -- f32 each, NaN: no rating; NULL: no row has one
    times   BLOB,                               -- i64 each, the smallest: no time; NULL: no row has one
    PRIMARY KEY (dataset, first)
) STRICT;

CREATE TABLE import_problem (
    dataset INTEGER NOT NULL REFERENCES dataset (id) ON DELETE CASCADE,
    idx     INTEGER NOT NULL,
    file    TEXT    NOT NULL,
    line    INTEGER,
    kind    TEXT    NOT NULL,
    reason  TEXT    NOT NULL,
    snippet TEXT    NOT NULL,
    PRIMARY KEY (dataset, idx)
) STRICT, WITHOUT ROWID;

CREATE TABLE import_problem_count (
    dataset INTEGER NOT NULL REFERENCES dataset (id) ON DELETE CASCADE,
    kind    TEXT    NOT NULL,
    rows    INTEGER NOT NULL,
    PRIMARY KEY (dataset, kind)
) STRICT, WITHOUT ROWID;
