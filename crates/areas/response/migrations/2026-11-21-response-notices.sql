-- Notices and their documents; the clocks of duties as last reckoned.
CREATE TABLE notices (
  id TEXT PRIMARY KEY,
  incident_id TEXT NOT NULL REFERENCES incidents (id),
  agency_id TEXT NOT NULL REFERENCES agencies (id),
  form TEXT NOT NULL,
  state TEXT NOT NULL,
  fields TEXT NOT NULL,
  letterhead TEXT NOT NULL,
  recipients TEXT NOT NULL,
  number BIGINT,
  year BIGINT,
  symbol TEXT NOT NULL,
  author_id TEXT NOT NULL,
  author_name TEXT NOT NULL,
  submitted_at BIGINT,
  submitted_by TEXT,
  approved_at BIGINT,
  approved_by TEXT,
  approver_name TEXT,
  returned_reason TEXT NOT NULL,
  sent_at BIGINT,
  sent_by TEXT,
  channel TEXT NOT NULL,
  receipt_at BIGINT,
  receipt_reference TEXT NOT NULL,
  document_sha256 TEXT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  version BIGINT NOT NULL
);
CREATE INDEX notices_by_incident ON notices (incident_id);
CREATE INDEX notices_by_state ON notices (agency_id, state);
CREATE UNIQUE INDEX notices_by_number ON notices (agency_id, year, symbol);

CREATE TABLE notice_numbers (
  agency_id TEXT NOT NULL REFERENCES agencies (id),
  year BIGINT NOT NULL,
  last BIGINT NOT NULL,
  PRIMARY KEY (agency_id, year)
);

-- The DOCX as it was approved, in base64: what was signed is what is kept, even when forms change.
CREATE TABLE notice_documents (
  notice_id TEXT PRIMARY KEY REFERENCES notices (id),
  sha256 TEXT NOT NULL,
  content TEXT NOT NULL,
  created_at BIGINT NOT NULL
);

CREATE TABLE duty_clocks (
  incident_id TEXT NOT NULL REFERENCES incidents (id),
  duty_id TEXT NOT NULL,
  agency_id TEXT NOT NULL REFERENCES agencies (id),
  form TEXT NOT NULL,
  recipient_id TEXT NOT NULL,
  applies BOOLEAN NOT NULL,
  provisional BOOLEAN NOT NULL,
  assumed BOOLEAN NOT NULL,
  started_at BIGINT,
  due_at BIGINT,
  sent_at BIGINT,
  receipt_at BIGINT,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (incident_id, duty_id)
);
CREATE INDEX duty_clocks_open ON duty_clocks (applies, sent_at, due_at);
