//! The one error type at the edge. Services return it; `web` turns it into a page, a fragment or
//! `application/problem+json` (RFC 9457) with an operation id.

use crate::locale::{Lang, texts};
use sea_orm::{DbErr, RuntimeErr};

/// One wrong field of a form or a request.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct FieldError {
    /// Name of the input.
    pub field: String,
    /// Key of the text that says what is wrong.
    pub key: &'static str,
}

/// Key of what is wrong with a value that is none of those offered or has the wrong form: an empty one is missing.
pub fn unfit(value: &str) -> &'static str {
    if value.trim().is_empty() { "field-required" } else { "field-invalid" }
}

/// A mistake in what was asked that is known by name, so that it is told in the asker's language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// HTTP status code.
    pub status: u16,
    /// Key of the heading.
    pub heading: &'static str,
    /// Stable code for programs, and key of the sentence.
    pub code: &'static str,
    /// Variables of the sentence.
    pub arguments: Vec<(&'static str, String)>,
    /// Character of the text, counted from 1, where it has a place.
    pub position: Option<usize>,
    /// The same in the words of the part that found it, for the log.
    pub words: String,
}

impl Mistake {
    /// What is wrong and what to write instead, without the place.
    pub fn sentence(&self, lang: Lang) -> String {
        let arguments: Vec<_> = self.arguments.iter().map(|(name, value)| (*name, value.as_str().into())).collect();
        texts().text_with(lang, self.code, &arguments)
    }

    fn in_words(&self, lang: Lang) -> String {
        let sentence = self.sentence(lang);
        let Some(position) = self.position else { return sentence };
        texts().text_with(lang, "error-at-character", &[("position", position.into()), ("sentence", sentence.into())])
    }
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("not found")]
    NotFound,
    /// Nobody is signed in.
    #[error("sign in first")]
    Unauthenticated,
    /// Whoever is signed in must prove it again first.
    #[error("say again who you are first")]
    Unconfirmed,
    /// Signing in is not finished: where what is missing is done.
    #[error("finish signing in first: {0}")]
    Due(&'static str),
    /// The capability that is missing, by name.
    #[error("not allowed: {0}")]
    Forbidden(&'static str),
    #[error("invalid input: {}", .0.iter().map(|error| format!("{} ({})", error.field, error.key)).collect::<Vec<_>>().join(", "))]
    Invalid(Vec<FieldError>),
    /// The state does not allow it; the key of the text that says why.
    #[error("conflict: {0}")]
    Conflict(&'static str),
    /// A request that makes no sense, in words for the one who sent it.
    #[error("{0}")]
    BadRequest(String),
    /// What was asked cannot be read or answered: the key of the sentence for people, and the words of the part that
    /// refused, which are English and are quoted after it.
    #[error("{words}")]
    Refused { status: u16, key: &'static str, words: String },
    #[error("{}", .0.words)]
    Mistake(Box<Mistake>),
    #[error("too many requests, try again in {retry_after_seconds} s")]
    RateLimited { retry_after_seconds: u64 },
    /// Something of ours is full or down for now.
    #[error("unavailable: {0}")]
    Unavailable(String),
    #[error("database: {0}")]
    Database(#[source] DbErr),
    #[error("internal: {0}")]
    Internal(String),
}

impl Error {
    /// One wrong field.
    pub fn invalid(field: impl Into<String>, key: &'static str) -> Self {
        Self::Invalid(vec![FieldError { field: field.into(), key }])
    }

    /// One field whose value does not fit; see [`unfit`].
    pub fn unfit(field: impl Into<String>, value: &str) -> Self {
        Self::invalid(field, unfit(value))
    }

    /// A request that makes no sense, with a code and the variables of its sentence.
    pub fn mistake<const N: usize>(code: &'static str, arguments: [(&'static str, String); N]) -> Self {
        let words = format!("{code} {arguments:?}");
        let arguments = arguments.into();
        let heading = "error-bad-request";
        Self::Mistake(Box::new(Mistake { status: 400, heading, code, arguments, position: None, words }))
    }

    /// What a reader of requests (the web server, a form) refuses with this status and these words.
    pub fn unreadable(status: u16, words: impl Into<String>) -> Self {
        let key = match status {
            404 => return Self::NotFound,
            405 => "error-method",
            411 => "error-length-needed",
            413 => "error-too-large",
            414 | 431 => "error-address-too-long",
            415 => "error-media-type",
            422 => "error-unreadable",
            _ => "error-bad-request",
        };
        Self::Refused { status, key, words: words.into() }
    }

    pub fn internal(error: impl std::fmt::Display) -> Self {
        Self::Internal(error.to_string())
    }

    /// Whether the database found no room on its disk (SQLite's and PostgreSQL's words). SQLite calls it an I/O error
    /// where its shared memory file cannot grow.
    pub fn is_disk_full(&self) -> bool {
        const SAID: [&str; 5] = ["disk is full", "No space left", "(code: 4874)", "53100", "disk I/O error"];
        let Self::Database(error) = self else { return false };
        let text = error.to_string();
        SAID.iter().any(|said| text.contains(said))
    }

    /// What the part that refused says itself, in English.
    pub fn own_words(&self) -> Option<&str> {
        match self {
            Self::BadRequest(words) | Self::Refused { words, .. } => Some(words).filter(|words| !words.is_empty()),
            _ => None,
        }
        .map(String::as_str)
    }

    /// In words for people: a text of the catalogue, and after it what the part that refused says itself.
    pub fn in_words(&self, lang: Lang) -> String {
        let texts = texts();
        if let Some(words) = self.own_words() {
            let arguments = [("sentence", texts.text(lang, self.key()).into()), ("words", words.into())];
            return texts.text_with(lang, "error-with-words", &arguments);
        }
        match self {
            Self::Invalid(fields) => {
                let one = |error: &FieldError| format!("{}: {}", error.field, texts.text(lang, error.key));
                fields.iter().map(one).collect::<Vec<_>>().join("; ")
            }
            Self::Conflict(key) => texts.text(lang, key),
            Self::RateLimited { retry_after_seconds } => {
                let minutes = retry_after_seconds.div_ceil(60).max(1);
                texts.text_with(lang, "error-what-429-wait", &[("minutes", minutes.into())])
            }
            Self::Unconfirmed => texts.text(lang, "error-what-403-confirm"),
            Self::Due(_) => texts.text(lang, "error-what-403-due"),
            Self::NotFound | Self::Unauthenticated => texts.text(lang, &format!("error-what-{}", self.status())),
            Self::Forbidden(reason) => forbidden(lang, reason),
            Self::Mistake(mistake) => mistake.in_words(lang),
            Self::BadRequest(_) | Self::Refused { .. } => texts.text(lang, self.key()),
            // For the command line; an asker over the network gets no more than the heading.
            Self::Unavailable(_) | Self::Database(_) | Self::Internal(_) => self.to_string(),
        }
    }

    /// Stable code for programs: `not-found`, `forbidden`, `query-unknown-column`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Mistake(mistake) => mistake.code,
            _ => self.key().trim_start_matches("error-"),
        }
    }

    /// HTTP status code.
    pub fn status(&self) -> u16 {
        match self {
            Self::NotFound => 404,
            Self::Unauthenticated => 401,
            Self::Forbidden(_) | Self::Unconfirmed | Self::Due(_) => 403,
            Self::Invalid(_) => 422,
            Self::Conflict(_) => 409,
            Self::BadRequest(_) => 400,
            Self::Mistake(mistake) => mistake.status,
            Self::Refused { status, .. } => *status,
            Self::RateLimited { .. } => 429,
            Self::Unavailable(_) => 503,
            Self::Database(_) | Self::Internal(_) => 500,
        }
    }

    /// Key of the heading for people.
    pub fn key(&self) -> &'static str {
        match self {
            Self::NotFound => "error-not-found",
            Self::Unauthenticated => "error-unauthenticated",
            Self::Unconfirmed => "error-unconfirmed",
            Self::Due(_) => "error-due",
            Self::Forbidden("csrf" | "cross-site") => "error-form-not-ours",
            Self::Forbidden(_) => "error-forbidden",
            Self::Mistake(mistake) => mistake.heading,
            Self::Invalid(_) => "error-invalid",
            Self::Conflict(key) | Self::Refused { key, .. } => key,
            Self::BadRequest(_) => "error-bad-request",
            Self::RateLimited { .. } => "error-rate-limited",
            Self::Unavailable(_) => "error-unavailable",
            Self::Database(_) | Self::Internal(_) => "error-internal",
        }
    }
}

