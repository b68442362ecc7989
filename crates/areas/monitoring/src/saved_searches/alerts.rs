//! Alerts that a schedule raised, seen from the alert: the search stands where the rule stands otherwise.

use super::{SavedSearch, store};
use crate::alerts::Alert;
use crate::search::clause::clause;
use kit::clock::MINUTE;
use kit::page::Address;
use kit::{Connection, Error};

/// What a rule's identifier begins with where the rule is a saved search.
const PREFIX: &str = "saved-search:";

/// Identifier of the rule of a saved search.
pub fn rule_id(saved_search_id: &str) -> String {
    format!("{PREFIX}{saved_search_id}")
}

/// The saved search of an alert: `None` for a rule's alert, `Some(None)` where the asker may not see the search.
pub async fn of_alert(connection: &impl Connection, alert: &Alert) -> Result<Option<Option<SavedSearch>>, Error> {
    let Some(id) = alert.rule_id.strip_prefix(PREFIX) else { return Ok(None) };
    match store::find(connection, id).await {
        Ok(saved) => Ok(Some(Some(saved))),
        Err(Error::NotFound) => Ok(Some(None)),
        Err(error) => Err(error),
    }
}

/// The search for the very events that an alert counted.
pub fn matches(saved: &SavedSearch, alert: &Alert) -> Address {
    let mut clauses = vec![format!("seq:[{} TO {}]", alert.first_sequence, alert.last_sequence)];
    match alert.entity.kind.as_str() {
        // Stands for many sources and values.
        "damped" => {}
        "source" | "" => clauses.push(clause("source_id", &alert.source_id)),
        kind => clauses.push(clause(kind, &alert.entity.value)),
    }
    if !saved.text.trim().is_empty() {
        clauses.insert(0, format!("({})", saved.text));
    }
    let address = Address::parse("/search")
        .with("q", clauses.join(" AND "))
        .with("from", (alert.first_event_time - MINUTE) / 1_000)
        .with("to", (alert.last_event_time + MINUTE) / 1_000);
    if saved.columns.is_empty() { address } else { address.with("columns", saved.columns.join(",")) }
}
