//! The list of formats in force: where each comes from, how it is proven, and what it read of late.

use super::FOLDER;
use crate::search::clause::clause;
use crate::search::run::{audit, context, monitoring, refusal, text};
use crate::sources::reach::touched_in_scope;
use askama::Template;
use axum::response::{IntoResponse, Response};
use ingest::about;
use kit::page::{Address, Chip, Page};
use kit::web::{Fail, Routes, Visit, render};
use kit::{Capability, Error};
use organisation::regulations::{Regulations, Source, State, address_of, require_change};
use serde::Serialize;
use std::collections::HashMap;
use std::time::Duration;

/// Longest time that counting may take.
const COUNTING: Duration = Duration::from_secs(15);
/// Formats, with their versions, that a count tells apart.
const MOST_COUNTED: usize = 10_000;

pub(super) fn routes() -> Routes {
    Routes::new().get("/formats", Capability::ViewSources, list_formats)
}

/// A format in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Listed {
    pub(super) name: String,
    pub(super) version: u32,
    pub(super) title: String,
    /// In `content/`.
    pub(super) path: String,
    /// `embedded`, `directory` or `version`.
    pub(super) source: &'static str,
    /// Who changed it, where it was changed here.
    pub(super) changed_by: Option<String>,
    /// Sample lines that it carries, all of which are read as it says.
    pub(super) samples: usize,
    /// Of these, modelled on real records.
    pub(super) seen: usize,
}

impl Listed {
    fn id(&self) -> String {
        format!("{}@{}", self.name, self.version)
    }

    /// The events that it read.
    fn events(&self) -> String {
        Address::parse("/search").with("q", clause("format", &self.id())).with("range", "24h").to_string()
    }

    fn file(&self) -> String {
        format!("/regulations/{}", address_of(&self.path))
    }

    fn is_proven(&self) -> bool {
        self.seen > 0
    }

    fn source_key(&self) -> String {
        format!("regulation-source-{}", self.source)
    }
}

/// All formats in force, by name.
pub(super) fn listed(state: &State) -> Vec<Listed> {
    let folder = format!("{FOLDER}/");
    let of_formats = state.files.iter().filter(|(path, _)| path.starts_with(&folder));
    let mut listed: Vec<Listed> = of_formats
        .filter_map(|(path, file)| {
            let about = about(&file.text).ok()?;
            let changed_by = match &file.source {
                Source::Version { by_name, .. } => Some(by_name.clone()),
                Source::Embedded | Source::Directory => None,
            };
            Some(Listed {
                name: about.name,
                version: about.version,
                title: about.title,
                path: path.clone(),
                source: file.source.code(),
                changed_by,
                samples: about.samples,
                seen: about.seen,
            })
        })
        .collect();
    listed.sort_by(|one, other| one.name.cmp(&other.name));
    listed
}

/// A line of the list.
struct Row {
    format: Listed,
    /// Events of the last day, where they were counted.
    read: Option<u64>,
}

#[derive(Template)]
#[template(path = "formats/templates/list.html")]
struct ListPage {
    page: Page,
    rows: Vec<Row>,
    words: String,
    chips: Vec<Chip>,
    counted: bool,
    /// Why they could not be counted.
    uncounted: String,
    count_href: String,
    may_search: bool,
    may_change: bool,
}

async fn list_formats(visit: Visit) -> Result<Response, Fail> {
    visit.require(Capability::ViewSources)?;
    let regulations = Regulations::of(&visit.app)?;
    let page = visit.page().await?;
    let words = visit.address.value("q").unwrap_or_default().trim().to_owned();
    let fits = |one: &Listed| {
        let sought = kit::fold::fold(&words);
        [&one.name, &one.title].into_iter().any(|text| kit::fold::fold(text).contains(&sought))
    };
    let formats: Vec<Listed> = listed(&regulations.current()).into_iter().filter(fits).collect();
    let may_search = visit.scope().may(Capability::ViewEvents);
    let wanted = may_search && visit.address.has("count", "1");
    let (counts, uncounted) = match wanted {
        true => match counts(&visit).await {
            Ok(counts) => (Some(counts), String::new()),
            Err(error @ (Error::Mistake(_) | Error::Refused { .. } | Error::Unavailable(_))) => {
                (None, error.in_words(visit.lang))
            }
            Err(error) => return Err(error.into()),
        },
        false => (None, String::new()),
    };
    let read = |format: &Listed| Some(counts.as_ref()?.get(&format.id()).copied().unwrap_or_default());
    let chips = match words.is_empty() {
        true => Vec::new(),
        false => vec![Chip::of(&page.address, "q", &words, page.t("format-words"), words.clone())],
    };
    let template = ListPage {
        rows: formats.into_iter().map(|format| Row { read: read(&format), format }).collect(),
        counted: counts.is_some(),
        uncounted,
        count_href: page.address.with("count", "1").to_string(),
        may_search,
        may_change: require_change(visit.scope()).is_ok(),
        words,
        chips,
        page,
    };
    Ok(render(&template)?.into_response())
}

/// Events of the last day that one may read, by format.
async fn counts(visit: &Visit) -> Result<HashMap<String, u64>, Error> {
    let sql =
        "SELECT format, count(*) AS events FROM events WHERE arrival > now() - INTERVAL '24 hours' GROUP BY format";
    let mut context = context(visit, MOST_COUNTED).await?;
    context.timeout = COUNTING;
    let found = monitoring(&visit.app)?.store.query(sql, &context).await.map_err(refusal)?;
    let rows = found.to_json_rows().map_err(refusal)?;
    audit(visit, "page", sql, rows.len() as u64, &touched_in_scope(&visit.read()).await?).await?;
    let count = |row: &serde_json::Map<String, serde_json::Value>| {
        Some((text(row, "format")?, row.get("events").and_then(serde_json::Value::as_u64)?))
    };
    Ok(rows.iter().filter_map(count).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use organisation::regulations::InForce;

    #[test]
    fn formats_are_listed_by_name_with_where_they_come_from() {
        let file = |name: &str, source: Source| {
            let text = format!("name = '{name}'\nversion = 3\ntitle = 'T'\norder = 1\nextract = 'json'\n");
            (format!("{FOLDER}/{name}.toml"), InForce { text, source })
        };
        let changed = Source::Version { version: 2, by_name: "An".into(), valid_from: 0 };
        let mut state = State::default();
        state.files.extend([file("b", Source::Embedded), file("a", changed)]);
        state.files.insert("duties/x.toml".into(), InForce { text: String::new(), source: Source::Embedded });
        let listed = listed(&state);
        let told: Vec<_> = listed.iter().map(|one| (one.id(), one.source, one.changed_by.as_deref())).collect();
        assert_eq!(told, [("a@3".to_owned(), "version", Some("An")), ("b@3".to_owned(), "embedded", None)]);
        assert_eq!(listed[0].file(), "/regulations/formats.a");
    }
}
