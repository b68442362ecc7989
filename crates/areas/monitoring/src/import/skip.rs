//! Why a file, or its beginning, was left out. In the summary it is an English sentence; read back from there it can be
//! told in another language.

use std::fmt::{Display, Formatter, Result};

const BEFORE: &str = "imported before: ";
const GROWN: (&str, &str) = ("imported before up to line ", "; only what came after it is read");

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Skip {
    /// The same content was imported before, as this note says.
    Before(String),
    /// It has grown since; up to this line it was imported before.
    Grown(String),
    Other(String),
}

impl Skip {
    pub fn of(reason: &str) -> Self {
        let grown = reason.strip_prefix(GROWN.0).and_then(|rest| rest.strip_suffix(GROWN.1));
        match (grown, reason.strip_prefix(BEFORE)) {
            (Some(lines), _) => Self::Grown(lines.to_owned()),
            (None, Some(note)) => Self::Before(note.to_owned()),
            (None, None) => Self::Other(reason.to_owned()),
        }
    }
}

impl Display for Skip {
    fn fmt(&self, form: &mut Formatter<'_>) -> Result {
        match self {
            Self::Before(note) => write!(form, "{BEFORE}{note}"),
            Self::Grown(lines) => write!(form, "{}{lines}{}", GROWN.0, GROWN.1),
            Self::Other(reason) => form.write_str(reason),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_read_back_from_its_sentence() {
        let note = || "a.log, 3 records".to_owned();
        for skip in [Skip::Before(note()), Skip::Grown("3000".into()), Skip::Other("a device".into())] {
            assert_eq!(Skip::of(&skip.to_string()), skip);
        }
    }
}
