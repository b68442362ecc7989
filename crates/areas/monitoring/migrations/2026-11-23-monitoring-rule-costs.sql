-- What rules cost when they were measured last, each alone over the newest events; gone when the text changes.
CREATE TABLE rule_costs (
    rule_id TEXT PRIMARY KEY,
    -- Per event of the rule's kind of log; NULL where there was none among the sample.
    nanoseconds DOUBLE PRECISION,
    -- Events of its kind, and all that were looked at.
    events BIGINT NOT NULL,
    sample BIGINT NOT NULL,
    measured_at BIGINT NOT NULL
);
