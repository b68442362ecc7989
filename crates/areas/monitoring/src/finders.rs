//! Alerts, sources, saved searches, rules and indicators in quick search.

use crate::alerts::listing::{self, Row, SORTS};
use crate::alerts::pages::{shelf, state_key};
use crate::indicators;
use crate::rules;
use crate::saved_searches::{self, SavedSearch};
use crate::sources::store::{self, Listed, SourceFilter};
use kit::find::{Finder, Hit, MOST_HITS};
use kit::locale::texts;
use kit::page::{Address, Sorting};
use kit::{App, Capability, Error, Lang, Scope};
use std::sync::Arc;

pub(crate) fn finders() -> Vec<Finder> {
    let finder = |title_key, icon, order, capability, find| Finder {
        title_key,
        icon,
        order,
        capability: Some(capability),
        find,
    };
    vec![
        finder(
            "alert-navigation",
            "bell",
            40,
            Capability::ViewAlerts,
            Arc::new(|app, scope, lang, text| Box::pin(alerts(app, scope, lang, text))),
        ),
        finder(
            "source-navigation",
            "plug-connected",
            50,
            Capability::ViewSources,
            Arc::new(|app, scope, _, text| Box::pin(sources(app, scope, text))),
        ),
        finder(
            "saved-search-navigation",
            "star",
            60,
            Capability::ViewEvents,
            Arc::new(|app, scope, _, text| Box::pin(saved(app, scope, text))),
        ),
        finder(
            "rule-navigation",
            "list-check",
            70,
            Capability::ViewRules,
            Arc::new(|app, _, lang, text| Box::pin(async move { Ok(rules_of(app, lang, text)) })),
        ),
        finder(
            "indicator-navigation",
            "radar-2",
            75,
            Capability::ViewRules,
            Arc::new(|app, scope, lang, text| Box::pin(listed(app, scope, lang, text))),
        ),
    ]
}

/// Newest first, whatever became of them.
async fn alerts(app: &App, scope: &Scope, lang: Lang, text: &str) -> Result<Vec<Hit>, Error> {
    let address = Address::parse("/alerts?state=all&range=all").with("q", text);
    let filter = listing::Filter::of(&address, app.clock.now(), None);
    let view = app.db.scoped(scope).read();
    let found = listing::rows(&view, &filter, &Sorting::of(&address, &SORTS), MOST_HITS as u64, 0).await?;
    let hit = |row: Row| {
        let whose = row.system_name.as_ref().or(row.source_name.as_ref()).cloned().unwrap_or_default();
        let about = [row.entity.value.clone(), whose, texts().text(lang, state_key(&row.state))];
        Hit::new(row.title(lang), joined(&about), format!("/alerts/{}", row.id)).also(row.rule_title.as_str())
    };
    Ok(found.into_iter().map(hit).collect())
}

async fn sources(app: &App, scope: &Scope, text: &str) -> Result<Vec<Hit>, Error> {
    let filter = SourceFilter { words: text.to_owned(), ..SourceFilter::default() };
    let found = store::list(&app.db.scoped(scope).read(), &filter, MOST_HITS as u64, 0).await?;
    let hit = |one: Listed| {
        let about = [one.system_name, one.agency_name].map(Option::unwrap_or_default);
        let also = [one.source.match_host, one.source.match_network].map(Option::unwrap_or_default);
        let href = format!("/sources/{}", one.source.id);
        Hit::new(one.source.name, joined(&about), href).also(joined(&also))
    };
    Ok(found.into_iter().map(hit).collect())
}

async fn saved(app: &App, scope: &Scope, text: &str) -> Result<Vec<Hit>, Error> {
    let filter = saved_searches::store::Filter { words: text.to_owned(), ..saved_searches::store::Filter::default() };
    let found = saved_searches::store::list(&app.db.scoped(scope).read(), &filter, MOST_HITS as u64, 0).await?;
    let hit = |one: SavedSearch| {
        Hit::new(one.name, one.owner_name, format!("/saved-searches/{}", one.id)).also(one.description)
    };
    Ok(found.into_iter().map(hit).collect())
}

fn rules_of(app: &App, lang: Lang, text: &str) -> Vec<Hit> {
    let Some(shelf) = shelf(app) else { return Vec::new() };
    let book = shelf.current();
    let found = rules::list::named(&book, text).take(MOST_HITS);
    let hit = |rule: &Arc<detection::Rule>| {
        let also = format!("{} {}", rule.title, rule.id);
        Hit::new(rules::title(rule, lang), "", format!("/rules/{}", rule.id)).also(also)
    };
    found.map(hit).collect()
}

/// The indicator that the text is, in any spelling: lists may be too long to look through for a part of one.
async fn listed(app: &App, scope: &Scope, lang: Lang, text: &str) -> Result<Vec<Hit>, Error> {
    let Ok(indicator) = detection::Indicator::read(text, None) else { return Ok(Vec::new()) };
    let id = indicators::identity(&indicator);
    let filter = indicators::store::Filter { indicator_id: Some(id.clone()), ..indicators::store::Filter::default() };
    let found = indicators::store::rows(&app.db.scoped(scope).read(), &filter, MOST_HITS as u64, 0).await?;
    let Some(first) = found.first() else { return Ok(Vec::new()) };
    let lists: Vec<String> = found.iter().map(|one| one.list_name.clone()).collect();
    let kind = texts().text(lang, indicators::kind_key(&first.kind));
    Ok(vec![Hit::new(first.text.as_str(), joined(&[kind, joined(&lists)]), format!("/indicators/{id}")).also(text)])
}

fn joined(parts: &[String]) -> String {
    let said: Vec<&str> = parts.iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
    said.join(" · ")
}
