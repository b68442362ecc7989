//! Names and types of information elements: data (`content/flows/elements.toml`), read once.

use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// How the bytes of an element are read. Lengths stand in templates, so widths of numbers make no difference here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Kind {
    #[serde(alias = "unsigned8", alias = "unsigned16", alias = "unsigned32", alias = "unsigned64")]
    Unsigned,
    #[serde(alias = "signed8", alias = "signed16", alias = "signed32", alias = "signed64")]
    Signed,
    #[serde(alias = "float32", alias = "float64")]
    Float,
    Boolean,
    String,
    MacAddress,
    Ipv4Address,
    Ipv6Address,
    DateTimeSeconds,
    DateTimeMilliseconds,
    DateTimeMicroseconds,
    DateTimeNanoseconds,
    /// Lists hold templates of their own (RFC 6313); their bytes are kept as they are.
    #[serde(alias = "basicList", alias = "subTemplateList", alias = "subTemplateMultiList")]
    OctetArray,
}

type Named = BTreeMap<String, (String, Kind)>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    reverse: u32,
    elements: Named,
    #[serde(default)]
    enterprise: BTreeMap<String, Named>,
}

/// All elements that have names.
#[derive(Debug, Clone)]
pub struct Elements {
    known: HashMap<(u32, u16), (Arc<str>, Kind)>,
    reverse: u32,
}

impl Elements {
    /// Reads the file of elements.
    ///
    /// # Errors
    /// What is wrong in the file, in a sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
        let mut known = HashMap::new();
        let mut add = |enterprise: u32, named: Named| {
            for (number, (name, kind)) in named {
                let id: u16 = number.parse().map_err(|_| format!("{number} is no number of an element"))?;
                known.insert((enterprise, id), (Arc::from(name), kind));
            }
            Ok::<(), String>(())
        };
        add(0, file.elements)?;
        for (number, named) in file.enterprise {
            add(number.parse().map_err(|_| format!("{number} is no number of an enterprise"))?, named)?;
        }
        Ok(Self { known, reverse: file.reverse })
    }

    /// The number under which elements count the way back.
    pub(super) fn reverse(&self) -> u32 {
        self.reverse
    }

    pub(super) fn find(&self, enterprise: u32, id: u16) -> (Arc<str>, Kind) {
        if let Some((name, kind)) = self.known.get(&(enterprise, id)) {
            return (name.clone(), *kind);
        }
        match self.known.get(&(0, id)).filter(|_| enterprise == self.reverse) {
            Some((name, kind)) => {
                let mut letters = name.chars();
                let first = letters.next().map(|first| first.to_ascii_uppercase());
                (format!("reverse{}{}", first.into_iter().collect::<String>(), letters.as_str()).into(), *kind)
            }
            None => (format!("element_{enterprise}_{id}").into(), Kind::OctetArray),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_have_names_also_for_the_way_back() {
        let elements = Elements::parse(
            "reverse = 29305\n[elements]\n1 = [\"octetDeltaCount\", \"unsigned64\"]\n\
             [enterprise.9]\n12 = [\"x\", \"ipv4Address\"]\n",
        )
        .unwrap();
        assert_eq!(elements.find(0, 1), ("octetDeltaCount".into(), Kind::Unsigned));
        assert_eq!(elements.find(29_305, 1), ("reverseOctetDeltaCount".into(), Kind::Unsigned));
        assert_eq!(elements.find(9, 12), ("x".into(), Kind::Ipv4Address));
        assert_eq!(elements.find(9, 1), ("element_9_1".into(), Kind::OctetArray));
        assert!(Elements::parse("reverse = 1\n[elements]\nx = [\"a\", \"string\"]\n").unwrap_err().contains('x'));
        assert!(Elements::parse("reverse = 1\n[elements]\n1 = [\"a\", \"strink\"]\n").is_err());
    }
}
