-- Alerts: grouped matches. One row per (rule, group, first sequence), so that reading the log again changes nothing.
CREATE TABLE alerts (
    id TEXT PRIMARY KEY,
    rule_id TEXT NOT NULL,
    rule_title TEXT NOT NULL,
    rule_title_vi TEXT,
    title_fold TEXT NOT NULL,
    rule_level TEXT NOT NULL,
    group_key TEXT NOT NULL,
    first_sequence BIGINT NOT NULL,
    last_sequence BIGINT NOT NULL,
    source_id TEXT NOT NULL,
    system_id TEXT,
    system_level BIGINT,
    agency_id TEXT,
    entity_kind TEXT NOT NULL,
    entity_value TEXT NOT NULL,
    severity TEXT NOT NULL,
    severity_rank BIGINT NOT NULL,
    score BIGINT NOT NULL,
    state TEXT NOT NULL,
    count BIGINT NOT NULL,
    first_event_time BIGINT NOT NULL,
    last_event_time BIGINT NOT NULL,
    first_event_recorded BIGINT NOT NULL,
    detected_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    techniques TEXT NOT NULL,
    samples TEXT NOT NULL,
    damped BOOLEAN NOT NULL,
    seen_at BIGINT,
    seen_by TEXT,
    acknowledged_at BIGINT,
    acknowledged_by TEXT,
    assigned_to TEXT,
    assigned_at BIGINT,
    escalated_at BIGINT,
    escalated_by TEXT,
    closed_at BIGINT,
    closed_by TEXT,
    close_reason TEXT,
    close_note TEXT
);
CREATE UNIQUE INDEX alerts_identity ON alerts (rule_id, group_key, first_sequence);
CREATE INDEX alerts_group ON alerts (group_key, last_event_time);
CREATE INDEX alerts_newest ON alerts (last_event_time);
CREATE INDEX alerts_updated ON alerts (updated_at);
CREATE INDEX alerts_state ON alerts (state, last_event_time);
CREATE INDEX alerts_entity ON alerts (entity_kind, entity_value, last_event_time);
CREATE INDEX alerts_agency ON alerts (agency_id, last_event_time);
CREATE INDEX alerts_source ON alerts (source_id);
-- How far detection has come; written in the transaction that writes the alerts.
CREATE TABLE detection_cursor (
    name TEXT PRIMARY KEY,
    sequence BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
