-- Browsers that have signed in before, per person. Only a hash of the cookie is kept.
CREATE TABLE known_devices (
  token_hash TEXT NOT NULL,
  person_id TEXT NOT NULL REFERENCES people (id),
  first_at BIGINT NOT NULL,
  last_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (token_hash, person_id)
);
CREATE INDEX known_devices_by_person ON known_devices (person_id, last_at);
