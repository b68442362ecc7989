-- Hits that are some days old are counted by the day: hours is then 24, and hour_start the beginning of the day in Vietnam.
ALTER TABLE rule_hits ADD COLUMN hours BIGINT NOT NULL DEFAULT 1;
-- What the rule pages ask is answered from here alone.
CREATE INDEX rule_hits_figures ON rule_hits (rule_id, hour_start, agency_id, alerted, shadowed, excepted);
DROP INDEX rule_hits_rule;
CREATE INDEX rule_hits_age ON rule_hits (hours, hour_start);
DROP INDEX rule_hits_hour;
