//! One version of a rule: its text, and what changed from the one before.

use super::diff::{Line, diff};
use super::{Version, store};
use crate::rules;
use crate::search::run::monitoring;
use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use kit::page::Page;
use kit::web::{Fail, Routes, Visit, render};
use kit::{Capability, Error};

pub fn routes() -> Routes {
    Routes::new().get("/rules/{id}/versions/{number}", Capability::ViewRules, show_version)
}

#[derive(Template)]
#[template(path = "rules/templates/version.html")]
struct VersionPage {
    page: Page,
    rule_id: String,
    title: String,
    version: Version,
    text: String,
    /// Nothing for the first version.
    changes: Option<Vec<Line>>,
}

async fn show_version(visit: Visit, Path((id, number)): Path<(String, i64)>) -> Result<Response, Fail> {
    visit.require(Capability::ViewRules)?;
    let book = monitoring(&visit.app)?.rules.current();
    let rule = book.rule(&id);
    // The text of a rule that is no longer loaded can still be read.
    let rule_id = rule.map_or(id, |rule| rule.id.clone());
    let view = visit.read();
    let (version, text) = store::find(&view, &rule_id, number).await?;
    let changes = match store::find(&view, &rule_id, number.saturating_sub(1)).await {
        Ok((_, before)) => Some(diff(&before, &text)),
        Err(Error::NotFound) => None,
        Err(error) => return Err(error.into()),
    };
    let title = rule.map_or_else(|| rule_id.clone(), |rule| rules::title(rule, visit.lang).to_owned());
    let page = visit.page().await?;
    Ok(render(&VersionPage { page, rule_id, title, version, text, changes })?.into_response())
}
