//! Who is at the other end of a request. Organisation implements [`Authenticate`]; the middleware asks it
//! once per request and leaves the answer in the request's extensions.

use crate::clock::Micros;
use crate::error::Error;
use crate::locale::Lang;
use crate::page::Theme;
use crate::scope::Scope;
use crate::web::Needed;
use axum::http::request::Parts;

/// A signed-in person's or key's request.
#[derive(Debug, Clone)]
pub struct Session {
    pub scope: Scope,
    /// Secret that forms must send back. Empty for API keys, which need none.
    pub csrf: String,
    /// Name shown in the corner.
    pub person_name: String,
    /// Agency shown beside it, and its id.
    pub agency_name: String,
    pub agency_id: String,
    /// Title of the role in the page's language is looked up by this key.
    pub role_key: String,
    pub api_key: bool,
    /// When this person last proved who it is (signing in, or asked again since).
    pub confirmed_at: Micros,
}

/// Another reach of a person that allows what was refused in the one they act for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// Value of the field `agency` of the form that goes there (`POST /me/acting`).
    pub agency: String,
    /// In words: the agency and the role.
    pub name: String,
}

/// What helps a person to whom something was refused.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Help {
    pub ways: Vec<Way>,
    /// Whom to ask, in words; empty where there is a way.
    pub ask: String,
}

/// Finds out who asks.
#[async_trait::async_trait]
pub trait Authenticate: Send + Sync + 'static {
    /// The session of a request by its cookie or its `Authorization` header (`ApiKey`, `Bearer` or `Basic`),
    /// `None` where there is none or it has ended.
    async fn session(&self, parts: &Parts) -> Result<Option<Session>, Error>;

    /// Hears that a right was refused to somebody who is known, by the name of the right or of what else was missing.
    async fn refused(&self, _session: &Session, _parts: &Parts, _right: &str) {}

    /// What helps whoever was refused for want of rights. Told by rights alone: nothing is looked up of what was asked for.
    async fn help(&self, _session: &Session, _needed: Needed, _lang: Lang) -> Result<Help, Error> {
        Ok(Help::default())
    }
}

/// How a cookie is named that the browser keeps to this host, to the whole site and to TLS.
pub(crate) const HOST_PREFIX: &str = "__Host-";

/// Value of a cookie of the request; one that is kept to this host goes before one that is not.
pub fn cookie<'parts>(parts: &'parts Parts, name: &str) -> Option<&'parts str> {
    let cookies = || {
        let headers = parts.headers.get_all(axum::http::header::COOKIE).iter();
        let pairs = headers.filter_map(|header| header.to_str().ok()).flat_map(|header| header.split(';'));
        pairs.filter_map(|pair| pair.trim().split_once('='))
    };
    let kept = cookies().find(|(have, _)| have.strip_prefix(HOST_PREFIX) == Some(name));
    kept.or_else(|| cookies().find(|(have, _)| *have == name)).map(|(_, value)| value)
}

/// Language of a request: cookie, else the browser's wish.
pub fn language(parts: &Parts) -> Lang {
    cookie(parts, "lang").and_then(Lang::from_code).unwrap_or_else(|| {
        parts
            .headers
            .get(axum::http::header::ACCEPT_LANGUAGE)
            .and_then(|header| header.to_str().ok())
            .map(Lang::from_accept_language)
            .unwrap_or_default()
    })
}

/// Theme of a request.
pub fn theme(parts: &Parts) -> Theme {
    let preference = parts.headers.get("sec-ch-prefers-color-scheme").and_then(|header| header.to_str().ok());
    Theme::choose(cookie(parts, "theme"), preference)
}
