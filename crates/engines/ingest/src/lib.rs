//! Bytes in, records out: listeners, file readers, the `_bulk` body, and formats as data. Knows no storage, no
//! rule and no register; it imports `engines/event` and nothing else of ours.

mod formats;

pub use formats::{FormatError, FormatErrors, FormatSet, SampleFailure};
