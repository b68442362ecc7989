//! Indicators of STIX 2.1 bundles: from the objects of type `indicator` the pattern, the confidence and the time they
//! hold. Everything else in a bundle is passed over. Of patterns a subset is read (`pattern`); what is outside is refused,
//! by its id and with the reason, and the rest of the bundle is not touched.

mod pattern;

pub use pattern::PatternRefusal;

use super::{Indicator, Refusal};
use event::Micros;
use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::collections::HashSet;
use std::fmt;

/// Longest id and longest name that are kept, in characters.
const LONGEST: usize = 200;
/// Longest pattern, in bytes.
const LONGEST_PATTERN: usize = 1 << 20;

/// One object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StixIndicator {
    pub id: String,
    /// What its author calls it.
    pub name: Option<String>,
    /// 0 to 100.
    pub confidence: Option<u8>,
    pub valid_from: Option<Micros>,
    pub valid_until: Option<Micros>,
    /// Its author withdrew it, for good: what was taken from it no longer holds. It gives no indicators.
    pub revoked: bool,
    /// What its pattern asks for, any one of them.
    pub indicators: Vec<Indicator>,
}

/// An object, or one value of its pattern, that is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StixRefusal {
    /// `id` of the object; its place in the bundle, counted from 1, where it has none.
    pub id: String,
    /// The value, or the pattern where all of it is refused.
    pub text: String,
    pub reason: PatternRefusal,
}

/// A bundle, or what a TAXII server answers with.
#[derive(Deserialize)]
struct Bundle<'t> {
    /// With their places.
    #[serde(borrow, default, deserialize_with = "candidates")]
    objects: Vec<(usize, &'t RawValue)>,
}

/// Those objects of a list that may be indicators.
fn candidates<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<(usize, &'de RawValue)>, D::Error> {
    struct Candidates;

    impl<'de> Visitor<'de> for Candidates {
        type Value = Vec<(usize, &'de RawValue)>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("a list of objects")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut objects: A) -> Result<Self::Value, A::Error> {
            let (mut found, mut place) = (Vec::new(), 0);
            while let Some(object) = objects.next_element::<&'de RawValue>()? {
                place += 1;
                if object.get().contains("\"indicator\"") {
                    found.push((place, object));
                }
            }
            Ok(found)
        }
    }

    deserializer.deserialize_seq(Candidates)
}

#[derive(Deserialize)]
struct Object {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    pattern: Option<String>,
    #[serde(default)]
    pattern_type: Option<String>,
    #[serde(default)]
    confidence: Option<u8>,
    #[serde(default)]
    valid_from: Option<jiff::Timestamp>,
    #[serde(default)]
    valid_until: Option<jiff::Timestamp>,
    #[serde(default)]
    revoked: bool,
}

/// Reads a bundle and calls `visit` with everything that it holds of indicators, in its order. An error means that the
/// text is no JSON object with a list of objects.
pub fn read_bundle(
    json: &str,
    visit: &mut dyn FnMut(Result<StixIndicator, StixRefusal>),
) -> Result<(), serde_json::Error> {
    let bundle: Bundle<'_> = serde_json::from_str(json.trim_start_matches('\u{feff}'))?;
    for (place, object) in bundle.objects {
        match serde_json::from_str::<Object>(object.get()) {
            Ok(object) if object.kind == "indicator" => take(object, place, visit),
            Ok(_) => {}
            Err(error) => {
                // Nested deeper than can be read, it is nothing at all.
                let object: serde_json::Value = serde_json::from_str(object.get()).unwrap_or_default();
                let text_of = |key| object.get(key).and_then(serde_json::Value::as_str);
                // Objects of other types may be shaped in any way.
                if text_of("type") == Some("indicator") || object.is_null() {
                    let id = id_of(text_of("id"), place);
                    visit(Err(StixRefusal { id, text: error.to_string(), reason: PatternRefusal::Shape }));
                }
            }
        }
    }
    Ok(())
}

/// The id of an object, cut; its place where it has none.
fn id_of(id: Option<&str>, place: usize) -> String {
    id.map_or_else(|| place.to_string(), cut)
}

fn cut(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}

