-- Messages that leave the house: channels, who wants what on which of them, the outbox, and escalation.

-- settings: JSON with addresses and secrets, sealed whole. kinds: what is posted to the channel itself, once for all.
CREATE TABLE notice_channels (
  id TEXT PRIMARY KEY,
  agency_id TEXT NOT NULL REFERENCES agencies (id),
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  settings TEXT NOT NULL,
  kinds TEXT NOT NULL,
  active BOOLEAN NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);

-- address: the recipient's identifier at the gateway, sealed; empty for mail, which goes to the person's own address.
CREATE TABLE notice_subscriptions (
  id TEXT PRIMARY KEY,
  person_id TEXT NOT NULL REFERENCES people (id),
  channel_id TEXT NOT NULL REFERENCES notice_channels (id),
  kinds TEXT NOT NULL,
  address TEXT NOT NULL,
  updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX notice_subscriptions_once ON notice_subscriptions (person_id, channel_id);

-- Minutes after midnight in Vietnam.
CREATE TABLE notice_habits (
  person_id TEXT PRIMARY KEY REFERENCES people (id),
  quiet_from BIGINT,
  quiet_until BIGINT,
  digest TEXT NOT NULL,
  lang TEXT NOT NULL,
  updated_at BIGINT NOT NULL
);

-- person_id: NULL for what is posted to a channel itself.
CREATE TABLE notice_outbox (
  id TEXT PRIMARY KEY,
  channel_id TEXT NOT NULL REFERENCES notice_channels (id),
  person_id TEXT REFERENCES people (id),
  message_id TEXT REFERENCES inbox_messages (id),
  kind TEXT NOT NULL,
  severity TEXT NOT NULL,
  title_key TEXT NOT NULL,
  title_arguments TEXT NOT NULL,
  link TEXT NOT NULL,
  bundled BOOLEAN NOT NULL,
  state TEXT NOT NULL,
  attempts BIGINT NOT NULL,
  due_at BIGINT NOT NULL,
  claimed_until BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  done_at BIGINT,
  failure TEXT NOT NULL,
  answer TEXT NOT NULL
);
CREATE INDEX notice_outbox_due ON notice_outbox (state, due_at);
CREATE INDEX notice_outbox_by_person ON notice_outbox (person_id, channel_id, created_at);
CREATE INDEX notice_outbox_by_time ON notice_outbox (created_at);

-- A message that somebody must acknowledge. next_at: NULL where everybody has been told.
CREATE TABLE notice_escalations (
  id TEXT PRIMARY KEY,
  agency_id TEXT REFERENCES agencies (id),
  severity TEXT NOT NULL,
  title_key TEXT NOT NULL,
  title_arguments TEXT NOT NULL,
  body TEXT NOT NULL,
  link TEXT NOT NULL,
  step BIGINT NOT NULL,
  begun_at BIGINT NOT NULL,
  next_at BIGINT,
  acknowledged_at BIGINT,
  acknowledged_by TEXT
);
CREATE INDEX notice_escalations_due ON notice_escalations (next_at);

ALTER TABLE inbox_messages ADD COLUMN escalation_id TEXT;
CREATE INDEX inbox_messages_by_escalation ON inbox_messages (escalation_id);
