//! The record that travels through the engines: as it arrived ([`RawRecord`]) and as it was understood
//! ([`Event`]). This crate knows no format, no storage and no rule; the other engines import it and
//! nothing else of ours.

mod column;
mod log_source;
mod names;
pub mod observables;
mod raw;
mod shape;
mod value;

pub use column::{Column, ColumnKind, Columns};
pub use log_source::LogSource;
pub use names::Names;
pub use raw::{LONGEST_RECORD, Listener, Origin, RawRecord};
pub use shape::Shape;
pub use value::{Fields, Text, Value};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Microseconds since 1970-01-01T00:00:00Z. All times inside the engines are UTC.
pub type Micros = i64;

/// How far the event time can be trusted. What the record states is never rewritten; a time that cannot be right is not
/// sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeQuality {
    /// The record names date, time and zone.
    #[default]
    Exact,
    /// Year or zone was missing and came from the source's setting or from the arrival time.
    Assumed,
    /// The record has no time of its own; arrival time stands in.
    Missing,
    /// The record's time cannot be right: before any log of ours, or far from its arrival (more than a day ahead or
    /// thirty days behind). It is kept as stated.
    Implausible,
}

impl TimeQuality {
    /// The word stored in the `time_quality` column.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Assumed => "assumed",
            Self::Missing => "missing",
            Self::Implausible => "implausible",
        }
    }
}

/// One record, understood as far as its format allows.
///
/// A record that no format understands is still an event: `understood` is false, `problem` says why and
/// `raw` holds every byte.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Event {
    /// Number given by the write-ahead log; the identity of the event in its store.
    pub seq: u64,
    /// When it happened, by the record's own account; the arrival time where it does not say or cannot be believed.
    pub time: Micros,
    /// When it reached us.
    pub arrival: Micros,
    pub time_quality: TimeQuality,
    /// Registered source it is bound to (UUID text). `None` only before binding.
    pub source_id: Option<Arc<str>>,
    /// Format and its version, for example `sshd@1`; `unparsed@1` where nothing fitted.
    pub format: Arc<str>,
    pub understood: bool,
    /// Why the record was not, or not wholly, understood.
    pub problem: Option<String>,
    /// What Sigma calls this kind of log.
    pub log_source: LogSource,
    /// Common columns, named after the Elastic Common Schema with underscores.
    pub columns: Columns,
    /// The fields of the record's own format under their own names, nested names joined with dots.
    pub fields: Fields,
    /// The line a person reads, where the format has one.
    pub message: Option<String>,
    /// The bytes as they arrived, or the rendered JSON of a binary format.
    pub raw: Bytes,
    pub origin: Arc<Origin>,
    /// 1-based number of the record in its file or batch; 0 where there is none.
    pub position: u64,
}

/// What a rule may ask of a record. Implemented by [`Event`]; a lazily parsed record can implement it too.
pub trait Record {
    /// The value of a field of the record's own format, by exact name.
    fn field(&self, name: &str) -> Option<&Value>;
    /// The value of a common column. Rules of ours may name columns like fields, so that one rule covers many
    /// formats; an own field of the same name wins.
    fn column(&self, column: Column) -> Option<&Value>;
    /// Calls `visit` with every own field, in the order of the record. A name that comes twice holds its first value.
    fn each_field<'a>(&'a self, visit: &mut dyn FnMut(&'a str, &'a Value));
    /// The first of [`Record::each_field`] where their names are shared with other records, so that what was found out about these names
    /// once holds for this record; values are as many as names.
    fn shaped(&self) -> Option<(&Shape, &[Value])> {
        None
    }
    /// Calls `visit` with every own field behind those of [`Record::shaped`].
    fn each_other_field<'a>(&'a self, visit: &mut dyn FnMut(&'a str, &'a Value)) {
        if self.shaped().is_none() {
            self.each_field(visit);
        }
    }
    /// The text of the record that stands in no field: its line for people or, where the record was not understood,
    /// the record itself.
    fn text(&self) -> Option<&str>;
    /// Calls `visit` for every text of the record until it returns true: [`Record::text`] and the texts of the own
    /// fields. Keyword rules search these. Returns whether any call returned true.
    fn any_text(&self, visit: &mut dyn FnMut(&str) -> bool) -> bool;
    /// What Sigma calls this kind of log.
    fn log_source(&self) -> &LogSource;
}

impl Record for Event {
    fn field(&self, name: &str) -> Option<&Value> {
        self.fields.get(name)
    }

    fn column(&self, column: Column) -> Option<&Value> {
        self.columns.get(column)
    }

    fn each_field<'a>(&'a self, visit: &mut dyn FnMut(&'a str, &'a Value)) {
        self.fields.iter().for_each(|(name, value)| visit(name, value));
    }

    fn shaped(&self) -> Option<(&Shape, &[Value])> {
        self.fields.shaped()
    }

    fn text(&self) -> Option<&str> {
        match &self.message {
            Some(message) => Some(message),
            None if self.fields.is_empty() => std::str::from_utf8(&self.raw).ok(),
            None => None,
        }
    }

    fn any_text(&self, visit: &mut dyn FnMut(&str) -> bool) -> bool {
        self.text().is_some_and(&mut *visit) || self.fields.iter().any(|(_, value)| value.any_text(visit))
    }

    fn log_source(&self) -> &LogSource {
        &self.log_source
    }
}
