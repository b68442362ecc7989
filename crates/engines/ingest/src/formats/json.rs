//! A JSON object to flat fields in one pass, without a tree in between. Nested names are joined with dots;
//! lists of objects give lists under the joined names. XML turned to JSON is undone on the way:
//! `X.#attributes.Y` becomes `X_Y`, `X.#text` becomes `X`.

use super::draft::{Draft, MAX_FIELDS};
use event::{Text, Value};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// Objects and lists within each other.
const DEEPEST: u8 = 128;
/// Bytes of a joined name; longer ones are cut.
const MAX_NAME: usize = 512;

/// Parses one JSON object. The error says what and where; nested deeper than 128 is an error, too.
pub(crate) fn flatten(bytes: &[u8]) -> Result<Flat, String> {
    let (flat, result) = read(bytes);
    result.map(|()| flat).map_err(|error| format!("not JSON: {error}"))
}

/// What can be read of an object whose end is missing: all up to the last text begun.
pub(crate) fn flatten_start(bytes: &[u8]) -> Flat {
    read(&closed(bytes)).0
}

/// Fields as they came: a name may come twice.
#[derive(Debug, Default)]
pub(crate) struct Flat {
    /// All names, one behind the other.
    pub(crate) names: String,
    /// Where each name ends.
    pub(crate) ends: Vec<u32>,
    /// As many as names.
    pub(crate) values: Vec<Value>,
    /// Fields were left out because there were too many.
    pub(crate) full: bool,
}

impl Flat {
    pub(crate) fn each_name(&self) -> impl Iterator<Item = &str> {
        let begins = std::iter::once(0).chain(self.ends.iter().copied());
        begins.zip(&self.ends).map(|(begin, end)| self.names.get(begin as usize..*end as usize).unwrap_or_default())
    }

    pub(crate) fn into_draft(mut self) -> Draft {
        let mut draft = Draft::with_columns();
        let values = std::mem::take(&mut self.values);
        draft.fields = self.each_name().map(Text::from).zip(values).collect();
        if self.full {
            draft.overflow();
        }
        draft
    }
}

/// The object with the marks that its missing end would bring.
fn closed(bytes: &[u8]) -> Vec<u8> {
    let (mut open, mut text, mut escape) = (Vec::new(), false, None);
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            _ if escape.is_some_and(|from| at == from + 1) => {
                if *byte != b'u' {
                    escape = None;
                }
            }
            // An escape by number is whole only with its four digits.
            _ if escape.is_some_and(|from| at < from + 5) => {}
            b'\\' if text => escape = Some(at),
            b'"' => (text, escape) = (!text, None),
            b'{' if !text => open.push(b'}'),
            b'[' if !text => open.push(b']'),
            b'}' | b']' if !text => {
                open.pop();
            }
            _ => escape = None,
        }
    }
    let whole = escape.filter(|from| text && bytes.len() < from + 6).unwrap_or(bytes.len());
    let mut mended = bytes.get(..whole).unwrap_or(bytes).to_vec();
    mended.extend(text.then_some(b'"'));
    mended.extend(open.into_iter().rev());
    mended
}

fn read(bytes: &[u8]) -> (Flat, Result<(), sonic_rs::Error>) {
    let mut out = Flattener { path: String::with_capacity(64), flat: Flat::default(), list: None };
    // As many as are usual for its length.
    let usual = (bytes.len() / 32).clamp(8, 64);
    out.flat.names.reserve(usual * 16);
    out.flat.ends.reserve(usual);
    out.flat.values.reserve(usual);
    let mut deserializer = sonic_rs::Deserializer::from_slice(bytes);
    let result = Node { out: &mut out, depth: 0 }.deserialize(&mut deserializer).and_then(|()| deserializer.end());
    (out.flat, result)
}

struct Flattener {
    path: String,
    flat: Flat,
    /// Scalars of the list being read.
    list: Option<Vec<Value>>,
}

impl Flattener {
    fn scalar(&mut self, value: Value) {
        match &mut self.list {
            Some(values) => {
                if values.len() < MAX_FIELDS {
                    values.push(value);
                }
            }
            None if self.flat.values.len() < MAX_FIELDS => {
                self.flat.names.push_str(&self.path);
                self.flat.ends.push(u32::try_from(self.flat.names.len()).unwrap_or(u32::MAX));
                self.flat.values.push(value);
            }
            None => self.flat.full = true,
        }
    }
}

