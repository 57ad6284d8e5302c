-- Vectors of texts, so that an edited catalog embeds only what changed; and what a person set for the workspace.

CREATE TABLE embedding_model (
    id     INTEGER PRIMARY KEY,
    digest TEXT    NOT NULL UNIQUE,
    dim    INTEGER NOT NULL
) STRICT;

CREATE TABLE embedding (
    model  INTEGER NOT NULL REFERENCES embedding_model (id) ON DELETE CASCADE,
    text   BLOB    NOT NULL,                    -- 32 bytes: digest of the text
    vector BLOB    NOT NULL,                    -- f32 each, little-endian
    PRIMARY KEY (model, text)
) STRICT;

CREATE TABLE setting (
    key   TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
