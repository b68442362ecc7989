//! What a file says and what a change of it means, in words.

use super::Basis;
use crate::retention::Retention;
use kit::Lang;
use kit::locale::{Argument, texts};
use organisation::regulations::{Description, Files, Provision};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use toml::{Table, Value};

/// Changes that are named; the rest is counted.
const MOST_NAMED: usize = 40;

/// What is made at the start of the server, by file and the beginning of the key.
const FROM_THE_NEXT_START: [(&str, &str); 4] = [
    ("monitoring/early-warning.toml", "detector"),
    ("monitoring/early-warning.toml", "history_days"),
    ("monitoring/early-warning.toml", "time_zone_minutes"),
    ("monitoring/tuning.toml", "correlations."),
];

fn say(lang: Lang, key: &str, arguments: &[(&str, Argument<'_>)]) -> String {
    texts().text_with(lang, key, arguments)
}

/// The head that every file of settings has.
#[derive(Deserialize)]
struct Head {
    basis: Basis,
}

pub(super) fn describe(path: &str, text: &str, lang: Lang) -> Description {
    let key = format!("setting-file-{}", stem(path));
    let title = if texts().has(lang, &key) { say(lang, &key, &[]) } else { path.to_owned() };
    if let Ok(retention) = toml::from_str::<Retention>(text) {
        return of_retention(&retention, title, lang);
    }
    match toml::from_str::<Head>(text) {
        Ok(Head { basis }) => Description {
            title,
            documents: vec![basis.document],
            valid_from: Some(basis.valid_from),
            text_seen: basis.text_seen,
            ..Description::default()
        },
        Err(_) => Description { title, ..Description::default() },
    }
}

fn stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.strip_suffix(".toml").unwrap_or(name)
}

fn of_retention(retention: &Retention, title: String, lang: Lang) -> Description {
    let provision = |(number, one): (usize, &crate::retention::Minimum)| Provision {
        id: (number + 1).to_string(),
        title: one.what(lang).to_owned(),
        says: vec![say(lang, "setting-kept-days", &[("days", one.days().into())])],
        basis: one.basis(),
        text_seen: false,
        ..Provision::default()
    };
    let documents: BTreeSet<&str> = retention.minima().iter().map(|one| one.document()).collect();
    Description {
        title,
        documents: documents.into_iter().map(ToOwned::to_owned).collect(),
        provisions: retention.minima().iter().enumerate().map(provision).collect(),
        ..Description::default()
    }
}

/// Every value that differs, by file and key.
pub(super) fn effects(before: &Files, after: &Files, lang: Lang) -> Vec<String> {
    let mut sentences = Vec::new();
    let (mut unnamed, mut waits) = (0_usize, false);
    let paths: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for path in paths {
        let (was, is) = (values(before.get(path)), values(after.get(path)));
        let keys: BTreeSet<&String> = was.keys().chain(is.keys()).collect();
        for key in keys.into_iter().filter(|key| was.get(*key) != is.get(*key)) {
            waits |= FROM_THE_NEXT_START.iter().any(|(file, begins)| *file == path.as_str() && key.starts_with(begins));
            if sentences.len() == MOST_NAMED {
                unnamed += 1;
                continue;
            }
            let of = |values: &BTreeMap<String, String>| values.get(key).cloned().unwrap_or_else(|| "–".to_owned());
            let arguments: [(&str, Argument<'_>); 4] = [
                ("file", stem(path).into()),
                ("key", key.as_str().into()),
                ("before", of(&was).into()),
                ("after", of(&is).into()),
            ];
            sentences.push(say(lang, "setting-effect", &arguments));
        }
    }
    if unnamed > 0 {
        sentences.push(say(lang, "setting-effect-more", &[("count", unnamed.into())]));
    }
    if waits {
        sentences.push(say(lang, "setting-effect-next-start", &[]));
    }
    sentences
}

/// Values of a text by their keys with all tables: `hits.keep_days`, `detector.early-volume.enabled`.
fn values(text: Option<&String>) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let table: Table = text.and_then(|text| toml::from_str(text).ok()).unwrap_or_default();
    gather("", &Value::Table(table), &mut found);
    found
}

fn gather(key: &str, value: &Value, found: &mut BTreeMap<String, String>) {
    let below = |name: &str| if key.is_empty() { name.to_owned() } else { format!("{key}.{name}") };
    match value {
        Value::Table(table) => table.iter().for_each(|(name, value)| gather(&below(name), value, found)),
        Value::Array(entries) if entries.iter().any(Value::is_table) => {
            for (number, entry) in entries.iter().enumerate() {
                let name = entry.get("id").and_then(Value::as_str);
                gather(&below(&name.map_or_else(|| (number + 1).to_string(), ToOwned::to_owned)), entry, found);
            }
        }
        value => {
            found.insert(key.to_owned(), value.to_string());
        }
    }
}
