//! What becomes different between two laws. Pure; in words only at the end.

use super::Law;
use super::words::{conditions, day, deadline, say, validity};
use crate::duties::Duty;
use crate::notices::form::NoticeForm;
use crate::severity::Scale;
use jiff::civil::Date;
use kit::Lang;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// One thing that becomes different.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    DutyAdded(Arc<Duty>),
    DutyRemoved(Arc<Duty>),
    DutyChanged {
        aspect: Aspect,
        before: Arc<Duty>,
        after: Arc<Duty>,
    },
    FormAdded(Arc<NoticeForm>),
    FormRemoved(Arc<NoticeForm>),
    /// With the labels of its fields, in both languages.
    FormChanged {
        after: Arc<NoticeForm>,
        added: Vec<String>,
        removed: Vec<String>,
    },
    ScaleAdded(String),
    ScaleRemoved(String),
    /// Names of signs.
    ScaleChanged {
        id: String,
        added: Vec<String>,
        removed: Vec<String>,
    },
    DayOff {
        date: Date,
        off: bool,
    },
    WorkingDay {
        date: Date,
        worked: bool,
    },
}

/// What of a duty is another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aspect {
    Deadline,
    Recipient,
    Form,
    Conditions,
    Validity,
    Standing,
    /// Title, note, basis.
    Wording,
}

/// Everything that becomes different, in the order of the law.
pub fn effects(before: &Law, after: &Law) -> Vec<Effect> {
    let mut effects = Vec::new();
    duties(before, after, &mut effects);
    forms(before, after, &mut effects);
    scales(before, after, &mut effects);
    days(before, after, &mut effects);
    effects
}

/// Duties by their name, and of one name in order of time: the first is compared with the first.
fn by_name(law: &Law) -> BTreeMap<&str, Vec<&Arc<Duty>>> {
    let mut named: BTreeMap<&str, Vec<&Arc<Duty>>> = BTreeMap::new();
    for duty in &law.duties {
        named.entry(&duty.id).or_default().push(duty);
    }
    for duties in named.values_mut() {
        duties.sort_by_key(|duty| duty.valid_from);
    }
    named
}

fn duties(before: &Law, after: &Law, effects: &mut Vec<Effect>) {
    let (old, new) = (by_name(before), by_name(after));
    let names: BTreeSet<&str> = old.keys().chain(new.keys()).copied().collect();
    for name in names {
        let old = old.get(name).map(Vec::as_slice).unwrap_or_default();
        let new = new.get(name).map(Vec::as_slice).unwrap_or_default();
        for (&before, &after) in old.iter().zip(new) {
            let changed = |aspect| Effect::DutyChanged { aspect, before: Arc::clone(before), after: Arc::clone(after) };
            effects.extend(aspects(before, after).into_iter().map(changed));
        }
        effects.extend(old.iter().skip(new.len()).map(|&duty| Effect::DutyRemoved(Arc::clone(duty))));
        effects.extend(new.iter().skip(old.len()).map(|&duty| Effect::DutyAdded(Arc::clone(duty))));
    }
}

fn aspects(before: &Duty, after: &Duty) -> Vec<Aspect> {
    let conditions = |duty: &Duty| (duty.serious_only, duty.any_sign.clone(), duty.minimum_system_level);
    let words = |duty: &Duty| (duty.title.clone(), duty.short.clone(), duty.note.clone(), duty.basis.clone());
    let time = |duty: &Duty| (duty.trigger, duty.amount, duty.unit);
    let found = [
        (time(before) != time(after), Aspect::Deadline),
        (before.recipient != after.recipient, Aspect::Recipient),
        (before.form != after.form, Aspect::Form),
        (conditions(before) != conditions(after), Aspect::Conditions),
        ((before.valid_from, before.valid_to) != (after.valid_from, after.valid_to), Aspect::Validity),
        (before.status != after.status, Aspect::Standing),
        (words(before) != words(after), Aspect::Wording),
    ];
    found.into_iter().filter_map(|(differs, aspect)| differs.then_some(aspect)).collect()
}

/// What the second has more than the first, and what less.
fn more_and_less(before: Vec<String>, after: Vec<String>) -> (Vec<String>, Vec<String>) {
    let added = after.iter().filter(|one| !before.contains(one)).cloned().collect();
    let removed = before.into_iter().filter(|one| !after.contains(one)).collect();
    (added, removed)
}

fn forms(before: &Law, after: &Law, effects: &mut Vec<Effect>) {
    let labels = |form: &NoticeForm| form.fields().map(|field| field.label.vi.clone()).collect::<Vec<_>>();
    for old in &before.forms {
        match after.form(&old.id) {
            None => effects.push(Effect::FormRemoved(Arc::clone(old))),
            Some(new) if new != old => {
                let (added, removed) = more_and_less(labels(old), labels(new));
                effects.push(Effect::FormChanged { after: Arc::clone(new), added, removed });
            }
            Some(_) => {}
        }
    }
    let new = after.forms.iter().filter(|form| before.form(&form.id).is_none());
    effects.extend(new.map(|form| Effect::FormAdded(Arc::clone(form))));
}

