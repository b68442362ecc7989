//! The body of Elasticsearch's `_bulk`: action lines and documents, each judged by itself. Answers and refusals use
//! Elasticsearch's own words, since its clients read them. What is done with the documents is the caller's.

use bytes::Bytes;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny};
use std::collections::BTreeMap;
use std::ops::Range;

/// Bytes of one document.
pub const MAX_DOCUMENT: usize = event::LONGEST_RECORD;
/// Nesting of one document.
pub const MAX_DEPTH: usize = 64;
/// Bytes of an action line.
const MAX_ACTION: usize = 16 << 10;
/// Bytes of `_id` (Elasticsearch's own limit) and of an index name.
const MAX_NAME: usize = 512;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Index,
    Create,
    Update,
    Delete,
}

impl Action {
    /// The key of the item in the answer.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Index => "index",
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
}

/// Why an item, or the whole request, is refused; goes into the answer as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}: {reason}")]
pub struct BulkError {
    /// Elasticsearch's name of the error (`type` in the answer).
    pub kind: &'static str,
    pub reason: String,
    /// HTTP status of the item or request.
    pub status: u16,
}

impl BulkError {
    fn new(kind: &'static str, reason: impl Into<String>) -> Self {
        Self { kind, reason: reason.into(), status: 400 }
    }
}

/// One action with its document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BulkItem {
    pub action: Action,
    pub index: String,
    pub id: Option<String>,
    /// One JSON object as it arrived, or why this item is refused.
    pub document: Result<Bytes, BulkError>,
}

/// Splits a body into items. The index of the URL, where it has one, stands in for missing `_index`.
///
/// Documents share the body's memory. As in Elasticsearch a malformed action line refuses the whole request, since
/// nothing after it can be trusted to be what it seems; a malformed document refuses only itself.
pub fn parse_bulk(body: &Bytes, default_index: Option<&str>) -> Result<Vec<BulkItem>, BulkError> {
    if body.trim_ascii().is_empty() {
        return Err(BulkError::new("parse_exception", "request body is required"));
    }
    let mut items = Vec::new();
    let mut lines = Lines { body, at: 0, number: 0 };
    let mut last: (&[u8], Option<(Action, Metadata)>) = (&[], None);
    while let Some(range) = lines.next() {
        let line = slice(body, &range);
        if line.is_empty() {
            continue;
        }
        let number = lines.number;
        // Senders without ids of their own write the same line before each document.
        if last.0 != line {
            last = (line, None);
        }
        let (action, metadata) = match &last.1 {
            Some(read) => read.clone(),
            None => last.1.insert(action(line, number)?).clone(),
        };
        let index = metadata.index.or_else(|| default_index.map(str::to_owned));
        let id = metadata.id;
        let document = match action {
            Action::Delete => Err(BulkError::new(
                "illegal_argument_exception",
                "delete is not supported: records are kept as they arrived",
            )),
            _ => {
                let Some(range) = lines.next() else {
                    return Err(BulkError::new(
                        "illegal_argument_exception",
                        format!("the action on line [{number}] has no document"),
                    ));
                };
                match action {
                    Action::Update => Err(BulkError::new(
                        "illegal_argument_exception",
                        "update is not supported: records are kept as they arrived",
                    )),
                    _ => check_document(slice(body, &range)).map(|()| body.slice(range)),
                }
            }
        };
        let document = match (&index, &id) {
            (None, _) => {
                Err(BulkError::new("action_request_validation_exception", "Validation Failed: 1: index is missing;"))
            }
            (Some(index), _) if !proper_index(index) => {
                Err(BulkError::new("invalid_index_name_exception", format!("Invalid index name [{}]", shorten(index))))
            }
            (_, Some(id)) if id.len() > MAX_NAME || id.is_empty() => Err(BulkError::new(
                "illegal_argument_exception",
                format!("if _id is specified it must have between 1 and {MAX_NAME} bytes but was: {}", id.len()),
            )),
            _ => document,
        };
        items.push(BulkItem { action, index: index.unwrap_or_default(), id, document });
    }
    Ok(items)
}

