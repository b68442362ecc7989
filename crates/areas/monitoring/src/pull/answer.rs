//! What a feed answers: where its records are, and where to go on. Records keep every byte that was sent (pure).

use bytes::Bytes;
use serde_json::value::RawValue;
use std::collections::HashMap;

/// How a feed is told what is known already.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CursorSettings {
    /// Name in the address.
    pub parameter: String,
    /// Where its value is, as names behind slashes.
    pub from: String,
    /// In the last record, not in the answer itself.
    pub of_record: bool,
}

/// One answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) records: Vec<Bytes>,
    pub(super) cursor: Option<String>,
}

impl Answer {
    /// Reads an answer. The error says what is not as it was set.
    pub(super) fn read(body: &[u8], records: &str, cursor: Option<&CursorSettings>) -> Result<Self, String> {
        let whole: &RawValue = serde_json::from_slice(body).map_err(|error| format!("no JSON: {error}"))?;
        let list = at(whole, records).ok_or_else(|| format!("there is nothing at {records}"))?;
        let list: Vec<&RawValue> =
            serde_json::from_str(list).map_err(|_| format!("there is no list of records at {records:?}"))?;
        let cursor = cursor.and_then(|cursor| {
            let found = match cursor.of_record {
                true => at(list.last()?, &cursor.from)?,
                false => at(whole, &cursor.from)?,
            };
            match serde_json::from_str::<serde_json::Value>(found).ok()? {
                serde_json::Value::String(text) => Some(text).filter(|text| !text.is_empty()),
                serde_json::Value::Number(number) => Some(number.to_string()),
                _ => None,
            }
        });
        let records = list.into_iter().map(|record| Bytes::copy_from_slice(record.get().as_bytes())).collect();
        Ok(Self { records, cursor })
    }
}

/// The text of a value inside another.
fn at<'a>(value: &'a RawValue, path: &str) -> Option<&'a str> {
    let mut text = value.get();
    for name in path.split('/').skip(1) {
        let inside: HashMap<String, &'a RawValue> = serde_json::from_str(text).ok()?;
        text = inside.get(name)?.get();
    }
    Some(text)
}

/// The address of the next answer.
pub(super) fn address(url: &str, cursor: Option<&CursorSettings>, value: Option<&str>) -> String {
    let (Some(cursor), Some(value)) = (cursor, value) else { return url.to_owned() };
    let mark = if url.contains('?') { '&' } else { '?' };
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
    let encode = |text: &str| {
        text.bytes()
            .map(|byte| if plain(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
            .collect::<String>()
    };
    format!("{url}{mark}{}={}", encode(&cursor.parameter), encode(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(
        body: &str,
        records: &str,
        cursor: Option<&CursorSettings>,
    ) -> Result<(Vec<String>, Option<String>), String> {
        let answer = Answer::read(body.as_bytes(), records, cursor)?;
        let text = |record: &Bytes| String::from_utf8_lossy(record).into_owned();
        Ok((answer.records.iter().map(text).collect(), answer.cursor))
    }

    #[test]
    fn records_keep_their_bytes_and_cursors_stand_anywhere() {
        let after = |from: &str, of_record| CursorSettings { parameter: "since".into(), from: from.into(), of_record };
        let body = "{\"data\": {\"items\": [ {\"id\": 1e3}, {\"id\": 18446744073709551616} ]}, \"next\": \"b c\"}";
        let records = vec!["{\"id\": 1e3}".to_owned(), "{\"id\": 18446744073709551616}".to_owned()];
        let found = read(body, "/data/items", Some(&after("/next", false)));
        assert_eq!(found, Ok((records.clone(), Some("b c".to_owned()))));
        assert_eq!(read(body, "/data/items", None), Ok((records, None)));
        let found = read("[{\"at\": 5}, {\"at\": 7}]", "", Some(&after("/at", true))).unwrap();
        assert_eq!(found.1.as_deref(), Some("7"));
        assert_eq!(read("[]", "", Some(&after("/at", true))), Ok((Vec::new(), None)));
        assert!(read("{}", "/items", None).is_err() && read("{\"items\": 1}", "/items", None).is_err());
        assert!(read("<html>", "", None).is_err());
    }

    #[test]
    fn cursors_go_into_addresses_in_the_letters_of_addresses() {
        let cursor = CursorSettings { parameter: "since".into(), ..CursorSettings::default() };
        let made = |url: &str| address(url, Some(&cursor), Some("2026-11-23T00:00:00+07:00"));
        assert_eq!(made("https://a/b"), "https://a/b?since=2026-11-23T00%3A00%3A00%2B07%3A00");
        assert!(made("https://a/b?c=d").starts_with("https://a/b?c=d&since="));
        assert_eq!(address("https://a", Some(&cursor), None), "https://a");
    }
}
