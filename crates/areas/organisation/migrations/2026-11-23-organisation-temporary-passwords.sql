-- When a temporary password opens nothing any more. Those made before have no end; they are changed at the first sign-in.
ALTER TABLE passwords ADD COLUMN ends_at BIGINT;
