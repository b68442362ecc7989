-- The last lists of fields (`#Fields:` of the W3C format) of logs that are sent line by line, written with the detection cursor.
CREATE TABLE field_lists (
    source_id TEXT NOT NULL REFERENCES sources (id),
    -- What the sender says of the log: host, program, file, one a line.
    log TEXT NOT NULL,
    -- The event that states the list.
    sequence BIGINT NOT NULL,
    -- Empty where no list holds from there on.
    names TEXT NOT NULL,
    PRIMARY KEY (source_id, log, sequence)
);
