//! A notice as an official document in the layout of Decree 30/2020.

use super::form::{FormField, NoticeForm};
use super::prefill::{RelatedAlert, moment};
use super::{FieldValue, Notice};
use crate::law::Law;
use documents::{
    Addressees, Appendix, Block, Column, DocumentKind, Field, OfficialDocument, Signature, Urgency, Written,
};
use jiff::civil::Date;
use kit::Lang;
use kit::locale::texts;

/// What the document needs besides the notice itself.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    pub alerts: Vec<RelatedAlert>,
    /// Deadline of the next report, in words; empty where there is none.
    pub next_due: String,
    /// Day of issue; `None` for a draft.
    pub date: Option<Date>,
    pub now: i64,
}

/// The document of a notice; a draft carries the mark and blanks for number and date.
pub fn document(notice: &Notice, form: &NoticeForm, law: &Law, around: &Surroundings) -> OfficialDocument {
    let head = &notice.letterhead;
    let words = &form.document;
    let filled = |text: &str| fill(text, notice, around);
    let draft = notice.number.is_none();
    let mut body = vec![Block::Paragraph(filled(&words.opening))];
    for section in &form.sections {
        body.push(Block::Heading { level: 1, text: section.title.vi.to_uppercase() });
        let value =
            |field: &FormField| notice.fields.get(&field.id).map(|field| field.value.clone()).unwrap_or_default();
        // A draft shows every blank; what leaves the house does not show that something optional was not said.
        let fields = section.fields.iter().filter(|field| draft || field.required || !value(field).trim().is_empty());
        let fields = fields.map(|field| Field { label: field.label.vi.clone(), value: value(field) });
        body.push(Block::Fields(fields.collect()));
    }
    // A closing that promises the next report says nothing where there is none.
    if !(around.next_due.is_empty() && words.closing.contains("$next_due")) {
        body.push(Block::Paragraph(filled(&words.closing)));
    }
    let appendices = form
        .appendix
        .iter()
        .filter(|_| !around.alerts.is_empty())
        .map(|appendix| Appendix { title: appendix.title.clone(), body: vec![alert_table(around)] });
    OfficialDocument {
        issuer_parent: Some(head.issuer_parent.clone()).filter(|parent| !parent.trim().is_empty()),
        issuer: head.issuer.clone(),
        number: notice.number.and_then(|number| u32::try_from(number).ok()),
        symbol: symbol(form, &head.symbol),
        place: head.place.clone(),
        date: around.date,
        kind: DocumentKind::Titled { title: words.kind.clone(), summary: filled(&words.summary) },
        addressed_to: Addressees(recipient_names(notice, law)),
        legal_bases: words.legal_bases.clone(),
        body,
        signature: Some(Signature {
            authority: head.authority.lines().map(str::to_owned).collect(),
            position: head.position.clone(),
            name: head.signer.clone(),
        }),
        recipients: words.recipients.clone(),
        urgency: words.urgency.as_deref().and_then(urgency),
        draft,
        appendices: appendices.collect(),
        written: Written { first: timestamp(notice.created_at), last: timestamp(around.now) },
    }
}

fn timestamp(at: i64) -> jiff::Timestamp {
    jiff::Timestamp::from_microsecond(at).unwrap_or_default()
}

/// `BC-SYT`
pub fn symbol(form: &NoticeForm, agency: &str) -> String {
    [form.document.symbol.as_str(), agency.trim()]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("-")
}

/// Names of the recipients, in the words of the duties.
pub fn recipient_names(notice: &Notice, law: &Law) -> Vec<String> {
    let name = |id: &String| {
        let duty = law.duties.iter().find(|duty| duty.recipient.id == *id);
        duty.map_or_else(|| id.clone(), |duty| duty.recipient.vi.clone())
    };
    notice.recipients.iter().map(name).collect()
}

fn urgency(word: &str) -> Option<Urgency> {
    match word {
        "immediate" => Some(Urgency::Immediate),
        "very-urgent" => Some(Urgency::VeryUrgent),
        "urgent" => Some(Urgency::Urgent),
        _ => None,
    }
}

fn fill(text: &str, notice: &Notice, around: &Surroundings) -> String {
    let system =
        notice.fields.get("system-name").map(|field: &FieldValue| field.value.trim()).filter(|name| !name.is_empty());
    // The subject is always named: the system where one is known, else what happened.
    text.replace("{ $agency }", notice.letterhead.issuer.trim())
        .replace("{ $system }", system.unwrap_or(notice.incident_title.trim()))
        .replace("{ $code }", &notice.incident_code)
        .replace("{ $next_due }", &around.next_due)
}

fn alert_table(around: &Surroundings) -> Block {
    let text = |key: &str| texts().text(Lang::Vi, key);
    let column = |key: &str, share| Column { title: text(key), share };
    let rows = around.alerts.iter().enumerate().map(|(position, alert)| {
        vec![
            (position + 1).to_string(),
            alert.title.clone(),
            alert.entity.clone(),
            moment(alert.first_event_at, around.now),
            alert.events.to_string(),
        ]
    });
    Block::Table {
        columns: vec![
            column("notice-table-number", 1),
            column("notice-table-alert", 6),
            column("notice-table-entity", 4),
            column("notice-table-first", 4),
            column("notice-table-events", 2),
        ],
        rows: rows.collect(),
    }
}

#[cfg(test)]
#[path = "document_tests.rs"]
mod tests;
