//! Form fields with label, hint, error and value, and the summary of errors at the top of a form.

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
    /// `text`, `password`, `email`, `date`, `datetime-local`, `number`, `textarea`, `select`, `radio`, `checkbox`,
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

    /// Ids for `aria-describedby`, empty where there is neither hint nor error.
    pub fn described_by(&self) -> String {
        let mut ids = Vec::new();
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
pub struct FormErrors(pub Vec<(String, String)>);

impl FormErrors {
    /// Adds one error; an empty field name is about the form as a whole.
    pub fn add(&mut self, field: impl Into<String>, text: impl Into<String>) {
        self.0.push((field.into(), text.into()));
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> std::slice::Iter<'_, (String, String)> {
        self.0.iter()
    }

    /// First error of a field, empty for none.
    pub fn of(&self, field: &str) -> &str {
        self.0.iter().find(|(name, _)| name == field).map(|(_, text)| text.as_str()).unwrap_or_default()
    }
}
