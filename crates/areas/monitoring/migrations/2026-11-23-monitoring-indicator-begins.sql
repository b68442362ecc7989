-- From when an indicator holds; 0 since ever.
ALTER TABLE indicators ADD COLUMN valid_from BIGINT NOT NULL DEFAULT 0;
