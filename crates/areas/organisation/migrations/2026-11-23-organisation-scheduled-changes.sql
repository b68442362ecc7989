-- What is decided about agencies for a day to come. `into_id` is the successor of a merger; a new name stands in `name`, which
-- is empty for a merger. `at` is the first moment of the day in Vietnam. `refusal`: key of why it could not be carried out.
CREATE TABLE agency_scheduled_changes (
  id TEXT PRIMARY KEY,
  agency_id TEXT NOT NULL REFERENCES agencies (id),
  into_id TEXT REFERENCES agencies (id),
  name TEXT NOT NULL,
  at BIGINT NOT NULL,
  basis TEXT NOT NULL,
  entered_at BIGINT NOT NULL,
  entered_by TEXT NOT NULL,
  state TEXT NOT NULL,
  settled_at BIGINT,
  refusal TEXT NOT NULL
);
CREATE INDEX agency_scheduled_changes_due ON agency_scheduled_changes (state, at);
CREATE INDEX agency_scheduled_changes_by_agency ON agency_scheduled_changes (agency_id);
CREATE INDEX agency_scheduled_changes_by_successor ON agency_scheduled_changes (into_id);
