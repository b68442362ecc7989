//! The policy of elevations: which acts need a second person, from how many rows on, and for how long.

use super::Basis;
use kit::Capability;
use kit::clock::{HOUR, MINUTE, Micros};
use serde::Deserialize;

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ElevationPolicy {
    pub basis: Basis,
    pub lapses_after_hours: i64,
    pub elevation: Vec<ElevationKind>,
}

/// One kind of act.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ElevationKind {
    pub id: String,
    pub needs: Capability,
    /// How long an approval lasts; left out for what ends with a key.
    #[serde(default)]
    pub minutes: i64,
    /// The asker names the agency that it is for, in reach or not.
    #[serde(default)]
    pub names_agency: bool,
    /// Rows of one act that need no approval.
    pub rows: u64,
    /// Rows of one person, with those of all keys of that person, within so many minutes that need none; 0: they are not
    /// added up.
    #[serde(default)]
    pub window_rows: u64,
    #[serde(default)]
    pub window_minutes: i64,
    /// Most rows that may be granted to a key within the window of exports.
    #[serde(default)]
    pub most_rows: u64,
}

/// Kind of the elevation that lets more rows leave than may without one.
pub const EXPORT: &str = "export";

/// Kind of the elevation that opens raw events of another agency.
pub const FOREIGN_EVENTS: &str = "foreign-events";

/// Kind of the elevation for changing the law in force.
pub const CHANGE_LAW: &str = "change-law";

/// Kind of the elevation that lets a backup take the place of what there is.
pub const RESTORE: &str = "restore";

/// Kind of the elevation that lets more rows leave by one key, for as long as it lasts.
pub const KEY_ROWS: &str = "key-rows";

/// What an approval holds for, beside its person, its agency and its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binding {
    /// Nothing more than the agency.
    Agency,
    /// One draft of a change of law, by its digest.
    Draft,
    /// One backup, by the SHA-256 of its inventory.
    Backup,
    /// One question, by its address.
    Question,
    /// One key, by its identifier; it ends with the key.
    Key,
}

impl ElevationKind {
    pub fn binding(&self) -> Binding {
        match self.id.as_str() {
            CHANGE_LAW => Binding::Draft,
            RESTORE => Binding::Backup,
            EXPORT => Binding::Question,
            KEY_ROWS => Binding::Key,
            _ => Binding::Agency,
        }
    }

    /// Key of its name.
    pub fn key(&self) -> String {
        format!("elevation-kind-{}", self.id)
    }

    /// For how long rows that left are added up.
    pub fn window(&self) -> Micros {
        self.window_minutes * MINUTE
    }

    pub fn lasts(&self) -> Micros {
        self.minutes * MINUTE
    }
}

impl ElevationPolicy {
    pub fn kind(&self, id: &str) -> Option<&ElevationKind> {
        self.elevation.iter().find(|kind| kind.id == id)
    }

    pub fn lapses_after(&self) -> Micros {
        self.lapses_after_hours * HOUR
    }
}

#[cfg(test)]
mod tests {
    use super::{CHANGE_LAW, EXPORT, FOREIGN_EVENTS, KEY_ROWS, RESTORE};
    use crate::policies::Policies;
    use kit::Capability;
    use kit::locale::{Lang, texts};

    #[test]
    fn every_kind_has_a_name_and_somebody_who_may_ask() {
        let policies = Policies::embedded().unwrap();
        for kind in &policies.elevation.elevation {
            assert!(policies.roles_with(kind.needs).next().is_some(), "nobody may ask for {}", kind.id);
            for lang in Lang::ALL {
                assert!(texts().has(lang, &kind.key()), "{}", kind.key());
            }
        }
        assert!(policies.elevation.kind(FOREIGN_EVENTS).is_some_and(|kind| kind.names_agency));
        let export = policies.elevation.kind(EXPORT).unwrap();
        assert!(export.rows > 0 && export.window_rows >= export.rows && export.window_minutes > 0);
        assert!(policies.elevation.kind(CHANGE_LAW).is_some_and(|kind| kind.rows == 0), "every change needs it");
        let restore = policies.elevation.kind(RESTORE).unwrap();
        assert!(restore.needs == Capability::Administer && restore.rows == 0, "always a second person");
        let key_rows = policies.elevation.kind(KEY_ROWS).unwrap();
        assert!(key_rows.rows == 0 && key_rows.most_rows > export.window_rows, "more than everybody may");
    }
}
