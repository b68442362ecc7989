//! What is wrong with a line: every fault of it, each under the title of its column, in the language of who reads it.

use super::read::Column;
use kit::locale::texts;
use kit::{Error, Lang};
use serde::Serialize;

/// Longest piece of a cell that a fault quotes, in characters.
const LONGEST_QUOTED: usize = 100;

/// One thing that is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// Name of the column in files; empty where the line as a whole is wrong.
    pub column: &'static str,
    #[serde(skip)]
    title_key: &'static str,
    /// Key of what is wrong.
    pub key: &'static str,
    /// The value, where the column takes others alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unknown: Option<Unknown>,
}

/// A value that a column does not take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unknown {
    pub given: String,
    /// Codes that it takes; each may be written by its name as well.
    pub allowed: Vec<String>,
    /// Keys of their names.
    #[serde(skip)]
    name_keys: Vec<String>,
}

impl Unknown {
    fn allowed_in_words(&self, lang: Lang) -> String {
        let one = |(code, key): (&String, &String)| format!("{} ({code})", texts().text(lang, key));
        self.allowed.iter().zip(&self.name_keys).map(one).collect::<Vec<_>>().join("; ")
    }
}

impl Fault {
    /// About the line as a whole.
    pub(super) fn whole(key: &'static str) -> Self {
        Self { column: "", title_key: "", key, unknown: None }
    }

    /// `Loại: Không được để trống`.
    pub fn words(&self, lang: Lang) -> String {
        let text = match &self.unknown {
            None => texts().text(lang, self.key),
            Some(unknown) => {
                let allowed = unknown.allowed_in_words(lang);
                texts().text_with(
                    lang,
                    self.key,
                    &[("given", unknown.given.as_str().into()), ("allowed", allowed.into())],
                )
            }
        };
        match self.title_key {
            "" => text,
            title => format!("{}: {text}", texts().text(lang, title)),
        }
    }
}

/// The faults of one line as they are found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults {
    columns: &'static [Column],
    found: Vec<Fault>,
}

impl Faults {
    pub(super) fn new(columns: &'static [Column]) -> Self {
        Self { columns, found: Vec::new() }
    }

    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    pub fn into_found(self) -> Vec<Fault> {
        self.found
    }

    /// Of a column by its name in files, or by the name that services have for it. What is said first of a column
    /// counts; of the line as a whole everything does, once.
    pub fn add(&mut self, field: &str, key: &'static str) {
        self.insert(field, key, None);
    }

    /// A value that a column does not take; `name_key` makes the key of the name of a code.
    pub(super) fn add_unknown<'code>(
        &mut self,
        field: &str,
        given: &str,
        codes: impl IntoIterator<Item = &'code str>,
        name_key: impl Fn(&str) -> String,
    ) {
        let (allowed, name_keys) = codes.into_iter().map(|code| (code.to_owned(), name_key(code))).unzip();
        let given = given.chars().take(LONGEST_QUOTED).collect();
        self.insert(field, "sheet-value-unknown", Some(Unknown { given, allowed, name_keys }));
    }

    fn insert(&mut self, field: &str, key: &'static str, unknown: Option<Unknown>) {
        let column = self.columns.iter().find(|column| column.name == field || column.field == field);
        let fault = match column {
            Some(column) => Fault { column: column.name, title_key: column.key, key, unknown },
            None => Fault::whole(key),
        };
        let is_told = |told: &Fault| told.column == fault.column && (!fault.column.is_empty() || told.key == fault.key);
        if !self.found.iter().any(is_told) {
            self.found.push(fault);
        }
    }

    /// The value; nothing where an error is about the line, which is then among its faults. Other errors go on their
    /// way.
    pub fn keep<T>(&mut self, done: Result<T, Error>) -> Result<Option<T>, Error> {
        match done {
            Ok(value) => return Ok(Some(value)),
            Err(Error::Invalid(fields)) => fields.iter().for_each(|one| self.add(&one.field, one.key)),
            Err(Error::Conflict(key)) => self.add("", key),
            Err(Error::NotFound) => self.add("", "sheet-not-found"),
            Err(Error::Forbidden(_)) => self.add("", "sheet-not-allowed"),
            Err(other) => return Err(other),
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[Column] = &[
        Column::new("code", "agency-code"),
        Column::new("kind", "agency-kind"),
        Column::new("agency_code", "person-agency-code").known_as("agency_id"),
    ];

    #[test]
    fn faults_are_told_under_the_title_of_their_column_in_both_languages() {
        let mut faults = Faults::new(COLUMNS);
        faults.add_unknown("kind", "vương quốc", ["commune", "ward"], |code| format!("agency-kind-{code}"));
        let wrong = ["code", "kind", "agency_id"].map(|field| Error::unfit(field, ""));
        for error in
            wrong.into_iter().chain([Error::Conflict("agency-root-stays"), Error::Conflict("agency-root-stays")])
        {
            assert_eq!(faults.keep::<()>(Err(error)).unwrap(), None);
        }
        let words = |lang| faults.found.iter().map(|fault| fault.words(lang)).collect::<Vec<_>>();
        assert_eq!(
            faults.found.iter().map(|fault| fault.column).collect::<Vec<_>>(),
            ["kind", "code", "agency_code", ""]
        );
        let vi = words(Lang::Vi);
        assert!(vi[0].starts_with("Loại: ") && vi[0].contains("“vương quốc”"), "{vi:?}");
        assert!(vi[0].contains("Xã (commune); Phường (ward)"), "{vi:?}");
        assert_eq!(vi[1..3], ["Mã: Không được để trống", "Mã cơ quan: Không được để trống"]);
        assert!(words(Lang::En)[1].starts_with("Code: "), "{:?}", words(Lang::En));
    }

    #[test]
    fn an_error_that_is_not_about_the_line_goes_on() {
        let mut faults = Faults::new(COLUMNS);
        assert!(faults.keep::<()>(Err(Error::Internal("broken".into()))).is_err());
        assert!(faults.is_empty());
    }
}
