-- The person chose to act for the whole centre. Where this is false and acting_agency_id is NULL, nothing was chosen.
ALTER TABLE sessions ADD COLUMN acting_everywhere BOOLEAN NOT NULL DEFAULT FALSE;
