//! The policy of certificates and skills.

use super::Basis;
use kit::clock::{DAY, Micros};
use serde::Deserialize;

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QualificationPolicy {
    pub basis: Basis,
    /// Identifiers; the name of each is the text `qualification-kind-<id>`.
    pub kinds: Vec<String>,
    /// Days ahead in which it is told that something runs out.
    pub soon_days: i64,
}

impl QualificationPolicy {
    /// Until when what runs out does so soon.
    pub fn soon(&self, now: Micros) -> Micros {
        now + self.soon_days * DAY
    }
}

#[cfg(test)]
mod tests {
    use crate::policies::Policies;
    use kit::locale::{Lang, texts};

    #[test]
    fn every_kind_has_a_name() {
        for kind in &Policies::embedded().unwrap().qualification.kinds {
            for lang in Lang::ALL {
                assert!(texts().has(lang, &format!("qualification-kind-{kind}")), "{kind}");
            }
        }
    }
}
