-- Each system's way to the provincial data centre: stay, move, merge into another, or end. No row: nobody has decided.
CREATE TABLE system_moves (
    system_id TEXT PRIMARY KEY REFERENCES systems (id),
    way TEXT NOT NULL,
    into_system_id TEXT REFERENCES systems (id),
    into_words TEXT NOT NULL,
    wave BIGINT,
    due BIGINT,
    done_at BIGINT,
    blocker TEXT NOT NULL,
    notes TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX system_moves_into ON system_moves (into_system_id);
