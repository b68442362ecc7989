//! `monitoring.saved_searches` in the SQL catalogue: what is shared, of the agencies in scope. What somebody keeps for
//! oneself is in no table.

use kit::Capability;
use kit::catalogue::ColumnKind::{Integer, Text, Time};
use kit::catalogue::{TableSpec, column};

pub const SAVED_SEARCHES: TableSpec = TableSpec {
    schema: "monitoring",
    name: "saved_searches",
    doc: "Searches and questions that people of an agency share, with their schedules.",
    columns: &[
        column("id", Text, "Identifier; /search?saved=… opens it."),
        column("kind", Text, "search (language of the search page) or sql."),
        column("name", Text, "Name."),
        column("description", Text, "What it is for."),
        column("query_text", Text, "What is asked."),
        column("sharing", Text, "agency or everyone."),
        column("owner_id", Text, "Person who keeps it."),
        column("agency_id", Text, "Agency of that person; joins organisation.agencies.id."),
        column("created_at", Time, "When it was saved."),
        column("updated_at", Time, "When it was last changed."),
        column("schedule_state", Text, "active or stopped; empty without a schedule."),
        column("every_minutes", Integer, "How often it runs by itself."),
        column("last_run_at", Time, "When it last ran."),
        column("last_matches", Integer, "Matches of the last run."),
        column("last_alert_at", Time, "When it last raised an alert."),
    ],
    select: "SELECT s.id, s.kind, s.name, s.description, s.query_text, s.sharing, s.owner_id, s.agency_id, s.created_at, \
             s.updated_at, c.state AS schedule_state, c.every_minutes, c.last_run_at, c.last_matches, c.last_alert_at \
             FROM saved_searches s LEFT JOIN search_schedules c ON c.saved_search_id = s.id \
             WHERE s.sharing <> 'private' AND s.agency_id IS NOT NULL",
    agency_column: Some("agency_id"),
    capability: Some(Capability::ViewEvents),
};