fn take(object: Object, place: usize, visit: &mut dyn FnMut(Result<StixIndicator, StixRefusal>)) {
    let id = id_of(object.id.as_deref(), place);
    let taken = |indicators| StixIndicator {
        id: id.clone(),
        name: object.name.as_deref().map(cut),
        confidence: object.confidence.map(|confidence| confidence.min(100)),
        valid_from: object.valid_from.map(|moment| moment.as_microsecond()),
        valid_until: object.valid_until.map(|moment| moment.as_microsecond()),
        revoked: object.revoked,
        indicators,
    };
    if object.revoked {
        return visit(Ok(taken(Vec::new())));
    }
    let pattern = object.pattern.unwrap_or_default();
    let mut refuse = |text: String, reason| visit(Err(StixRefusal { id: id.clone(), text, reason }));
    if object.pattern_type.is_some_and(|kind| kind != "stix") {
        return refuse(pattern, PatternRefusal::OtherLanguage);
    }
    if pattern.len() > LONGEST_PATTERN {
        return refuse(pattern, PatternRefusal::Value(Refusal::TooLong));
    }
    let comparisons = match pattern::parse(&pattern) {
        Ok(comparisons) => comparisons,
        Err(reason) => return refuse(pattern, reason),
    };
    let (mut indicators, mut known) = (Vec::new(), HashSet::new());
    for (kind, value) in comparisons {
        match Indicator::read(&value, kind) {
            Ok(indicator) => {
                if known.insert(indicator.clone()) {
                    indicators.push(indicator);
                }
            }
            Err(refusal) => refuse(value, PatternRefusal::Value(refusal)),
        }
    }
    if !indicators.is_empty() {
        visit(Ok(taken(indicators)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::indicators::IndicatorKind;

    fn read(json: &str) -> (Vec<StixIndicator>, Vec<StixRefusal>) {
        let (mut indicators, mut refused) = (Vec::new(), Vec::new());
        read_bundle(json, &mut |one| match one {
            Ok(indicator) => indicators.push(indicator),
            Err(refusal) => refused.push(refusal),
        })
        .expect("a bundle");
        (indicators, refused)
    }

    #[test]
    fn a_bundle_gives_its_indicators_and_names_what_it_refuses() {
        let bundle = serde_json::json!({"type": "bundle", "id": "bundle--1", "objects": [
            {"type": "identity", "id": "identity--1", "confidence": "high"},
            {"type": "indicator", "id": "indicator--a", "name": "C2", "pattern_type": "stix", "confidence": 85,
             "valid_from": "2026-01-01T00:00:00Z", "valid_until": "2026-12-01T00:00:00.5Z",
             "pattern": "[domain-name:value = 'Evil.example' OR ipv4-addr:value = '198.51.100.7'] OR [url:value = 'http://evil.example/a']"},
            {"type": "indicator", "id": "indicator--b", "pattern_type": "yara", "pattern": "rule x {}"},
            {"type": "indicator", "id": "indicator--c", "pattern": "[file:hashes.'SHA-256' = 'abc']"},
            {"type": "indicator", "id": "indicator--d", "pattern": "[domain-name:value = 'a.example' AND url:value = 'x']"},
            {"type": "indicator", "id": "indicator--e", "revoked": true, "pattern": "[domain-name:value = 'b.example']"},
            {"type": "indicator", "id": "indicator--f", "confidence": "high", "pattern": "[domain-name:value = 'b.example']"},
            {"type": "indicator", "id": "indicator--g", "pattern": "[ipv4-addr:value IN ('10.0.0.1', '198.51.100.9')]"},
        ]});
        let (indicators, refused) = read(&bundle.to_string());
        let texts = |one: &StixIndicator| {
            one.indicators.iter().map(|indicator| (indicator.kind(), indicator.text().to_owned())).collect::<Vec<_>>()
        };
        let [first, revoked, last] = indicators.as_slice() else { panic!("{indicators:?}") };
        assert_eq!(
            (first.id.as_str(), first.name.as_deref(), first.confidence, first.valid_until),
            ("indicator--a", Some("C2"), Some(85), Some(1_796_083_200_500_000))
        );
        assert_eq!((first.valid_from, first.revoked), (Some(1_767_225_600_000_000), false));
        assert_eq!((revoked.id.as_str(), revoked.revoked, revoked.indicators.len()), ("indicator--e", true, 0));
        assert_eq!(
            texts(first),
            [
                (IndicatorKind::Domain, "evil.example".to_owned()),
                (IndicatorKind::Address, "198.51.100.7".to_owned()),
                (IndicatorKind::Url, "http://evil.example/a".to_owned()),
            ]
        );
        assert_eq!((last.id.as_str(), texts(last).len()), ("indicator--g", 1));
        let refused: Vec<_> = refused.iter().map(|refusal| (refusal.id.as_str(), refusal.reason)).collect();
        assert_eq!(
            refused,
            [
                ("indicator--b", PatternRefusal::OtherLanguage),
                ("indicator--c", PatternRefusal::Value(Refusal::NotHash)),
                ("indicator--d", PatternRefusal::Joined),
                ("indicator--f", PatternRefusal::Shape),
                ("indicator--g", PatternRefusal::Value(Refusal::Private)),
            ]
        );
        assert!(read_bundle("[1]", &mut |_| {}).is_err());
    }

    #[test]
    fn a_bundle_that_means_harm_costs_no_more_than_its_length() {
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        let values: String = (0..20_000).map(|number| format!("'a{number}.example', 'A{number}.example', ")).collect();
        let (long, longer) = ("i".repeat(100_000), "=".repeat(LONGEST_PATTERN + 1));
        let (indicators, refused) = read(&format!(
            r#"{{"objects": [{{"type": "indicator", "confidence": "high", "x": {deep}}},
            {{"type": "indicator", "id": "{long}", "pattern": "[domain-name:value IN ({values}'com', 'com')]"}},
            {{"type": "indicator", "id": "3", "pattern": "{longer}"}}]}}"#
        ));
        let [one] = indicators.as_slice() else { panic!("{} objects", indicators.len()) };
        assert_eq!((one.indicators.len(), one.id.len()), (20_000, LONGEST));
        let reasons: Vec<_> = refused.iter().map(|refusal| (refusal.reason, refusal.id.len())).collect();
        let (broad, long) = (PatternRefusal::Value(Refusal::TooBroad), PatternRefusal::Value(Refusal::TooLong));
        assert_eq!(reasons, [(PatternRefusal::Shape, 1), (broad, LONGEST), (broad, LONGEST), (long, 1)]);
    }
}
