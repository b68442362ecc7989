-- Whether a message came to somebody on duty: what a colleague took on then waits for them no longer.
ALTER TABLE inbox_messages ADD COLUMN on_duty BOOLEAN NOT NULL DEFAULT FALSE;
