-- What is normal for it differs so much that nothing can be told of it.
ALTER TABLE baselines ADD COLUMN cannot_judge BOOLEAN NOT NULL DEFAULT FALSE;
