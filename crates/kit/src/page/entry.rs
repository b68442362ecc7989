//! Form fields with label, hint, error and value, and the summary of errors at the top of a form.

use crate::error::Error;
use crate::locale::{Lang, texts};

/// One choice of a select or of radio buttons.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    pub value: String,
    pub name: String,
    pub chosen: bool,
}

impl Choice {
    pub fn new(value: impl Into<String>, name: impl Into<String>, chosen: bool) -> Self {
        Self { value: value.into(), name: name.into(), chosen }
    }
}

/// One field of a form, with all its words in the language of the page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    /// Name in the form; the element's id is the same.
    pub name: String,
    pub label: String,
    pub hint: String,
    pub error: String,
    pub value: String,
    /// `text`, `password`, `email`, `date`, `date-time`, `time`, `number`, `textarea`, `select`, `radio`, `checkbox`,
    /// `file`.
    pub kind: &'static str,
    pub required: bool,
    pub choices: Vec<Choice>,
    /// Value of `autocomplete`, for example `username`.
    pub autocomplete: &'static str,
    /// Rows of a text area.
    pub rows: u32,
}

impl Entry {
    pub fn new(kind: &'static str, name: impl Into<String>, label: impl Into<String>) -> Self {
        Self { kind, name: name.into(), label: label.into(), rows: 4, ..Self::default() }
    }

    pub fn value(mut self, value: impl Into<String>) -> Self {
        self.value = value.into();
        self
    }

    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    pub fn choices(mut self, choices: Vec<Choice>) -> Self {
        self.choices = choices;
        self
    }

    pub fn autocomplete(mut self, autocomplete: &'static str) -> Self {
        self.autocomplete = autocomplete;
        self
    }

    pub fn rows(mut self, rows: u32) -> Self {
        self.rows = rows;
        self
    }

    /// Takes its error from the errors of the form.
    pub fn checked(mut self, errors: &FormErrors) -> Self {
        self.error = errors.of(&self.name).to_owned();
        self
    }

    /// Key of how it is written, for a day or a time. A browser's own fields for these follow its language, not the page's.
    pub fn written(&self) -> Option<&'static str> {
        match self.kind {
            "date" => Some("shell-date-written"),
            "date-time" => Some("shell-date-time-written"),
            "time" => Some("shell-time-written"),
            _ => None,
        }
    }

    /// Ids for `aria-describedby`, empty where nothing describes it.
    pub fn described_by(&self) -> String {
        let mut ids = Vec::new();
        if self.written().is_some() {
            ids.push(format!("{}-written", self.name));
        }
        if !self.hint.is_empty() {
            ids.push(format!("{}-hint", self.name));
        }
        if !self.error.is_empty() {
            ids.push(format!("{}-error", self.name));
        }
        ids.join(" ")
    }
}

/// What is wrong with a form, field by field, in words that say what to do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FormErrors(Vec<(String, String)>);

impl FormErrors {
    /// Adds one error; an empty field name is about the form as a whole.
    pub fn add(&mut self, field: impl Into<String>, text: impl Into<String>) {
        self.0.push((field.into(), text.into()));
    }

    /// What a service says of a form, in words; other errors come back to go on their way.
    pub fn of_error(lang: Lang, error: Error) -> Result<Self, Error> {
        let text = |key: &str| texts().text(lang, key);
        let mut errors = Self::default();
        match error {
            Error::Invalid(fields) => fields.iter().for_each(|one| errors.add(one.field.clone(), text(one.key))),
            Error::Conflict(key) => errors.add("", text(key)),
            other => return Err(other),
        }
        Ok(errors)
    }

    /// The same where a mistake that a service names is one of this field.
    pub fn of_error_at(field: &str, lang: Lang, error: Error) -> Result<Self, Error> {
        match error {
            Error::Mistake(mistake) => Ok(Self(vec![(field.to_owned(), mistake.sentence(lang))])),
            other => Self::of_error(lang, other),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// First error of a field, empty for none.
    pub fn of(&self, field: &str) -> &str {
        self.0.iter().find(|(name, _)| name == field).map(|(_, text)| text.as_str()).unwrap_or_default()
    }

    /// The summary above the form: first what is about the form as a whole, then field by field in the order of
    /// `places`, each under its label.
    pub fn summary<P: Into<Place>>(&self, places: impl IntoIterator<Item = P>) -> ErrorSummary {
        let mut left: Vec<_> = self.0.iter().collect();
        let mut named = Vec::new();
        for place in places {
            let Place { field, element, label } = place.into();
            left.retain(|(name, text)| {
                let is_here = *name == field;
                if is_here {
                    named.push(SummaryLine { element: element.clone(), text: format!("{label}: {text}") });
                }
                !is_here
            });
        }
        let whole = left.into_iter().map(|(_, text)| SummaryLine { element: String::new(), text: text.clone() });
        ErrorSummary(whole.chain(named).collect())
    }
}

/// Where a field stands on its page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Name in the form.
    pub field: String,
    /// Id of the element that takes the focus.
    pub element: String,
    pub label: String,
}

impl From<&Entry> for Place {
    fn from(entry: &Entry) -> Self {
        Self { field: entry.name.clone(), element: entry.name.clone(), label: entry.label.clone() }
    }
}

/// One line of the summary: `label: text`, leading to its field. Without an element it is about the form as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SummaryLine {
    pub element: String,
    pub text: String,
}

/// The errors of a form as they stand above it. Only the fields of the form make one of its errors.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ErrorSummary(Vec<SummaryLine>);

impl ErrorSummary {
    /// Of a page whose errors are about the whole of it.
    pub fn whole(text: impl Into<String>) -> Self {
        Self(vec![SummaryLine { element: String::new(), text: text.into() }])
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> std::slice::Iter<'_, SummaryLine> {
        self.0.iter()
    }
}
