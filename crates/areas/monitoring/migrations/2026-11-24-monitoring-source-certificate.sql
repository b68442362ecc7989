-- A source may be known by the certificate that its sender shows in TLS (SHA-256, small hexadecimal digits).
ALTER TABLE sources ADD COLUMN match_certificate TEXT;
