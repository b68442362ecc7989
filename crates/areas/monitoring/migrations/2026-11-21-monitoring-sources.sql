-- Registered senders of events, whose they were when, and when they were heard.
CREATE TABLE sources (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    name_fold TEXT NOT NULL,
    name_sort TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    -- "listener|peer|host" of a source that the program made for an unknown sender.
    sender_key TEXT UNIQUE,
    match_listener TEXT,
    match_network TEXT,
    match_host TEXT,
    format TEXT,
    time_zone TEXT,
    year_default BIGINT,
    expected BOOLEAN NOT NULL,
    max_silence_minutes BIGINT NOT NULL,
    note TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX sources_state ON sources (state);
CREATE TABLE source_assignments (
    id TEXT PRIMARY KEY,
    source_id TEXT NOT NULL REFERENCES sources (id),
    system_id TEXT,
    agency_id TEXT NOT NULL,
    valid_from BIGINT NOT NULL,
    valid_to BIGINT,
    recorded_at BIGINT NOT NULL,
    recorded_by TEXT NOT NULL
);
CREATE INDEX source_assignments_source ON source_assignments (source_id, valid_from);
CREATE INDEX source_assignments_agency ON source_assignments (agency_id);
CREATE INDEX source_assignments_system ON source_assignments (system_id);
CREATE TABLE source_status (
    source_id TEXT PRIMARY KEY REFERENCES sources (id),
    first_seen BIGINT,
    last_seen BIGINT,
    -- Newest arrival through a live listener; imports do not count.
    last_live BIGINT,
    last_event_time BIGINT,
    -- Median of arrival minus event time, microseconds, of recent live events with exact times.
    lag BIGINT,
    rate_per_minute DOUBLE PRECISION NOT NULL,
    events BIGINT NOT NULL,
    not_understood BIGINT NOT NULL,
    last_sequence BIGINT NOT NULL,
    silent_since BIGINT,
    told_at BIGINT
);
CREATE TABLE source_presence (
    source_id TEXT NOT NULL REFERENCES sources (id),
    hour_start BIGINT NOT NULL,
    -- Bit n is set when something arrived in minute n of the hour.
    minutes_seen BIGINT NOT NULL,
    events BIGINT NOT NULL,
    PRIMARY KEY (source_id, hour_start)
);
CREATE INDEX source_presence_hour ON source_presence (hour_start);
