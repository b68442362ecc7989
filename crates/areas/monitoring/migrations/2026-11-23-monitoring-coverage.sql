-- When a source is to be heard: always, office or learned; what of a system it watches, where its kind does not say it.
ALTER TABLE sources ADD COLUMN rhythm TEXT NOT NULL DEFAULT 'always';
ALTER TABLE sources ADD COLUMN solution_group TEXT;
-- Alerts that tell of the silence or flood under way.
ALTER TABLE source_status ADD COLUMN silence_alert_id TEXT;
ALTER TABLE source_status ADD COLUMN flood_since BIGINT;
ALTER TABLE source_status ADD COLUMN flood_alert_id TEXT;
-- What was expected of a source, from when until when: retiring it or asking less of it changes nothing of the past.
CREATE TABLE source_expectations (
    source_id TEXT NOT NULL REFERENCES sources (id),
    valid_from BIGINT NOT NULL,
    -- Exclusive; NULL holds until changed.
    valid_to BIGINT,
    expected BOOLEAN NOT NULL,
    rhythm TEXT NOT NULL,
    max_silence_minutes BIGINT NOT NULL,
    PRIMARY KEY (source_id, valid_from)
);
INSERT INTO source_expectations (source_id, valid_from, valid_to, expected, rhythm, max_silence_minutes)
    SELECT id, created_at, NULL, expected AND state = 'registered', 'always', max_silence_minutes FROM sources;
-- What a source's own past says of its hours.
CREATE TABLE source_rhythms (
    source_id TEXT PRIMARY KEY REFERENCES sources (id),
    -- Hours of the week in which it is usually heard, Monday 00:00 in Vietnam first: 168 bits in hexadecimal digits.
    hours TEXT NOT NULL,
    max_silence_minutes BIGINT NOT NULL,
    -- JSON: median of the events of each hour of the week.
    usual TEXT NOT NULL,
    -- Whole weeks that it was learned from; with too few of them nothing rests on it.
    weeks BIGINT NOT NULL,
    learned_at BIGINT NOT NULL
);
-- Roll-ups of presence by day, Vietnamese time. They outlive the hours and the events. A row whose day was over is never
-- changed: another follows it, and both say since when they were known.
CREATE TABLE source_days (
    source_id TEXT NOT NULL REFERENCES sources (id),
    day_start BIGINT NOT NULL,
    month_start BIGINT NOT NULL,
    -- 1,440 bits in hexadecimal digits: the minutes in which something arrived.
    minutes TEXT NOT NULL,
    minutes_heard BIGINT NOT NULL,
    events BIGINT NOT NULL,
    -- The day was over when this was counted.
    complete BOOLEAN NOT NULL,
    known_at BIGINT NOT NULL,
    superseded_at BIGINT,
    PRIMARY KEY (source_id, day_start, known_at)
);
CREATE INDEX source_days_day ON source_days (day_start);
CREATE TABLE coverage_days (
    system_id TEXT NOT NULL,
    day_start BIGINT NOT NULL,
    -- network, endpoint, application, data or user; any for all of them together.
    solution_group TEXT NOT NULL,
    agency_id TEXT NOT NULL,
    system_level BIGINT NOT NULL,
    minutes_expected BIGINT NOT NULL,
    minutes_seen BIGINT NOT NULL,
    minutes_maintenance BIGINT NOT NULL,
    longest_gap BIGINT NOT NULL,
    -- JSON list of identifiers.
    sources TEXT NOT NULL,
    complete BOOLEAN NOT NULL,
    known_at BIGINT NOT NULL,
    superseded_at BIGINT,
    PRIMARY KEY (system_id, day_start, solution_group, known_at)
);
CREATE INDEX coverage_days_day ON coverage_days (day_start);
CREATE INDEX coverage_days_agency ON coverage_days (agency_id);
-- Systems whose past is to be counted again from a day on, since a source was found to have been theirs.
CREATE TABLE coverage_stale (
    system_id TEXT PRIMARY KEY,
    from_day BIGINT NOT NULL
);
-- Planned maintenance: silence in it is no news, and is counted apart.
CREATE TABLE maintenance_windows (
    id TEXT PRIMARY KEY,
    -- Where: a source, else a system, else an agency with everything below it, else the whole centre. The agency is also whose
    -- record it is.
    agency_id TEXT,
    system_id TEXT,
    source_id TEXT,
    reason TEXT NOT NULL,
    starts_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    -- Ended before its time.
    ended_by TEXT,
    ended_at BIGINT,
    end_reason TEXT
);
CREATE INDEX maintenance_windows_end ON maintenance_windows (ends_at);
CREATE INDEX maintenance_windows_agency ON maintenance_windows (agency_id);
