//! Severity, level, verdict and status: each a word, a shape and a colour, so that none rests on colour alone.

use crate::clock::Micros;
use std::str::FromStr;

/// Severity of a rule or an alert, in the order of urgency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    #[default]
    Informational,
    Low,
    Medium,
    High,
    Critical,
}

impl Severity {
    /// Most urgent first.
    pub const ALL: [Severity; 5] = [Self::Critical, Self::High, Self::Medium, Self::Low, Self::Informational];

    /// Sigma's word for it, used in addresses and files.
    pub fn code(self) -> &'static str {
        match self {
            Self::Informational => "informational",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// Key of the word for people.
    pub fn key(self) -> &'static str {
        match self {
            Self::Informational => "shell-severity-informational",
            Self::Low => "shell-severity-low",
            Self::Medium => "shell-severity-medium",
            Self::High => "shell-severity-high",
            Self::Critical => "shell-severity-critical",
        }
    }

    /// Outline of the shape in a 16 × 16 box: octagon, triangle, diamond, disc, ring.
    pub fn path(self) -> &'static str {
        match self {
            Self::Critical => "M5 1h6l4 4v6l-4 4H5l-4-4V5z",
            Self::High => "M8 1.5 15.3 14.5H.7z",
            Self::Medium => "M8 .8 15.2 8 8 15.2.8 8z",
            Self::Low => "M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2z",
            Self::Informational => "M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2zm0 2a4 4 0 1 0 0 8 4 4 0 0 0 0-8z",
        }
    }
}

impl FromStr for Severity {
    type Err = ();

    fn from_str(code: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|severity| severity.code() == code).ok_or(())
    }
}

/// Level of an information system, 1 to 5 (Decree 85/2016, articles 7–11).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Level(u8);

impl Level {
    /// `None` for a number that is no level.
    pub fn new(number: impl TryInto<u8>) -> Option<Self> {
        number.try_into().ok().filter(|number| (1..=5).contains(number)).map(Self)
    }

    pub fn number(self) -> u8 {
        self.0
    }
}

/// What is known about a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    Proven,
    Unproven,
    Disproven,
    NotApplicable,
}

impl Verdict {
    pub fn code(self) -> &'static str {
        match self {
            Self::Proven => "proven",
            Self::Unproven => "unproven",
            Self::Disproven => "disproven",
            Self::NotApplicable => "not-applicable",
        }
    }

    pub fn key(self) -> &'static str {
        match self {
            Self::Proven => "shell-verdict-proven",
            Self::Unproven => "shell-verdict-unproven",
            Self::Disproven => "shell-verdict-disproven",
            Self::NotApplicable => "shell-verdict-not-applicable",
        }
    }
}

/// A verdict with the age of its evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerdictMark {
    pub verdict: Verdict,
    /// When the newest evidence was seen or filed.
    pub evidence_at: Option<Micros>,
    /// When the evidence stops counting.
    pub expires_at: Option<Micros>,
}

impl VerdictMark {
    pub fn new(verdict: Verdict) -> Self {
        Self { verdict, evidence_at: None, expires_at: None }
    }

    /// "bằng chứng 3 ngày, còn hạn 4 ngày"; empty without evidence.
    pub fn age(&self, page: &super::Page) -> String {
        let Some(at) = self.evidence_at else { return String::new() };
        let age = page.format.duration(page.now.saturating_sub(at));
        match self.expires_at {
            None => page.tn("shell-evidence-age", "age", age),
            Some(expires) if expires >= page.now => {
                page.tn2("shell-evidence-age-valid", "age", age, "left", page.format.duration(expires - page.now))
            }
            Some(_) => page.tn("shell-evidence-age-expired", "age", age),
        }
    }
}

/// Tone of a status tag. The word says what it is; the tone only groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    #[default]
    Neutral,
    /// Under way.
    Active,
    /// Done, well.
    Good,
    /// Needs a look soon.
    Attention,
    /// Late or failed.
    Bad,
}

impl Tone {
    pub fn code(self) -> &'static str {
        match self {
            Self::Neutral => "neutral",
            Self::Active => "active",
            Self::Good => "good",
            Self::Attention => "attention",
            Self::Bad => "bad",
        }
    }
}

macro_rules! given {
    ($trait:ident, $method:ident, $kind:ty) => {
        impl $trait for $kind {
            fn $method(&self) -> $kind {
                *self
            }
        }

        impl<T: $trait + ?Sized> $trait for &T {
            fn $method(&self) -> $kind {
                (**self).$method()
            }
        }
    };
}

/// A severity by value or behind references (templates pass references).
pub trait GivenSeverity {
    fn given_severity(&self) -> Severity;
}

/// A level by value or behind references.
pub trait GivenLevel {
    fn given_level(&self) -> Level;
}

/// A tone by value or behind references.
pub trait GivenTone {
    fn given_tone(&self) -> Tone;
}

given!(GivenSeverity, given_severity, Severity);
given!(GivenLevel, given_level, Level);
given!(GivenTone, given_tone, Tone);
