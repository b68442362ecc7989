-- Days of events that could not be read while they were to be looked at, with commas between them.
ALTER TABLE search_schedules ADD COLUMN unread_days TEXT;
-- When that was last so.
ALTER TABLE search_schedules ADD COLUMN unread_at BIGINT;
ALTER TABLE hunts ADD COLUMN unread_days TEXT NOT NULL DEFAULT '';
