//! Values of a record's own fields, and the list of them.

use super::shape::Shape;
use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt::{self, Write};
use std::sync::Arc;

/// A text or a name inside an event. Most are short, and those up to 24 bytes need no allocation of their own, which a
/// stream of events would make on one thread and free on another.
pub type Text = CompactString;

/// A value of a field. Objects are flattened into dotted names before they get here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Text),
    List(Vec<Value>),
}

impl Value {
    /// The value as a rule compares it: numbers and booleans in their JSON spelling, lists and null none.
    pub fn as_text(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Text(text) => Some(Cow::Borrowed(text)),
            Self::Int(number) => Some(Cow::Owned(number.to_string())),
            Self::Float(number) => Some(Cow::Owned(number.to_string())),
            Self::Bool(truth) => Some(Cow::Borrowed(if *truth { "true" } else { "false" })),
            Self::Null | Self::List(_) => None,
        }
    }

    /// Hands on what [`Value::as_text`] says; where that is a number, without memory of its own.
    pub fn with_text<R>(&self, read: impl FnOnce(&str) -> R) -> Option<R> {
        match self {
            Self::Text(text) => Some(read(text)),
            Self::Int(number) => Some(read(&spelled(number))),
            Self::Float(number) => Some(read(&spelled(number))),
            Self::Bool(truth) => Some(read(if *truth { "true" } else { "false" })),
            Self::Null | Self::List(_) => None,
        }
    }

    /// The number in this value, also where it is written as text.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Int(number) => Some(*number as f64),
            Self::Float(number) => Some(*number),
            Self::Text(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    /// Calls `visit` for each text in this value, lists included, until it returns true.
    pub fn any_text(&self, visit: &mut dyn FnMut(&str) -> bool) -> bool {
        match self {
            Self::List(values) => values.iter().any(|value| value.any_text(visit)),
            other => other.with_text(visit) == Some(true),
        }
    }
}

/// A number as it is written; all but the oddest fit into the text itself.
fn spelled(number: &impl fmt::Display) -> Text {
    let mut text = Text::default();
    // Nothing can refuse it.
    let _ = write!(text, "{number}");
    text
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

/// Fields in the order of the record. Names are unique; the first value of a repeated name wins its place
/// and later ones join it as a list.
#[derive(Debug, Clone, Default)]
pub struct Fields {
    names: FieldNames,
    /// As many as names.
    values: Vec<Value>,
}

#[derive(Debug, Clone)]
enum FieldNames {
    Own(Vec<Text>),
    Shared(Arc<Shape>),
}

impl Default for FieldNames {
    fn default() -> Self {
        Self::Own(Vec::new())
    }
}

impl FieldNames {
    fn all(&self) -> &[Text] {
        match self {
            Self::Own(names) => names,
            Self::Shared(shape) => shape.names(),
        }
    }

    fn place(&self, name: &str) -> Option<usize> {
        match self {
            Self::Own(names) => names.iter().position(|have| have.len() == name.len() && **have == *name),
            Self::Shared(shape) => shape.place(name),
        }
    }

    fn push(&mut self, name: Text) {
        match self {
            Self::Own(names) => names.push(name),
            Self::Shared(shape) => {
                let mut names = shape.names().to_vec();
                names.push(name);
                *self = Self::Own(names);
            }
        }
    }
}

impl Fields {
    pub fn with_capacity(capacity: usize) -> Self {
        Self { names: FieldNames::Own(Vec::with_capacity(capacity)), values: Vec::with_capacity(capacity) }
    }

    /// Values under names that are shared; a value without a name is left out, a name without a value holds none.
    pub fn shaped_as(shape: Arc<Shape>, mut values: Vec<Value>) -> Self {
        values.resize(shape.len(), Value::Null);
        Self { names: FieldNames::Shared(shape), values }
    }

    /// Names and values where the names are shared with other records.
    pub fn shaped(&self) -> Option<(&Shape, &[Value])> {
        match &self.names {
            FieldNames::Own(_) => None,
            FieldNames::Shared(shape) => Some((shape, &self.values)),
        }
    }

    pub fn get(&self, name: &str) -> Option<&Value> {
        self.names.place(name).and_then(|place| self.values.get(place))
    }

    /// Text of a field, borrowed where it is text already.
    pub fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        self.get(name).and_then(Value::as_text)
    }

    fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        self.names.place(name).and_then(|place| self.values.get_mut(place))
    }

    fn add(&mut self, name: Text, value: Value) {
        self.names.push(name);
        self.values.push(value);
    }

    /// Adds a value; a second value under the same name makes a list.
    pub fn push(&mut self, name: &str, value: impl Into<Value>) {
        let value = value.into();
        match self.get_mut(name) {
            None => self.add(name.into(), value),
            Some(Value::List(values)) => values.push(value),
            Some(first) => {
                let one = std::mem::replace(first, Value::Null);
                *first = Value::List(vec![one, value]);
            }
        }
    }

    /// Puts a value in place of whatever stood under this name.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        let value = value.into();
        match self.get_mut(name) {
            None => self.add(name.into(), value),
            Some(old) => *old = value,
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.names.all().iter().map(|name| &**name).zip(&self.values)
    }

    pub fn len(&self) -> usize {
        self.values.len()
    }

    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
}