fn scales(before: &Law, after: &Law, effects: &mut Vec<Effect>) {
    let signs = |scale: &Scale| scale.signs().map(|sign| sign.title.vi.clone()).collect::<Vec<_>>();
    for old in &before.scales {
        match after.scales.iter().find(|new| new.id == old.id) {
            None => effects.push(Effect::ScaleRemoved(old.title.vi.clone())),
            Some(new) if new != old => {
                let (added, removed) = more_and_less(signs(old), signs(new));
                effects.push(Effect::ScaleChanged { id: new.title.vi.clone(), added, removed });
            }
            Some(_) => {}
        }
    }
    let new = after.scales.iter().filter(|new| !before.scales.iter().any(|old| old.id == new.id));
    effects.extend(new.map(|scale| Effect::ScaleAdded(scale.title.vi.clone())));
}

fn days(before: &Law, after: &Law, effects: &mut Vec<Effect>) {
    let off =
        |law: &Law| -> BTreeSet<Date> { law.years.iter().flat_map(|year| &year.day_off).map(|day| day.date).collect() };
    let worked = |law: &Law| -> BTreeSet<Date> {
        law.years.iter().flat_map(|year| &year.working_day).map(|day| day.date).collect()
    };
    let (old, new) = (off(before), off(after));
    effects.extend(new.difference(&old).map(|date| Effect::DayOff { date: *date, off: true }));
    effects.extend(old.difference(&new).map(|date| Effect::DayOff { date: *date, off: false }));
    let (old, new) = (worked(before), worked(after));
    effects.extend(new.difference(&old).map(|date| Effect::WorkingDay { date: *date, worked: true }));
    effects.extend(old.difference(&new).map(|date| Effect::WorkingDay { date: *date, worked: false }));
}

impl Effect {
    /// One sentence; `after` is the law that it belongs to.
    pub fn in_words(&self, after: &Law, lang: Lang) -> String {
        let title = |form: &NoticeForm| form.title.of(lang).to_owned();
        let listed = |key: &str, name: String, added: &[String], removed: &[String]| {
            let list = |key: &str, names: &[String]| match names {
                [] => String::new(),
                names => format!(" {}", say(lang, key, &[("names", names.join("; ").into())])),
            };
            let more = format!("{}{}", list("law-effect-more", added), list("law-effect-less", removed));
            format!("{}{more}", say(lang, key, &[("title", name.into())]))
        };
        match self {
            Self::DutyAdded(duty) => say(
                lang,
                "law-effect-duty-added",
                &[
                    ("duty", name(duty, lang).into()),
                    ("deadline", deadline(duty, lang).into()),
                    ("from", day(duty.valid_from).into()),
                ],
            ),
            Self::DutyRemoved(duty) => say(lang, "law-effect-duty-removed", &[("duty", name(duty, lang).into())]),
            Self::DutyChanged { aspect, before, after: duty } => aspect.in_words(before, duty, after, lang),
            Self::FormAdded(form) => say(lang, "law-effect-form-added", &[("title", title(form).into())]),
            Self::FormRemoved(form) => say(lang, "law-effect-form-removed", &[("title", title(form).into())]),
            Self::FormChanged { after, added, removed } => {
                listed("law-effect-form-changed", title(after), added, removed)
            }
            Self::ScaleAdded(id) => say(lang, "law-effect-scale-added", &[("title", id.clone().into())]),
            Self::ScaleRemoved(id) => say(lang, "law-effect-scale-removed", &[("title", id.clone().into())]),
            Self::ScaleChanged { id, added, removed } => listed("law-effect-scale-changed", id.clone(), added, removed),
            Self::DayOff { date, off } => {
                let key = if *off { "law-effect-day-off" } else { "law-effect-day-no-longer-off" };
                say(lang, key, &[("day", day(*date).into())])
            }
            Self::WorkingDay { date, worked } => {
                let key = if *worked { "law-effect-day-worked" } else { "law-effect-day-no-longer-worked" };
                say(lang, key, &[("day", day(*date).into())])
            }
        }
    }
}

/// `IN-24 (24 giờ)`
fn name(duty: &Duty, lang: Lang) -> String {
    format!("{} ({})", duty.id, duty.short.of(lang))
}

impl Aspect {
    fn in_words(self, before: &Duty, after: &Duty, law: &Law, lang: Lang) -> String {
        let both = |of: &dyn Fn(&Duty) -> String| (of(before), of(after));
        let (key, (old, new)) = match self {
            Self::Deadline => ("law-effect-deadline", both(&|duty| deadline(duty, lang))),
            Self::Recipient => ("law-effect-recipient", both(&|duty| duty.recipient.name(lang).to_owned())),
            Self::Form => ("law-effect-form", both(&|duty| duty.form.clone())),
            Self::Conditions => ("law-effect-conditions", both(&|duty| all_conditions(duty, law, lang))),
            Self::Validity => ("law-effect-validity", both(&|duty| validity(duty.valid_from, duty.valid_to, lang))),
            Self::Standing => ("law-effect-standing", both(&|duty| say(lang, duty.status.key(), &[]))),
            Self::Wording => ("law-effect-wording", (String::new(), String::new())),
        };
        say(lang, key, &[("duty", name(after, lang).into()), ("before", old.into()), ("after", new.into())])
    }
}

fn all_conditions(duty: &Duty, law: &Law, lang: Lang) -> String {
    let signs: Vec<_> = duty.any_sign.iter().map(|sign| law.sign_words(sign, lang).to_owned()).collect();
    match conditions(duty, &signs, lang) {
        none if none.is_empty() => say(lang, "law-condition-none", &[]),
        some => some.join("; "),
    }
}

#[cfg(test)]
#[path = "effect_tests.rs"]
mod tests;
