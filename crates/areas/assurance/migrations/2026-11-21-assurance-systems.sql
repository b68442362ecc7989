-- The register of information systems (M4). A system that handles state secrets is registered by code name,
-- owner and level only.
CREATE TABLE systems (
    id TEXT PRIMARY KEY,
    code TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    name_fold TEXT NOT NULL,
    name_sort TEXT NOT NULL,
    agency_id TEXT NOT NULL REFERENCES agencies (id),
    operator TEXT NOT NULL,
    purpose TEXT NOT NULL,
    level BIGINT NOT NULL,
    level_decision TEXT,
    state TEXT NOT NULL,
    hosting TEXT NOT NULL,
    services TEXT NOT NULL,
    operating_system TEXT NOT NULL,
    security_measures TEXT NOT NULL,
    domains TEXT NOT NULL,
    public_addresses TEXT NOT NULL,
    contact_name TEXT NOT NULL,
    contact_title TEXT NOT NULL,
    contact_phone TEXT NOT NULL,
    contact_email TEXT NOT NULL,
    critical BOOLEAN NOT NULL,
    secret BOOLEAN NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX systems_agency ON systems (agency_id);
CREATE INDEX systems_sort ON systems (name_sort);
