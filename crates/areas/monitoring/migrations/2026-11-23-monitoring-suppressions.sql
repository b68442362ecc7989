-- Windows in which alerts are held back: kept and counted, told to nobody.
CREATE TABLE suppressions (
    id TEXT PRIMARY KEY,
    -- maintenance, drill or other.
    kind TEXT NOT NULL,
    -- NULL holds for every rule.
    rule_id TEXT,
    -- Where it holds, as with exceptions: a source, else a system, else an agency with everything below it, else the whole
    -- centre. The agency is also whose record it is.
    agency_id TEXT,
    system_id TEXT,
    source_id TEXT,
    -- JSON list of {field, values}: what the matching events must be about.
    conditions TEXT NOT NULL,
    reason TEXT NOT NULL,
    starts_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    -- Alert that it was made from.
    alert_id TEXT,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    -- Ended before its time.
    ended_by TEXT,
    ended_at BIGINT,
    end_reason TEXT
);
CREATE INDEX suppressions_end ON suppressions (ends_at);
CREATE INDEX suppressions_agency ON suppressions (agency_id);
ALTER TABLE alerts ADD COLUMN suppression_id TEXT;
CREATE INDEX alerts_suppression ON alerts (suppression_id);
