//! "Why did this (not) fire": an event and a rule, with every part of the condition marked.

use super::exceptions::pages::Row;
use super::exceptions::store::{Dated, in_force_since};
use super::explain::{Why, event_of, why};
use super::list::{Standing, named};
use super::states;
use super::{Book, exceptions, log_source, title};
use crate::alerts::grouping::Owner;
use crate::enrichment::{self, Enriched};
use crate::search::event_page::find;
use crate::search::run::{audit, monitoring, text};
use crate::search::senders::{Sender, senders, touched};
use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use detection::Rule;
use event::Event;
use kit::clock::Micros;
use kit::page::Page;
use kit::web::{Access, Fail, Routes, Visit, render};
use kit::{Capability, Error};
use std::sync::Arc;

pub(super) fn routes() -> Routes {
    const SEES_BOTH: Access = Access::NeedsAll(&[Capability::ViewEvents, Capability::ViewRules]);
    Routes::new().get("/events/{seq}/explain", SEES_BOTH, explain_event)
}

/// Rules offered at once.
const MOST_OFFERED: usize = 50;

/// A rule that can be asked about.
struct Offered {
    title: String,
    log_source: String,
    href: String,
}

/// The rule that was asked about.
struct Asked {
    rule: Arc<Rule>,
    title: String,
    standing: Standing,
    /// Whether its matches are alerts of their own, as far as correlations leave them.
    alerts: bool,
    why: Why,
    /// Exceptions that leave the match out: by the arrival of the event, which counts, and now.
    then: Excepted,
    now: Excepted,
    arrival: Micros,
    /// When it was decided anew about the rule, if that was after the event had arrived.
    decided_since: Option<Micros>,
}

/// Exceptions that cover an event.
#[derive(Default)]
struct Excepted {
    rows: Vec<Row>,
    /// So many more that whoever asks may not read.
    hidden: u64,
}

impl Excepted {
    fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.hidden == 0
    }
}

impl Asked {
    /// Key of the sentence that says what came of it.
    fn outcome_key(&self) -> &'static str {
        match self.standing {
            _ if !self.why.matches() => "rule-explain-no-match",
            Standing::Off => "rule-explain-off",
            _ if !self.then.is_empty() => "rule-explain-excepted",
            Standing::Shadow => "rule-explain-shadow",
            Standing::Retired => "rule-explain-retired",
            _ if self.why.correlation.is_some() => "rule-explain-counted",
            _ if !self.alerts => "rule-explain-base",
            _ => "rule-explain-match",
        }
    }
}

#[derive(Template)]
#[template(path = "rules/templates/explain.html")]
struct ExplainPage {
    page: Page,
    seq: u64,
    line: String,
    words: String,
    offered: Vec<Offered>,
    asked: Option<Asked>,
}

async fn explain_event(visit: Visit, Path(seq): Path<u64>) -> Result<Response, Fail> {
    let row = find(&visit, seq).await?;
    let senders = senders(&visit.read(), text(&row, "source_id"), visit.now()).await?;
    audit(&visit, "event", &format!("seq = {seq}"), 1, &touched([&row], &senders)).await?;
    let event = event_of(&row);
    let book = monitoring(&visit.app)?.rules.current();
    let page = visit.page().await?;
    let words = visit.address.value("q").unwrap_or_default().to_owned();
    let asked = match visit.address.value("rule").filter(|id| !id.is_empty()) {
        Some(id) => Some(asked(&visit, &page, &book, id, &event).await?),
        None => None,
    };
    let offered = if asked.is_some() { Vec::new() } else { offered(&visit, &page, &book, &words, &event) };
    let line = event.message.clone().or_else(|| text(&row, "raw")).unwrap_or_default();
    let template = ExplainPage { seq, line: line.chars().take(500).collect(), words, offered, asked, page };
    Ok(render(&template)?.into_response())
}

