//! One record as the rules of a network see it: values under the network's numbers of fields, and folded texts, made
//! once into memory that is kept from record to record.

use crate::network::Network;
use crate::pattern::{fold, with_folded};
use crate::predicate::any_scalar;
use event::{Record, Value};
use std::cell::OnceCell;

/// Stands between texts that are searched in one go; no needle holds it.
pub(crate) const SEPARATOR: char = '\u{1}';

/// Where a field's folded text stands.
type Place = Option<(u32, u32)>;

/// Memory that every record uses again.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    folded: String,
    places: Vec<Place>,
    values: Vec<Option<&'static Value>>,
}

/// A record prepared for evaluation.
pub(crate) struct View<'r> {
    pub(crate) record: &'r dyn Record,
    network: &'r Network,
    values: Vec<Option<&'r Value>>,
    places: Vec<Place>,
    folded: String,
    keywords: OnceCell<Vec<(String, String)>>,
}

/// The memory of a vector for values of another life.
fn recycled<'to>(mut values: Vec<Option<&Value>>) -> Vec<Option<&'to Value>> {
    values.clear();
    // Nothing is left to map; the compiler reuses the memory in place.
    values.into_iter().map(|_| None).collect()
}

impl<'r> View<'r> {
    pub(crate) fn new(record: &'r dyn Record, network: &'r Network, scratch: &mut Scratch) -> Self {
        let mut folded = std::mem::take(&mut scratch.folded);
        let mut places = std::mem::take(&mut scratch.places);
        let mut values = recycled(std::mem::take(&mut scratch.values));
        folded.clear();
        places.clear();
        places.resize(network.slots(), None);
        values.resize(network.slots(), None);
        let line = record.text();
        let mut line_seen = line.is_none();
        let shortest = network.shortest_keyword();
        record.each_field(&mut |name, value| {
            let slot = network.slot_of(name);
            let place = match slot.and_then(|slot| values.get_mut(slot).zip(places.get_mut(slot))) {
                Some((have @ None, place)) => {
                    *have = Some(value);
                    Some(place)
                }
                _ => None,
            };
            match value {
                Value::Text(text) => {
                    let text = text.as_str();
                    let searched = shortest.is_some_and(|shortest| may_hold(text, shortest));
                    if searched && !line_seen && line == Some(text) {
                        line_seen = true;
                    }
                    if searched || place.is_some() {
                        let at = push_folded(&mut folded, text);
                        if let Some(place) = place {
                            *place = at;
                        }
                    }
                }
                other if network.keywords_in_numbers() || matches!(other, Value::List(_)) && shortest.is_some() => {
                    other.any_text(&mut |text| {
                        push_folded(&mut folded, text);
                        false
                    });
                }
                _ => {}
            }
        });
        for (column, slot) in network.columns() {
            if let Some((have @ None, place)) = values.get_mut(*slot).zip(places.get_mut(*slot))
                && let Some(value) = record.column(*column)
            {
                *have = Some(value);
                if let Value::Text(text) = value {
                    // Keywords are not looked for in columns; what they find there too much is no match after all.
                    *place = push_folded(&mut folded, text);
                }
            }
        }
        if let Some(line) = line
            && !line_seen
            && shortest.is_some_and(|shortest| may_hold(line, shortest))
        {
            push_folded(&mut folded, line);
        }
        folded.make_ascii_lowercase();
        Self { record, network, values, places, folded, keywords: OnceCell::new() }
    }

    /// Gives the memory back.
    pub(crate) fn recycle(self, scratch: &mut Scratch) {
        scratch.values = recycled(self.values);
        scratch.places = self.places;
        scratch.folded = self.folded;
    }

    pub(crate) fn value(&self, slot: usize) -> Option<&'r Value> {
        self.values.get(slot).copied().flatten()
    }

    pub(crate) fn value_named(&self, name: &str) -> Option<&'r Value> {
        self.network.slot_of(name).and_then(|slot| self.value(slot))
    }

    /// The folded text of a field that is one text.
    pub(crate) fn folded(&self, slot: usize) -> Option<&str> {
        let (start, end) = self.places.get(slot).copied().flatten()?;
        self.folded.get(start as usize..end as usize)
    }

    /// Hands the folded texts of a field to `holds`, until one does.
    pub(crate) fn any_folded(&self, slot: usize, holds: &mut dyn FnMut(&str) -> bool) -> bool {
        if let Some(text) = self.folded(slot) {
            return holds(text);
        }
        self.value(slot).is_some_and(|value| {
            any_scalar(value, &mut |scalar| scalar.with_text(|text| with_folded(text, &mut *holds)) == Some(true))
        })
    }

    /// Texts in which keywords can stand, folded, one behind the other.
    pub(crate) fn searched(&self) -> &str {
        &self.folded
    }

    /// Every text of the record with its folded form.
    pub(crate) fn keyword_texts(&self) -> &[(String, String)] {
        self.keywords.get_or_init(|| {
            let mut texts = Vec::new();
            self.record.any_text(&mut |text| {
                texts.push((text.to_owned(), fold(text)));
                false
            });
            texts
        })
    }
}

/// Whether a text is long enough to hold a folded literal of so many bytes. Some letters are longer in lower case.
fn may_hold(text: &str, shortest: usize) -> bool {
    text.len() >= shortest || text.len() * 2 >= shortest && !text.is_ascii()
}

/// Adds a text, folded but for ASCII letters, which are folded together later.
fn push_folded(all: &mut String, text: &str) -> Place {
    let start = u32::try_from(all.len()).ok()?;
    if text.is_ascii() {
        all.push_str(text);
    } else {
        let mut rest = text;
        while let Some(at) = rest.bytes().position(|byte| !byte.is_ascii()) {
            let (plain, other) = rest.split_at(at);
            all.push_str(plain);
            let end = other.bytes().position(|byte| byte.is_ascii()).unwrap_or(other.len());
            let (other, after) = other.split_at(end);
            other.chars().for_each(|character| all.extend(character.to_lowercase()));
            rest = after;
        }
        all.push_str(rest);
    }
    let end = u32::try_from(all.len()).ok()?;
    all.push(SEPARATOR);
    Some((start, end))
}
