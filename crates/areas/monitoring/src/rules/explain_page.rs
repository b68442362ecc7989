//! "Why did this (not) fire": an event and a rule, with every part of the condition marked.

use super::exceptions::store::in_force;
use super::explain::{Why, event_of, why};
use super::list::{Standing, named};
use super::states::{self, RuleState};
use super::{Book, log_source, title};
use crate::alerts::grouping::Owner;
use crate::search::event_page::find;
use crate::search::run::{audit, monitoring, text};
use crate::search::senders::{Sender, senders, touched};
use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use detection::Rule;
use event::Event;
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
    why: Why,
    /// An exception in force leaves the match out.
    is_excepted: bool,
}

impl Asked {
    /// Key of the sentence that says what came of it.
    fn outcome_key(&self) -> &'static str {
        match self.standing {
            _ if !self.why.matches() => "rule-explain-no-match",
            Standing::Off => "rule-explain-off",
            _ if self.is_excepted => "rule-explain-excepted",
            Standing::Shadow => "rule-explain-shadow",
            _ if self.why.correlation.is_some() => "rule-explain-counted",
            _ if !self.rule.alerts => "rule-explain-base",
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
        Some(id) => Some(asked(&visit, &page, &book, id, &event, senders.into_values().next()).await?),
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

async fn asked(
    visit: &Visit,
    page: &Page,
    book: &Book,
    id: &str,
    event: &Event,
    sender: Option<Sender>,
) -> Result<Asked, Error> {
    let position = book.set.position(id).ok_or(Error::NotFound)?;
    let rule = book.set.rules().get(position).ok_or(Error::NotFound)?.clone();
    let view = visit.read();
    let decisions = states::store::all(&view).await?;
    let why = why(book, position, event, visit.lang, &page.format);
    let is_excepted = match sender {
        Some(sender) if decisions.state(&rule.id) != RuleState::Off && why.correlation.is_none() => {
            let exceptions = in_force(&view, visit.now()).await?.remove(&rule.id).unwrap_or_default();
            let owner = Owner {
                source_id: sender.source_id.into(),
                system_id: sender.system_id.map(Into::into),
                agency_id: sender.agency_id.map(Into::into),
                system_level: sender.system_level,
            };
            exceptions.iter().any(|exception| exception.extent.covers(&owner, event, &[]))
        }
        _ => false,
    };
    let standing = Standing::of(&rule, &decisions);
    Ok(Asked { title: title(&rule, visit.lang).to_owned(), rule, standing, why, is_excepted })
}
