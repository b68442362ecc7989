-- Incidents, their five times with every correction, what is attached to them, what happened in them.
CREATE TABLE incidents (
  id TEXT PRIMARY KEY,
  code TEXT NOT NULL,
  title TEXT NOT NULL,
  title_fold TEXT NOT NULL,
  agency_id TEXT NOT NULL REFERENCES agencies (id),
  system_id TEXT REFERENCES systems (id),
  state TEXT NOT NULL,
  severity TEXT,
  serious BOOLEAN,
  severity_set_by TEXT,
  severity_set_at BIGINT,
  severity_reason TEXT NOT NULL,
  signs TEXT NOT NULL,
  law_class TEXT NOT NULL,
  technical_kind TEXT NOT NULL,
  cause TEXT NOT NULL,
  description TEXT NOT NULL,
  scope TEXT NOT NULL,
  measures TEXT NOT NULL,
  already_notified TEXT NOT NULL,
  personal_data TEXT NOT NULL,
  false_alarm BOOLEAN NOT NULL,
  contained_at BIGINT,
  opened_at BIGINT NOT NULL,
  opened_by TEXT NOT NULL,
  closed_at BIGINT,
  updated_at BIGINT NOT NULL,
  version BIGINT NOT NULL
);
CREATE UNIQUE INDEX incidents_by_code ON incidents (agency_id, code);
CREATE INDEX incidents_by_state ON incidents (state, opened_at);
CREATE INDEX incidents_by_agency ON incidents (agency_id, opened_at);
CREATE INDEX incidents_by_system ON incidents (system_id);

-- Last number given, per agency and year.
CREATE TABLE incident_numbers (
  agency_id TEXT NOT NULL REFERENCES agencies (id),
  year BIGINT NOT NULL,
  last BIGINT NOT NULL,
  PRIMARY KEY (agency_id, year)
);

-- Append-only: a correction sets replaced_at of the row it replaces and says why.
CREATE TABLE incident_times (
  id TEXT PRIMARY KEY,
  incident_id TEXT NOT NULL REFERENCES incidents (id),
  kind TEXT NOT NULL,
  at BIGINT NOT NULL,
  known_by TEXT NOT NULL,
  reference TEXT NOT NULL,
  reason TEXT NOT NULL,
  recorded_at BIGINT NOT NULL,
  recorded_by TEXT NOT NULL,
  replaced_at BIGINT
);
CREATE INDEX incident_times_by_incident ON incident_times (incident_id, replaced_at);

CREATE TABLE incident_alerts (
  incident_id TEXT NOT NULL REFERENCES incidents (id),
  alert_id TEXT NOT NULL REFERENCES alerts (id),
  attached_at BIGINT NOT NULL,
  attached_by TEXT NOT NULL,
  PRIMARY KEY (incident_id, alert_id)
);
CREATE INDEX incident_alerts_by_alert ON incident_alerts (alert_id);

-- Events are named by their number in the event store; the excerpt is what the alert kept of them.
CREATE TABLE incident_events (
  incident_id TEXT NOT NULL REFERENCES incidents (id),
  sequence BIGINT NOT NULL,
  alert_id TEXT NOT NULL REFERENCES alerts (id),
  event_time BIGINT NOT NULL,
  excerpt TEXT NOT NULL,
  attached_at BIGINT NOT NULL,
  PRIMARY KEY (incident_id, sequence)
);

-- The timeline: dated twice, when it happened and when it was recorded.
CREATE TABLE incident_entries (
  id TEXT PRIMARY KEY,
  incident_id TEXT NOT NULL REFERENCES incidents (id),
  at BIGINT NOT NULL,
  recorded_at BIGINT NOT NULL,
  kind TEXT NOT NULL,
  detail TEXT NOT NULL,
  actor_id TEXT NOT NULL,
  actor_name TEXT NOT NULL
);
CREATE INDEX incident_entries_by_incident ON incident_entries (incident_id, at);