struct Node<'a> {
    out: &'a mut Flattener,
    /// How many objects and lists it stands in.
    depth: u8,
}

impl Node<'_> {
    /// The depth of what stands in it.
    fn inside<E: Error>(&self) -> Result<u8, E> {
        let within = self.depth + 1 < DEEPEST;
        within.then_some(self.depth + 1).ok_or_else(|| E::custom("recursion limit exceeded"))
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.depth == 0 { deserializer.deserialize_map(self) } else { deserializer.deserialize_any(self) }
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let depth = self.inside()?;
        // An object inside a list writes its own fields; the scalars beside it wait.
        let list = self.out.list.take();
        let length = self.out.path.len();
        while map.next_key_seed(Key { path: &mut self.out.path })?.is_some() {
            if self.out.flat.values.len() >= MAX_FIELDS {
                self.out.flat.full = true;
                map.next_value::<IgnoredAny>()?;
            } else {
                map.next_value_seed(Node { out: self.out, depth })?;
            }
            self.out.path.truncate(length);
        }
        self.out.list = list;
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let depth = self.inside()?;
        let outermost = self.out.list.is_none();
        if outermost {
            self.out.list = Some(Vec::new());
        }
        let fields_before = self.out.flat.values.len();
        while items.next_element_seed(Node { out: self.out, depth })?.is_some() {}
        if outermost {
            let values = self.out.list.take().unwrap_or_default();
            let objects_only = values.is_empty() && self.out.flat.values.len() > fields_before;
            if !objects_only {
                self.out.scalar(Value::List(values));
            }
        }
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.out.scalar(Value::Null);
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.out.scalar(Value::Bool(value));
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.out.scalar(Value::Int(value));
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        // A number too large for the store keeps its digits as text.
        self.out.scalar(i64::try_from(value).map_or_else(|_| value.to_string().into(), Value::Int));
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.out.scalar(Value::Float(value));
        Ok(())
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        self.out.scalar(value.into());
        Ok(())
    }

    fn visit_string<E>(self, value: String) -> Result<(), E> {
        self.out.scalar(value.into());
        Ok(())
    }
}

