-- Attack stories: alerts that were woven together carry the same story; what they share is kept beside them.
ALTER TABLE alerts ADD COLUMN story_id TEXT;
-- ATT&CK tactics of the rule as a JSON list.
ALTER TABLE alerts ADD COLUMN tactics TEXT NOT NULL DEFAULT '[]';
CREATE INDEX alerts_story ON alerts (story_id, first_event_time);
CREATE TABLE alert_links (
    alert_id TEXT NOT NULL REFERENCES alerts (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    first_event_time BIGINT NOT NULL,
    PRIMARY KEY (alert_id, kind, value)
);
CREATE INDEX alert_links_value ON alert_links (kind, value, first_event_time);
