//! Bytes in, records out: listeners, file readers, the `_bulk` body, and formats as data. Knows no storage, no
//! rule and no register; it imports `engines/event` and nothing else of ours.

pub mod bulk;
pub mod files;
mod formats;
pub mod listeners;
pub mod resends;

pub use formats::{
    FormatError, FormatErrors, FormatSet, FormatSummary, SAMPLES_ARRIVED, SampleFailure, is_field_list, is_time_zone,
};
