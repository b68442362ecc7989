-- Duty roster, inbox and the audit trail.
CREATE TABLE duty_shifts (
  id TEXT PRIMARY KEY,
  agency_id TEXT NOT NULL REFERENCES agencies (id),
  person_id TEXT NOT NULL REFERENCES people (id),
  post TEXT NOT NULL,
  starts_at BIGINT NOT NULL,
  ends_at BIGINT NOT NULL,
  note TEXT NOT NULL,
  note_at BIGINT,
  note_by TEXT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE INDEX duty_shifts_by_time ON duty_shifts (ends_at, starts_at);

CREATE TABLE inbox_messages (
  id TEXT PRIMARY KEY,
  person_id TEXT NOT NULL REFERENCES people (id),
  agency_id TEXT REFERENCES agencies (id),
  severity TEXT NOT NULL,
  title_key TEXT NOT NULL,
  title_arguments TEXT NOT NULL,
  body TEXT NOT NULL,
  link TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  read_at BIGINT,
  acknowledged_at BIGINT
);
CREATE INDEX inbox_messages_by_person ON inbox_messages (person_id, created_at);
CREATE INDEX inbox_messages_unread ON inbox_messages (person_id, read_at);

-- Append-only, hash-chained. The head row is the lock that keeps the chain from forking and the witness
-- that its end was not cut off.
CREATE TABLE audit_entries (
  sequence BIGINT PRIMARY KEY,
  at BIGINT NOT NULL,
  actor_id TEXT NOT NULL,
  actor_name TEXT NOT NULL,
  action TEXT NOT NULL,
  object_kind TEXT NOT NULL,
  object_id TEXT NOT NULL,
  agency_id TEXT,
  origin TEXT NOT NULL,
  details TEXT NOT NULL,
  hash TEXT NOT NULL
);
CREATE INDEX audit_entries_by_agency ON audit_entries (agency_id, sequence);
CREATE INDEX audit_entries_by_object ON audit_entries (object_kind, object_id);
CREATE TABLE audit_head (
  id BIGINT PRIMARY KEY,
  sequence BIGINT NOT NULL,
  hash TEXT NOT NULL
);
INSERT INTO audit_head (id, sequence, hash) VALUES (1, 0, '');
