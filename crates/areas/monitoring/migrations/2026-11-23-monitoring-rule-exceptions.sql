-- What a rule is not to alert on, for a while, without a word of its text changed.
CREATE TABLE rule_exceptions (
    id TEXT PRIMARY KEY,
    rule_id TEXT NOT NULL,
    -- Where it holds: a source, else a system, else an agency with everything below it, else the whole centre. The agency is
    -- also whose record it is.
    agency_id TEXT,
    system_id TEXT,
    source_id TEXT,
    -- JSON list of {field, values}; all must hold.
    conditions TEXT NOT NULL,
    reason TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    -- Alert that it was made from.
    alert_id TEXT,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    removed_by TEXT,
    removed_at BIGINT,
    removed_reason TEXT
);
CREATE INDEX rule_exceptions_rule ON rule_exceptions (rule_id);
CREATE INDEX rule_exceptions_agency ON rule_exceptions (agency_id);
CREATE INDEX rule_exceptions_expiry ON rule_exceptions (removed_at, expires_at);
