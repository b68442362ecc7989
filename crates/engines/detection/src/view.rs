//! One record as the rules of a network see it: values under the network's numbers of fields, and folded texts, made
//! once into memory that is kept from record to record.

use crate::network::{Network, ShapeSlots};
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

/// A view being filled.
struct Filling<'r> {
    values: Vec<Option<&'r Value>>,
    places: Vec<Place>,
    folded: String,
    /// Texts are taken as they are: whether all of them are ASCII is asked once, of all together.
    as_is: bool,
    line: Option<&'r str>,
    line_seen: bool,
    /// Length of the shortest keyword, where any is sought.
    shortest: Option<usize>,
    in_numbers: bool,
}

impl<'r> Filling<'r> {
    fn fill(&mut self, record: &'r dyn Record, network: &Network, shapes: &mut ShapeSlots) {
        self.folded.clear();
        self.places.clear();
        self.places.resize(network.slots(), None);
        self.values.clear();
        self.values.resize(network.slots(), None);
        self.line_seen = self.line.is_none();
        if let Some((shape, values)) = record.shaped() {
            let slots = shapes.of(shape, network);
            values.iter().zip(slots).for_each(|(value, slot)| self.take(*slot, value));
        }
        record.each_other_field(&mut |name, value| self.take(network.slot_of(name), value));
        for (column, slot) in network.columns() {
            if let Some((have @ None, place)) = self.values.get_mut(*slot).zip(self.places.get_mut(*slot))
                && let Some(value) = record.column(*column)
            {
                *have = Some(value);
                if let Value::Text(text) = value {
                    // Keywords are not looked for in columns; what they find there too much is no match after all.
                    *place = push(&mut self.folded, text, self.as_is);
                }
            }
        }
        if let Some(line) = self.line
            && !self.line_seen
            && self.shortest.is_some_and(|shortest| may_hold(line, shortest))
        {
            push(&mut self.folded, line, self.as_is);
        }
    }

    fn take(&mut self, slot: Option<usize>, value: &'r Value) {
        let place = match slot.and_then(|slot| self.values.get_mut(slot).zip(self.places.get_mut(slot))) {
            Some((have @ None, place)) => {
                *have = Some(value);
                Some(place)
            }
            _ => None,
        };
        match value {
            Value::Text(text) => {
                let text = text.as_str();
                let searched = self.shortest.is_some_and(|shortest| may_hold(text, shortest));
                if searched && !self.line_seen && self.line == Some(text) {
                    self.line_seen = true;
                }
                if searched || place.is_some() {
                    let at = push(&mut self.folded, text, self.as_is);
                    if let Some(place) = place {
                        *place = at;
                    }
                }
            }
            other if self.in_numbers || matches!(other, Value::List(_)) && self.shortest.is_some() => {
                other.any_text(&mut |text| {
                    push(&mut self.folded, text, self.as_is);
                    false
                });
            }
            _ => {}
        }
    }
}

impl<'r> View<'r> {
    pub(crate) fn new(
        record: &'r dyn Record,
        network: &'r Network,
        shapes: &mut ShapeSlots,
        scratch: &mut Scratch,
    ) -> Self {
        let mut filling = Filling {
            values: recycled(std::mem::take(&mut scratch.values)),
            places: std::mem::take(&mut scratch.places),
            folded: std::mem::take(&mut scratch.folded),
            as_is: true,
            line: record.text(),
            line_seen: false,
            shortest: network.shortest_keyword(),
            in_numbers: network.keywords_in_numbers(),
        };
        filling.fill(record, network, shapes);
        if !filling.folded.is_ascii() {
            filling.as_is = false;
            filling.fill(record, network, shapes);
        }
        let Filling { values, places, mut folded, .. } = filling;
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

/// Adds a text: as it is, or folded but for ASCII letters, which are folded together later.
fn push(all: &mut String, text: &str, as_is: bool) -> Place {
    let start = u32::try_from(all.len()).ok()?;
    if as_is || text.is_ascii() {
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