impl From<DbErr> for Error {
    /// PostgreSQL keeps no NUL in a text (SQLSTATE 22021): what holds one came with the request, and is no fault of ours.
    fn from(error: DbErr) -> Self {
        match sql_state(&error).as_deref() {
            Some("22021") => Self::mistake("text-nul", []),
            _ => Self::Database(error),
        }
    }
}

fn sql_state(error: &DbErr) -> Option<String> {
    let (DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error))) = error else {
        return None;
    };
    Some(error.as_database_error()?.code()?.into_owned())
}

/// Why somebody may not do this, and what helps: the right that is missing by its name, or the form that proves nothing.
fn forbidden(lang: Lang, reason: &str) -> String {
    let texts = texts();
    let right = format!("capability-{reason}");
    match reason {
        "csrf" | "cross-site" => texts.text(lang, "error-what-403-form"),
        "saved-search-of-another" => texts.text(lang, "error-what-403-owner"),
        _ if texts.has(lang, &right) => {
            texts.text_with(lang, "error-what-403-right", &[("right", texts.text(lang, &right).into())])
        }
        _ => texts.text(lang, "error-what-403"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_right_is_named_and_an_old_form_is_another_matter() {
        let right = Error::Forbidden("approve-notices");
        assert!(right.in_words(Lang::Vi).contains("“Phê duyệt báo cáo sự cố”"), "{}", right.in_words(Lang::Vi));
        assert!(!right.in_words(Lang::Vi).contains("biểu mẫu"));
        let form = Error::Forbidden("csrf");
        assert!(form.in_words(Lang::Vi).contains("biểu mẫu"), "{}", form.in_words(Lang::Vi));
        assert_ne!(right.key(), form.key());
        assert_eq!((right.code(), form.code()), ("forbidden", "form-not-ours"));
    }

    #[test]
    fn an_empty_value_is_missing_and_another_one_is_wrong() {
        for (value, key) in [("", "field-required"), (" ", "field-required"), ("x", "field-invalid")] {
            let Error::Invalid(fields) = Error::unfit("kind", value) else { panic!("a field is wrong") };
            assert_eq!((fields[0].field.as_str(), fields[0].key), ("kind", key), "{value:?}");
        }
    }

    #[test]
    fn a_mistake_is_told_with_its_place_and_without_foreign_words() {
        let mistake = Mistake {
            status: 400,
            heading: "error-search-text",
            code: "search-no-number",
            arguments: vec![("subject", "x".into())],
            position: Some(18),
            words: "\"x\" is no number".into(),
        };
        let error = Error::Mistake(Box::new(mistake));
        let words = error.in_words(Lang::Vi);
        assert!(words.contains("18") && words.contains("“x”") && !words.contains("is no number"), "{words}");
        assert_eq!((error.status(), error.code(), error.own_words()), (400, "search-no-number", None));
    }
}