struct Key<'a> {
    path: &'a mut String,
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<(), E> {
        match name {
            "#text" if !self.path.is_empty() => {}
            "#attributes" if !self.path.is_empty() => self.path.push('_'),
            _ => {
                if !self.path.is_empty() && !self.path.ends_with('_') {
                    self.path.push('.');
                }
                // Every field below repeats the path, so that a long name must not multiply.
                let room = MAX_NAME.saturating_sub(self.path.len());
                self.path.push_str(name.get(..name.floor_char_boundary(room)).unwrap_or(name));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pairs(flat: Flat) -> Vec<(Text, Value)> {
        flat.into_draft().fields
    }

    fn fields(text: &str) -> Vec<(String, Value)> {
        pairs(flatten(text.as_bytes()).unwrap()).into_iter().map(|(name, value)| (name.into(), value)).collect()
    }

    #[test]
    fn nested_names_are_joined_and_lists_kept() {
        assert_eq!(
            fields(r#"{"a":{"b":1,"c":[1,"x",null]},"d":[{"e":1},{"e":2}],"f":[],"g":18446744073709551615}"#),
            [
                ("a.b".to_owned(), Value::Int(1)),
                ("a.c".to_owned(), Value::List(vec![Value::Int(1), "x".into(), Value::Null])),
                ("d.e".to_owned(), Value::Int(1)),
                ("d.e".to_owned(), Value::Int(2)),
                ("f".to_owned(), Value::List(vec![])),
                ("g".to_owned(), "18446744073709551615".into()),
            ]
        );
    }

    #[test]
    fn attributes_and_texts_of_xml_are_undone() {
        assert_eq!(
            fields(
                r##"{"P":{"#attributes":{"Name":"x"}},"E":{"#attributes":{"Q":1},"#text":7},"D":{"#text":["a","b"]}}"##
            ),
            [
                ("P_Name".to_owned(), "x".into()),
                ("E_Q".to_owned(), Value::Int(1)),
                ("E".to_owned(), Value::Int(7)),
                ("D".to_owned(), Value::List(vec!["a".into(), "b".into()])),
            ]
        );
    }

    #[test]
    fn what_is_no_object_is_an_error_with_a_place() {
        assert!(flatten(b"[1]").is_err());
        assert!(flatten(b"{\"a\":1} x").unwrap_err().contains("column 9"));
        let deep = "{\"a\":".repeat(200) + "1" + &"}".repeat(200);
        assert!(flatten(deep.as_bytes()).unwrap_err().contains("recursion"));
    }

    #[test]
    fn an_object_without_its_end_gives_what_it_has() {
        let start = |text: &str| -> Vec<(String, Value)> {
            pairs(flatten_start(text.as_bytes())).into_iter().map(|(name, value)| (name.into(), value)).collect()
        };
        let both = [("a.b".to_owned(), Value::Int(1)), ("a.c".to_owned(), "xy".into())];
        for text in ["{\"a\":{\"b\":1,\"c\":\"xy", "{\"a\":{\"b\":1,\"c\":\"xy\\", "{\"a\":{\"b\":1,\"c\":\"xy\\u00"] {
            assert_eq!(start(text), both, "{text}");
        }
        assert_eq!(start("{\"a\":{\"b\":1,\"c\":\"\\u0078y\",\"d\":tr"), both);
        assert_eq!(start("{\"a\":{\"b\":1,\"c\":\"xy\"},\"e"), both);
    }

    #[test]
    fn a_record_with_too_many_fields_is_cut_and_says_so() {
        let many: Vec<String> = (0..5000).map(|number| format!("\"f{number}\":{number}")).collect();
        let draft = flatten(format!("{{{}}}", many.join(",")).as_bytes()).unwrap().into_draft();
        assert_eq!(draft.fields.len(), MAX_FIELDS);
        assert!(draft.problem.is_some());
    }

    /// What another parser makes of the same bytes.
    fn reference(bytes: &[u8]) -> Option<Vec<(Text, Value)>> {
        let mut out = Flattener { path: String::new(), flat: Flat::default(), list: None };
        let mut deserializer = serde_json::Deserializer::from_slice(bytes);
        let node = Node { out: &mut out, depth: 0 };
        node.deserialize(&mut deserializer).and_then(|()| deserializer.end()).ok()?;
        Some(pairs(out.flat))
    }

    /// The other parser reads fractions without their last bits, and gives zero a sign.
    fn rounded(fields: Vec<(Text, Value)>) -> Vec<(Text, Value)> {
        fn value(one: Value) -> Value {
            match one {
                Value::Float(number) => Value::from(format!("{:.10e}", number + 0.0)),
                Value::List(values) => Value::List(values.into_iter().map(value).collect()),
                other => other,
            }
        }
        fields.into_iter().map(|(name, one)| (name, value(one))).collect()
    }

    fn any_json() -> impl Strategy<Value = serde_json::Value> {
        let text = prop_oneof![any::<String>(), "[a-c\\\\\"\n\u{0}/é€😀]{0,80}"];
        let number = any::<f64>().prop_map(|number| serde_json::json!(number));
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            any::<u64>().prop_map(Into::into),
            number,
            text.prop_map(Into::into),
        ];
        leaf.prop_recursive(6, 64, 8, |inner| {
            let list = prop::collection::vec(inner.clone(), 0..6).prop_map(serde_json::Value::Array);
            let names = prop_oneof!["[a-c.#]{0,4}", "#text|#attributes", any::<String>()];
            let pairs = prop::collection::vec((names, inner), 0..8);
            let object = pairs.prop_map(|pairs| serde_json::Value::Object(pairs.into_iter().collect()));
            prop_oneof![list, object.boxed()]
        })
    }

    proptest! {
        #[test]
        fn two_parsers_agree_on_what_is_json_and_on_its_fields(
            value in any_json(),
            pretty in any::<bool>(),
            bends in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0_u8..4), 0..3),
        ) {
            let wrapped = serde_json::json!({ "a": value });
            let text = if pretty { serde_json::to_string_pretty(&wrapped) } else { serde_json::to_string(&wrapped) };
            let mut bytes = text.unwrap().into_bytes();
            for (at, byte, kind) in bends {
                let at = at.index(bytes.len().max(1));
                match kind {
                    0 => bytes.truncate(at),
                    1 => bytes.insert(at.min(bytes.len()), byte),
                    2 => bytes.insert(at.min(bytes.len()), b"{}[],:\"\\u0-e."[usize::from(byte) % 13]),
                    _ if at < bytes.len() => bytes[at] = byte,
                    _ => {}
                }
            }
            let ours = flatten(&bytes).ok().map(|flat| rounded(pairs(flat)));
            let theirs = reference(&bytes).map(rounded);
            prop_assert_eq!(ours, theirs, "{}", String::from_utf8_lossy(&bytes));
        }
    }
}
