-- Interpretability studies: what was fixed before, who took part under which pseudonym, every answer as it was given.

CREATE TABLE study (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    name           TEXT    NOT NULL,
    version        INTEGER NOT NULL,
    dataset        TEXT    NOT NULL,
    dataset_digest TEXT    NOT NULL,
    seed           INTEGER NOT NULL,
    protocol       TEXT    NOT NULL,                    -- JSON: design, stimuli, texts; never changes once locked
    protocol_hash  TEXT,                                -- set by locking
    created_at     INTEGER NOT NULL,                    -- Unix seconds
    locked_at      INTEGER,
    closed_at      INTEGER,                             -- data collection ended: from here on arms are unmasked
    UNIQUE (name, version)
) STRICT;

CREATE TRIGGER study_is_fixed_once_locked BEFORE UPDATE OF name, version, dataset, dataset_digest, seed, protocol,
    protocol_hash, created_at, locked_at ON study WHEN OLD.locked_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a locked study does not change'); END;

-- The arms, by their place in the design.
CREATE TABLE study_condition (
    study INTEGER NOT NULL REFERENCES study (id) ON DELETE CASCADE,
    arm   INTEGER NOT NULL,
    key   TEXT    NOT NULL,
    ids   TEXT    NOT NULL,                             -- fingerprint of the IDs
    PRIMARY KEY (study, arm)
) STRICT, WITHOUT ROWID;

CREATE TABLE study_stimulus (
    study    INTEGER NOT NULL REFERENCES study (id) ON DELETE CASCADE,
    idx      INTEGER NOT NULL,
    task     TEXT    NOT NULL,
    item     TEXT    NOT NULL,                          -- key of the anchor
    replaced INTEGER NOT NULL,                          -- how often it was replaced by hand
    PRIMARY KEY (study, idx)
) STRICT, WITHOUT ROWID;

CREATE TABLE study_instrument (
    study    INTEGER NOT NULL REFERENCES study (id) ON DELETE CASCADE,
    language TEXT    NOT NULL,
    version  INTEGER NOT NULL,
    digest   TEXT    NOT NULL,                          -- of the texts
    PRIMARY KEY (study, language)
) STRICT, WITHOUT ROWID;

-- A pseudonym and nothing else: names and addresses have no place in this file.
CREATE TABLE participant (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    study      INTEGER NOT NULL REFERENCES study (id) ON DELETE CASCADE,
    pseudonym  TEXT    NOT NULL UNIQUE,
    kind       TEXT    NOT NULL CHECK (kind IN ('person', 'simulated', 'model')),
    part       INTEGER NOT NULL CHECK (part IN (1, 2)), -- 2: matches names that others gave
    square_row INTEGER NOT NULL,                        -- in the Latin square
    session    TEXT    NOT NULL UNIQUE,                 -- token of the session
    key        BLOB    NOT NULL,                        -- signs the answers of this session
    created_at INTEGER NOT NULL,
    handed_in  INTEGER                                  -- when its answers were imported
) STRICT;
CREATE INDEX participant_by_study ON participant (study, kind);

CREATE TABLE consent (
    participant INTEGER PRIMARY KEY REFERENCES participant (id) ON DELETE CASCADE,
    text_hash   TEXT    NOT NULL,
    language    TEXT    NOT NULL,
    given_at    INTEGER NOT NULL
) STRICT;

-- The trials a participant was given: an attention check has no stimulus.
CREATE TABLE trial (
    participant INTEGER NOT NULL REFERENCES participant (id) ON DELETE CASCADE,
    position    INTEGER NOT NULL,
    task        TEXT    NOT NULL,
    plan        TEXT    NOT NULL,                       -- JSON: stimulus and arm, order on the screen
    shown_name  INTEGER,                                -- participant whose name for a code is matched
    PRIMARY KEY (participant, position)
) STRICT, WITHOUT ROWID;

-- Answers. One that is here stays as it is: no update, and no deletion but by withdrawal of the participant.
CREATE TABLE response (
    participant INTEGER NOT NULL,
    position    INTEGER NOT NULL,
    answer      TEXT    NOT NULL,                       -- JSON
    answered_at INTEGER NOT NULL,                       -- Unix milliseconds on the participant's clock
    received_at INTEGER NOT NULL,                       -- Unix seconds here
    mac         TEXT    NOT NULL,                       -- signature of this answer and all before it
    PRIMARY KEY (participant, position),
    FOREIGN KEY (participant, position) REFERENCES trial (participant, position)
) STRICT;

CREATE TABLE withdrawal_in_progress (
    participant INTEGER PRIMARY KEY
) STRICT;

CREATE TRIGGER responses_do_not_change BEFORE UPDATE ON response
BEGIN SELECT RAISE(ABORT, 'an answer that was given does not change'); END;

CREATE TRIGGER responses_go_by_withdrawal_only BEFORE DELETE ON response
WHEN NOT EXISTS (SELECT 1 FROM withdrawal_in_progress WHERE participant = OLD.participant)
BEGIN SELECT RAISE(ABORT, 'an answer is deleted by withdrawal of its participant only'); END;

-- What the rules said when the study was analysed.
CREATE TABLE exclusion (
    participant INTEGER PRIMARY KEY REFERENCES participant (id) ON DELETE CASCADE,
    rule        TEXT    NOT NULL,
    sentence    TEXT    NOT NULL
) STRICT;

-- Files the app wrote or read that hold answers, so that a withdrawal knows where to look.
CREATE TABLE export_log (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    study      INTEGER NOT NULL REFERENCES study (id) ON DELETE CASCADE,
    kind       TEXT    NOT NULL,                        -- 'results', 'session', 'answers'
    path       TEXT    NOT NULL,
    digest     TEXT    NOT NULL,                        -- of the file as it was
    pseudonym  TEXT,                                    -- whose; none: of all
    at         INTEGER NOT NULL
) STRICT;

CREATE TABLE deletion_log (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    study     INTEGER NOT NULL REFERENCES study (id) ON DELETE CASCADE,
    pseudonym TEXT    NOT NULL,
    responses INTEGER NOT NULL,
    files     TEXT    NOT NULL,                         -- JSON: what became of each exported file
    at        INTEGER NOT NULL
) STRICT;
