-- Rights for a while: asked for with a reason, approved by somebody else, used, ended.
CREATE TABLE elevations (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  person_id TEXT NOT NULL REFERENCES people (id),
  agency_id TEXT NOT NULL REFERENCES agencies (id),
  reason TEXT NOT NULL,
  state TEXT NOT NULL,
  asked_at BIGINT NOT NULL,
  decided_at BIGINT,
  decided_by TEXT,
  decided_reason TEXT NOT NULL,
  ends_at BIGINT,
  used BIGINT NOT NULL,
  used_at BIGINT
);
CREATE INDEX elevations_by_person ON elevations (person_id, kind, state);
CREATE INDEX elevations_by_agency ON elevations (agency_id, asked_at);
