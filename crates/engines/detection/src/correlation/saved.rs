//! What correlations have seen, as text that outlives the program: a line that says what it is, a line with the clock, a
//! line for each group, those touched last first. Whatever is not as it was written is refused as a whole.

use super::state::{CorrelationLimits, CorrelationState, Episode, Group};
use super::window::{Entry, Measured, Window};
use crate::hash::stable_hash;
use event::Micros;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// What the text is; its number goes up with every change of what is written, or of what it means.
const KIND: &str = "luytre-correlations 2";
/// What it was before a record could bring several values; all of that is still read.
const OLDER: &str = "luytre-correlations 1";

/// Why a text was not taken up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CorrelationError {
    #[error("what correlations remember was written by another version of the engine")]
    OtherVersion,
    #[error("what correlations remember is damaged")]
    Damaged,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Value<'v> {
    Nothing,
    Text(Cow<'v, str>),
    Texts(Vec<Cow<'v, str>>),
    /// Of a number, bit by bit: it is exactly the same again.
    Bits(u64),
}

/// Time, number, base, weight, value.
type SavedEntry<'v> = (Micros, u64, usize, u64, Value<'v>);
/// Correlation, scope, touched, timespan, values it is grouped by, episode, entries.
type SavedGroup<'v> = (u64, u64, u64, Micros, Cow<'v, [String]>, Option<(u64, Micros)>, Vec<SavedEntry<'v>>);

fn saved_entry(entry: &Entry) -> SavedEntry<'_> {
    let value = match &entry.value {
        Measured::Nothing => Value::Nothing,
        Measured::Text(text) => Value::Text(Cow::Borrowed(text)),
        Measured::Texts(texts) => Value::Texts(texts.iter().map(|text| Cow::Borrowed(&**text)).collect()),
        Measured::Number(number) => Value::Bits(number.to_bits()),
    };
    (entry.time, entry.seq, entry.base, entry.weight, value)
}

fn entry((time, seq, base, weight, value): SavedEntry<'_>) -> Entry {
    let value = match value {
        Value::Nothing => Measured::Nothing,
        Value::Text(text) => Measured::Text(text.into()),
        Value::Texts(texts) => Measured::Texts(texts.into_iter().map(Box::from).collect()),
        Value::Bits(bits) => Measured::Number(f64::from_bits(bits)),
    };
    Entry { time, seq, base, value, weight }
}

impl CorrelationState {
    /// All of it as text of at most so many bytes; the same state gives the same text. What it has no room for is in the
    /// counters.
    pub fn save(&mut self, most_bytes: usize) -> String {
        let mut groups: Vec<_> = self.all_groups().collect();
        groups.sort_unstable_by(|(one, one_keys, one_group), (other, other_keys, other_group)| {
            other_group.touched.cmp(&one_group.touched).then_with(|| (one, one_keys).cmp(&(other, other_keys)))
        });
        let mut body = line(&self.clock());
        let mut left_out = 0;
        for ((rule, scope), keys, group) in groups {
            let episode = group.episode.map(|episode| (episode.first_seq, episode.last));
            let entries = group.window.entries().iter().map(saved_entry).collect();
            let saved: SavedGroup<'_> = (rule, scope, group.touched, group.span, keys.into(), episode, entries);
            let saved = line(&saved);
            if body.len() + saved.len() > most_bytes {
                left_out += 1;
                continue;
            }
            body.push_str(&saved);
        }
        self.counters.unsaved_groups = left_out;
        format!("{KIND} {:016x}\n{body}", stable_hash([body.as_bytes()]))
    }

    /// Goes on where [`Self::save`] was. Correlations that have changed since are dropped by [`Self::retain`].
    ///
    /// # Errors
    /// `OtherVersion` and `Damaged`; nothing of the text is used then.
    pub fn load(limits: CorrelationLimits, text: &str) -> Result<Self, CorrelationError> {
        let (head, body) = text.split_once('\n').ok_or(CorrelationError::Damaged)?;
        let (kind, hash) = head.rsplit_once(' ').ok_or(CorrelationError::Damaged)?;
        if hash != format!("{:016x}", stable_hash([body.as_bytes()])) {
            return Err(CorrelationError::Damaged);
        }
        if kind != KIND && kind != OLDER {
            return Err(CorrelationError::OtherVersion);
        }
        let mut lines = body.lines();
        let (ticks, clock) = read(lines.next().unwrap_or_default())?;
        let mut state = Self::at(limits, ticks, clock);
        for line in lines {
            let (rule, scope, touched, span, keys, episode, entries): SavedGroup<'_> = read(line)?;
            let window = Window::of(entries.into_iter().map(entry).collect());
            let episode = episode.map(|(first_seq, last)| Episode { first_seq, last });
            state.put((rule, scope), keys.into_owned().into(), Group { window, episode, touched, span });
        }
        state.recount();
        Ok(state)
    }
}

fn line(value: &impl Serialize) -> String {
    // Numbers, texts and lists always have a spelling.
    let mut line = serde_json::to_string(value).unwrap_or_default();
    line.push('\n');
    line
}

fn read<'l, T: Deserialize<'l>>(line: &'l str) -> Result<T, CorrelationError> {
    serde_json::from_str(line).map_err(|_| CorrelationError::Damaged)
}
