-- On whose behalf an act was done: an agency, or the account of the operating system behind a command.
ALTER TABLE audit_entries ADD COLUMN on_behalf_of TEXT NOT NULL DEFAULT '';
CREATE INDEX audit_entries_by_action ON audit_entries (action, sequence);

-- Whose records a reading touched. The details of the row say the same and are part of the chain; this is the index
-- over them. records: NULL where they were counted or summed up and not shown.
CREATE TABLE audit_readings (
  sequence BIGINT NOT NULL,
  agency_id TEXT NOT NULL,
  records BIGINT,
  PRIMARY KEY (sequence, agency_id)
);
CREATE INDEX audit_readings_by_agency ON audit_readings (agency_id, sequence);
