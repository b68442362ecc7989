//! Words that a field of a system may take: the state, where it stands, for whom it works.

/// A closed list of words: each with its code in the database, in addresses and in files, and the key of its text.
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($variant:ident $code:literal $key:literal),+ $(,)? }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($variant),+ }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            pub fn from_code(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.code() == code)
            }

            pub fn key(self) -> &'static str {
                match self { $(Self::$variant => $key),+ }
            }
        }
    };
}

pub(crate) use words;

words! {
    /// Where a system stands in its life.
    State {
        Proposed "proposed" "system-state-proposed",
        Building "building" "system-state-building",
        OnTrial "on_trial" "system-state-on-trial",
        Operating "operating" "system-state-operating",
        Retired "retired" "system-state-retired",
    }
}

words! {
    /// In what kind of place a system stands.
    Hosting {
        OwnRoom "own_room" "system-hosting-own-room",
        ProvincialDataCentre "provincial_data_centre" "system-hosting-provincial-data-centre",
        RentedCloud "rented_cloud" "system-hosting-rented-cloud",
        Elsewhere "elsewhere" "system-hosting-elsewhere",
    }
}

words! {
    /// How far its service reaches (Decree 331/2026 Articles 12 to 15 tell levels by it).
    ServiceScope {
        Organisation "organisation" "system-scope-organisation",
        Province "province" "system-scope-province",
        Nation "nation" "system-scope-nation",
        International "international" "system-scope-international",
    }
}
