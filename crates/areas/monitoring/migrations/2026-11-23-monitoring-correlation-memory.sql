-- What correlations have seen up to the position of that name in detection_cursor, which is written with it.
CREATE TABLE correlation_memory (
    name TEXT PRIMARY KEY,
    -- As the engine writes it: its version, a check, then lines.
    state TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);
