//! The names that a type is read from, asked of serde, so that what is said of an operation is what it reads.

use serde::de::value::Error;
use serde::de::{DeserializeOwned, Visitor};
use serde::{Deserializer, forward_to_deserialize_any};
use std::cell::Cell;

/// Names of the fields of a structure; none for what is no structure.
pub(super) fn fields_of<T: DeserializeOwned>() -> &'static [&'static str] {
    let names = Cell::new(&[] as &'static [&'static str]);
    // It reads nothing: what it wants to read is all there is to know.
    let _ = T::deserialize(Names(&names));
    names.get()
}

struct Names<'names>(&'names Cell<&'static [&'static str]>);

impl<'de> Deserializer<'de> for Names<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(serde::de::Error::custom("no structure"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.0.set(fields);
        self.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default, serde::Deserialize)]
    #[serde(default)]
    struct New {
        title: String,
        #[serde(rename = "agency")]
        agency_id: String,
        #[serde(skip)]
        passing: u8,
    }

    #[test]
    fn names_are_those_that_are_read() {
        assert_eq!(fields_of::<New>(), ["title", "agency"]);
        assert_eq!(fields_of::<Vec<String>>(), [] as [&str; 0]);
    }
}
