-- Kinds of log (as Sigma calls them) that each source really sends, heard live. Times are arrivals, to the hour.
CREATE TABLE source_telemetry (
    source_id TEXT NOT NULL REFERENCES sources (id),
    -- JSON: [product, [categories], [services]].
    log_source TEXT NOT NULL,
    first_seen BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    PRIMARY KEY (source_id, log_source)
);
