-- What people decided about a rule; a rule without a row is on.
CREATE TABLE rule_states (
    rule_id TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    changed_by TEXT NOT NULL,
    changed_at BIGINT NOT NULL
);
-- Matches of rules by hour of arrival, written in the transaction that moves the detection cursor.
CREATE TABLE rule_hits (
    -- Hash of everything that tells one group from another.
    id TEXT PRIMARY KEY,
    rule_id TEXT NOT NULL,
    hour_start BIGINT NOT NULL,
    source_id TEXT,
    system_id TEXT,
    agency_id TEXT,
    -- Values of the columns in content/monitoring/tuning.toml, as a JSON object.
    entities TEXT NOT NULL,
    -- False where groups beyond the limit are counted together.
    detailed BOOLEAN NOT NULL,
    alerted BIGINT NOT NULL,
    shadowed BIGINT NOT NULL,
    excepted BIGINT NOT NULL
);
CREATE INDEX rule_hits_rule ON rule_hits (rule_id, hour_start);
CREATE INDEX rule_hits_hour ON rule_hits (hour_start);
