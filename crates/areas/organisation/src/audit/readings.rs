//! Readings of sensitive records: one row of the trail for each request, and an index by the agencies whose records
//! were touched, so that each of them can see who looked.

use super::{AuditEntry, chain, entry_of, store};
use crate::conditions::Conditions;
use crate::elevations::{self, Right};
use kit::clock::Micros;
use kit::{Capability, Connection, Error, Tx};
use sea_orm::{FromQueryResult, Statement};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// End of the action of a reading.
pub(super) const SUFFIX: &str = ".read";
/// In the details: the elevations that opened events of other agencies.
const RIGHTS: &str = "rights";
/// Kinds of records that are raw events, or may hold some.
const OF_EVENTS: [&str; 2] = ["event", "question"];

/// Records shown, by agency; `None` where they were counted or summed up and not shown.
pub type Touched = BTreeMap<String, Option<u64>>;

/// What was read.
#[derive(Debug, Clone, Copy)]
pub struct Reading<'request> {
    /// Kind of record: `event`, `person`, `question` …
    pub object_kind: &'request str,
    /// Record, where it is one.
    pub object_id: &'request str,
    /// Code of what for; in words `reading-purpose-<code>`.
    pub purpose: &'request str,
    pub query: &'request str,
    /// Records of the whole answer.
    pub count: u64,
    pub touched: &'request Touched,
}

/// Records that somebody read. Once per request, as the last write of its transaction.
pub async fn record_reading(tx: &Tx<'_>, now: Micros, reading: &Reading<'_>) -> Result<(), Error> {
    let mut details = json!({
        "purpose": reading.purpose, "query": reading.query, "count": reading.count, "touched": reading.touched,
    });
    let rights = match OF_EVENTS.contains(&reading.object_kind) {
        true => elevations::use_foreign_events(tx, reading.touched, now).await?,
        false => Vec::new(),
    };
    if let Some(details) = details.as_object_mut().filter(|_| !rights.is_empty()) {
        details.insert(RIGHTS.to_owned(), by_agency(rights));
    }
    let action = format!("{}{SUFFIX}", reading.object_kind);
    let entry = entry_of(tx, now, &action, reading.object_kind, reading.object_id, None, &details);
    let sequence = chain::append(tx, entry).await?;
    store::insert_touched(tx, sequence, reading.touched).await
}

/// The elevations that opened events, by the agency whose events they opened.
fn by_agency(rights: Vec<Right>) -> Value {
    let mut agencies: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for right in rights {
        agencies.entry(right.agency_id).or_default().push(json!({ "id": right.id, "reason": right.reason }));
    }
    json!(agencies)
}

/// Why those of another agency let it be read, as its details say.
fn reasons(details: &Value, agency_id: &str) -> Vec<String> {
    let rights = details.get(RIGHTS).and_then(|rights| rights.get(agency_id)).and_then(Value::as_array);
    let reason = |right: &Value| right.get("reason").and_then(Value::as_str).map(ToOwned::to_owned);
    rights.into_iter().flatten().filter_map(reason).collect()
}

/// What the details of a row say was touched.
pub(super) fn named(entry: &AuditEntry) -> Touched {
    if !entry.action.ends_with(SUFFIX) {
        return Touched::new();
    }
    let details: Value = serde_json::from_str(&entry.details).unwrap_or_default();
    details.get("touched").and_then(|touched| serde_json::from_value(touched.clone()).ok()).unwrap_or_default()
}

/// One reading as the agency sees it whose records were touched: not what was asked, and nothing of other agencies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    pub sequence: i64,
    pub at: Micros,
    pub actor_id: String,
    pub actor_name: String,
    pub origin: String,
    /// Name of the agency the reader acted for; for the command line the account of who ran it.
    pub reader_agency: String,
    pub object_kind: String,
    pub purpose: String,
    /// Why somebody of this agency let its raw events be read.
    pub reasons: Vec<String>,
    pub agency_id: String,
    pub agency_name: String,
    pub records: Option<u64>,
}

/// What a list of readings is narrowed to. Empty fields narrow nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ReadingFilter {
    /// Whose records.
    pub agency_id: String,
    pub actor_id: String,
    pub object_kind: String,
    /// Without what an agency's own people read.
    pub by_others: bool,
    pub from: Option<Micros>,
    pub until: Option<Micros>,
}

