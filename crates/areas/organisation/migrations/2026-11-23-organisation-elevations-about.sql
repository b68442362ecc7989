-- The file of law that a request is about. Its path stood before the reason, as `path: reason`; what LTRIM takes off is
-- that path.
ALTER TABLE elevations ADD COLUMN about TEXT NOT NULL DEFAULT '';
UPDATE elevations SET
  about = SUBSTR(reason, 1, LENGTH(reason) - LENGTH(LTRIM(reason, 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./'))),
  reason = SUBSTR(LTRIM(reason, 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./'), 3)
WHERE kind = 'change-law'
  AND LTRIM(reason, 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./') LIKE ': %'
  AND SUBSTR(reason, 1, LENGTH(reason) - LENGTH(LTRIM(reason, 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./'))) LIKE '%.toml';
