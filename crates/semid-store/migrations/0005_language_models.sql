-- What language models were asked and what they answered, so that the same question costs nothing twice and any answer can
-- be opened with its prompt.

CREATE TABLE language_reply (
    digest  TEXT    PRIMARY KEY,                        -- of the model, the prompt, the sampling, the form of the answer
    request TEXT    NOT NULL,                           -- JSON
    reply   TEXT    NOT NULL,                           -- JSON
    at      INTEGER NOT NULL                            -- Unix seconds
) STRICT, WITHOUT ROWID;
