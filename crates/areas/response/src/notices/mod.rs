//! Notices: the reports that duties ask for. A form from `content/reports/` is pre-filled from what the system knows,
//! edited by people, approved by the head, produced as DOCX, and what was sent is recorded with its receipt.

pub mod contradiction;
pub mod document;
pub mod form;
mod gather;
mod pages;
pub mod prefill;
pub mod service;
pub mod store;
pub mod tables;

pub use pages::routes;

use form::NoticeForm;
use kit::clock::Micros;
use organisation::policies::Separation;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Where a notice stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    Draft,
    /// With the head for approval; nobody edits it.
    Submitted,
    /// Numbered, its DOCX kept as approved.
    Approved,
    Sent,
    /// The recipient has confirmed.
    Receipt,
}

impl State {
    pub const ALL: [State; 5] = [Self::Draft, Self::Submitted, Self::Approved, Self::Sent, Self::Receipt];

    /// Word in the database; texts are under `notice-state-<code>`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Submitted => "submitted",
            Self::Approved => "approved",
            Self::Sent => "sent",
            Self::Receipt => "receipt",
        }
    }

    pub fn from_code(code: &str) -> Option<State> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// Draft and submitted go to and fro; from approval on there is only forward, since a number was given.
    pub fn may_become(self, to: State) -> bool {
        matches!(
            (self, to),
            (Self::Draft, Self::Submitted)
                | (Self::Submitted, Self::Draft | Self::Approved)
                | (Self::Approved, Self::Sent)
                | (Self::Sent, Self::Receipt)
        )
    }
}

/// How a notice was sent (Decree 331/2026 Article 35.1).
pub const CHANNELS: [&str; 5] = ["document-system", "ministry-software", "e-mail", "paper", "phone"];

/// One field as it stands in a notice.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldValue {
    pub value: String,
    /// Where the first value came from, as in [`prefill::KNOWN`]; empty where a person wrote it.
    #[serde(default)]
    pub source: String,
    /// A person has changed it since.
    #[serde(default)]
    pub edited: bool,
}

/// What stands above and below the text: boxes 2, 3, 4, 7 of Decree 30/2020.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Letterhead {
    pub issuer_parent: String,
    pub issuer: String,
    /// Short name of the issuer in the symbol: `SYT` gives `BC-SYT`.
    pub symbol: String,
    pub place: String,
    /// Lines before the position, one a line: `TM. ỦY BAN NHÂN DÂN`.
    pub authority: String,
    pub position: String,
    pub signer: String,
}

/// A notice as pages see it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Notice {
    pub id: String,
    pub incident_id: String,
    pub incident_code: String,
    pub incident_title: String,
    pub agency_id: String,
    pub agency_name: String,
    pub form: String,
    pub state: String,
    pub fields: BTreeMap<String, FieldValue>,
    pub letterhead: Letterhead,
    /// Identifiers of recipients as duties name them.
    pub recipients: Vec<String>,
    pub number: Option<i64>,
    pub year: Option<i64>,
    /// `05/BC-SYT`, once approved.
    pub symbol: String,
    pub author_id: String,
    pub author_name: String,
    pub submitted_at: Option<Micros>,
    pub submitted_by: Option<String>,
    pub approved_at: Option<Micros>,
    pub approved_by: Option<String>,
    pub approver_name: Option<String>,
    pub returned_reason: String,
    pub sent_at: Option<Micros>,
    pub sent_by: Option<String>,
    pub channel: String,
    pub receipt_at: Option<Micros>,
    pub receipt_reference: String,
    pub document_sha256: Option<String>,
    pub created_at: Micros,
    pub updated_at: Micros,
    pub version: i64,
}

impl Notice {
    pub fn state(&self) -> State {
        State::from_code(&self.state).unwrap_or(State::Draft)
    }

    /// Required fields that are still empty, as the form names them.
    pub fn missing<'form>(&self, form: &'form NoticeForm) -> Vec<&'form form::FormField> {
        let empty = |id: &str| self.fields.get(id).is_none_or(|field| field.value.trim().is_empty());
        form.fields().filter(|field| field.required && empty(&field.id)).collect()
    }
}

/// Why somebody may not approve a notice, as the key of a text: who wrote or submitted it cannot also approve it, and
/// whoever reaches the agency from above does not sign in its name. `heads`: who stands for the agency.
pub fn approval_problem(
    notice: &Notice,
    person: &str,
    heads: &[String],
    separation: &Separation,
) -> Option<&'static str> {
    if !heads.iter().any(|head| head == person) {
        return Some("notice-another-head");
    }
    let acts =
        [("notice.draft", Some(notice.author_id.as_str())), ("notice.submitted", notice.submitted_by.as_deref())];
    let mut own = acts.iter().filter(|(_, by)| *by == Some(person)).map(|(act, _)| act);
    own.any(|done| separation.keeps_acts_apart(done, "notice.approved")).then_some("notice-own-work")
}

