//! The law as data: duties, forms, scales of severity and calendars, read from `content/`. Nothing here knows a figure. What
//! is in force is swapped as a whole; whoever asks [`law`] keeps what was in force when asking.

mod book;
mod describe;
mod effect;
mod read;
mod words;

pub use book::ResponseLaw;
pub use effect::{Aspect, Effect, effects};

use crate::duties::Duty;
use crate::notices::form::NoticeForm;
use crate::severity::Scale;
use jiff::civil::Date;
use kit::Lang;
use kit::calendar::{CalendarYear, WorkingCalendar};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

static BUILT_IN: LazyLock<Arc<Law>> = LazyLock::new(|| {
    let law = Law::embedded().unwrap_or_else(|faults| {
        // The embedded files are parsed in a test; a build that reaches this was never tested.
        for fault in faults {
            tracing::error!(%fault, "built-in law does not load, duties and forms are missing");
        }
        Law::default()
    });
    Arc::new(law)
});
static IN_FORCE: RwLock<Option<Arc<Law>>> = RwLock::new(None);

/// Words of a content file in both languages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    /// `Điểm d khoản 2 Điều 31, Nghị định 331/2026/NĐ-CP`
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
#[derive(Debug, Clone, Default)]
pub struct Law {
    /// Those that are switched on.
    pub duties: Vec<Arc<Duty>>,
    pub forms: Vec<Arc<NoticeForm>>,
    pub scales: Vec<Scale>,
    pub calendar: WorkingCalendar,
    /// What the calendar is made of.
    pub years: Vec<CalendarYear>,
}

/// The law in force: what was put in force last, else what is built in.
pub fn law() -> Arc<Law> {
    let in_force = IN_FORCE.read().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(in_force.as_ref().unwrap_or(&BUILT_IN))
}

fn put_in_force(law: Law) {
    *IN_FORCE.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(law));
}

impl Law {
    /// The duty of a name, the latest where there were several.
    pub fn duty(&self, id: &str) -> Option<&Arc<Duty>> {
        self.duties.iter().filter(|duty| duty.id == id).max_by_key(|duty| duty.valid_from)
    }

    /// Duties that have not ended by a day, one of each name: the one that holds then, else the next.
    pub fn duties_from(&self, day: Date) -> Vec<Arc<Duty>> {
        let mut duties: Vec<_> =
            self.duties.iter().filter(|duty| duty.valid_to.is_none_or(|last| day <= last)).cloned().collect();
        duties.sort_by(|one, other| (&one.id, one.valid_from).cmp(&(&other.id, other.valid_from)));
        duties.dedup_by(|later, earlier| later.id == earlier.id);
        duties
    }

    pub fn form(&self, id: &str) -> Option<&Arc<NoticeForm>> {
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

#[cfg(test)]
mod tests;
