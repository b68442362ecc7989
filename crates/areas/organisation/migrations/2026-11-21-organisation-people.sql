-- People, their roles per agency subtree, passwords, sessions, keys.
CREATE TABLE people (
  id TEXT PRIMARY KEY,
  account TEXT NOT NULL UNIQUE,
  full_name TEXT NOT NULL,
  name_fold TEXT NOT NULL,
  name_sort TEXT NOT NULL,
  agency_id TEXT NOT NULL REFERENCES agencies (id),
  title TEXT NOT NULL,
  phone TEXT NOT NULL,
  email TEXT NOT NULL,
  active BOOLEAN NOT NULL,
  disabled_at BIGINT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);
CREATE INDEX people_by_agency ON people (agency_id);

CREATE TABLE person_roles (
  id TEXT PRIMARY KEY,
  person_id TEXT NOT NULL REFERENCES people (id),
  role TEXT NOT NULL,
  agency_id TEXT NOT NULL REFERENCES agencies (id),
  starts_at BIGINT NOT NULL,
  ends_at BIGINT,
  granted_by TEXT NOT NULL,
  granted_at BIGINT NOT NULL
);
CREATE INDEX person_roles_by_person ON person_roles (person_id);
CREATE INDEX person_roles_by_role ON person_roles (role, agency_id);

CREATE TABLE passwords (
  person_id TEXT PRIMARY KEY REFERENCES people (id),
  hash TEXT NOT NULL,
  changed_at BIGINT NOT NULL,
  must_change BOOLEAN NOT NULL
);
CREATE TABLE former_passwords (
  id TEXT PRIMARY KEY,
  person_id TEXT NOT NULL REFERENCES people (id),
  hash TEXT NOT NULL,
  replaced_at BIGINT NOT NULL
);
CREATE INDEX former_passwords_by_person ON former_passwords (person_id, replaced_at);

-- Only a hash of the cookie is kept. acting_agency_id: NULL for the widest reach the person has.
CREATE TABLE sessions (
  id TEXT PRIMARY KEY,
  token_hash TEXT NOT NULL UNIQUE,
  person_id TEXT NOT NULL REFERENCES people (id),
  csrf TEXT NOT NULL,
  acting_agency_id TEXT REFERENCES agencies (id),
  created_at BIGINT NOT NULL,
  seen_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  ended_at BIGINT,
  origin TEXT NOT NULL,
  browser TEXT NOT NULL
);
CREATE INDEX sessions_by_person ON sessions (person_id, ended_at);

-- Failed attempts per account name (known or not) and per address.
CREATE TABLE sign_in_throttles (
  subject TEXT PRIMARY KEY,
  failures BIGINT NOT NULL,
  first_at BIGINT NOT NULL,
  last_at BIGINT NOT NULL,
  locked_until BIGINT
);
CREATE INDEX sign_in_throttles_by_last ON sign_in_throttles (last_at);

CREATE TABLE sign_in_links (
  token_hash TEXT PRIMARY KEY,
  person_id TEXT NOT NULL REFERENCES people (id),
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  used_at BIGINT
);

CREATE TABLE api_keys (
  id TEXT PRIMARY KEY,
  key_hash TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  agency_id TEXT NOT NULL REFERENCES agencies (id),
  source_id TEXT,
  capabilities TEXT NOT NULL,
  created_by TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT,
  last_used_at BIGINT,
  revoked_at BIGINT
);
CREATE INDEX api_keys_by_agency ON api_keys (agency_id);
