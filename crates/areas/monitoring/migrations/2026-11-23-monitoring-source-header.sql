-- Names of the fields of a source's records, for formats whose lines come without them.
ALTER TABLE sources ADD COLUMN header TEXT;
