-- Codes that differ in case alone are one code. Of those that were several agencies, the first one that exists keeps its
-- code and the others are numbered: `syt~2`. No code that people gave holds the sign, so that none is given twice; they stay
-- agencies of their own, with everything they have, until somebody says which became part of which.
CREATE TABLE agency_codes_numbered AS
  SELECT id, code, ROW_NUMBER() OVER (
    PARTITION BY LOWER(code) ORDER BY CASE WHEN valid_to IS NULL THEN 0 ELSE 1 END, created_at, id) AS place
  FROM agencies;
UPDATE agencies SET code = (SELECT n.code || '~' || CAST(n.place AS TEXT) FROM agency_codes_numbered AS n WHERE n.id = agencies.id)
WHERE id IN (SELECT id FROM agency_codes_numbered WHERE place > 1);
DROP TABLE agency_codes_numbered;
CREATE UNIQUE INDEX agencies_by_code ON agencies (LOWER(code));
