-- Looking for a rule or for indicators in what is stored already, as a job.
CREATE TABLE hunts (
    id TEXT PRIMARY KEY,
    -- rule, indicator or list, its id, and its name when the hunt began.
    subject_kind TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    subject_name TEXT NOT NULL,
    time_from BIGINT NOT NULL,
    time_to BIGINT NOT NULL,
    state TEXT NOT NULL,
    owner_id TEXT NOT NULL,
    -- Agency that the owner acted for; NULL is the whole centre.
    reach_agency_id TEXT,
    -- Sequences that hold the window; NULL before the hunt began.
    first_sequence BIGINT,
    last_sequence BIGINT,
    -- Everything below has been looked at, in the transaction that wrote its alerts.
    next_sequence BIGINT NOT NULL,
    events BIGINT NOT NULL,
    matches BIGINT NOT NULL,
    alerts BIGINT NOT NULL,
    -- Whose records were read, as a JSON object from agency to number, for the trail.
    touched TEXT NOT NULL,
    -- The trail has it.
    told BOOLEAN NOT NULL,
    error_key TEXT,
    error_words TEXT,
    created_at BIGINT NOT NULL,
    started_at BIGINT,
    ended_at BIGINT
);
CREATE INDEX hunts_state ON hunts (state, created_at);
CREATE INDEX hunts_created ON hunts (created_at);
-- Alerts that a hunt raised and that no record has joined since: they are of the past and call nobody.
CREATE TABLE hunt_alerts (
    alert_id TEXT PRIMARY KEY REFERENCES alerts (id) ON DELETE CASCADE,
    hunt_id TEXT NOT NULL REFERENCES hunts (id)
);
CREATE INDEX hunt_alerts_hunt ON hunt_alerts (hunt_id);