/// Alike where names, order and values are, whoever else has the names.
impl PartialEq for Fields {
    fn eq(&self, other: &Self) -> bool {
        self.names.all() == other.names.all() && self.values == other.values
    }
}

/// Takes over names that are owned already; repeated names join as with [`Fields::push`].
impl From<Vec<(Text, Value)>> for Fields {
    fn from(pairs: Vec<(Text, Value)>) -> Self {
        if !repeats(&pairs) {
            let (names, values) = pairs.into_iter().unzip();
            return Self { names: FieldNames::Own(names), values };
        }
        let mut fields = Self::with_capacity(pairs.len());
        for (name, value) in pairs {
            fields.push(&name, value);
        }
        fields
    }
}

impl FromIterator<(Text, Value)> for Fields {
    fn from_iter<I: IntoIterator<Item = (Text, Value)>>(pairs: I) -> Self {
        pairs.into_iter().collect::<Vec<_>>().into()
    }
}

/// Whether a name stands there twice. Most names are new; a few bits of each tell so without comparing it with all
/// before it.
fn repeats(pairs: &[(Text, Value)]) -> bool {
    let mut seen = [0_u64; 8];
    pairs.iter().enumerate().any(|(place, (name, _))| {
        let bits = bits_of(name);
        let seen_like = seen.get_mut(bits >> 6 & 7).is_some_and(|word| {
            let mask = 1 << (bits & 63);
            let had = *word & mask != 0;
            *word |= mask;
            had
        });
        seen_like && pairs.iter().take(place).any(|(have, _)| have.len() == name.len() && have == name)
    })
}

fn bits_of(name: &str) -> usize {
    let byte = |at: usize| name.as_bytes().get(at).copied().map_or(0, usize::from);
    let (length, middle) = (name.len(), name.len() / 2);
    length * 67 + byte(0) * 5 + byte(middle) * 29 + byte(length.saturating_sub(1)) * 13
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_spelled_the_same_without_memory_from_the_heap() {
        let numbers = [0.1 + 0.2, -1.5e-7, 12.0, f64::NAN, f64::NEG_INFINITY].map(Value::Float);
        for value in [Value::Int(i64::MIN), Value::Int(7)].into_iter().chain(numbers) {
            assert_eq!(value.with_text(str::to_owned), value.as_text().map(Cow::into_owned));
        }
        assert!(!spelled(&i64::MIN).is_heap_allocated() && !spelled(&(0.1 + 0.2)).is_heap_allocated());
        assert_eq!(Value::Float(1e300).with_text(str::len), Some(301));
        assert_eq!((Value::Null.with_text(str::len), Value::List(Vec::new()).with_text(str::len)), (None, None));
    }

    #[test]
    fn owned_names_join_as_pushed_ones_do() {
        let names = (0..300).map(|number| format!("{}{}", "name".repeat(number % 4), number % 130));
        let mut pushed = Fields::default();
        names.clone().zip(0..).for_each(|(name, number)| pushed.push(&name, number));
        let collected: Fields = names.zip(0..).map(|(name, number)| (name.into(), Value::Int(number))).collect();
        assert_eq!(collected, pushed);
    }

    #[test]
    fn shared_names_are_as_good_as_own_ones() {
        let shape = Shape::new(vec!["a".into(), "b".into()]).unwrap();
        let mut shared = Fields::shaped_as(shape.clone(), vec![1.into(), "x".into()]);
        let mut own: Fields = [("a".into(), Value::Int(1)), ("b".into(), "x".into())].into_iter().collect();
        assert_eq!(shared.shaped().map(|(shape, values)| (shape.id(), values.len())), Some((shape.id(), 2)));
        assert_eq!((&shared, shared.get("b"), shared.get("c")), (&own, own.get("b"), None));
        for fields in [&mut shared, &mut own] {
            fields.set("a", 7);
            fields.push("b", "y");
            fields.push("c", true);
        }
        assert_eq!(shared, own);
        assert_eq!((shared.len(), shared.shaped().is_some()), (3, false));
        let short = Fields::shaped_as(shape.clone(), vec![1.into()]);
        assert_eq!((short.len(), short.get("b")), (2, Some(&Value::Null)));
    }

    #[test]
    fn a_repeated_name_becomes_a_list() {
        let mut fields = Fields::default();
        fields.push("a", "1");
        fields.push("a", 2);
        fields.push("b", true);
        assert_eq!(fields.get("a"), Some(&Value::List(vec!["1".into(), 2.into()])));
        assert_eq!(fields.text("b").as_deref(), Some("true"));
        fields.set("a", "x");
        assert_eq!(fields.text("a").as_deref(), Some("x"));
        assert_eq!(fields.len(), 2);
    }
}
