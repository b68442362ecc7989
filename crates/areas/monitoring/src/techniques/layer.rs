//! The picture as a layer of the ATT&CK Navigator (layer format 4.5).

use super::{Picture, Sight};
use serde_json::{Value, json};

/// Score of a technique in the layer: 0 (blind) to 3 (proven).
fn score(sight: Sight) -> u8 {
    match sight {
        Sight::Blind => 0,
        Sight::Unfed => 1,
        Sight::Fed => 2,
        Sight::Proven => 3,
    }
}

/// `version` is that of ATT&CK, `word` gives the name of a sight in the language of the reader.
pub(super) fn layer(picture: &Picture, version: &str, name: &str, word: impl Fn(Sight) -> String) -> Value {
    let techniques: Vec<Value> = picture
        .techniques
        .iter()
        .map(|one| {
            json!({
                "techniqueID": one.number,
                "score": score(one.sight),
                "comment": format!("{} ({}/{}/{})", word(one.sight), one.proven, one.fed, one.rules),
                "enabled": true,
            })
        })
        .collect();
    let legend: Vec<Value> =
        Sight::ALL.into_iter().map(|sight| json!({ "label": word(sight), "color": colour(sight) })).collect();
    json!({
        "name": name,
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

fn colour(sight: Sight) -> &'static str {
    match sight {
        Sight::Blind => "#ffffff",
        Sight::Unfed => "#fde68a",
        Sight::Fed => "#bbf7d0",
        Sight::Proven => "#15803d",
    }
}
