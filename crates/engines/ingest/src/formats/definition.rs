//! What a file of `content/formats` may say, exactly as written there. `content/formats/README.md` explains it
//! to people; [`super::compile`] turns it into something fast.

use serde::Deserialize;
use std::collections::BTreeMap;

/// One format file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FormatFile {
    pub(crate) name: String,
    pub(crate) version: u32,
    pub(crate) title: String,
    /// Lower is tried first.
    pub(crate) order: i32,
    pub(crate) extract: Extract,
    #[serde(default)]
    pub(crate) recognise: Recognise,
    #[serde(default)]
    pub(crate) pattern: Vec<OutcomeRules>,
    /// W3C logs: lists of fields by which a line without its header is read, where its values fit; tried in order.
    #[serde(default)]
    pub(crate) field_lists: Vec<String>,
    /// W3C logs: fields by which senders tell their logs apart; a line and the `#Fields:` above it have the same.
    #[serde(default)]
    pub(crate) log_fields: Vec<String>,
    /// Values between separators: lists of names; a line is read by the first that is meant for it.
    #[serde(default)]
    pub(crate) csv: Vec<CsvList>,
    /// Pairs: what stands between name and value.
    #[serde(default = "equals")]
    pub(crate) sign: char,
    #[serde(default)]
    pub(crate) fields: FieldRules,
    /// Names that rules ask for, from the format's own; set only where absent.
    #[serde(default)]
    pub(crate) alias: BTreeMap<String, Sources>,
    /// Fields holding several readings of the record at once; any of them may match.
    #[serde(default)]
    pub(crate) list: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub(crate) columns: BTreeMap<String, Sources>,
    /// Columns with the same text in every record.
    #[serde(default)]
    pub(crate) set: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) log_source: LogSourceRules,
    #[serde(default)]
    pub(crate) table: Vec<Table>,
    #[serde(default)]
    pub(crate) value_map: BTreeMap<String, BTreeMap<String, String>>,
    #[serde(default)]
    pub(crate) time: Vec<TimeRule>,
    /// Field that a person reads as the record's one line.
    #[serde(default)]
    pub(crate) message: Option<Sources>,
    /// Fields that may hold a whole line of another format.
    #[serde(default)]
    pub(crate) inner: Option<Inner>,
    #[serde(default)]
    pub(crate) sample: Vec<Sample>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Extract {
    /// One JSON object, flattened to dotted names; a Windows event in XML gives the same names.
    Json,
    /// Regular expressions with named groups.
    Patterns,
    /// `name=value name="value"` pairs.
    KeyValue,
    /// Linux audit records: pairs, nested `msg='…'`, hex-encoded values.
    Auditd,
    /// The envelope of RFC 3164 or RFC 5424.
    Syslog,
    /// ArcSight's Common Event Format: a header between bars, then pairs.
    Cef,
    /// QRadar's Log Event Extended Format, 1.0 and 2.0.
    Leef,
    /// Lines of values whose names stand in a `#Fields:` line above.
    W3c,
    /// Lines of values between separators whose names the format knows.
    Csv,
}

fn equals() -> char {
    '='
}

/// Names of the values of one kind of line.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CsvList {
    /// Matches the lines that are meant.
    pub(crate) line: String,
    /// Between commas, in the order of the values; empty where a value has no meaning.
    pub(crate) names: String,
    #[serde(default = "comma")]
    pub(crate) separator: char,
}

fn comma() -> char {
    ','
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Recognise {
    /// JSON: any of these lists, of which every `field` or `field=value` holds.
    pub(crate) fields: Vec<Vec<String>>,
    /// Text: any of these expressions matches the line.
    pub(crate) lines: Vec<String>,
    /// Inside a syslog envelope: names of the program that wrote the line.
    pub(crate) programs: Vec<String>,
    /// Inside a syslog envelope, whatever the program: any of these matches the message.
    pub(crate) messages: Vec<String>,
    /// W3C logs: any of these matches the list of fields.
    pub(crate) headers: Vec<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct FieldRules {
    /// Blanks around texts are dropped.
    pub(crate) trim: bool,
    pub(crate) rename: BTreeMap<String, String>,
    /// Prefixes that are dropped from names.
    pub(crate) strip: Vec<String>,
    /// Prefixes that are dropped together with the part of the name that follows.
    pub(crate) strip_with_next: Vec<String>,
    /// Prefixes that are dropped from names, whose rest begins with a capital then.
    pub(crate) strip_to_capital: Vec<String>,
    /// Names with blanks are offered without them and with underscores, too.
    pub(crate) without_spaces: bool,
    /// Fields whose text is put in braces where it has none (GUIDs).
    pub(crate) braces: Vec<String>,
}

/// One source or several in order of preference: `field`, `field|transform`, or a `{template}`.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum Sources {
    One(String),
    Several(Vec<String>),
}

impl Sources {
    pub(crate) fn list(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Several(several) => several,
        }
    }
}

