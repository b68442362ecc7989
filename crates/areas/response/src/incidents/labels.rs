//! Where the fields of an incident's forms stand on its page: element and key of the label, for the summary of errors.

use kit::page::{Page, Place};

/// Form, field, element, key of the label; in the order in which they stand.
const FIELDS: [(&str, &str, &str, &str); 21] = [
    ("state", "to", "incident-to", "incident-state"),
    ("state", "reason", "incident-state-reason", "shell-reason"),
    ("severity", "severity", "incident-level", "incident-severity-set"),
    ("severity", "reason", "severity-reason", "incident-severity-reason"),
    ("times", "kind", "kind", "incident-time-kind"),
    ("times", "at", "at", "incident-time-at"),
    ("times", "known_by", "known_by", "incident-time-known-by"),
    ("times", "reference", "reference", "incident-time-reference"),
    ("times", "reason", "reason", "incident-time-reason"),
    ("facts", "title", "title", "incident-name"),
    ("facts", "technical_kind", "technical_kind", "incident-technical-kind"),
    ("facts", "law_class", "law_class", "incident-law-class"),
    ("facts", "cause", "cause", "incident-cause"),
    ("facts", "change_reason", "change_reason", "incident-kind-reason"),
    ("facts", "description", "description", "incident-description"),
    ("facts", "scope", "scope", "incident-scope"),
    ("facts", "measures", "measures", "incident-measures"),
    ("facts", "already_notified", "already_notified", "incident-already-notified"),
    ("facts", "personal_data", "personal_data", "incident-personal-data"),
    ("note", "text", "text", "incident-note"),
    ("note", "at", "note-at", "incident-note-at"),
];

/// The fields of one form in their order.
pub(super) fn places(form: &str, page: &Page) -> Vec<Place> {
    let here = FIELDS.iter().filter(|(in_form, ..)| *in_form == form);
    here.map(|(_, field, element, key)| Place {
        field: (*field).to_owned(),
        element: (*element).to_owned(),
        label: page.t(key),
    })
    .collect()
}
