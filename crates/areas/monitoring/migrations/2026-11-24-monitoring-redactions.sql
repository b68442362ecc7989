-- Fields of a source whose values are not kept (data minimisation): dropped, or put as a keyed hash, before anything is stored.
-- An ended rule stays: it says how what arrived then was kept.
CREATE TABLE source_redactions (
    id TEXT PRIMARY KEY,
    source_id TEXT NOT NULL REFERENCES sources (id),
    field TEXT NOT NULL,
    act TEXT NOT NULL,
    reason TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    ended_at BIGINT,
    records BIGINT NOT NULL
);
CREATE INDEX source_redactions_source ON source_redactions (source_id);

-- The key of the hashes, sealed; one for the whole centre, so that equal values are equal everywhere.
CREATE TABLE redaction_keys (
    id TEXT PRIMARY KEY,
    sealed_key TEXT NOT NULL
);
