-- Whose signed bundles are taken.
CREATE TABLE bundle_signers (
    -- Fingerprint of both public keys.
    key_id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    ed25519 TEXT NOT NULL,
    ml_dsa_65 TEXT NOT NULL,
    trusted_at BIGINT NOT NULL,
    trusted_by TEXT NOT NULL,
    -- From then on nothing of theirs is taken; NULL while they are trusted.
    withdrawn_at BIGINT
);
-- Bundles that were taken.
CREATE TABLE bundle_imports (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    serial BIGINT NOT NULL,
    -- SHA-256 of the file, hexadecimal.
    digest TEXT NOT NULL,
    key_id TEXT NOT NULL REFERENCES bundle_signers (key_id),
    made_at BIGINT NOT NULL,
    valid_until BIGINT NOT NULL,
    imported_at BIGINT NOT NULL,
    imported_by TEXT NOT NULL,
    rules BIGINT NOT NULL
);
CREATE INDEX bundle_imports_name ON bundle_imports (name, serial);
-- Rules as the newest import of each bundle brought them.
CREATE TABLE bundle_rules (
    rule_id TEXT NOT NULL,
    -- SHA-256 of the text, hexadecimal: a text changed here since came by no bundle.
    digest TEXT NOT NULL,
    import_id TEXT NOT NULL REFERENCES bundle_imports (id),
    PRIMARY KEY (import_id, rule_id)
);
CREATE INDEX bundle_rules_rule ON bundle_rules (rule_id);
