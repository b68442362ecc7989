//! The picture as a layer of the ATT&CK Navigator (layer format 4.5).

use super::{Coverage, Picture, Sight};
use detection::RuleLogSource;
use serde_json::{Value, json};
use std::collections::HashSet;

/// Score of a technique in the layer: 0 (blind) to 3 (proven).
fn score(sight: Sight) -> u8 {
    match sight {
        Sight::Blind => 0,
        Sight::Unfed => 1,
        Sight::Fed => 2,
        Sight::Proven => 3,
    }
}

/// What a reader is told in words.
pub(super) struct Words<'w> {
    /// Whose layer it is.
    pub(super) name: &'w str,
    /// What a missing kind of log would show.
    pub(super) gap: &'w str,
    pub(super) log_source: &'w dyn Fn(&RuleLogSource) -> String,
}

/// `version` is that of ATT&CK, `word` gives the name of a sight in the language of the reader. What one kind of log that does
/// not arrive would show has a colour of its own.
pub(super) fn layer(picture: &Picture, version: &str, words: &Words<'_>, word: impl Fn(Sight) -> String) -> Value {
    let parents: HashSet<&str> = picture.sub_techniques.iter().filter_map(|one| one.number.split('.').next()).collect();
    let technique = |one: &Coverage| {
        let above = one.number.split('.').next().unwrap_or_default();
        let missing = picture.gaps.iter().filter(|gap| one.sight == Sight::Unfed && gap.gained.contains(above));
        let missing: Vec<String> = missing.map(|gap| (words.log_source)(&gap.log_source)).collect();
        let figures = format!("{} ({}/{}/{})", word(one.sight), one.proven, one.fed, one.rules);
        let mut technique = json!({
            "techniqueID": one.number,
            "score": score(one.sight),
            "comment": figures,
            "enabled": true,
            "showSubtechniques": parents.contains(one.number.as_str()),
        });
        if let (Some(fields), false) = (technique.as_object_mut(), missing.is_empty()) {
            fields.insert("color".to_owned(), GAP.into());
            fields.insert("comment".to_owned(), format!("{figures}. {}: {}", words.gap, missing.join("; ")).into());
        }
        technique
    };
    let techniques: Vec<Value> = picture.techniques.iter().chain(&picture.sub_techniques).map(technique).collect();
    let sights = Sight::ALL.into_iter().map(|sight| json!({ "label": word(sight), "color": colour(sight) }));
    let legend: Vec<Value> = sights.chain([json!({ "label": words.gap, "color": GAP })]).collect();
    json!({
        "name": words.name,
        "versions": { "attack": version, "navigator": "5.1.0", "layer": "4.5" },
        "domain": "enterprise-attack",
        "gradient": {
            "colors": [colour(Sight::Blind), colour(Sight::Unfed), colour(Sight::Fed), colour(Sight::Proven)],
            "minValue": 0,
            "maxValue": 3,
        },
        "legendItems": legend,
        "techniques": techniques,
    })
}

/// What a kind of log that does not arrive would show.
const GAP: &str = "#fb923c";

fn colour(sight: Sight) -> &'static str {
    match sight {
        Sight::Blind => "#ffffff",
        Sight::Unfed => "#fde68a",
        Sight::Fed => "#bbf7d0",
        Sight::Proven => "#15803d",
    }
}
