//! Bytes in, records out: listeners, file readers, the `_bulk` body, formats as data, and templates of what none reads. Knows
//! no storage, no rule and no register; it imports `engines/event` and nothing else of ours.

pub mod bulk;
pub mod files;
mod formats;
pub mod listeners;
pub mod resends;
pub mod templates;

pub use formats::{
    About, FormatError, FormatErrors, FormatSet, SAMPLES_ARRIVED, SampleFailure, Unread, about, is_field_list,
    is_time_zone,
};