fn slice<'a>(body: &'a Bytes, range: &Range<usize>) -> &'a [u8] {
    body.get(range.clone()).unwrap_or_default()
}

fn shorten(text: &str) -> &str {
    text.get(..text.floor_char_boundary(80)).unwrap_or(text)
}

/// Index names as Elasticsearch allows them, without the rule of lower case for dates in braces.
fn proper_index(name: &str) -> bool {
    let odd = |one: char| one.is_control() || one.is_whitespace() || "\\/*?\"<>|,#".contains(one);
    !name.is_empty() && name.len() <= 255 && !name.starts_with(['-', '_', '+']) && !name.contains(odd)
}

struct Lines<'a> {
    body: &'a Bytes,
    at: usize,
    number: usize,
}

impl Lines<'_> {
    /// Range of the next line without its end and without blanks around it.
    fn next(&mut self) -> Option<Range<usize>> {
        let rest = self.body.get(self.at..).filter(|rest| !rest.is_empty())?;
        self.number += 1;
        let length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        let line = rest.get(..length).unwrap_or(rest);
        let start = self.at + (line.len() - line.trim_ascii_start().len());
        let range = start..(start + line.trim_ascii().len());
        self.at += length + 1;
        Some(range)
    }
}

#[derive(Default, Clone, Deserialize)]
#[serde(default)]
struct Metadata {
    #[serde(rename = "_index", deserialize_with = "text")]
    index: Option<String>,
    #[serde(rename = "_id", deserialize_with = "text")]
    id: Option<String>,
    /// Older clients send `_type`, newer ones routing, pipeline and more; none of it matters here.
    #[serde(flatten)]
    _others: BTreeMap<String, IgnoredAny>,
}

/// Clients write ids as numbers, too.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Text {
        Text(String),
        Number(serde_json::Number),
    }
    Ok(Option::<Text>::deserialize(deserializer)?.map(|text| match text {
        Text::Text(text) => text,
        Text::Number(number) => number.to_string(),
    }))
}

fn action(line: &[u8], number: usize) -> Result<(Action, Metadata), BulkError> {
    let malformed = |what: String| {
        BulkError::new("illegal_argument_exception", format!("Malformed action/metadata line [{number}], {what}"))
    };
    if line.len() > MAX_ACTION {
        return Err(malformed(format!("it is longer than {MAX_ACTION} bytes")));
    }
    if !line.starts_with(b"{") {
        let found = String::from_utf8_lossy(line.get(..line.len().min(40)).unwrap_or_default()).into_owned();
        return Err(malformed(format!("expected START_OBJECT but found [{found}]")));
    }
    let mut parsed: BTreeMap<String, Option<Metadata>> = serde_json::from_slice(line).map_err(|error| {
        BulkError::new("x_content_parse_exception", format!("[{number}:{}] {error}", error.column()))
    })?;
    if parsed.len() > 1 {
        return Err(malformed("expected END_OBJECT but found [FIELD_NAME]".to_owned()));
    }
    let Some((name, metadata)) = parsed.pop_first() else {
        return Err(malformed("expected FIELD_NAME but found [END_OBJECT]".to_owned()));
    };
    let action = match name.as_str() {
        "index" => Action::Index,
        "create" => Action::Create,
        "update" => Action::Update,
        "delete" => Action::Delete,
        _ => {
            let found = shorten(&name);
            return Err(malformed(format!(
                "expected field [create], [delete], [index] or [update] but found [{found}]"
            )));
        }
    };
    Ok((action, metadata.unwrap_or_default()))
}

