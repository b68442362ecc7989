//! Between services and pages: errors as words beside their fields, and news for open pages.

use kit::locale::texts;
use kit::page::FormErrors;
use kit::web::Fail;
use kit::{App, Error, Lang, Tx};
use serde_json::json;

/// What is wrong with a form, in words; other errors go their way.
pub(crate) fn form_errors(lang: Lang, error: Error) -> Result<FormErrors, Fail> {
    let text = |key: &str| texts().text(lang, key);
    let mut errors = FormErrors::default();
    match error {
        Error::Invalid(fields) => fields.iter().for_each(|error| errors.add(error.field.clone(), text(error.key))),
        Error::Conflict(key) => errors.add("", text(key)),
        error => return Err(error.into()),
    }
    Ok(errors)
}

/// Tells open pages, once the transaction is committed, that an incident or its clocks changed.
pub(crate) fn tell(app: &App, tx: &Tx<'_>, incident_id: &str, agency_id: &str) {
    let (live, incident_id, agency_id) = (app.live.clone(), incident_id.to_owned(), agency_id.to_owned());
    tx.after_commit(move || live.send("incident", Some(agency_id), json!({ "incident": incident_id })));
}

/// Key of a text that ends in a code, for templates: `key("incident-state-", "contain")`.
pub(crate) fn key(prefix: &str, code: impl AsRef<str>) -> String {
    format!("{prefix}{}", code.as_ref())
}
