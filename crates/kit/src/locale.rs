//! Languages and texts. Every text for people is a key in `locales/<language>/<area>.ftl`; code names keys
//! only. Vietnamese first, English second.

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use include_dir::{Dir, include_dir};
use std::sync::LazyLock;
use unic_langid::LanguageIdentifier;

static LOCALES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../locales");
static TEXTS: LazyLock<Texts> = LazyLock::new(Texts::embedded);

/// Value of a variable in a text.
pub type Argument<'a> = FluentValue<'a>;

/// Language of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    #[default]
    Vi,
    En,
}

impl Lang {
    pub const ALL: [Lang; 2] = [Lang::Vi, Lang::En];

    /// Code for `lang` attributes, cookies and folders.
    pub fn code(self) -> &'static str {
        match self {
            Self::Vi => "vi",
            Self::En => "en",
        }
    }

    pub fn from_code(code: &str) -> Option<Lang> {
        match code {
            "vi" => Some(Self::Vi),
            "en" => Some(Self::En),
            _ => None,
        }
    }

    /// First language of an `Accept-Language` header that we speak; Vietnamese where none is.
    pub fn from_accept_language(header: &str) -> Lang {
        header
            .split(',')
            .filter_map(|part| part.trim().get(..2).and_then(|code| Lang::from_code(&code.to_ascii_lowercase())))
            .next()
            .unwrap_or_default()
    }

    fn identifier(self) -> LanguageIdentifier {
        // Both codes are valid identifiers; the undetermined language would only cost plural rules.
        self.code().parse().unwrap_or_default()
    }
}

/// All texts in all languages.
pub struct Texts {
    vi: FluentBundle<FluentResource>,
    en: FluentBundle<FluentResource>,
    problems: Vec<String>,
}

/// The texts built into the program.
pub fn texts() -> &'static Texts {
    &TEXTS
}

impl Texts {
    fn embedded() -> Self {
        let mut problems = Vec::new();
        let vi = bundle(Lang::Vi, &mut problems);
        let en = bundle(Lang::En, &mut problems);
        Self { vi, en, problems }
    }

    /// The text under `key`; the key itself where no text exists, so that a gap is seen and nothing breaks.
    pub fn text(&self, lang: Lang, key: &str) -> String {
        self.text_with(lang, key, &[])
    }

    /// The same with variables, for example `&[("count", 3.into())]`.
    pub fn text_with(&self, lang: Lang, key: &str, arguments: &[(&str, Argument<'_>)]) -> String {
        let bundle = match lang {
            Lang::Vi => &self.vi,
            Lang::En => &self.en,
        };
        let Some(pattern) = bundle.get_message(key).and_then(|message| message.value()) else {
            tracing::warn!(key, lang = lang.code(), "text missing");
            return key.to_owned();
        };
        let mut values = FluentArgs::new();
        for (name, value) in arguments {
            values.set(*name, value.clone());
        }
        let mut errors = Vec::new();
        let text = bundle.format_pattern(pattern, Some(&values), &mut errors).into_owned();
        if !errors.is_empty() {
            tracing::warn!(key, ?errors, "text with missing variables");
        }
        text
    }

    /// Whether a text exists under `key`.
    pub fn has(&self, lang: Lang, key: &str) -> bool {
        match lang {
            Lang::Vi => self.vi.has_message(key),
            Lang::En => self.en.has_message(key),
        }
    }

    /// Files that did not parse and keys defined twice. Empty in a sound build; `luytre doctor` shows it.
    pub fn problems(&self) -> &[String] {
        &self.problems
    }
}

/// Keys of one language in the order of the files, for checks.
pub fn keys(lang: Lang) -> Vec<String> {
    let mut keys = Vec::new();
    for file in files(lang) {
        for line in file.1.lines() {
            if let Some((key, _)) = line.split_once('=')
                && line.starts_with(|first: char| first.is_ascii_lowercase())
            {
                keys.push(key.trim().to_owned());
            }
        }
    }
    keys
}

fn files(lang: Lang) -> impl Iterator<Item = (String, &'static str)> {
    LOCALES
        .get_dir(lang.code())
        .into_iter()
        .flat_map(|dir| dir.files().filter_map(|file| Some((file.path().display().to_string(), file.contents_utf8()?))))
}

fn bundle(lang: Lang, problems: &mut Vec<String>) -> FluentBundle<FluentResource> {
    let mut bundle = FluentBundle::new_concurrent(vec![lang.identifier()]);
    bundle.set_use_isolating(false);
    for (name, text) in files(lang) {
        let resource = match FluentResource::try_new(text.to_owned()) {
            Ok(resource) => resource,
            Err((resource, errors)) => {
                problems.extend(errors.iter().map(|error| format!("{name}: {error}")));
                resource
            }
        };
        if let Err(errors) = bundle.add_resource(resource) {
            problems.extend(errors.iter().map(|error| format!("{name}: {error}")));
        }
    }
    bundle
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn both_languages_hold_the_same_keys_and_every_file_parses() {
        assert_eq!(texts().problems(), &[] as &[String]);
        let vi: BTreeSet<_> = keys(Lang::Vi).into_iter().collect();
        let en: BTreeSet<_> = keys(Lang::En).into_iter().collect();
        let only_vi: Vec<_> = vi.difference(&en).collect();
        let only_en: Vec<_> = en.difference(&vi).collect();
        assert!(only_vi.is_empty() && only_en.is_empty(), "only vi: {only_vi:?}\nonly en: {only_en:?}");
    }

    #[test]
    fn missing_text_shows_its_key() {
        assert_eq!(texts().text(Lang::Vi, "no-such-key"), "no-such-key");
    }

    #[test]
    fn language_follows_the_browser_and_defaults_to_vietnamese() {
        assert_eq!(Lang::from_accept_language("fr, en-GB;q=0.8"), Lang::En);
        assert_eq!(Lang::from_accept_language("fr"), Lang::Vi);
    }
}
