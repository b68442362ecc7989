-- Who holds which post at an agency (head, deputy, dedicated officer), from a day and maybe until one.
CREATE TABLE incumbents (
  id TEXT PRIMARY KEY,
  agency_id TEXT NOT NULL REFERENCES agencies (id),
  person_id TEXT NOT NULL REFERENCES people (id),
  post TEXT NOT NULL,
  decision TEXT NOT NULL,
  starts_at BIGINT NOT NULL,
  ends_at BIGINT,
  created_at BIGINT NOT NULL
);
CREATE INDEX incumbents_by_agency ON incumbents (agency_id, starts_at);
CREATE INDEX incumbents_by_person ON incumbents (person_id);

-- Leave of an incumbent, and who stands in meanwhile.
CREATE TABLE incumbent_absences (
  id TEXT PRIMARY KEY,
  incumbent_id TEXT NOT NULL REFERENCES incumbents (id),
  agency_id TEXT NOT NULL REFERENCES agencies (id),
  substitute_id TEXT NOT NULL REFERENCES people (id),
  starts_at BIGINT NOT NULL,
  ends_at BIGINT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE INDEX incumbent_absences_by_incumbent ON incumbent_absences (incumbent_id, ends_at);
