//! Bytes in, records out: listeners, file readers, the bodies of `_bulk`, OTLP, HEC and GELF, flows of networks, formats as data, and
//! templates of what none reads. Knows no storage, no rule and no register; it imports `engines/event` and nothing else of ours.

pub mod bulk;
pub mod files;
pub mod flows;
mod formats;
pub mod gelf;
pub mod hec;
pub mod listeners;
mod objects;
pub mod otlp;
pub mod resends;
pub mod templates;

pub use formats::{
    About, FormatError, FormatErrors, FormatSet, FormatSummary, SAMPLES_ARRIVED, SampleFailure, Unread, about,
    is_field_list, is_time_zone,
};
