//! What analysts' closings say of a rule: keep it, tune it, retire it. Pure; the thresholds are content
//! (`content/monitoring/scorecard.toml`).

use crate::settings::{Basis, Checked, Checks};
use kit::page::Tone;
use serde::Deserialize;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    pub basis: Basis,
    /// Alerts of so many days count.
    pub days: i64,
    pub least_judged: u64,
    pub tune: Tune,
    pub retire: Retire,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tune {
    /// Share of judged alerts that were allowed or false.
    pub noise: f64,
    pub alerts_per_day: f64,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retire {
    pub least_judged: u64,
    /// Share of judged alerts that were false.
    pub false_positives: f64,
}

impl Checked for Thresholds {
    fn check(&self, checks: &mut Checks<'_>) {
        checks.within("days", self.days, 1..=3_660);
        checks.within("least_judged", self.least_judged, 1..=1_000_000);
        checks.within("tune.noise", self.tune.noise, 0.0..=1.0);
        checks.within("tune.alerts_per_day", self.tune.alerts_per_day, 0.0..=1_000_000.0);
        checks.within("retire.least_judged", self.retire.least_judged, 1..=1_000_000);
        checks.within("retire.false_positives", self.retire.false_positives, 0.0..=1.0);
    }
}

/// How alerts of a rule were closed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Closings {
    /// Dealt with, or an incident.
    pub real: u64,
    /// The rule was right, the activity allowed.
    pub allowed: u64,
    pub false_positives: u64,
    /// Say nothing about the rule.
    pub duplicates: u64,
    pub open: u64,
}

impl Closings {
    pub fn judged(&self) -> u64 {
        self.real + self.allowed + self.false_positives
    }

    /// Share of judged alerts that were false; nothing where none is judged.
    pub fn false_share(&self) -> Option<f64> {
        self.share(self.false_positives)
    }

    fn share(&self, part: u64) -> Option<f64> {
        let judged = self.judged();
        (judged > 0).then(|| part as f64 / judged as f64)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    Keep,
    Tune,
    Retire,
    /// Too few alerts were judged.
    TooEarly,
}

impl Verdict {
    pub const ALL: [Verdict; 4] = [Self::Retire, Self::Tune, Self::Keep, Self::TooEarly];

    pub fn code(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Tune => "tune",
            Self::Retire => "retire",
            Self::TooEarly => "too-early",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.code() == code)
    }

    /// Key of the word for people.
    pub fn key(self) -> &'static str {
        match self {
            Self::Keep => "rule-verdict-keep",
            Self::Tune => "rule-verdict-tune",
            Self::Retire => "rule-verdict-retire",
            Self::TooEarly => "rule-verdict-too-early",
        }
    }

    /// Key of the sentence that says what led to it.
    pub fn why_key(self) -> &'static str {
        match self {
            Self::Keep => "rule-verdict-keep-why",
            Self::Tune => "rule-verdict-tune-why",
            Self::Retire => "rule-verdict-retire-why",
            Self::TooEarly => "rule-verdict-too-early-why",
        }
    }

    pub fn tone(self) -> Tone {
        match self {
            Self::Keep => Tone::Good,
            Self::Tune => Tone::Attention,
            Self::Retire => Tone::Bad,
            Self::TooEarly => Tone::Neutral,
        }
    }
}

/// What is to be done with a rule.
pub fn verdict(thresholds: &Thresholds, closings: &Closings, alerts_per_day: f64) -> Verdict {
    let judged = closings.judged();
    let at_least = |part: u64, share: f64| closings.share(part).is_some_and(|have| have >= share);
    let Thresholds { least_judged, tune, retire, .. } = thresholds;
    if judged >= retire.least_judged && closings.real == 0 && at_least(closings.false_positives, retire.false_positives)
    {
        return Verdict::Retire;
    }
    let noisy = judged >= *least_judged && at_least(closings.allowed + closings.false_positives, tune.noise);
    if noisy || alerts_per_day >= tune.alerts_per_day {
        return Verdict::Tune;
    }
    if judged < *least_judged { Verdict::TooEarly } else { Verdict::Keep }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;

    fn closings(real: u64, allowed: u64, false_positives: u64) -> Closings {
        Closings { real, allowed, false_positives, ..Closings::default() }
    }

    fn thresholds() -> Thresholds {
        Settings::embedded().expect("sound").scorecard
    }

    #[test]
    fn few_closings_say_nothing_yet() {
        assert_eq!(verdict(&thresholds(), &closings(0, 0, 4), 1.0), Verdict::TooEarly);
        assert_eq!(verdict(&thresholds(), &Closings { duplicates: 90, ..closings(0, 0, 4) }, 1.0), Verdict::TooEarly);
    }

    #[test]
    fn noise_is_to_be_tuned_whether_false_or_allowed() {
        assert_eq!(verdict(&thresholds(), &closings(2, 3, 0), 1.0), Verdict::Tune);
        assert_eq!(verdict(&thresholds(), &closings(2, 0, 3), 1.0), Verdict::Tune);
        assert_eq!(verdict(&thresholds(), &closings(4, 1, 1), 1.0), Verdict::Keep);
        assert_eq!(verdict(&thresholds(), &closings(4, 0, 0), 80.0), Verdict::Tune, "a flood, whoever judged it");
    }

    #[test]
    fn only_a_rule_that_never_found_anything_real_is_retired() {
        assert_eq!(verdict(&thresholds(), &closings(0, 1, 19), 1.0), Verdict::Retire);
        assert_eq!(verdict(&thresholds(), &closings(1, 0, 99), 1.0), Verdict::Tune);
        assert_eq!(verdict(&thresholds(), &closings(0, 0, 19), 1.0), Verdict::Tune, "too few to retire");
    }

    #[test]
    fn codes_lead_back() {
        assert!(Verdict::ALL.into_iter().all(|verdict| Verdict::from_code(verdict.code()) == Some(verdict)));
    }
}
