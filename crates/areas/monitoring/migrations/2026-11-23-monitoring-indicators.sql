-- Lists of indicators and what stands on them.
CREATE TABLE indicator_lists (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    name_fold TEXT NOT NULL UNIQUE,
    name_sort TEXT NOT NULL,
    -- Who publishes it.
    source TEXT NOT NULL,
    kind TEXT NOT NULL,
    tlp TEXT NOT NULL,
    sharing TEXT NOT NULL,
    -- Where the list itself does not say.
    confidence BIGINT NOT NULL,
    valid_days BIGINT NOT NULL,
    with_subdomains BOOLEAN NOT NULL,
    enabled BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);
-- One row for each indicator of each list. indicator_id follows from kind and text, so that it is one in all lists.
CREATE TABLE indicators (
    list_id TEXT NOT NULL REFERENCES indicator_lists (id),
    indicator_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    text TEXT NOT NULL,
    confidence BIGINT NOT NULL,
    valid_until BIGINT NOT NULL,
    -- What the list calls it: a number, a STIX id, a report.
    reference TEXT NOT NULL,
    added_at BIGINT NOT NULL,
    renewed_at BIGINT NOT NULL,
    PRIMARY KEY (list_id, indicator_id)
);
CREATE INDEX indicators_identity ON indicators (indicator_id);
-- In the order of the page, and for the figures of lists.
CREATE INDEX indicators_renewed ON indicators (renewed_at, list_id, indicator_id);
CREATE INDEX indicators_valid_until ON indicators (list_id, valid_until);
-- Grows with every change, so that the pipeline knows when to look again.
CREATE TABLE indicator_revision (
    name TEXT PRIMARY KEY,
    revision BIGINT NOT NULL
);
