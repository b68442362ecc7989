-- What an alert adds to the risk of its entity on the day of its newest event, before it fades.
ALTER TABLE alerts ADD COLUMN risk DOUBLE PRECISION NOT NULL DEFAULT 0;
UPDATE alerts SET risk = score;
CREATE INDEX alerts_risk ON alerts (last_event_time, agency_id, entity_kind, entity_value, state, close_reason, risk);
