-- What an account is for (administrative, operational, technical, service), and when it was opened last: days without
-- use count from there.
ALTER TABLE people ADD COLUMN kind TEXT NOT NULL DEFAULT 'operational';
ALTER TABLE people ADD COLUMN opened_at BIGINT NOT NULL DEFAULT 0;

-- Certificates and skills of people. The number is sealed.
CREATE TABLE qualifications (
  id TEXT PRIMARY KEY,
  person_id TEXT NOT NULL REFERENCES people (id),
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  name_fold TEXT NOT NULL,
  issuer TEXT NOT NULL,
  number TEXT NOT NULL,
  obtained_at BIGINT,
  expires_at BIGINT,
  created_at BIGINT NOT NULL
);
CREATE INDEX qualifications_by_person ON qualifications (person_id);
CREATE INDEX qualifications_by_end ON qualifications (expires_at);

-- Experts who can be called, with or without an account. Numbers, address and how to call at night are sealed.
CREATE TABLE experts (
  id TEXT PRIMARY KEY,
  agency_id TEXT NOT NULL REFERENCES agencies (id),
  full_name TEXT NOT NULL,
  name_fold TEXT NOT NULL,
  name_sort TEXT NOT NULL,
  workplace TEXT NOT NULL,
  fields TEXT NOT NULL,
  fields_fold TEXT NOT NULL,
  phone TEXT NOT NULL,
  night_phone TEXT NOT NULL,
  night_call TEXT NOT NULL,
  email TEXT NOT NULL,
  at_night BOOLEAN NOT NULL,
  agreed_until BIGINT,
  active BOOLEAN NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);
CREATE INDEX experts_by_agency ON experts (agency_id);