impl ReadingFilter {
    fn conditions(&self, connection: &impl Connection) -> Conditions {
        let mut conditions = Conditions::default();
        conditions.plain(connection.scope().agency_condition("r.agency_id"));
        for (column, value) in
            [("r.agency_id", &self.agency_id), ("e.actor_id", &self.actor_id), ("e.object_kind", &self.object_kind)]
        {
            if !value.is_empty() {
                conditions.with(&format!("{column} = ?"), value.as_str());
            }
        }
        if self.by_others {
            conditions.plain("e.on_behalf_of <> r.agency_id");
        }
        if let Some(from) = self.from {
            conditions.with("e.at >= ?", from);
        }
        if let Some(until) = self.until {
            conditions.with("e.at < ?", until);
        }
        conditions
    }
}

const FROM: &str = "FROM audit_readings r JOIN audit_entries e ON e.sequence = r.sequence \
                    LEFT JOIN agencies a ON a.id = r.agency_id LEFT JOIN agencies b ON b.id = e.on_behalf_of";

#[derive(FromQueryResult)]
struct Row {
    sequence: i64,
    at: Micros,
    actor_id: String,
    actor_name: String,
    origin: String,
    on_behalf_of: String,
    reader_agency: Option<String>,
    object_kind: String,
    details: String,
    agency_id: String,
    agency_name: Option<String>,
    records: Option<i64>,
}

/// Newest readings of records of agencies in scope.
pub(super) async fn list(
    connection: &impl Connection,
    filter: &ReadingFilter,
    limit: u64,
    offset: u64,
) -> Result<Vec<Seen>, Error> {
    connection.scope().require(Capability::ViewReadings)?;
    let conditions = filter.conditions(connection);
    let sql = format!(
        "SELECT e.sequence, e.at, e.actor_id, e.actor_name, e.origin, e.on_behalf_of, b.name AS reader_agency, e.object_kind, \
         e.details, r.agency_id, a.name AS agency_name, r.records {FROM} {} \
         ORDER BY e.sequence DESC, a.name_sort LIMIT {limit} OFFSET {offset}",
        conditions.sql()
    );
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, conditions.values());
    let rows = Row::find_by_statement(statement).all(connection).await?;
    Ok(rows.into_iter().map(seen).collect())
}

fn seen(row: Row) -> Seen {
    let details: Value = serde_json::from_str(&row.details).unwrap_or_default();
    Seen {
        sequence: row.sequence,
        at: row.at,
        actor_id: row.actor_id,
        actor_name: row.actor_name,
        origin: row.origin,
        reader_agency: row.reader_agency.unwrap_or(row.on_behalf_of),
        object_kind: row.object_kind,
        reasons: reasons(&details, &row.agency_id),
        purpose: details.get("purpose").and_then(Value::as_str).unwrap_or_default().to_owned(),
        agency_id: row.agency_id,
        agency_name: row.agency_name.unwrap_or_default(),
        records: row.records.and_then(|count| u64::try_from(count).ok()),
    }
}

/// How many there are.
pub(super) async fn count(connection: &impl Connection, filter: &ReadingFilter) -> Result<u64, Error> {
    connection.scope().require(Capability::ViewReadings)?;
    let conditions = filter.conditions(connection);
    let sql = format!("SELECT COUNT(*) AS found {FROM} {}", conditions.sql());
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, conditions.values());
    let row = connection.query_one_raw(statement).await?;
    Ok(row.map(|row| row.try_get::<i64>("", "found")).transpose()?.and_then(|n| u64::try_from(n).ok()).unwrap_or(0))
}

/// Who read, how often: identifier, name and number of readings, the most frequent first.
pub(super) async fn by_reader(
    connection: &impl Connection,
    filter: &ReadingFilter,
) -> Result<Vec<(String, String, u64)>, Error> {
    connection.scope().require(Capability::ViewReadings)?;
    let conditions = ReadingFilter { actor_id: String::new(), ..filter.clone() }.conditions(connection);
    let sql = format!(
        "SELECT e.actor_id, MAX(e.actor_name) AS actor_name, COUNT(DISTINCT e.sequence) AS found {FROM} {} \
         GROUP BY e.actor_id ORDER BY found DESC, e.actor_id LIMIT 40",
        conditions.sql()
    );
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, conditions.values());
    let rows = connection.query_all_raw(statement).await?;
    rows.iter()
        .map(|row| {
            let found: i64 = row.try_get("", "found")?;
            let found = u64::try_from(found).unwrap_or_default();
            Ok((row.try_get("", "actor_id")?, row.try_get("", "actor_name")?, found))
        })
        .collect()
}
