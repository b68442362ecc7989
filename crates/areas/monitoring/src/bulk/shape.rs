//! The shape of an answer that a client asks for in Elasticsearch's own parameters: `filter_path` keeps the parts that it reads,
//! `pretty` is for people. What is asked for in a way that nobody understands leaves the answer whole.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{Uri, header};
use axum::middleware::Next;
use axum::response::Response;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// Patterns of one request; more leave the answer whole.
const MAX_PATTERNS: usize = 64;

/// Parts of one pattern, between its dots; no answer is as deep.
const MAX_PARTS: usize = 16;

/// Bytes of an answer that is set out for people; larger ones stay in one line.
const MAX_PRETTY: usize = 1 << 20;

/// Gives an answer the shape that the request asks for.
pub(super) async fn as_asked(request: Request, next: Next) -> Response {
    let asked = Asked::of(request.uri());
    let response = next.run(request).await;
    if asked.is_nothing() {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    // The answer was made here and is held whole already.
    let Ok(body) = to_bytes(body, usize::MAX).await else { return Response::from_parts(parts, Body::empty()) };
    let shaped = asked.shape(&body);
    if shaped.is_some() {
        parts.headers.remove(header::CONTENT_LENGTH);
    }
    Response::from_parts(parts, shaped.map_or_else(|| Body::from(body), Body::from))
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Asked {
    kept: Vec<Vec<String>>,
    left_out: Vec<Vec<String>>,
    pretty: bool,
}

impl Asked {
    fn of(uri: &Uri) -> Self {
        let mut asked = Self::default();
        let pairs: Vec<(String, String)> =
            uri.query().and_then(|query| serde_html_form::from_str(query).ok()).unwrap_or_default();
        for (name, value) in pairs {
            match name.as_str() {
                "pretty" => asked.pretty = value != "false",
                "filter_path" => {
                    for pattern in value.split(',').map(str::trim).filter(|pattern| !pattern.is_empty()) {
                        let (list, pattern) = match pattern.strip_prefix('-') {
                            Some(pattern) => (&mut asked.left_out, pattern),
                            None => (&mut asked.kept, pattern),
                        };
                        let mut parts: Vec<String> = pattern.split('.').map(str::to_owned).collect();
                        // Any number of keys, twice, is any number of keys.
                        parts.dedup_by(|next, part| next == "**" && part == "**");
                        list.push(parts);
                    }
                }
                _ => {}
            }
        }
        let too_long = asked.kept.iter().chain(&asked.left_out).any(|parts| parts.len() > MAX_PARTS);
        if too_long || asked.kept.len() + asked.left_out.len() > MAX_PATTERNS {
            asked.kept.clear();
            asked.left_out.clear();
        }
        asked
    }

    fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// The body in the shape asked for; `None` where it is no JSON.
    fn shape(&self, body: &[u8]) -> Option<Vec<u8>> {
        let raw: &RawValue = serde_json::from_slice(body).ok()?;
        let mut out = Vec::new();
        let kept = (!self.kept.is_empty()).then(|| starts(&self.kept));
        if !write_kept(raw, kept.as_deref(), &starts(&self.left_out), &mut out) {
            out = b"{}".to_vec();
        }
        if self.pretty && out.len() <= MAX_PRETTY {
            out = serde_json::to_vec_pretty(&serde_json::from_slice::<Value>(&out).ok()?).ok()?;
            out.push(b'\n');
        }
        Some(out)
    }
}

/// What is left of a pattern at some depth.
type Rest<'a> = &'a [String];

fn starts(patterns: &[Vec<String>]) -> Vec<Rest<'_>> {
    patterns.iter().map(Vec::as_slice).collect()
}

/// The patterns below a key.
fn below<'a>(patterns: &[Rest<'a>], key: &str) -> Vec<Rest<'a>> {
    let mut found = Vec::new();
    for pattern in patterns {
        enter(pattern, key, &mut found);
    }
    // One way to a place is as good as another; their number would grow with every key.
    found.sort_unstable();
    found.dedup();
    found
}

fn enter<'a>(pattern: Rest<'a>, key: &str, found: &mut Vec<Rest<'a>>) {
    let Some((first, rest)) = pattern.split_first() else { return };
    if first == "**" {
        // Any number of keys, also none.
        found.push(pattern);
        if rest.is_empty() {
            found.push(rest);
        }
        enter(rest, key, found);
    } else if matches(first, key) {
        found.push(rest);
    }
}

/// Whether a key fits a part of a pattern, in which `*` stands for any characters.
fn matches(part: &str, key: &str) -> bool {
    let mut pieces = part.split('*');
    let Some(mut rest) = pieces.next().and_then(|first| key.strip_prefix(first)) else { return false };
    let mut pieces: Vec<&str> = pieces.collect();
    let Some(last) = pieces.pop() else { return rest.is_empty() };
    for piece in pieces {
        let Some(at) = rest.find(piece) else { return false };
        rest = rest.get(at + piece.len()..).unwrap_or_default();
    }
    rest.ends_with(last)
}

