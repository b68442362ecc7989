-- What those on duty were told of an alert, or of the story that it belongs to: one row each time.
CREATE TABLE alert_notices (
    id TEXT PRIMARY KEY,
    alert_id TEXT NOT NULL REFERENCES alerts (id) ON DELETE CASCADE,
    -- Where the story was told, not the alert alone.
    story_id TEXT,
    -- Of what was told, 0 (informational) to 4 (critical).
    severity_rank BIGINT NOT NULL,
    at BIGINT NOT NULL,
    -- Beyond the bound of an hour: told together with others.
    summed BOOLEAN NOT NULL,
    -- NULL while it waits for that.
    told_at BIGINT
);
CREATE INDEX alert_notices_alert ON alert_notices (alert_id);
CREATE INDEX alert_notices_story ON alert_notices (story_id);
CREATE INDEX alert_notices_told ON alert_notices (told_at);
