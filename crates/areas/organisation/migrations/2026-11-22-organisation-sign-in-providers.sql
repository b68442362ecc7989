-- Who somebody is at a provider of accounts. One account there is one person here, and the other way round. issuer: the
-- address in the provider's tokens; a provider of the same name elsewhere knows nobody.
CREATE TABLE provider_links (
  id TEXT PRIMARY KEY,
  issuer TEXT NOT NULL,
  subject TEXT NOT NULL,
  person_id TEXT NOT NULL REFERENCES people (id),
  linked_by TEXT NOT NULL,
  linked_at BIGINT NOT NULL,
  last_used_at BIGINT,
  UNIQUE (issuer, subject),
  UNIQUE (issuer, person_id)
);
CREATE INDEX provider_links_by_person ON provider_links (person_id);

-- Where a session came from: empty for those that began here.
ALTER TABLE sessions ADD COLUMN issuer TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN issuer_session TEXT NOT NULL DEFAULT '';
