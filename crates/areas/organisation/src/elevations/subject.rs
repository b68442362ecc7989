//! What an approval holds for, as it is kept and compared: a digest, or the address of a question.

use crate::policies::{Binding, ElevationKind};
use kit::Error;
use kit::page::Address;
use kit::text::one_line;

const LONGEST: usize = 20_000;
/// Letters of a SHA-256.
const DIGEST: usize = 64;
/// Parameters that change nothing about what is asked: form, part and looks of the answer.
const ASIDE: [&str; 8] = ["before", "columns", "each", "format", "limit", "live", "offset", "open"];

/// The question behind an address, whether it is asked on a page, as a file or by the API.
pub fn question_at(address: &Address) -> String {
    let asks = |(name, value): &&(String, String)| {
        !ASIDE.contains(&name.as_str()) && name != "page" && !value.trim().is_empty()
    };
    let mut pairs: Vec<_> = address.pairs().iter().filter(asks).collect();
    pairs.sort();
    let path = address.path().strip_prefix("/api/v1").unwrap_or(address.path());
    let bare = Address::parse(path);
    pairs.into_iter().fold(bare, |question, (name, value)| question.and(name, value.trim())).to_string()
}

/// What was named, as it is kept.
///
/// # Errors
/// The field of the form that is wrong, and why.
pub(super) fn read(kind: &ElevationKind, named: &str) -> Result<String, Error> {
    match kind.binding() {
        Binding::Agency => Ok(String::new()),
        Binding::Key if named.is_empty() => Err(Error::invalid("kind", "elevation-key-first")),
        Binding::Key => Ok(named.to_owned()),
        Binding::Draft if is_digest(named) => Ok(named.to_owned()),
        Binding::Draft => Err(Error::invalid("kind", "elevation-draft-first")),
        Binding::Backup => {
            let digest = line("backup", named)?.to_ascii_lowercase();
            if is_digest(&digest) { Ok(digest) } else { Err(Error::invalid("backup", "elevation-no-backup")) }
        }
        Binding::Question => {
            let address = line("question", named)?;
            // What is shown to whoever approves is a link, and leads to nobody else.
            let own = address.starts_with('/') && !address.starts_with("//") && !address.contains('\\');
            match own && address.chars().count() <= LONGEST {
                true => Ok(question_at(&Address::parse(&address))),
                false => Err(Error::invalid("question", "elevation-no-question")),
            }
        }
    }
}

fn line(field: &'static str, text: &str) -> Result<String, Error> {
    let text = one_line(text).map_err(|key| Error::invalid(field, key))?;
    if text.is_empty() { Err(Error::invalid(field, "field-required")) } else { Ok(text) }
}

fn is_digest(text: &str) -> bool {
    text.len() == DIGEST && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policies::Policies;

    fn at(address: &str) -> String {
        question_at(&Address::parse(address))
    }

    #[test]
    fn a_question_is_the_same_on_its_page_as_a_file_and_by_the_api() {
        let page = "/search?q=user_name%3Aroot&range=24h";
        assert_eq!(at(page), page);
        for same in [
            "/search?range=24h&q=user_name%3Aroot&format=csv",
            "/search?q=+user_name:root+&range=24h&page=3&live=1&open=",
            "/api/v1/search?q=user_name%3Aroot&range=24h&limit=800&offset=800&before=12-7&columns=seq",
        ] {
            assert_eq!(at(same), page, "{same}");
        }
        for other in
            ["/search?q=user_name%3Aroot&range=7d", "/search?range=24h", "/alerts?q=user_name%3Aroot&range=24h"]
        {
            assert_ne!(at(other), page, "{other}");
        }
    }

    #[test]
    fn what_is_named_fits_its_kind() {
        let policies = Policies::embedded().unwrap();
        let named = |kind: &str, text: &str| match read(policies.elevation.kind(kind).unwrap(), text) {
            Ok(subject) => Ok(subject),
            Err(Error::Invalid(fields)) => Err((fields[0].field.clone(), fields[0].key)),
            Err(error) => panic!("{error}"),
        };
        let digest = "0123456789abcdef".repeat(4);
        assert_eq!(named("foreign-events", "whatever"), Ok(String::new()));
        assert_eq!(named("key-rows", "k"), Ok("k".to_owned()));
        assert_eq!(named("key-rows", ""), Err(("kind".to_owned(), "elevation-key-first")));
        assert_eq!(named("change-law", &digest), Ok(digest.clone()));
        assert_eq!(named("change-law", ""), Err(("kind".to_owned(), "elevation-draft-first")));
        assert_eq!(named("restore", &format!(" {} ", digest.to_uppercase())), Ok(digest.clone()));
        for wrong in ["abc", &digest[1..], "/backups/luytre-2026"] {
            assert_eq!(named("restore", wrong), Err(("backup".to_owned(), "elevation-no-backup")), "{wrong}");
        }
        assert_eq!(named("restore", " "), Err(("backup".to_owned(), "field-required")));
        assert_eq!(named("export", "/alerts?state=all&format=csv"), Ok("/alerts?state=all".to_owned()));
        for wrong in ["alerts", "//elsewhere/alerts", "/\\elsewhere", "https://elsewhere/"] {
            assert_eq!(named("export", wrong), Err(("question".to_owned(), "elevation-no-question")), "{wrong}");
        }
    }
}
