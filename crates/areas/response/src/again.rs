//! A form that came back: which one, what was typed into it, and what is wrong.

use kit::page::FormErrors;
use kit::{Error, Lang};

/// Of the forms of a page at most one comes back.
#[derive(Debug, Clone, Default)]
pub(crate) struct Again {
    /// Name of the form within its page; empty where none came back.
    pub(crate) form: &'static str,
    typed: Vec<(String, String)>,
    pub(crate) errors: FormErrors,
}

impl Again {
    /// Other errors than those of a form go their way.
    pub(crate) fn new(
        form: &'static str,
        typed: Vec<(String, String)>,
        lang: Lang,
        error: Error,
    ) -> Result<Self, Error> {
        Ok(Self { form, typed, errors: FormErrors::of_error(lang, error)? })
    }

    /// Everything as it was typed.
    pub(crate) fn typed(&self) -> &[(String, String)] {
        &self.typed
    }

    /// Errors of one form; none where it is not the one.
    pub(crate) fn errors_of(&self, form: &str) -> FormErrors {
        if self.form == form { self.errors.clone() } else { FormErrors::default() }
    }

    /// What was typed into a field, else what stands in the register.
    pub(crate) fn value<'again>(&'again self, form: &str, field: &str, otherwise: &'again str) -> &'again str {
        self.values(form, field).next().unwrap_or(otherwise)
    }

    /// Everything typed into a field that may be there several times.
    pub(crate) fn values<'again>(&'again self, form: &str, field: &str) -> impl Iterator<Item = &'again str> {
        let typed = if self.form == form { self.typed.as_slice() } else { &[] };
        let field = field.to_owned();
        typed.iter().filter(move |(name, _)| *name == field).map(|(_, value)| value.as_str())
    }
}

/// Fields as pairs, for [`Again::new`].
pub(crate) fn typed<const N: usize>(fields: [(&str, &str); N]) -> Vec<(String, String)> {
    fields.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}
