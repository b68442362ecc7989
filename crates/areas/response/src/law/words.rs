//! Duties in plain words.

use crate::duties::{Duty, Trigger, Unit};
use crate::law::Basis;
use jiff::civil::Date;
use kit::Lang;
use kit::locale::{Argument, texts};

pub(super) fn say(lang: Lang, key: &str, arguments: &[(&str, Argument<'_>)]) -> String {
    texts().text_with(lang, key, arguments)
}

/// `trong 24 giờ kể từ khi phát hiện`
pub(super) fn deadline(duty: &Duty, lang: Lang) -> String {
    let from = match duty.trigger {
        Trigger::Occurrence => "law-trigger-occurrence",
        Trigger::Detection => "law-trigger-detection",
        Trigger::Awareness => "law-trigger-awareness",
        Trigger::Classification => "law-trigger-classification",
        Trigger::Containment => "law-trigger-containment",
    };
    let key = match (duty.amount, duty.unit) {
        (0, _) => "law-deadline-at-once",
        (_, Unit::Hours) => "law-deadline-hours",
        (_, Unit::Days) => "law-deadline-days",
        (_, Unit::WorkingDays) => "law-deadline-working-days",
    };
    say(lang, key, &[("amount", duty.amount.into()), ("from", say(lang, from, &[]).into())])
}

/// When it applies, in one sentence each; empty for every incident.
pub(super) fn conditions(duty: &Duty, signs: &[String], lang: Lang) -> Vec<String> {
    let mut conditions = Vec::new();
    if duty.serious_only {
        conditions.push(say(lang, "law-condition-serious", &[]));
    }
    if !signs.is_empty() {
        conditions.push(say(lang, "law-condition-signs", &[("signs", signs.join("; ").into())]));
    }
    if let Some(level) = duty.minimum_system_level {
        conditions.push(say(lang, "law-condition-level", &[("level", level.into())]));
    }
    conditions
}

pub(super) fn day(date: Date) -> String {
    date.strftime("%d/%m/%Y").to_string()
}

/// `từ 19/08/2026`, `16/03/2017 – 30/06/2026`
pub(super) fn validity(from: Date, to: Option<Date>, lang: Lang) -> String {
    match to {
        Some(to) => say(lang, "regulation-valid-between", &[("from", day(from).into()), ("to", day(to).into())]),
        None => say(lang, "regulation-valid-from", &[("from", day(from).into())]),
    }
}

/// Whether a basis may be shown as read.
pub(super) fn seen<'a>(bases: impl IntoIterator<Item = &'a Basis>) -> bool {
    bases.into_iter().all(Basis::text_seen)
}
