//! Between services and pages: news for open pages, and keys of texts.

use kit::{App, Tx};
use serde_json::json;

/// Tells open pages, once the transaction is committed, that an incident or its clocks changed.
pub(crate) fn tell(app: &App, tx: &Tx<'_>, incident_id: &str, agency_id: &str) {
    let (live, incident_id, agency_id) = (app.live.clone(), incident_id.to_owned(), agency_id.to_owned());
    tx.after_commit(move || live.send("incident", Some(agency_id), json!({ "incident": incident_id })));
}

/// Key of a text that ends in a code, for templates: `key("incident-state-", "contain")`.
pub(crate) fn key(prefix: &str, code: impl AsRef<str>) -> String {
    format!("{prefix}{}", code.as_ref())
}