/// Writes what the patterns keep (all, without any) and do not leave out; lists are looked through. Whether anything was written.
fn write_kept(raw: &RawValue, kept: Option<&[Rest<'_>]>, left_out: &[Rest<'_>], out: &mut Vec<u8>) -> bool {
    let kept = kept.filter(|kept| !kept.iter().any(|rest| rest.is_empty()));
    if left_out.iter().any(|rest| rest.is_empty()) || kept.is_some_and(<[_]>::is_empty) {
        return false;
    }
    if kept.is_none() && left_out.is_empty() {
        out.extend_from_slice(raw.get().as_bytes());
        return true;
    }
    let start = out.len();
    let mut any = false;
    if let Ok(Members(members)) = serde_json::from_str(raw.get()) {
        out.push(b'{');
        for (key, value) in members {
            let before = out.len();
            if any {
                out.push(b',');
            }
            out.extend(serde_json::to_vec(&key).unwrap_or_default());
            out.push(b':');
            let kept = kept.map(|kept| below(kept, &key));
            if write_kept(value, kept.as_deref(), &below(left_out, &key), out) {
                any = true;
            } else {
                out.truncate(before);
            }
        }
        out.push(b'}');
    } else if let Ok(elements) = serde_json::from_str::<Vec<&RawValue>>(raw.get()) {
        out.push(b'[');
        for element in elements {
            let before = out.len();
            if any {
                out.push(b',');
            }
            if write_kept(element, kept, left_out, out) {
                any = true;
            } else {
                out.truncate(before);
            }
        }
        out.push(b']');
    } else if kept.is_none() {
        out.extend_from_slice(raw.get().as_bytes());
        any = true;
    }
    if !any {
        out.truncate(start);
    }
    any
}

/// Members of an object in their order, values as they stand.
struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Members<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = r#"{"took":3,"errors":true,"items":[{"create":{"_index":"a","status":201}},{"index":{"_index":"b","status":400,"error":{"type":"t","reason":"r"}}}]}"#;

    fn shaped(query: &str) -> String {
        let asked = Asked::of(&format!("/_bulk?{query}").parse().unwrap());
        String::from_utf8(asked.shape(ANSWER.as_bytes()).unwrap()).unwrap()
    }

    #[test]
    fn a_filter_keeps_and_leaves_out_what_it_names() {
        for (query, expected) in [
            ("filter_path=errors", r#"{"errors":true}"#),
            ("filter_path=took,%20errors", r#"{"took":3,"errors":true}"#),
            (
                "filter_path=errors%2Citems.%2A.error%2Citems.%2A.status",
                r#"{"errors":true,"items":[{"create":{"status":201}},{"index":{"status":400,"error":{"type":"t","reason":"r"}}}]}"#,
            ),
            ("filter_path=items.*.error", r#"{"items":[{"index":{"error":{"type":"t","reason":"r"}}}]}"#),
            ("filter_path=**.reason", r#"{"items":[{"index":{"error":{"reason":"r"}}}]}"#),
            ("filter_path=items.in*.sta*us", r#"{"items":[{"index":{"status":400}}]}"#),
            ("filter_path=nothing.*", "{}"),
            ("filter_path=-items,-took", r#"{"errors":true}"#),
            (
                "filter_path=items.*,-**.error",
                r#"{"items":[{"create":{"_index":"a","status":201}},{"index":{"_index":"b","status":400}}]}"#,
            ),
            ("filter_path=", ANSWER),
        ] {
            assert_eq!(shaped(query), expected, "{query}");
        }
        assert_eq!(shaped("filter_path=errors&pretty"), "{\n  \"errors\": true\n}\n");
        assert_eq!(shaped(&format!("filter_path={}", vec!["a"; MAX_PATTERNS + 1].join(","))), ANSWER);
        assert!(Asked::of(&"/_bulk?pretty=false&refresh=true".parse().unwrap()).is_nothing());
    }

    #[test]
    fn a_filter_that_fits_in_ever_more_ways_costs_no_more() {
        let (key, depth) = ("a", 40);
        let body = format!("{}1{}", format!("{{\"{key}\":").repeat(depth), "}".repeat(depth));
        let part = ["**.a.**.*.**.a.**.*.**.a.**.*.**.a"; 8].join(",");
        let asked = Asked::of(&format!("/_bulk?filter_path={part}").parse().unwrap());
        assert_eq!(asked.kept.len(), 8);
        assert_eq!(asked.shape(body.as_bytes()).unwrap(), body.as_bytes());
        let rests = (0..depth).fold(starts(&asked.kept), |rests, _| below(&rests, key));
        assert!(rests.len() <= MAX_PARTS + 1, "{}", rests.len());
        let long = format!("/_bulk?filter_path={}", vec!["a"; MAX_PARTS + 1].join("."));
        assert!(Asked::of(&long.parse().unwrap()).is_nothing());
        assert_eq!(Asked::of(&"/_bulk?filter_path=**.**.**.a".parse().unwrap()).kept, [["**", "a"]]);
    }

    #[test]
    fn what_is_no_json_stays_as_it_is() {
        let asked = Asked { pretty: true, ..Asked::default() };
        assert_eq!(asked.shape(b"green 1"), None);
    }
}
