-- What is normal for a source, a machine, an account or a pair, as the engine keeps it, up to the position of that name in
-- detection_cursor, which is written with it.
CREATE TABLE baselines (
    detector TEXT NOT NULL,
    -- Whose events are compared with one another: an agency, or a source that is nobody's yet.
    scope TEXT NOT NULL,
    -- The source's id, or the values of the columns that the detector goes by.
    subject TEXT NOT NULL,
    agency_id TEXT,
    -- First and last observation.
    since BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (detector, scope, subject)
);
CREATE INDEX baselines_agency ON baselines (agency_id, detector, since);
-- What was unusual, with what would have been normal; its alert has the detector for a rule.
CREATE TABLE early_warnings (
    id TEXT PRIMARY KEY,
    detector TEXT NOT NULL,
    agency_id TEXT,
    source_id TEXT NOT NULL,
    entity_kind TEXT NOT NULL,
    entity_value TEXT NOT NULL,
    -- The event with which it became unusual.
    sequence BIGINT NOT NULL,
    time BIGINT NOT NULL,
    -- JSON: what was observed, what is normal, and the figures of the chart.
    anomaly TEXT NOT NULL
);
CREATE INDEX early_warnings_time ON early_warnings (time, agency_id);
CREATE INDEX early_warnings_sequence ON early_warnings (detector, sequence);