/// One word or several.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(untagged)]
pub(crate) enum Words {
    #[default]
    None,
    One(String),
    Several(Vec<String>),
}

impl Words {
    pub(crate) fn list(&self) -> &[String] {
        match self {
            Self::None => &[],
            Self::One(one) => std::slice::from_ref(one),
            Self::Several(several) => several,
        }
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LogSourceRules {
    pub(crate) product: Option<String>,
    /// Fields whose text, in lower case, names the product where nothing else does.
    pub(crate) product_from: Words,
    pub(crate) category: Words,
    pub(crate) service: Words,
    /// Fields whose text, in lower case, names a service.
    pub(crate) service_from: Words,
}

/// Rows chosen by the texts of some fields, joined with a blank and compared without regard to case.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Table {
    pub(crate) keys: Vec<String>,
    pub(crate) rows: BTreeMap<String, Rows>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum Rows {
    One(Box<OutcomeRules>),
    Several(Vec<OutcomeRules>),
}

impl Rows {
    pub(crate) fn list(&self) -> &[OutcomeRules] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Several(several) => several,
        }
    }
}

/// What a matching pattern or row adds.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct OutcomeRules {
    /// Patterns only: the expression with named groups.
    pub(crate) regex: Option<String>,
    /// Holds only where each of these fields has one of these texts.
    pub(crate) when: BTreeMap<String, Words>,
    pub(crate) product: Option<String>,
    pub(crate) category: Words,
    pub(crate) service: Words,
    pub(crate) set: BTreeMap<String, String>,
    pub(crate) columns: BTreeMap<String, Sources>,
    pub(crate) alias: BTreeMap<String, Sources>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TimeRule {
    pub(crate) from: Sources,
    /// `rfc3339`, `epoch` (unit by size), or a strftime layout.
    pub(crate) layouts: Vec<String>,
    /// Field naming the zone (offset or IANA name) of layouts without one.
    #[serde(default)]
    pub(crate) zone_from: Option<String>,
    /// Zone of layouts without one, where the format itself fixes it.
    #[serde(default)]
    pub(crate) zone: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Inner {
    #[serde(default)]
    pub(crate) text: Vec<String>,
    /// Fields naming the program, for a message without its own header.
    #[serde(default)]
    pub(crate) program: Vec<String>,
    /// Fields that may hold an object of another format.
    #[serde(default)]
    pub(crate) objects: Vec<String>,
}

/// A record, where it comes from and what must be understood of it. Run by a test.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sample {
    pub(crate) line: String,
    /// Names of its fields, where a line above it in its file states them.
    #[serde(default)]
    pub(crate) header: Option<String>,
    /// Who says that such records exist: a product's page, or the recording it was modelled on.
    pub(crate) origin: String,
    pub(crate) evidence: Evidence,
    /// Format expected, where it is not this one.
    #[serde(default)]
    pub(crate) format: Option<String>,
    /// Event time in RFC 3339.
    #[serde(default)]
    pub(crate) time: Option<String>,
    /// `exact`, `assumed`, `missing` or `implausible`.
    #[serde(default)]
    pub(crate) time_quality: Option<String>,
    #[serde(default)]
    pub(crate) product: Option<String>,
    #[serde(default)]
    pub(crate) category: Words,
    #[serde(default)]
    pub(crate) service: Words,
    #[serde(default)]
    pub(crate) columns: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) fields: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Evidence {
    /// Modelled on a real record that was seen.
    Seen,
    /// From the sender's documentation only.
    Documented,
}
