-- What addresses and values are to the centre and its agencies: events are told so before rules are asked.
CREATE TABLE address_ranges (
    -- Follows from network and agency.
    id TEXT PRIMARY KEY,
    -- In its shortest form: 10.1.0.0/16.
    network TEXT NOT NULL,
    name TEXT NOT NULL,
    name_fold TEXT NOT NULL,
    kind TEXT NOT NULL,
    -- Holds in events of this agency and of those below it; NULL in all.
    agency_id TEXT,
    note TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX address_ranges_agency ON address_ranges (agency_id);
CREATE TABLE listed_values (
    -- Follows from list, value and agency.
    id TEXT PRIMARY KEY,
    -- Name of the list as rules write it: administrators.
    list TEXT NOT NULL,
    value TEXT NOT NULL,
    value_fold TEXT NOT NULL,
    -- As with ranges.
    agency_id TEXT,
    note TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX listed_values_list ON listed_values (list, value_fold);
CREATE INDEX listed_values_agency ON listed_values (agency_id);
