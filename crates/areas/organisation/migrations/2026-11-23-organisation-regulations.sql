-- Law in force as changed here: every version of every file. None is ever deleted; the one without an end counts.
CREATE TABLE law_versions (
  path TEXT NOT NULL,
  version BIGINT NOT NULL,
  change_number BIGINT NOT NULL,
  text TEXT NOT NULL,
  digest TEXT NOT NULL,
  reason TEXT NOT NULL,
  basis TEXT NOT NULL,
  elevation_id TEXT NOT NULL REFERENCES elevations (id),
  by_id TEXT NOT NULL REFERENCES people (id),
  by_name TEXT NOT NULL,
  valid_from BIGINT NOT NULL,
  valid_to BIGINT,
  PRIMARY KEY (path, version)
);
CREATE UNIQUE INDEX law_versions_by_change ON law_versions (change_number);

-- How many changes there were: one row, which whoever makes the next one holds until the commit.
CREATE TABLE law_changes (
  id BIGINT PRIMARY KEY,
  last BIGINT NOT NULL
);

-- What somebody wants to change and waits with for the second person.
CREATE TABLE law_drafts (
  path TEXT NOT NULL,
  person_id TEXT NOT NULL REFERENCES people (id),
  text TEXT NOT NULL,
  reason TEXT NOT NULL,
  basis TEXT NOT NULL,
  saved_at BIGINT NOT NULL,
  PRIMARY KEY (path, person_id)
);
