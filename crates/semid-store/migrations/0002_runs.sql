-- Runs: what was asked, how far it came, and every number it measured.

CREATE TABLE run (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,   -- a number that was deleted never comes back
    name           TEXT    NOT NULL,
    dataset        TEXT    NOT NULL,                    -- name: a finished run outlives its data set
    dataset_digest TEXT    NOT NULL,
    settings       TEXT    NOT NULL,                    -- the experiment file
    fingerprint    TEXT    NOT NULL,                    -- of the settings and the data
    protocol       TEXT    NOT NULL,                    -- digest: only equal ones may be compared
    status         TEXT    NOT NULL
        CHECK (status IN ('queued', 'running', 'finished', 'failed', 'cancelled', 'interrupted')),
    created_at     INTEGER NOT NULL,                    -- Unix seconds
    started_at     INTEGER,
    ended_at       INTEGER,
    error          TEXT,
    process        INTEGER,                             -- number of the process that runs or ran it
    owner          TEXT,                                -- token of the run lock it started under
    cancel_asked   INTEGER NOT NULL DEFAULT 0,
    progress       TEXT                                 -- JSON: the latest view of a running run
) STRICT;
CREATE INDEX run_by_fingerprint ON run (fingerprint);
CREATE INDEX run_by_status ON run (status);

CREATE TABLE run_stage (
    run         INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    position    INTEGER NOT NULL,
    stage       TEXT    NOT NULL,
    fingerprint TEXT,                                   -- of the artifact it left, if any
    secs        REAL    NOT NULL,
    reused      INTEGER NOT NULL CHECK (reused IN (0, 1)),
    PRIMARY KEY (run, position),
    UNIQUE (run, stage)
) STRICT, WITHOUT ROWID;
CREATE INDEX run_stage_by_fingerprint ON run_stage (fingerprint);

CREATE TABLE run_arm (
    run         INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    arm         TEXT    NOT NULL,
    position    INTEGER NOT NULL,
    title       TEXT    NOT NULL,
    recommender TEXT    NOT NULL,
    ids         TEXT,
    cost        TEXT    NOT NULL,                       -- JSON
    health      TEXT    NOT NULL,                       -- JSON
    PRIMARY KEY (run, arm)
) STRICT, WITHOUT ROWID;

CREATE TABLE measurement (
    run    INTEGER NOT NULL,
    arm    TEXT    NOT NULL,
    seed   INTEGER NOT NULL,
    metric TEXT    NOT NULL,
    value  REAL    NOT NULL,
    n      INTEGER NOT NULL,                            -- users judged
    PRIMARY KEY (run, arm, seed, metric),
    FOREIGN KEY (run, arm) REFERENCES run_arm (run, arm) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- The users a run judged, in the order of every per-user vector and list of that run.
CREATE TABLE run_user_order (
    run   INTEGER PRIMARY KEY REFERENCES run (id) ON DELETE CASCADE,
    users BLOB    NOT NULL                              -- u32 each, packed
) STRICT;

CREATE TABLE per_user (
    run    INTEGER NOT NULL,
    arm    TEXT    NOT NULL,
    seed   INTEGER NOT NULL,
    metric TEXT    NOT NULL,
    users  INTEGER NOT NULL,
    vals   BLOB    NOT NULL,                            -- f64 each, packed
    PRIMARY KEY (run, arm, seed, metric),
    FOREIGN KEY (run, arm) REFERENCES run_arm (run, arm) ON DELETE CASCADE
) STRICT;

-- Ranked lists, 256 users to a chunk, so that one list opens without reading the rest.
CREATE TABLE ranked_list_chunk (
    run   INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    arm   TEXT    NOT NULL,
    seed  INTEGER NOT NULL,
    first INTEGER NOT NULL,                             -- position in the user order of the chunk's first list
    lists BLOB    NOT NULL,
    PRIMARY KEY (run, arm, seed, first)
) STRICT;

-- Curves grow while a run trains, before it has arms.
CREATE TABLE curve_point (
    run    INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    arm    TEXT    NOT NULL,
    seed   INTEGER NOT NULL,
    series TEXT    NOT NULL,
    at     INTEGER NOT NULL,
    value  REAL    NOT NULL,
    PRIMARY KEY (run, arm, seed, series, at)
) STRICT, WITHOUT ROWID;

CREATE TABLE comparison (
    run  INTEGER PRIMARY KEY REFERENCES run (id) ON DELETE CASCADE,
    json TEXT    NOT NULL
) STRICT;
