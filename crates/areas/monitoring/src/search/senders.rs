//! Who sent an event: the names of source, system and agency behind a source id, by today's assignment.

use super::run::text;
use kit::clock::Micros;
use kit::page::Level;
use kit::{Connection, Error};
use organisation::audit::Touched;
use sea_orm::{Statement, Value};
use serde_json::{Map, Value as Json};
use std::collections::{BTreeSet, HashMap};

/// One source with whose it is now.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Sender {
    pub source_id: String,
    pub source_name: String,
    pub system_id: Option<String>,
    pub system_name: Option<String>,
    pub system_level: Option<i64>,
    pub agency_id: Option<String>,
    pub agency_name: Option<String>,
}

impl Sender {
    pub fn level(&self) -> Option<Level> {
        self.system_level.and_then(Level::new)
    }
}

const SELECT: &str = "SELECT o.id AS source_id, o.name AS source_name, x.system_id, s.name AS system_name, \
    s.level AS system_level, x.agency_id, g.name AS agency_name \
    FROM sources o LEFT JOIN source_assignments x ON x.source_id = o.id AND x.valid_from <= $1 \
    AND (x.valid_to IS NULL OR x.valid_to > $1) \
    LEFT JOIN systems s ON s.id = x.system_id LEFT JOIN agencies g ON g.id = x.agency_id";

/// Most ids in one statement.
const CHUNK: usize = 400;

/// Names behind these ids. The ids come from events within the scope, so names need no further condition.
pub async fn senders(
    connection: &impl Connection,
    ids: impl IntoIterator<Item = String>,
    now: Micros,
) -> Result<HashMap<String, Sender>, Error> {
    let ids: Vec<String> = ids.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
    let mut found = HashMap::new();
    for chunk in ids.chunks(CHUNK) {
        let mut values: Vec<Value> = vec![now.into()];
        values.extend(chunk.iter().map(|id| Value::from(id.as_str())));
        let places: Vec<_> = (2..values.len() + 1).map(|place| format!("${place}")).collect();
        let sql = format!("{SELECT} WHERE o.id IN ({})", places.join(", "));
        let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
        for row in connection.query_all_raw(statement).await? {
            let sender = Sender {
                source_id: row.try_get("", "source_id")?,
                source_name: row.try_get("", "source_name")?,
                system_id: row.try_get("", "system_id")?,
                system_name: row.try_get("", "system_name")?,
                system_level: row.try_get("", "system_level")?,
                agency_id: row.try_get("", "agency_id")?,
                agency_name: row.try_get("", "agency_name")?,
            };
            found.insert(sender.source_id.clone(), sender);
        }
    }
    Ok(found)
}

/// Whose events a request touched, for the audit trail: how many of its rows are of each agency; agencies of senders
/// that no row is of were counted alone.
pub fn touched<'row>(
    rows: impl IntoIterator<Item = &'row Map<String, Json>>,
    senders: &HashMap<String, Sender>,
) -> Touched {
    let mut touched: Touched =
        senders.values().filter_map(|sender| sender.agency_id.clone()).map(|agency| (agency, None)).collect();
    let source = |row: &Map<String, Json>| text(row, "source_id");
    for sender in rows.into_iter().filter_map(source).filter_map(|id| senders.get(&id)) {
        if let Some(agency) = &sender.agency_id {
            *touched.entry(agency.clone()).or_default().get_or_insert(0) += 1;
        }
    }
    touched
}
