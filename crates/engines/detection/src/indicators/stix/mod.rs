//! Indicators of STIX 2.1 bundles: from the objects of type `indicator` the pattern, the confidence and the time they
//! hold. Everything else in a bundle is passed over. Of patterns a subset is read (`pattern`); what is outside is refused,
//! by its id and with the reason, and the rest of the bundle is not touched.

mod pattern;

pub use pattern::PatternRefusal;

use super::Indicator;
use event::Micros;
use serde::Deserialize;
use serde_json::value::RawValue;

/// What a bundle holds of indicators.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StixBundle {
    pub indicators: Vec<StixIndicator>,
    pub refused: Vec<StixRefusal>,
}

/// One object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StixIndicator {
    pub id: String,
    pub name: Option<String>,
    /// 0 to 100.
    pub confidence: Option<u8>,
    pub valid_until: Option<Micros>,
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
    #[serde(borrow, default)]
    objects: Vec<&'t RawValue>,
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
    valid_until: Option<jiff::Timestamp>,
    #[serde(default)]
    revoked: bool,
}

/// Reads a bundle. An error means that the text is no JSON object with a list of objects.
pub fn read_bundle(json: &str) -> Result<StixBundle, serde_json::Error> {
    let bundle: Bundle<'_> = serde_json::from_str(json.trim_start_matches('\u{feff}'))?;
    let mut read = StixBundle::default();
    for (place, object) in bundle.objects.into_iter().enumerate() {
        match serde_json::from_str::<Object>(object.get()) {
            Ok(object) if object.kind == "indicator" => take(object, place, &mut read),
            Ok(_) => {}
            Err(error) => {
                let object: serde_json::Value = serde_json::from_str(object.get())?;
                let text_of = |key| object.get(key).and_then(serde_json::Value::as_str);
                // Objects of other types may be shaped in any way.
                if text_of("type") == Some("indicator") {
                    let id = text_of("id").map_or_else(|| (place + 1).to_string(), ToOwned::to_owned);
                    read.refused.push(StixRefusal { id, text: error.to_string(), reason: PatternRefusal::Shape });
                }
            }
        }
    }
    Ok(read)
}

fn take(object: Object, place: usize, read: &mut StixBundle) {
    let id = object.id.unwrap_or_else(|| (place + 1).to_string());
    let pattern = object.pattern.unwrap_or_default();
    let mut refuse = |text: String, reason| read.refused.push(StixRefusal { id: id.clone(), text, reason });
    if object.revoked {
        return refuse(pattern, PatternRefusal::Revoked);
    }
    if object.pattern_type.is_some_and(|kind| kind != "stix") {
        return refuse(pattern, PatternRefusal::OtherLanguage);
    }
    let comparisons = match pattern::parse(&pattern) {
        Ok(comparisons) => comparisons,
        Err(reason) => return refuse(pattern, reason),
    };
    let mut indicators: Vec<Indicator> = Vec::with_capacity(comparisons.len());
    for (kind, value) in comparisons {
        match Indicator::read(&value, kind) {
            Ok(indicator) if indicators.contains(&indicator) => {}
            Ok(indicator) => indicators.push(indicator),
            Err(refusal) => refuse(value, PatternRefusal::Value(refusal)),
        }
    }
    if !indicators.is_empty() {
        read.indicators.push(StixIndicator {
            id,
            name: object.name,
            confidence: object.confidence.map(|confidence| confidence.min(100)),
            valid_until: object.valid_until.map(|moment| moment.as_microsecond()),
            indicators,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::indicators::{IndicatorKind, Refusal};

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
        let read = read_bundle(&bundle.to_string()).expect("a bundle");
        let texts = |one: &StixIndicator| {
            one.indicators.iter().map(|indicator| (indicator.kind(), indicator.text().to_owned())).collect::<Vec<_>>()
        };
        let [first, last] = read.indicators.as_slice() else { panic!("{read:?}") };
        assert_eq!(
            (first.id.as_str(), first.name.as_deref(), first.confidence, first.valid_until),
            ("indicator--a", Some("C2"), Some(85), Some(1_796_083_200_500_000))
        );
        assert_eq!(
            texts(first),
            [
                (IndicatorKind::Domain, "evil.example".to_owned()),
                (IndicatorKind::Address, "198.51.100.7".to_owned()),
                (IndicatorKind::Url, "http://evil.example/a".to_owned()),
            ]
        );
        assert_eq!((last.id.as_str(), texts(last).len()), ("indicator--g", 1));
        let refused: Vec<_> = read.refused.iter().map(|refusal| (refusal.id.as_str(), refusal.reason)).collect();
        assert_eq!(
            refused,
            [
                ("indicator--b", PatternRefusal::OtherLanguage),
                ("indicator--c", PatternRefusal::Value(Refusal::NotHash)),
                ("indicator--d", PatternRefusal::Joined),
                ("indicator--e", PatternRefusal::Revoked),
                ("indicator--f", PatternRefusal::Shape),
                ("indicator--g", PatternRefusal::Value(Refusal::Private)),
            ]
        );
        assert!(read_bundle("[1]").is_err());
    }
}
