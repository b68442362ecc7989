-- How a session began, when its person last proved who it is, second factors, passkeys, and what the server remembers
-- between two requests of signing in.
ALTER TABLE sessions ADD COLUMN method TEXT NOT NULL DEFAULT 'password';
ALTER TABLE sessions ADD COLUMN confirmed_at BIGINT NOT NULL DEFAULT 0;

-- The password is long enough only together with a second factor.
ALTER TABLE passwords ADD COLUMN leans_on_second_factor BOOLEAN NOT NULL DEFAULT FALSE;

-- Secrets of authenticator apps, sealed. last_step: the newest time step whose code was used.
CREATE TABLE totp_secrets (
  person_id TEXT PRIMARY KEY REFERENCES people (id),
  secret TEXT NOT NULL,
  added_at BIGINT NOT NULL,
  last_step BIGINT NOT NULL
);

-- Only hashes are kept.
CREATE TABLE recovery_codes (
  code_hash TEXT NOT NULL,
  person_id TEXT NOT NULL REFERENCES people (id),
  made_at BIGINT NOT NULL,
  used_at BIGINT,
  PRIMARY KEY (person_id, code_hash)
);

-- public_key: the COSE key, base64url. counter: what the authenticator counted last.
CREATE TABLE passkeys (
  id TEXT PRIMARY KEY,
  person_id TEXT NOT NULL REFERENCES people (id),
  credential_id TEXT NOT NULL UNIQUE,
  public_key TEXT NOT NULL,
  counter BIGINT NOT NULL,
  name TEXT NOT NULL,
  added_at BIGINT NOT NULL,
  last_used_at BIGINT
);
CREATE INDEX passkeys_by_person ON passkeys (person_id);

-- Only a hash of the cookie is kept. kind: what is under way.
CREATE TABLE sign_in_steps (
  token_hash TEXT NOT NULL,
  kind TEXT NOT NULL,
  person_id TEXT REFERENCES people (id),
  state TEXT NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (token_hash, kind)
);
CREATE INDEX sign_in_steps_by_end ON sign_in_steps (expires_at);

-- Networks that a key may be used from, separated by blanks; empty: anywhere.
ALTER TABLE api_keys ADD COLUMN networks TEXT NOT NULL DEFAULT '';
ALTER TABLE api_keys ADD COLUMN last_used_from TEXT NOT NULL DEFAULT '';
