//! Forms of notices as data (`content/reports/`): sections, fields, where a field's first value comes from, and the words
//! around them in the official document.

use crate::law::{Basis, Words};
use jiff::civil::Date;
use serde::Deserialize;

/// Names that the page of a notice uses itself; no field of a form is called so.
pub const RESERVED: [&str; 12] = [
    "authority",
    "csrf",
    "issuer",
    "issuer_parent",
    "place",
    "position",
    "recipients",
    "signer",
    "symbol",
    "take",
    "then",
    "version",
];

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoticeForm {
    pub id: String,
    pub title: Words,
    /// `draft` until the official form is issued.
    pub status: String,
    pub valid_from: Date,
    pub valid_to: Option<Date>,
    pub basis: Basis,
    pub document: DocumentWords,
    #[serde(rename = "section")]
    pub sections: Vec<Section>,
    pub appendix: Option<AppendixWords>,
}

/// Vietnamese, since the document is. `{ $agency }`, `{ $system }`, `{ $code }` and `{ $next_due }` are filled in.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DocumentWords {
    /// Kind of document, printed as title: `BÁO CÁO`.
    pub kind: String,
    /// Its abbreviation in the symbol: `BC`.
    pub symbol: String,
    pub summary: String,
    pub opening: String,
    pub closing: String,
    #[serde(default)]
    pub legal_bases: Vec<String>,
    #[serde(default)]
    pub recipients: Vec<String>,
    /// `immediate`, `very-urgent` or `urgent`.
    pub urgency: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Section {
    pub id: String,
    pub title: Words,
    #[serde(rename = "field")]
    pub fields: Vec<FormField>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FormField {
    pub id: String,
    pub label: Words,
    /// What fills it at first, one of `prefill::KNOWN`.
    pub prefill: Option<String>,
    #[serde(default)]
    pub required: bool,
    #[serde(default)]
    pub kind: FieldKind,
}

/// One line or several.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FieldKind {
    #[default]
    Line,
    Text,
}

/// A table behind the text.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppendixWords {
    pub title: String,
    /// `alerts` is the only one so far.
    pub table: String,
}

impl NoticeForm {
    pub fn fields(&self) -> impl Iterator<Item = &FormField> {
        self.sections.iter().flat_map(|section| &section.fields)
    }
}
