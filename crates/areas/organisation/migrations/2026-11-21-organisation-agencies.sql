-- Agencies as a tree with dates, and its transitive closure (every agency is its own ancestor, depth 0).
CREATE TABLE agencies (
  id TEXT PRIMARY KEY,
  code TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  name_fold TEXT NOT NULL,
  name_sort TEXT NOT NULL,
  kind TEXT NOT NULL,
  parent_id TEXT REFERENCES agencies (id),
  valid_from BIGINT NOT NULL,
  valid_to BIGINT,
  address TEXT NOT NULL,
  phone TEXT NOT NULL,
  email TEXT NOT NULL,
  duty_hours TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);
CREATE INDEX agencies_by_parent ON agencies (parent_id);

CREATE TABLE agency_closure (
  ancestor_id TEXT NOT NULL REFERENCES agencies (id),
  descendant_id TEXT NOT NULL REFERENCES agencies (id),
  depth BIGINT NOT NULL,
  PRIMARY KEY (ancestor_id, descendant_id)
);
CREATE INDEX agency_closure_by_descendant ON agency_closure (descendant_id, ancestor_id);

-- Names an agency had before: communes merge and are renamed, old papers keep the old name.
CREATE TABLE agency_names (
  agency_id TEXT NOT NULL REFERENCES agencies (id),
  name TEXT NOT NULL,
  name_fold TEXT NOT NULL,
  valid_to BIGINT NOT NULL,
  PRIMARY KEY (agency_id, valid_to)
);
