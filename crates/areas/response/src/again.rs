//! A form that came back: which one, what was typed into it, and what is wrong. The summary above names each field as
//! its label does and leads to it; a field shows its own error without its name.

use crate::edge::form_errors;
use kit::page::{Entry, FormErrors};
use kit::web::Fail;
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
    ) -> Result<Self, Fail> {
        Ok(Self { form, typed, errors: form_errors(lang, error)? })
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

    /// The summary: `place` gives the element and the label of a field of the form.
    pub(crate) fn summary(&self, place: impl Fn(&str) -> Option<(String, String)>) -> FormErrors {
        let named = self.errors.iter().map(|(field, text)| match place(field) {
            Some((element, label)) => (element, format!("{label}: {text}")),
            None => (String::new(), text.clone()),
        });
        FormErrors(named.collect())
    }
}

/// Fields as pairs, for [`Again::new`].
pub(crate) fn typed<const N: usize>(fields: [(&str, &str); N]) -> Vec<(String, String)> {
    fields.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

/// The summary of a form that is made of entries alone.
pub(crate) fn named(errors: &FormErrors, entries: &[Entry]) -> FormErrors {
    let named = errors.iter().map(|(field, text)| match entries.iter().find(|entry| entry.name == *field) {
        Some(entry) => (field.clone(), format!("{}: {text}", entry.label)),
        None => (String::new(), text.clone()),
    });
    FormErrors(named.collect())
}
