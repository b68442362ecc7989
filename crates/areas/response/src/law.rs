//! The law as data: duties, forms, scales of severity and calendars, read from `content/` (built into the program, or a
//! directory that overrides it file by file). Nothing here knows a figure; a file that does not parse is named and refused.

use crate::duties::Duty;
use crate::notices::form::NoticeForm;
use crate::severity::Scale;
use include_dir::{Dir, include_dir};
use kit::Lang;
use kit::calendar::{CalendarYear, WorkingCalendar};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;

static DUTIES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../../content/duties");
static REPORTS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../../content/reports");
static SEVERITY: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../../content/severity");
static CALENDARS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../../content/calendars");
static LAW: OnceLock<Law> = OnceLock::new();

/// Words of a content file in both languages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Words {
    pub vi: String,
    pub en: String,
}

impl Words {
    pub fn of(&self, lang: Lang) -> &str {
        match lang {
            Lang::Vi => &self.vi,
            Lang::En => &self.en,
        }
    }
}

/// Where a rule comes from. `quoted` is empty where the text was not seen; pages say so.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Basis {
    pub document: String,
    #[serde(default)]
    pub article: String,
    #[serde(default)]
    pub quoted: String,
    #[serde(default)]
    pub source: String,
}

impl Basis {
    /// `Điều 31 khoản 2 điểm d Nghị định 331/2026/NĐ-CP`
    pub fn place(&self) -> String {
        [self.article.as_str(), self.document.as_str()]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(", ")
    }

    pub fn text_seen(&self) -> bool {
        !self.quoted.is_empty()
    }
}

/// Everything of the law that response needs.
#[derive(Debug, Clone)]
pub struct Law {
    pub duties: Vec<Duty>,
    pub forms: Vec<NoticeForm>,
    pub scales: Vec<Scale>,
    pub calendar: WorkingCalendar,
}

#[derive(Debug, thiserror::Error)]
pub enum LawError {
    #[error("{file}: {reason}")]
    Content { file: String, reason: String },
    #[error("{0}: {1}")]
    Read(String, std::io::Error),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DutyFile {
    #[serde(default)]
    duty: Vec<Duty>,
}

/// The law in force in this program: what [`use_directory`] read, else what is built in.
pub fn law() -> &'static Law {
    LAW.get_or_init(|| {
        Law::load(None).unwrap_or_else(|error| {
            // The embedded files are parsed in a test; a build that reaches this was never tested.
            tracing::error!(%error, "built-in law does not load, duties and forms are missing");
            Law { duties: Vec::new(), forms: Vec::new(), scales: Vec::new(), calendar: WorkingCalendar::default() }
        })
    })
}

/// Reads the law with the overrides in `directory` (`duties/`, `reports/`, `severity/`, `calendars/`). Called once, at
/// start, before the first request.
///
/// # Errors
/// The first file that cannot be read or does not parse.
pub fn use_directory(directory: &Path) -> Result<(), LawError> {
    let law = Law::load(Some(directory))?;
    if LAW.set(law).is_err() {
        tracing::warn!("law was already in use, the content directory comes too late");
    }
    Ok(())
}

impl Law {
    /// # Errors
    /// The first file that cannot be read or does not parse.
    pub fn load(directory: Option<&Path>) -> Result<Self, LawError> {
        let at = |name: &str| directory.map(|directory| directory.join(name));
        let duties = parse::<DutyFile>(&DUTIES, at("duties").as_deref())?;
        let scales: Vec<Scale> = parse(&SEVERITY, at("severity").as_deref())?;
        let calendars: Vec<CalendarYear> = parse(&CALENDARS, at("calendars").as_deref())?;
        Ok(Self {
            duties: duties.into_iter().flat_map(|file| file.duty).filter(|duty| duty.enabled).collect(),
            forms: parse(&REPORTS, at("reports").as_deref())?,
            scales,
            calendar: WorkingCalendar::new(calendars),
        })
    }

    pub fn duty(&self, id: &str) -> Option<&Duty> {
        self.duties.iter().find(|duty| duty.id == id)
    }

    pub fn form(&self, id: &str) -> Option<&NoticeForm> {
        self.forms.iter().find(|form| form.id == id)
    }

