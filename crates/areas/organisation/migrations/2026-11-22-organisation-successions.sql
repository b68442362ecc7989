-- Who became what: communes merge and are divided, departments are joined. `at` is when the successor took over.
CREATE TABLE agency_successions (
  from_id TEXT NOT NULL REFERENCES agencies (id),
  to_id TEXT NOT NULL REFERENCES agencies (id),
  at BIGINT NOT NULL,
  basis TEXT NOT NULL,
  recorded_at BIGINT NOT NULL,
  PRIMARY KEY (from_id, to_id)
);
CREATE INDEX agency_successions_by_successor ON agency_successions (to_id);

-- The document that gave the new name.
ALTER TABLE agency_names ADD COLUMN basis TEXT NOT NULL DEFAULT '';
