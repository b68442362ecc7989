//! Quick search (Ctrl K): one box that finds pages and whatever the areas keep, in the asker's scope. An area brings a
//! finder for each of its nouns; here they are asked together. The last row leads into the logs.

use crate::app::App;
use crate::error::Error;
use crate::fold::fold;
use crate::locale::{Lang, texts};
use crate::page::{Address, Page};
use crate::scope::{Capability, Scope};
use crate::web::{Access, Fail, OpenPages, Routes, Visit, render};
use askama::Template;
use axum::response::{IntoResponse, Response};
use futures::future::{BoxFuture, join_all};
use std::sync::Arc;
use std::time::Duration;

/// Hits that one finder gives at most; the best of them are shown.
pub const MOST_HITS: usize = 40;
/// Hits of one finder that are shown.
const SHOWN: usize = 5;
/// Longest text that is sought, in characters.
const LONGEST: usize = 200;
/// Time after which a finder is left out.
const PATIENCE: Duration = Duration::from_secs(2);

/// One thing found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hit {
    pub name: String,
    /// Whose it is, or in which state.
    pub about: String,
    pub href: String,
    /// What else it is found by: an address, a name in the other language.
    pub also: String,
}

impl Hit {
    pub fn new(name: impl Into<String>, about: impl Into<String>, href: impl Into<String>) -> Self {
        Self { name: name.into(), about: about.into(), href: href.into(), also: String::new() }
    }

    #[must_use]
    pub fn also(mut self, also: impl Into<String>) -> Self {
        self.also = also.into();
        self
    }
}

/// Finds at most [`MOST_HITS`] things by words; accents and case do not matter.
pub type Find =
    Arc<dyn for<'a> Fn(&'a App, &'a Scope, Lang, &'a str) -> BoxFuture<'a, Result<Vec<Hit>, Error>> + Send + Sync>;

/// A finder of one noun.
#[derive(Clone)]
pub struct Finder {
    /// Key of the heading over its hits.
    pub title_key: &'static str,
    pub icon: &'static str,
    pub order: u16,
    /// Asked only for those who hold it.
    pub capability: Option<Capability>,
    pub find: Find,
}

/// What one finder found; `hits` is `None` where it could not answer.
struct Group {
    title: String,
    icon: &'static str,
    hits: Option<Vec<Hit>>,
}

/// Everything found for one text.
struct Found {
    text: String,
    groups: Vec<Group>,
    /// Leads into the logs, for those who may read them.
    logs: Option<String>,
}

/// `GET /find?q=…`: the page, or its list alone where the box asks for it.
pub fn router() -> Routes {
    Routes::new().get("/find", Access::SignedIn, show_found)
}

#[derive(Template)]
#[template(path = "find.html")]
struct FoundPage {
    page: Page,
    found: Found,
}

#[derive(Template)]
#[template(path = "parts/found.html")]
struct FoundList<'page> {
    page: &'page Page,
    found: Found,
}

async fn show_found(visit: Visit) -> Result<Response, Fail> {
    let asked = visit.address.value("q").unwrap_or_default().trim();
    let text: String = asked.chars().filter(|letter| !letter.is_control()).take(LONGEST).collect();
    let found = find(&visit, text).await;
    let page = visit.page().await?;
    let html =
        if visit.partial { render(&FoundList { page: &page, found })? } else { render(&FoundPage { page, found })? };
    Ok(html.into_response())
}

async fn find(visit: &Visit, text: String) -> Found {
    if fold(&text).is_empty() {
        return Found { text, groups: Vec::new(), logs: None };
    }
    let scope = visit.scope();
    let may = |capability: Option<Capability>| capability.is_none_or(|capability| scope.may(capability));
    let mut finders: Vec<&Finder> = visit.app.finders.iter().filter(|finder| may(finder.capability)).collect();
    finders.sort_by_key(|finder| finder.order);
    let asked = finders.into_iter().map(|finder| ask(visit, finder, &text));
    let mut groups = vec![Group { title: visit.t("find-pages"), icon: "link", hits: Some(pages(visit, &text)) }];
    groups.extend(join_all(asked).await);
    let open = OpenPages::to(&visit.app, scope);
    for hits in groups.iter_mut().filter_map(|group| group.hits.as_mut()) {
        hits.retain(|hit| open.opens(&hit.href));
    }
    groups.retain(|group| group.hits.as_ref().is_none_or(|hits| !hits.is_empty()));
    let logs = scope.may(Capability::ViewEvents).then(|| Address::parse("/search").with("q", &text).to_string());
    Found { text, groups, logs }
}

/// One finder that fails or takes too long says so in its place; the others stand.
async fn ask(visit: &Visit, finder: &Finder, text: &str) -> Group {
    let asked = (finder.find)(&visit.app, visit.scope(), visit.lang, text);
    let hits = match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok(hits)) => Some(best(hits, text)),
        Ok(Err(error)) => {
            tracing::error!(finder = finder.title_key, %error, "a finder failed");
            None
        }
        Err(_) => None,
    };
    Group { title: visit.t(finder.title_key), icon: finder.icon, hits }
}

/// Hits in which every word of the text begins a word, those first whose name holds the whole text. Registers find
/// words anywhere, which is too much for the two or three letters that somebody has typed so far.
fn best(hits: Vec<Hit>, text: &str) -> Vec<Hit> {
    let text = fold(text);
    let begins = |hit: &Hit| {
        let all = fold(&format!("{} {} {}", hit.name, hit.about, hit.also));
        text.split(' ').all(|word| begins_a_word(&all, word))
    };
    let (mut first, others): (Vec<_>, Vec<_>) =
        hits.into_iter().filter(begins).partition(|hit| begins_a_word(&fold(&hit.name), &text));
    first.extend(others);
    first.truncate(SHOWN);
    first
}

fn begins_a_word(text: &str, word: &str) -> bool {
    let before = |at: usize| text.get(..at).and_then(|before| before.chars().next_back());
    text.match_indices(word).any(|(at, _)| before(at).is_none_or(|letter| !letter.is_alphanumeric()))
}

/// Pages of the navigation that this visitor may open, by their names in either language.
fn pages(visit: &Visit, text: &str) -> Vec<Hit> {
    let held = |item: &&crate::NavigationItem| item.needs.iter().all(|needed| visit.scope().may(*needed));
    let hit = |item: &crate::NavigationItem| {
        let other = if visit.lang == Lang::Vi { Lang::En } else { Lang::Vi };
        Hit::new(visit.t(item.key), "", item.path).also(texts().text(other, item.key))
    };
    best(visit.app.navigation.iter().filter(held).map(hit).collect(), text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_where_words_begin_and_whole_texts_come_first() {
        let names = ["Trang bị y tế", "Bình Yên, Tế Lỗ", "Mạng nội bộ Sở Y tế", "Sở Công Thương", "Giày tết"];
        let hits = names.map(|name| Hit::new(name, "", "/")).to_vec();
        let found: Vec<_> = best(hits, "Y TẾ").into_iter().map(|hit| hit.name).collect();
        assert_eq!(found, ["Trang bị y tế", "Mạng nội bộ Sở Y tế", "Bình Yên, Tế Lỗ"]);
    }

    #[test]
    fn codes_and_addresses_are_found_by_their_parts() {
        let hits = vec![Hit::new("SC-2026-0007 Lộ dữ liệu", "", "/"), Hit::new("x", "", "/").also("10.1.2.3")];
        assert_eq!(best(hits.clone(), "2026-0007").len(), 1);
        assert_eq!(best(hits, "10.1").len(), 1);
    }
}
