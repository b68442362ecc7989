-- A source may be known by the certificate that its sender shows in TLS (SHA-256, small hexadecimal digits).
ALTER TABLE sources ADD COLUMN match_certificate TEXT;
-- By how many seconds its clock is ahead of ours, where somebody asked that event times be corrected by it; negative: behind.
ALTER TABLE sources ADD COLUMN clock_ahead BIGINT;