impl Letterhead {
    /// The letterhead with the approver in its signature block, as far as nobody else was named. Authority and
    /// position come together: "KT. GIÁM ĐỐC" belongs to the deputy who signs, not to the agency.
    #[must_use]
    pub fn signed_by(&self, person: &organisation::people::Person) -> Self {
        let mut head = self.clone();
        if head.signer.is_empty() {
            head.signer.clone_from(&person.full_name);
        }
        if head.position.is_empty() {
            match person.signs_as.rsplit_once('\n') {
                Some((authority, position)) => (head.authority, head.position) = (authority.into(), position.into()),
                None if person.signs_as.is_empty() => head.position.clone_from(&person.title),
                None => head.position.clone_from(&person.signs_as),
            }
        }
        head
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use organisation::Policies;

    #[test]
    fn a_number_once_given_is_never_taken_back() {
        for from in State::ALL {
            for to in State::ALL {
                let back = to < from && from >= State::Approved;
                assert!(!(back && from.may_become(to)), "{from:?} to {to:?}");
            }
        }
        assert!(!State::Draft.may_become(State::Approved), "nothing is approved that was not submitted");
    }

    #[test]
    fn who_wrote_or_submitted_a_notice_does_not_approve_it() {
        let notice = Notice { author_id: "author".into(), submitted_by: Some("clerk".into()), ..Notice::default() };
        let heads = ["author", "clerk", "head"].map(str::to_owned);
        let policies = Policies::embedded().unwrap();
        let problem = |person: &str| approval_problem(&notice, person, &heads, &policies.separation);
        assert_eq!(problem("author"), Some("notice-own-work"));
        assert_eq!(problem("clerk"), Some("notice-own-work"));
        assert_eq!(problem("head"), None);
        assert_eq!(problem("centre"), Some("notice-another-head"));
    }

    #[test]
    fn the_signature_block_is_the_approvers_unless_somebody_else_was_named() {
        let person = |title: &str, signs_as: &str| organisation::people::Person {
            id: "p".into(),
            account: "p".into(),
            full_name: "Nguyễn Thị Ỷ Ẫn".into(),
            agency_id: "a".into(),
            agency_name: "Sở Y tế".into(),
            title: title.into(),
            signs_as: signs_as.into(),
            phone: kit::Personal::default(),
            email: kit::Personal::default(),
            kind: "operational".into(),
            active: true,
            created_at: 0,
        };
        let block = |head: &Letterhead, title: &str, signs_as: &str| {
            let head = head.signed_by(&person(title, signs_as));
            [head.authority, head.position, head.signer]
        };
        let blank = Letterhead::default();
        let deputy = "TM. ỦY BAN NHÂN DÂN\nKT. CHỦ TỊCH\nPHÓ CHỦ TỊCH";
        assert_eq!(block(&blank, "Giám đốc", ""), ["", "Giám đốc", "Nguyễn Thị Ỷ Ẫn"]);
        assert_eq!(block(&blank, "Giám đốc Sở", "GIÁM ĐỐC"), ["", "GIÁM ĐỐC", "Nguyễn Thị Ỷ Ẫn"]);
        let lines = ["TM. ỦY BAN NHÂN DÂN\nKT. CHỦ TỊCH", "PHÓ CHỦ TỊCH", "Nguyễn Thị Ỷ Ẫn"];
        assert_eq!(block(&blank, "", deputy), lines);
        let named =
            Letterhead { position: "Chánh Văn phòng".into(), signer: "Lê A".into(), ..Letterhead::default() };
        assert_eq!(block(&named, "Giám đốc", deputy), ["", "Chánh Văn phòng", "Lê A"]);
    }

    #[test]
    fn missing_fields_are_named() {
        let law = crate::law::Law::embedded().unwrap();
        let form = law.form("first-notice").unwrap();
        let mut notice = Notice::default();
        let all = notice.missing(form).len();
        notice.fields.insert("help".into(), FieldValue::default());
        notice.fields.insert("scope".into(), FieldValue { value: " ".into(), ..FieldValue::default() });
        assert_eq!(notice.missing(form).len(), all);
        notice.fields.insert("scope".into(), FieldValue { value: "1 máy".into(), ..FieldValue::default() });
        assert_eq!(notice.missing(form).len(), all - 1);
    }
}