/// Rules with these words; without words those that are written for this kind of log.
fn offered(visit: &Visit, page: &Page, book: &Book, words: &str, event: &Event) -> Vec<Offered> {
    let fits = |rule: &Rule| {
        let source = &rule.log_source;
        let (product, category, service) =
            (source.product.as_deref(), source.category.as_deref(), source.service.as_deref());
        !rule.is_correlation() && event.log_source.matches(product, category, service)
    };
    let one = |rule: &Arc<Rule>| Offered {
        title: title(rule, visit.lang).to_owned(),
        log_source: log_source::words(&rule.log_source, visit.lang),
        href: page.address.without("q").with("rule", &rule.id).to_string(),
    };
    if words.trim().is_empty() {
        return book.set.rules().iter().filter(|rule| fits(rule)).take(MOST_OFFERED).map(one).collect();
    }
    named(book, words).take(MOST_OFFERED).map(one).collect()
}

async fn asked(visit: &Visit, page: &Page, book: &Book, id: &str, event: &Event) -> Result<Asked, Error> {
    let position = book.set.position(id).ok_or(Error::NotFound)?;
    let rule = book.set.rules().get(position).ok_or(Error::NotFound)?.clone();
    let view = visit.read();
    let decisions = states::store::all(&view).await?;
    let known = monitoring(&visit.app)?.enrichment.current();
    let why = why(book, position, &Enriched::of(event, &known, enrichment::Asked::ALL), visit.lang, &page.format);
    // What a correlation leaves out goes by the fields it groups by, not by one event.
    let (then, now) = match why.correlation {
        None => excepted(visit, book, &rule.id, event).await?,
        Some(_) => Default::default(),
    };
    let decided_since = decisions.of(&rule.id).map(|decision| decision.at).filter(|at| *at > event.arrival);
    let standing = Standing::of(&rule, &decisions);
    let alerts = states::alerts_itself(book.set.rules(), &rule, &|rule| decisions.state_of(rule));
    Ok(Asked {
        title: title(&rule, visit.lang).to_owned(),
        rule,
        standing,
        alerts,
        why,
        then,
        now,
        arrival: event.arrival,
        decided_since,
    })
}

/// Exceptions of the rule that cover the event: when it arrived, and now.
async fn excepted(visit: &Visit, book: &Book, rule_id: &str, event: &Event) -> Result<(Excepted, Excepted), Error> {
    let (then, now) = (event.arrival, visit.now());
    let (owner_then, owner_now) = (owner(visit, event, then).await?, owner(visit, event, now).await?);
    let dated = in_force_since(&visit.read(), rule_id, then.min(now)).await?;
    let covering = |at: Micros, owner: Option<Owner>| {
        let covers = |one: &Dated| owner.as_ref().is_some_and(|owner| one.extent.covers(owner, event, &[]));
        let held = dated.iter().filter(|one| one.exception.is_in_force(at) && covers(one));
        let (seen, hidden): (Vec<&Dated>, Vec<&Dated>) = held.partition(|one| one.is_visible);
        let rows = exceptions::pages::rows(visit, book, seen.into_iter().map(|one| one.exception.clone()).collect());
        let rows = rows.into_iter().map(|row| Row { may_end: false, ..row }).collect();
        Excepted { rows, hidden: hidden.len() as u64 }
    };
    Ok((covering(then, owner_then), covering(now, owner_now)))
}

/// Whose the event was at a moment, by its source.
async fn owner(visit: &Visit, event: &Event, at: Micros) -> Result<Option<Owner>, Error> {
    let source = event.source_id.iter().map(ToString::to_string);
    let sender: Option<Sender> = senders(&visit.read(), source, at).await?.into_values().next();
    Ok(sender.map(|sender| Owner {
        source_id: sender.source_id.into(),
        system_id: sender.system_id.map(Into::into),
        agency_id: sender.agency_id.map(Into::into),
        system_level: sender.system_level,
    }))
}