/// One JSON object, within size and depth.
pub(crate) fn check_document(document: &[u8]) -> Result<(), BulkError> {
    let refuse = |reason: String| Err(BulkError::new("document_parsing_exception", reason));
    if document.len() > MAX_DOCUMENT {
        return refuse(format!("the document has {} bytes; {MAX_DOCUMENT} are allowed", document.len()));
    }
    if !document.starts_with(b"{") {
        return refuse("failed to parse: the document is no JSON object".to_owned());
    }
    let opened = memchr::memchr2_iter(b'{', b'[', document).take(MAX_DEPTH + 1).count();
    if opened > MAX_DEPTH && depth(document) > MAX_DEPTH {
        return refuse(format!("the document is nested deeper than {MAX_DEPTH} levels"));
    }
    match serde_json::from_slice::<IgnoredAny>(document) {
        Ok(_) => Ok(()),
        Err(error) => refuse(format!("failed to parse: {error}")),
    }
}

fn depth(document: &[u8]) -> usize {
    let (mut depth, mut deepest, mut text, mut escaped) = (0_usize, 0, false, false);
    for byte in document {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if text => escaped = true,
            b'"' => text = !text,
            b'{' | b'[' if !text => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(body: &str) -> Result<Vec<BulkItem>, BulkError> {
        parse_bulk(&Bytes::copy_from_slice(body.as_bytes()), Some("logs"))
    }

    #[test]
    fn one_bad_document_does_not_spoil_the_others() {
        let items = parse(concat!(
            "{\"index\":{\"_index\":\"a\",\"_id\":7,\"_type\":\"_doc\"}}\n{\"x\":1}\r\n",
            "{\"create\":{}}\n{\"x\":\n",
            "\n{\"delete\":{\"_id\":\"1\"}}\n",
            "{\"update\":{\"_id\":\"1\"}}\n{\"doc\":{}}\n",
            "{\"index\":null}\n[1]\n",
            "{\"index\":{\"_index\":\"Bad/Name\"}}\n{}\n",
            "{\"index\":{}}\n{\"y\":2}",
        ))
        .unwrap();
        assert_eq!(items.len(), 7);
        assert_eq!((items[0].index.as_str(), items[0].id.as_deref()), ("a", Some("7")));
        assert_eq!(items[0].document.as_ref().unwrap(), "{\"x\":1}");
        assert_eq!(items[1].document.as_ref().unwrap_err().kind, "document_parsing_exception");
        assert_eq!(items[2].action, Action::Delete);
        assert!(items[3].document.as_ref().unwrap_err().reason.contains("update is not supported"));
        assert!(items[4].document.as_ref().unwrap_err().reason.contains("no JSON object"));
        assert_eq!(items[5].document.as_ref().unwrap_err().kind, "invalid_index_name_exception");
        assert_eq!((items[6].index.as_str(), items[6].document.as_ref().unwrap()), ("logs", &Bytes::from("{\"y\":2}")));
    }

    #[test]
    fn a_malformed_action_refuses_the_request() {
        for (body, kind) in [
            ("", "parse_exception"),
            ("{\"index\":{}}\n", "illegal_argument_exception"),
            ("{\"x\":1}\n{}\n", "x_content_parse_exception"),
            ("{\"upsert\":{}}\n{}\n", "illegal_argument_exception"),
            ("{}\n{}\n", "illegal_argument_exception"),
            ("hello\n{}\n", "illegal_argument_exception"),
            ("{\"index\":{}\n{}\n", "x_content_parse_exception"),
        ] {
            assert_eq!(parse(body).unwrap_err().kind, kind, "{body}");
        }
    }

    #[test]
    fn size_and_depth_have_limits() {
        let deep = |levels: usize| format!("{{\"index\":{{}}}}\n{}1{}\n", "{\"a\":".repeat(levels), "}".repeat(levels));
        assert!(parse(&deep(64)).unwrap()[0].document.is_ok());
        assert!(parse(&deep(65)).unwrap()[0].document.is_err());
        let large = format!("{{\"index\":{{}}}}\n{{\"a\":\"{}\"}}\n", "x".repeat(MAX_DOCUMENT));
        assert!(parse(&large).unwrap()[0].document.is_err());
        let items = parse_bulk(&Bytes::from("{\"index\":{}}\n{}\n"), None).unwrap();
        assert!(items[0].document.as_ref().unwrap_err().reason.contains("index is missing"));
    }
}
