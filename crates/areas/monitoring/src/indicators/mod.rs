//! Indicators: domains, addresses, links, hashes, e-mail addresses and file names that others found to be bad, on lists
//! with who says so, how sure and until when. The pipeline looks every event up in those that hold; who may see rules may
//! see lists, but for those kept for whoever manages rules. Pure; rows are in `store`, acts in `service` and `import`,
//! what is in force in `in_force`.

pub mod alerts;
mod api;
mod form;
pub mod import;
mod import_page;
pub mod in_force;
mod pages;
mod reading;
pub mod service;
pub mod settings;
pub mod store;
pub mod tables;

pub(crate) use reading::read_apart;
pub use reading::{Found, Refused, Wanted, read};

use crate::alerts::grouping::hash;
use detection::{Indicator, IndicatorKind};
use kit::clock::Micros;
use kit::web::Routes;
use serde::Serialize;

pub fn routes() -> Routes {
    pages::routes().merge(form::routes()).merge(import_page::routes()).merge(api::routes())
}

/// A word that stands in a column: its code, and the key of what people call it.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident $key:literal: $($(#[$mark:meta])* $variant:ident $code:literal),+) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
        pub enum $name { $($(#[$mark])* #[serde(rename = $code)] $variant),+ }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            pub fn key(self) -> &'static str {
                match self { $(Self::$variant => concat!($key, "-", $code)),+ }
            }

            pub fn from_code(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.code() == code)
            }
        }
    };
}

words! {
    /// What the indicators of a list are about.
    ListKind "indicator-list-kind":
    Malware "malware", Phishing "phishing", Control "control", Scanning "scanning", #[default] Other "other"
}

words! {
    /// Traffic Light Protocol 2.0: how far the list may be passed on.
    Tlp "indicator-tlp":
    Clear "clear", Green "green", #[default] Amber "amber", AmberStrict "amber-strict", Red "red"
}

words! {
    /// Who sees the list and names it.
    Sharing "indicator-sharing":
    #[default] Everyone "everyone", Managers "managers"
}

/// A list, with how many stand on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct List {
    pub id: String,
    pub name: String,
    /// Who publishes it.
    pub source: String,
    pub kind: ListKind,
    pub tlp: Tlp,
    pub sharing: Sharing,
    /// 0 to 100, where the list itself does not say.
    pub confidence: i64,
    /// Days that its indicators hold, where it does not say.
    pub valid_days: i64,
    /// Its domains stand for everything below them.
    pub with_subdomains: bool,
    pub enabled: bool,
    pub created_at: Micros,
    pub updated_at: Micros,
    pub indicators: u64,
    /// Of these, how many still hold.
    pub valid: u64,
}

/// An indicator on a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listed {
    pub list_id: String,
    pub list_name: String,
    pub indicator_id: String,
    #[serde(serialize_with = "code_of")]
    pub kind: IndicatorKind,
    pub text: String,
    pub confidence: i64,
    /// 0 since ever.
    pub valid_from: Micros,
    pub valid_until: Micros,
    pub reference: String,
    pub added_at: Micros,
    pub renewed_at: Micros,
}

fn code_of<S: serde::Serializer>(kind: &IndicatorKind, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(kind.code())
}

impl Listed {
    pub fn holds(&self, now: &Micros) -> bool {
        self.valid_from <= *now && self.valid_until > *now
    }

    /// It will hold, but does not yet.
    pub fn waits(&self, now: &Micros) -> bool {
        self.valid_from > *now
    }
}

/// Identity of an indicator in every list: 32 hexadecimal digits.
pub fn identity(indicator: &Indicator) -> String {
    hash(&[indicator.kind().code(), indicator.text()])
}

/// The same as a number.
pub(crate) fn number(identity: &str) -> u128 {
    u128::from_str_radix(identity, 16).unwrap_or_default()
}

/// Key of the word for a kind of indicator.
pub fn kind_key(kind: &IndicatorKind) -> &'static str {
    match kind {
        IndicatorKind::Domain => "indicator-kind-domain",
        IndicatorKind::Address => "indicator-kind-address",
        IndicatorKind::Url => "indicator-kind-url",
        IndicatorKind::Hash => "indicator-kind-hash",
        IndicatorKind::Mail => "indicator-kind-mail",
        IndicatorKind::FileName => "indicator-kind-file-name",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kit::Lang;
    use kit::locale::texts;

    #[test]
    fn codes_lead_back_and_every_word_and_reason_has_its_text() {
        assert!(ListKind::ALL.iter().all(|one| ListKind::from_code(one.code()) == Some(*one)));
        assert!(Tlp::ALL.iter().all(|one| Tlp::from_code(one.code()) == Some(*one)));
        assert!(Sharing::ALL.iter().all(|one| Sharing::from_code(one.code()) == Some(*one)));
        let words = ListKind::ALL.iter().map(|one| one.key());
        let words = words.chain(Tlp::ALL.iter().map(|one| one.key())).chain(Sharing::ALL.iter().map(|one| one.key()));
        let words = words.chain(IndicatorKind::ALL.iter().map(kind_key)).map(ToOwned::to_owned);
        let reasons = detection::Refusal::ALL.iter().map(|reason| reason.code());
        let reasons = reasons.chain(detection::PatternRefusal::OWN.iter().map(|reason| reason.code()));
        let reasons = reasons.chain(reading::OWN_REFUSALS).map(|code| format!("indicator-refusal-{code}"));
        for key in words.chain(reasons) {
            for lang in Lang::ALL {
                assert_ne!(texts().text(lang, &key), key, "{key}");
            }
        }
    }

    #[test]
    fn an_indicator_is_one_whoever_lists_it_however_it_is_spelled() {
        let one = |text: &str| identity(&Indicator::read(text, None).expect(text));
        assert_eq!(one("Evil[.]example"), one("evil.example."));
        assert_ne!(one("evil.example"), one("http://evil.example/"));
        assert!(u128::from_str_radix(&one("evil.example"), 16).is_ok());
    }
}
