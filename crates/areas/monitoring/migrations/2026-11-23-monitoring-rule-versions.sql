-- Texts of rules as they were loaded; a changed text is another version.
CREATE TABLE rule_versions (
    rule_id TEXT NOT NULL,
    number BIGINT NOT NULL,
    -- SHA-256 of the text, hexadecimal.
    digest TEXT NOT NULL,
    rule_text TEXT NOT NULL,
    -- Where it lay, without the machine's folders.
    file TEXT NOT NULL,
    author TEXT,
    licence TEXT,
    first_seen_at BIGINT NOT NULL,
    PRIMARY KEY (rule_id, number)
);
