//! What a file of `content/formats` may say, exactly as written there. `content/formats/README.md` explains it
//! to people; [`super::compile`] turns it into something fast.

use serde::Deserialize;
use std::collections::BTreeMap;

/// One format file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FormatFile {
    pub name: String,
    pub version: u32,
    pub title: String,
    /// Lower is tried first.
    pub order: i32,
    pub extract: Extract,
    #[serde(default)]
    pub recognise: Recognise,
    #[serde(default)]
    pub pattern: Vec<Pattern>,
    #[serde(default)]
    pub fields: FieldRules,
    /// Names that rules ask for, from the format's own; set only where absent.
    #[serde(default)]
    pub alias: BTreeMap<String, Sources>,
    /// Fields holding several readings of the record at once; any of them may match.
    #[serde(default)]
    pub list: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub columns: BTreeMap<String, Sources>,
    /// Columns with the same text in every record.
    #[serde(default)]
    pub set: BTreeMap<String, String>,
    #[serde(default)]
    pub log_source: LogSourceRules,
    #[serde(default)]
    pub table: Vec<Table>,
    #[serde(default)]
    pub value_map: BTreeMap<String, BTreeMap<String, String>>,
    #[serde(default)]
    pub time: Vec<TimeRule>,
    /// Field that a person reads as the record's one line.
    #[serde(default)]
    pub message: Option<Sources>,
    /// Fields that may hold a whole line of another format.
    #[serde(default)]
    pub inner: Option<Inner>,
    #[serde(default)]
    pub sample: Vec<Sample>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Extract {
    /// One JSON object, flattened to dotted names.
    Json,
    /// Regular expressions with named groups.
    Patterns,
    /// `name=value name="value"` pairs.
    KeyValue,
    /// Linux audit records: pairs, nested `msg='…'`, hex-encoded values.
    Auditd,
    /// The envelope of RFC 3164 or RFC 5424.
    Syslog,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Recognise {
    /// JSON: any of these lists, of which every `field` or `field=value` holds.
    pub fields: Vec<Vec<String>>,
    /// Text: any of these expressions matches the line.
    pub lines: Vec<String>,
    /// Inside a syslog envelope: names of the program that wrote the line.
    pub programs: Vec<String>,
    /// Inside a syslog envelope, whatever the program: any of these matches the message.
    pub messages: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pattern {
    pub regex: String,
    #[serde(flatten)]
    pub outcome: OutcomeRules,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FieldRules {
    /// Blanks around texts are dropped.
    pub trim: bool,
    pub rename: BTreeMap<String, String>,
    /// Prefixes that are dropped from names.
    pub strip: Vec<String>,
    /// Prefixes that are dropped together with the part of the name that follows.
    pub strip_with_next: Vec<String>,
    /// Names with blanks are offered without them and with underscores, too.
    pub without_spaces: bool,
    /// Fields whose text is put in braces where it has none (GUIDs).
    pub braces: Vec<String>,
}

/// One source or several in order of preference: `field`, `field|transform`, or a `{template}`.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Sources {
    One(String),
    Several(Vec<String>),
}

impl Sources {
    pub fn list(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Several(several) => several,
        }
    }
}

/// One word or several.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(untagged)]
pub enum Words {
    #[default]
    None,
    One(String),
    Several(Vec<String>),
}

impl Words {
    pub fn list(&self) -> &[String] {
        match self {
            Self::None => &[],
            Self::One(one) => std::slice::from_ref(one),
            Self::Several(several) => several,
        }
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogSourceRules {
    pub product: Option<String>,
    pub category: Words,
    pub service: Words,
    /// Fields whose text, in lower case, names a service.
    pub service_from: Words,
}

/// Rows chosen by the texts of some fields, joined with a blank and compared without regard to case.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    pub keys: Vec<String>,
    pub rows: BTreeMap<String, Rows>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Rows {
    One(Box<OutcomeRules>),
    Several(Vec<OutcomeRules>),
}

impl Rows {
    pub fn list(&self) -> &[OutcomeRules] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Several(several) => several,
        }
    }
}

/// What a matching pattern or row adds.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct OutcomeRules {
    /// Holds only where each of these fields has one of these texts.
    pub when: BTreeMap<String, Words>,
    pub product: Option<String>,
    pub category: Words,
    pub service: Words,
    pub set: BTreeMap<String, String>,
    pub columns: BTreeMap<String, Sources>,
    pub alias: BTreeMap<String, Sources>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeRule {
    pub from: Sources,
    /// `rfc3339`, `epoch` (unit by size), or a strftime layout.
    pub layouts: Vec<String>,
    /// Zone of layouts without one, where the format itself fixes it.
    #[serde(default)]
    pub zone: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inner {
    pub text: Vec<String>,
    /// Fields naming the program, for a message without its own header.
    #[serde(default)]
    pub program: Vec<String>,
}

/// A record, where it comes from and what must be understood of it. Run by a test.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    pub line: String,
    /// Who says that such records exist: a product's page, or the recording it was modelled on.
    pub origin: String,
    pub evidence: Evidence,
    /// Format expected, where it is not this one.
    #[serde(default)]
    pub format: Option<String>,
    /// Event time in RFC 3339.
    #[serde(default)]
    pub time: Option<String>,
    #[serde(default)]
    pub product: Option<String>,
    #[serde(default)]
    pub category: Words,
    #[serde(default)]
    pub service: Words,
    #[serde(default)]
    pub columns: BTreeMap<String, String>,
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// Modelled on a real record that was seen.
    Seen,
    /// From the sender's documentation only.
    Documented,
}