    /// The scale that people classify with: the first that has not been superseded.
    pub fn scale(&self) -> Option<&Scale> {
        self.scales.iter().find(|scale| scale.valid_to.is_none())
    }

    /// Words for a sign of any scale; the identifier where it is unknown.
    pub fn sign_words<'a>(&'a self, sign: &'a str, lang: Lang) -> &'a str {
        let signs = self.scales.iter().flat_map(|scale| &scale.levels).flat_map(|level| &level.signs);
        signs.into_iter().find(|known| known.id == sign).map_or(sign, |known| known.title.of(lang))
    }
}

/// All TOML files of a folder, in order of name; a file of the same name in `directory` takes the place of a built-in one.
fn parse<T: DeserializeOwned>(embedded: &Dir<'_>, directory: Option<&Path>) -> Result<Vec<T>, LawError> {
    let mut texts: BTreeMap<String, String> = embedded
        .files()
        .filter_map(|file| {
            let name = file.path().file_name()?.to_str()?;
            name.ends_with(".toml").then(|| (name.to_owned(), file.contents_utf8().unwrap_or_default().to_owned()))
        })
        .collect();
    if let Some(directory) = directory.filter(|directory| directory.is_dir()) {
        let failed = |error| LawError::Read(directory.display().to_string(), error);
        for entry in std::fs::read_dir(directory).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let Some(name) = path.file_name().and_then(|name| name.to_str()).filter(|name| name.ends_with(".toml"))
            else {
                continue;
            };
            let text = std::fs::read_to_string(&path).map_err(|error| LawError::Read(name.to_owned(), error))?;
            texts.insert(name.to_owned(), text);
        }
    }
    texts
        .into_iter()
        .map(|(file, text)| {
            toml::from_str(&text).map_err(|error| LawError::Content { file, reason: error.to_string() })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn built_in_law_loads_and_its_parts_fit_together() {
        let law = Law::load(None).unwrap();
        let ids: BTreeSet<_> = law.duties.iter().map(|duty| duty.id.as_str()).collect();
        for id in ["IN-NOW", "IN-24", "IN-24-SEED", "IN-24-CENTRAL", "IN-72", "PD-72"] {
            assert!(ids.contains(id), "{id} of regulation.md Annex B");
        }
        assert_eq!(ids.len(), law.duties.len(), "identifiers are unique");
        let signs: BTreeSet<_> = law.scales.iter().flat_map(Scale::signs).map(|sign| sign.id.as_str()).collect();
        for duty in &law.duties {
            assert!(law.form(&duty.form).is_some(), "{} asks for form {}", duty.id, duty.form);
            assert!(!duty.basis.document.is_empty(), "{} has a basis", duty.id);
            assert!(
                duty.basis.text_seen() || duty.status == crate::duties::Standing::Draft,
                "{}: unseen text",
                duty.id
            );
            for sign in &duty.any_sign {
                assert!(signs.contains(sign.as_str()), "{} asks for the unknown sign {sign}", duty.id);
            }
        }
        assert!(law.scale().is_some_and(|scale| scale.id == "m1-m4"));
        assert!(law.calendar.knows(2026) && law.calendar.knows(2027));
    }

    #[test]
    fn every_prefill_of_a_form_is_one_we_know() {
        for form in &Law::load(None).unwrap().forms {
            for field in form.fields() {
                if let Some(prefill) = &field.prefill {
                    assert!(crate::notices::prefill::KNOWN.contains(&prefill.as_str()), "{}: {prefill}", form.id);
                }
            }
        }
    }

    #[test]
    fn a_directory_overrides_file_by_file_and_a_bad_file_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let duties = directory.path().join("duties");
        std::fs::create_dir(&duties).unwrap();
        std::fs::write(duties.join("plans-2026.toml"), "duty = []\n").unwrap();
        let law = Law::load(Some(directory.path())).unwrap();
        assert!(law.duty("IN-24-SEED").is_none() && law.duty("IN-72").is_some());
        std::fs::write(duties.join("own.toml"), "[[duty]]\nid = 3\n").unwrap();
        let error = Law::load(Some(directory.path())).unwrap_err().to_string();
        assert!(error.starts_with("own.toml:"), "{error}");
    }
}
