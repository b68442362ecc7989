-- Rows that may leave by a key, where an elevation grants them; 0 for other kinds. The subject is then the key.
ALTER TABLE elevations ADD COLUMN allowance BIGINT NOT NULL DEFAULT 0;
CREATE INDEX elevations_by_subject ON elevations (kind, subject);
