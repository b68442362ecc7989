-- Searches and questions that people keep, and what runs by itself.
CREATE TABLE saved_searches (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    name_fold TEXT NOT NULL,
    name_sort TEXT NOT NULL,
    description TEXT NOT NULL,
    query_text TEXT NOT NULL,
    -- Code of a range that ends when it is opened, or empty with the ends given one by one.
    time_range TEXT NOT NULL,
    time_from BIGINT,
    time_to BIGINT,
    -- Names with commas between them.
    column_names TEXT NOT NULL,
    sharing TEXT NOT NULL,
    owner_id TEXT NOT NULL,
    agency_id TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX saved_searches_owner ON saved_searches (owner_id);
CREATE INDEX saved_searches_sharing ON saved_searches (sharing, agency_id);
CREATE TABLE search_schedules (
    saved_search_id TEXT PRIMARY KEY REFERENCES saved_searches (id),
    state TEXT NOT NULL,
    stop_reason TEXT,
    every_minutes BIGINT NOT NULL,
    threshold BIGINT NOT NULL,
    group_by TEXT,
    severity TEXT NOT NULL,
    window_minutes BIGINT NOT NULL,
    quiet_minutes BIGINT NOT NULL,
    longest_delay_minutes BIGINT,
    -- Agency that the owner acted for when the schedule was made; NULL is the whole centre.
    reach_agency_id TEXT,
    -- Grows with every change of the search or its schedule, so that a run of the old one writes nothing.
    revision BIGINT NOT NULL,
    -- Everything up to here has been looked at, in the transaction that wrote its alerts.
    last_sequence BIGINT NOT NULL,
    next_run_at BIGINT NOT NULL,
    last_run_at BIGINT,
    last_matches BIGINT,
    last_alert_at BIGINT,
    -- Matches that lay in a quiet period.
    quiet_matches BIGINT NOT NULL,
    error_key TEXT,
    error_words TEXT,
    error_at BIGINT
);
CREATE INDEX search_schedules_due ON search_schedules (state, next_run_at);
