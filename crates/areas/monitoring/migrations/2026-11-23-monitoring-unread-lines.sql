-- Templates of lines that no format reads, by source. Sample lines are named by their sequence and stay in the event store.
CREATE TABLE unread_lines (
    id TEXT PRIMARY KEY,
    source_id TEXT NOT NULL REFERENCES sources (id),
    -- record: nothing of it is read; message: an envelope around it is.
    part TEXT NOT NULL,
    -- Empty where none is known.
    program TEXT NOT NULL,
    -- For people: login of <word> from <address>.
    template TEXT NOT NULL,
    template_fold TEXT NOT NULL,
    -- As the program goes on with it; empty for lines beyond the bound.
    words TEXT NOT NULL,
    lines BIGINT NOT NULL,
    -- Lines were counted by a sample of them, at least once.
    estimated BOOLEAN NOT NULL,
    first_seen BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    -- Sequences of a few of its lines, with blanks between them.
    samples TEXT NOT NULL,
    -- new, ignored or solved.
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    decided_by TEXT,
    decided_at BIGINT,
    -- name@version that reads the samples, where it is solved.
    solved_by TEXT
);
CREATE INDEX unread_lines_source ON unread_lines (source_id);
CREATE INDEX unread_lines_state ON unread_lines (state, lines);
