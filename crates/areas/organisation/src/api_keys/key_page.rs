//! The page of one key: what it does and until when, how many rows leave by it, and the form that asks for more of them.

use super::pages::{Listed, capability_key, is_asleep, listed, revoke_path, rows_words};
use super::store;
use crate::answers::again;
use crate::elevations::{self, Asked, Elevation, Standing, Taken};
use crate::policies::{ElevationKind, KEY_ROWS, Policies};
use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use kit::page::{Entry, ErrorSummary, FlashKind, FormErrors, Page};
use kit::web::{Fail, Form, Routes, Visit, render, see_other_saying};
use kit::{Capability, Error};
use serde::Deserialize;

pub(super) fn routes() -> Routes {
    Routes::new().get("/api-keys/{id}", Capability::ViewSources, show_key).post(
        "/api-keys/{id}/rows",
        Capability::ManageSources,
        ask_for_rows,
    )
}

#[derive(Template)]
#[template(path = "api_keys/templates/key.html")]
struct KeyPage {
    page: Page,
    listed: Listed,
    may_revoke: bool,
    /// How many rows have left within the window, by it and by what it shares its rows with.
    taken: String,
    /// What waits and what runs, in words.
    asked: Vec<String>,
    errors: ErrorSummary,
    /// The form that asks for more rows; empty for who may not ask, and while something waits.
    entries: Vec<Entry>,
}

fn rows_path(listed: &Listed) -> String {
    format!("/api-keys/{}/rows", listed.key.id)
}

#[derive(Debug, Clone, Default, Deserialize)]
struct Fields {
    #[serde(default)]
    rows: String,
    #[serde(default)]
    reason: String,
}

async fn key_page(visit: &Visit, id: &str, fields: &Fields, errors: &FormErrors) -> Result<KeyPage, Error> {
    let policies = Policies::of(&visit.app)?;
    let now = visit.now();
    let view = visit.read();
    let key = store::find(&view, id).await?;
    let is_open = key.is_valid_at(now);
    let is_revoked = key.revoked_at.is_some();
    let page = visit.page().await?;
    let asked = elevations::asked_for_key(&view, &policies, id, now).await?;
    let waits = asked.iter().any(|(standing, _)| *standing == Standing::Waiting);
    let taken = elevations::taken_by_key(&view, &policies, id, now).await?;
    let listed = listed(visit, vec![key]).await?.pop().ok_or(Error::NotFound)?;
    let scope = visit.scope();
    let asks = |kind: &&ElevationKind| is_open && !waits && scope.person_id().is_some() && scope.may(kind.needs);
    let kind = policies.elevation.kind(KEY_ROWS).filter(asks);
    let entries = kind.map(|kind| entries(&page, kind, &listed, fields, errors)).unwrap_or_default();
    Ok(KeyPage {
        taken: taken_words(&page, taken, listed.allowance.minutes),
        asked: asked.iter().map(|(standing, one)| words(&page, *standing, one)).collect(),
        may_revoke: !is_revoked && scope.may(Capability::ManageSources),
        errors: errors.summary(&entries),
        entries,
        listed,
        page,
    })
}

fn entries(page: &Page, kind: &ElevationKind, listed: &Listed, fields: &Fields, errors: &FormErrors) -> Vec<Entry> {
    let hint = page.tn2(
        "key-rows-wanted-hint",
        "most",
        page.format.number(kind.most_rows),
        "minutes",
        listed.allowance.minutes,
    );
    vec![
        Entry::new("number", "rows", page.t("key-rows-wanted"))
            .value(&fields.rows)
            .hint(hint)
            .required()
            .checked(errors),
        Entry::new("textarea", "reason", page.t("shell-reason"))
            .value(&fields.reason)
            .hint(page.t("elevation-reason-hint"))
            .required()
            .checked(errors),
    ]
}

fn taken_words(page: &Page, taken: Taken, minutes: i64) -> String {
    let by_key = page.tn2("key-rows-taken", "rows", page.format.number(taken.by_key), "minutes", minutes);
    match taken.together {
        Some(rows) => format!("{by_key} {}", page.tn("key-rows-together", "rows", page.format.number(rows))),
        None => by_key,
    }
}

/// Who asked for how many rows, and who granted them.
fn words(page: &Page, standing: Standing, one: &Elevation) -> String {
    let rows = page.format.number(one.allowance);
    let state = page.t(standing.key());
    let asked = page.tn2("key-rows-asked", "rows", rows, "name", one.person_name.as_str());
    match &one.decider_name {
        Some(name) => format!("{state}: {asked} {}", page.tn("key-rows-approved", "name", name)),
        None => format!("{state}: {asked}"),
    }
}

async fn show_key(visit: Visit, Path(id): Path<String>) -> Result<Response, Fail> {
    let page = key_page(&visit, &id, &Fields::default(), &FormErrors::default()).await?;
    Ok(render(&page)?.into_response())
}

async fn ask_for_rows(visit: Visit, Path(id): Path<String>, Form(fields): Form<Fields>) -> Result<Response, Fail> {
    match ask(&visit, &id, &fields).await {
        Ok(()) => Ok(see_other_saying(format!("/api-keys/{id}"), FlashKind::Done, "elevation-asked-now")),
        Err(error) => {
            let errors = FormErrors::of_error(visit.lang, error)?;
            Ok(again(render(&key_page(&visit, &id, &fields, &errors).await?)?))
        }
    }
}

async fn ask(visit: &Visit, id: &str, fields: &Fields) -> Result<(), Error> {
    let policies = Policies::of(&visit.app)?;
    let asked = Asked {
        kind: KEY_ROWS.to_owned(),
        subject: id.to_owned(),
        // What is no number is too few.
        rows: fields.rows.trim().parse().unwrap_or_default(),
        reason: fields.reason.clone(),
        ..Asked::default()
    };
    let tx = visit.begin().await?;
    elevations::ask(&tx, &visit.app.live, &policies, visit.now(), &asked).await?;
    tx.commit().await
}
