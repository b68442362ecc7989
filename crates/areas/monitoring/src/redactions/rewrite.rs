//! A record without the values that rules name: each is taken out by what the format read of it, wherever it stands by itself, and
//! JSON stays JSON. Where a value is still read afterwards, since it was written in another way, nothing of the record is kept
//! but that it came. Pure.

use super::{Act, Rule};
use bytes::Bytes;
use event::{Column, Event, Value};
use ring::hmac;
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// What stands in the place of a value that was dropped.
pub const DROPPED: &str = "[redacted]";
/// What stands in the place of a whole record.
const WHOLE: &str = "[redacted record]";
/// Bytes of a hash that are kept, in hexadecimal digits twice as many.
const HASH_BYTES: usize = 16;

/// The key of hashes: without it nobody can try values.
#[derive(Clone)]
pub struct HashKey(hmac::Key);

impl HashKey {
    pub fn new(secret: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    fn of(&self, text: &str) -> String {
        let tag = hmac::sign(&self.0, text.as_bytes());
        let kept = tag.as_ref().get(..HASH_BYTES).unwrap_or_default();
        kept.iter().fold("hash-".to_owned(), |text, byte| format!("{text}{byte:02x}"))
    }
}

impl Rule {
    fn names(&self, field: &str) -> bool {
        field.strip_prefix(self.field.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }

    /// The texts of a read record that it names.
    fn texts(&self, event: &Event) -> Vec<String> {
        let mut texts = Vec::new();
        let mut add = |value: &Value| {
            value.any_text(&mut |text| {
                if !text.trim().is_empty() {
                    texts.push(text.to_owned());
                }
                false
            });
        };
        event.fields.iter().filter(|(name, _)| self.names(name)).for_each(|(_, value)| add(value));
        if let Some(value) =
            Column::ALL.iter().find(|column| column.name() == self.field).and_then(|one| event.columns.get(*one))
        {
            add(value);
        }
        texts
    }

    fn instead(&self, key: &HashKey, text: &str) -> String {
        match self.act {
            Act::Drop => DROPPED.to_owned(),
            Act::Hash => key.of(text),
        }
    }
}

/// What became of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewritten {
    pub bytes: Bytes,
    /// Rules that took a value, by their ids.
    pub by: Vec<String>,
}

/// The record as it may be kept, where a rule takes something. `read` says what the formats make of bytes.
pub fn rewrite(
    raw: &[u8],
    event: &Event,
    rules: &[Rule],
    key: &HashKey,
    read: &dyn Fn(&[u8]) -> Event,
) -> Option<Rewritten> {
    let mut instead: BTreeMap<String, String> = BTreeMap::new();
    let mut by = Vec::new();
    for rule in rules {
        let texts = rule.texts(event);
        if !texts.is_empty() {
            by.push(rule.id.clone());
        }
        for text in texts {
            let new = rule.instead(key, &text);
            // What is dropped by one rule is not hashed by another.
            let kept = instead.entry(text).or_insert_with(|| new.clone());
            if new == DROPPED {
                *kept = new;
            }
        }
    }
    if by.is_empty() {
        return None;
    }
    let bytes = match serde_json::from_slice::<Json>(raw) {
        Ok(json @ (Json::Object(_) | Json::Array(_))) => Json::to_string(&within(json, &instead)).into_bytes(),
        _ => replaced(&String::from_utf8_lossy(raw), &instead).into_bytes(),
    };
    // What is still read was written in a way that was not found.
    let again = read(&bytes);
    let left = rules.iter().flat_map(|rule| rule.texts(&again)).any(|text| instead.contains_key(&text));
    let bytes = if left { Bytes::from_static(WHOLE.as_bytes()) } else { Bytes::from(bytes) };
    Some(Rewritten { bytes, by })
}

/// The same JSON with other texts; a number that is one of the values becomes a text.
fn within(json: Json, instead: &BTreeMap<String, String>) -> Json {
    match json {
        Json::String(text) => Json::String(replaced(&text, instead)),
        Json::Number(number) => match instead.get(&number.to_string()) {
            Some(new) => Json::String(new.clone()),
            None => Json::Number(number),
        },
        Json::Array(all) => all.into_iter().map(|one| within(one, instead)).collect(),
        Json::Object(all) => all.into_iter().map(|(name, one)| (name, within(one, instead))).collect(),
        other => other,
    }
}

/// A text with other values in their places: only where a value stands by itself and is no part of a longer word.
fn replaced(text: &str, instead: &BTreeMap<String, String>) -> String {
    let mut text = text.to_owned();
    // Longer ones first: one may be part of another.
    let mut values: Vec<(&String, &String)> = instead.iter().collect();
    values.sort_by_key(|(value, _)| std::cmp::Reverse(value.len()));
    for (value, new) in values {
        let mut done = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some((before, behind)) = rest.split_once(value.as_str()) {
            let joins = |letter: Option<char>, own: Option<char>| {
                letter.is_some_and(char::is_alphanumeric) && own.is_some_and(char::is_alphanumeric)
            };
            let last = before.chars().next_back().or_else(|| done.chars().next_back());
            let is_part = joins(last, value.chars().next()) || joins(behind.chars().next(), value.chars().next_back());
            done.push_str(before);
            done.push_str(if is_part { value } else { new });
            rest = behind;
        }
        done.push_str(rest);
        text = done;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use event::{Origin, RawRecord};
    use ingest::FormatSet;
    use proptest::prelude::*;
    use std::sync::Arc;

    const FORMATS: [(&str, &str); 2] = [
        (
            "pairs.toml",
            "name = 'pairs'\nversion = 1\ntitle = 'P'\norder = 1\nextract = 'key_value'\n[recognise]\nlines = ['^user=']\n\
          [columns]\nuser_name = 'user'\n",
        ),
        (
            "json.toml",
            "name = 'json'\nversion = 1\ntitle = 'J'\norder = 2\nextract = 'json'\n[recognise]\nfields = [['actor.name']]\n",
        ),
    ];

    fn read(bytes: &[u8]) -> Event {
        let files: Vec<(String, String)> =
            FORMATS.iter().map(|(name, text)| ((*name).into(), (*text).into())).collect();
        let set = FormatSet::load(&files).expect("formats");
        let (bytes, origin) = (Bytes::copy_from_slice(bytes), Arc::new(Origin::default()));
        set.parse(&RawRecord { bytes, arrival: 1_795_227_120_000_000, origin, position: 0 })
    }

    fn rule(field: &str, act: Act) -> Rule {
        Rule { id: format!("{field}-{}", act.code()), field: field.into(), act }
    }

    fn kept(raw: &str, rules: &[Rule]) -> Option<String> {
        let key = HashKey::new(b"a secret of this test");
        let done = rewrite(raw.as_bytes(), &read(raw.as_bytes()), rules, &key, &read)?;
        Some(String::from_utf8(done.bytes.to_vec()).expect("a text"))
    }

    #[test]
    fn a_value_goes_wherever_it_stands_and_nothing_else_does() {
        let raw = "user=anna src=192.0.2.7 msg=\"anna is not annabel\"";
        assert_eq!(
            kept(raw, &[rule("user", Act::Drop)]).as_deref(),
            Some("user=[redacted] src=192.0.2.7 msg=\"[redacted] is not annabel\"")
        );
        assert_eq!(kept(raw, &[rule("user_name", Act::Drop)]), kept(raw, &[rule("user", Act::Drop)]), "by its column");
        assert_eq!(kept(raw, &[rule("phone", Act::Drop)]), None, "no such field");
    }

    #[test]
    fn hashes_of_equal_values_are_equal_and_tell_nothing() {
        let [one, same, other] =
            ["anna", "anna", "bao"].map(|user| kept(&format!("user={user} x=1 y=2"), &[rule("user", Act::Hash)]));
        assert!(one == same && one != other, "{one:?} {other:?}");
        assert!(one.is_some_and(|text| !text.contains("anna")
            && text.starts_with("user=hash-")
            && text.ends_with(" x=1 y=2")));
        let both = kept("user=anna x=1 y=2", &[rule("user", Act::Hash), rule("user_name", Act::Drop)]);
        assert_eq!(both.as_deref(), Some("user=[redacted] x=1 y=2"), "what one rule drops no other hashes");
    }

    #[test]
    fn json_stays_json_and_a_field_takes_what_is_below_it() {
        let raw = r#"{"actor":{"name":"A \"B\"","id":4711},"n":47,"text":"seen 4711 with A \"B\""}"#;
        let done = kept(raw, &[rule("actor", Act::Drop)]).expect("something was taken");
        let json: Json = serde_json::from_str(&done).expect("JSON");
        assert_eq!(json["actor"]["name"], DROPPED);
        assert_eq!(json["actor"]["id"], DROPPED);
        assert_eq!(json["n"], 47);
        assert_eq!(json["text"], "seen [redacted] with [redacted]");
    }

    #[test]
    fn of_a_value_that_is_written_in_another_way_nothing_is_kept() {
        // The quote is read as one sign and stands there as two.
        let done = kept(r#"user="an\"na" x=1 y=2"#, &[rule("user", Act::Drop)]).expect("something was taken");
        assert!(!done.contains("na\"") || done == WHOLE, "{done}");
    }

    proptest! {
        #[test]
        fn what_a_rule_names_is_never_read_again(user in "[A-Za-z0-9 .\"\\\\,;=éừ-]{1,12}", rest in ".{0,40}", hash in any::<bool>()) {
            let rules = [rule("user", if hash { Act::Hash } else { Act::Drop })];
            let raw = format!("user=\"{user}\" x=1 rest={rest}");
            let before = rules[0].texts(&read(raw.as_bytes()));
            if let Some(done) = kept(&raw, &rules) {
                let after = rules[0].texts(&read(done.as_bytes()));
                prop_assert!(before.iter().all(|text| !after.contains(text) || text == DROPPED), "{raw:?} -> {done:?}");
            }
        }
    }
}
