-- Rows that left without a second person, by minute. Minute 0 holds no rows: it is updated first, so that those who count
-- for the same person wait for each other.
CREATE TABLE given_rows (
  subject TEXT NOT NULL,
  kind TEXT NOT NULL,
  minute BIGINT NOT NULL,
  given BIGINT NOT NULL,
  PRIMARY KEY (subject, kind, minute)
);
