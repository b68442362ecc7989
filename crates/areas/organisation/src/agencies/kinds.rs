//! Kinds of agency and the 34 provinces, read from `content/agencies/`.

use serde::Deserialize;
use std::sync::LazyLock;

/// A kind of agency. Its name is the text `agency-kind-<id>`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kind {
    pub id: String,
    /// Order in lists, most general first.
    pub order: u16,
    /// The kind of the root of the tree.
    #[serde(default)]
    pub root: bool,
}

/// A province or centrally run city (Quyết định 19/2025/QĐ-TTg).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Province {
    /// Two digits.
    pub code: String,
    pub name: String,
    /// `province` or `city`.
    pub kind: String,
    /// Civil date since which the kind holds.
    pub valid_from: String,
}

#[derive(Deserialize)]
struct KindsFile {
    kind: Vec<Kind>,
}

#[derive(Deserialize)]
struct ProvincesFile {
    province: Vec<Province>,
}

const KINDS: &str = include_str!("../../../../../content/agencies/kinds.toml");
const PROVINCES: &str = include_str!("../../../../../content/agencies/provinces.toml");

static KIND_LIST: LazyLock<Vec<Kind>> = LazyLock::new(|| {
    let mut kinds = toml::from_str::<KindsFile>(KINDS).map(|file| file.kind).unwrap_or_default();
    kinds.sort_by_key(|kind| kind.order);
    kinds
});
static PROVINCE_LIST: LazyLock<Vec<Province>> =
    LazyLock::new(|| toml::from_str::<ProvincesFile>(PROVINCES).map(|file| file.province).unwrap_or_default());

/// All kinds in order.
pub fn kinds() -> &'static [Kind] {
    &KIND_LIST
}

/// All provinces in order of code.
pub fn provinces() -> &'static [Province] {
    &PROVINCE_LIST
}

#[cfg(test)]
mod tests {
    use super::*;
    use kit::locale::{Lang, texts};

    #[test]
    fn there_are_thirty_four_provinces_of_which_seven_are_cities() {
        toml::from_str::<ProvincesFile>(PROVINCES).expect("the file reads");
        assert_eq!(provinces().len(), 34);
        assert_eq!(provinces().iter().filter(|province| province.kind == "city").count(), 7);
        assert!(provinces().windows(2).all(|pair| pair[0].code < pair[1].code));
    }

    #[test]
    fn one_kind_is_the_root_and_every_kind_has_a_name() {
        toml::from_str::<KindsFile>(KINDS).expect("the file reads");
        assert_eq!(kinds().iter().filter(|kind| kind.root).count(), 1);
        for kind in kinds() {
            for lang in Lang::ALL {
                assert!(texts().has(lang, &format!("agency-kind-{}", kind.id)), "{}", kind.id);
            }
        }
    }
}
