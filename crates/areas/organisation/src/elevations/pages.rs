//! The page of elevations: what waits for whom, what runs, the form to ask for one. And the door that a large export goes
//! through.

use super::{Asked, Elevation, Standing, service, store};
use crate::answers::again;
use crate::policies::{CHANGE_LAW, EXPORT, Policies};
use crate::regulations::{self, Regulations, title_of};
use crate::sign_in::require_confirmation;
use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use kit::page::{Choice, Entry, ErrorSummary, FlashKind, FormErrors, Page, Tone};
use kit::web::{Access, Fail, Form, Routes, Visit, render, see_other_saying};
use kit::{Capability, Error};
use serde::Deserialize;
use serde_json::json;

/// Rows of the page; older ones are in the trail.
const LISTED: u64 = 200;

pub fn routes() -> Routes {
    Routes::new()
        .get("/elevations", Access::SignedIn, list_elevations)
        .post("/elevations", Access::SignedIn, ask)
        .post("/elevations/{id}/approve", Capability::ApproveElevations, approve)
        .post("/elevations/{id}/refuse", Capability::ApproveElevations, refuse)
        .post("/elevations/{id}/end", Access::SignedIn, end)
}

struct Row {
    elevation: Elevation,
    /// What the right to change the law is asked for: the file by its title.
    about: String,
    reason: String,
    standing: String,
    tone: Tone,
    may_decide: bool,
    may_end: bool,
}

#[derive(Template)]
#[template(path = "elevations/templates/list.html")]
struct ElevationList {
    page: Page,
    rows: Vec<Row>,
    errors: ErrorSummary,
    /// Empty for who may ask for nothing.
    entries: Vec<Entry>,
}

fn act_path(row: &Row, act: &str) -> String {
    format!("/elevations/{}/{act}", row.elevation.id)
}

/// The file that a right to change the law was asked for and why, where the reason names one.
fn file_and_reason(elevation: &Elevation) -> Option<(&str, &str)> {
    let named = elevation.reason.split_once(": ").filter(|(path, _)| path.ends_with(".toml"));
    named.filter(|_| elevation.kind == CHANGE_LAW)
}

/// Where the draft is that a right to change the law was asked for; empty where the reason names none.
fn draft_path(row: &Row) -> String {
    match file_and_reason(&row.elevation).filter(|_| row.may_decide) {
        Some((path, _)) => format!("/regulations/{}/drafts/{}", regulations::address_of(path), row.elevation.person_id),
        None => String::new(),
    }
}

fn act_name(row: &Row) -> String {
    format!("refuse-{}", row.elevation.id)
}

#[derive(Debug, Clone, Default, Deserialize)]
struct Fields {
    #[serde(default)]
    kind: String,
    /// Code of an agency, for kinds that name one.
    #[serde(default)]
    agency: String,
    #[serde(default)]
    reason: String,
}

impl ElevationList {
    async fn new(visit: &Visit, fields: &Fields, errors: FormErrors) -> Result<Self, Error> {
        let policies = Policies::of(&visit.app)?;
        let page = visit.page().await?;
        let scope = visit.scope();
        let now = visit.now();
        let approves = scope.may(Capability::ApproveElevations);
        let law = Regulations::of(&visit.app).ok();
        let title =
            |path: &str| law.as_ref().and_then(|law| title_of(&page, law, path)).unwrap_or_else(|| path.to_owned());
        let row = |elevation: Elevation| {
            let standing = elevation.standing(&policies.elevation, now);
            let own = scope.person_id() == Some(elevation.person_id.as_str());
            let (about, reason) = match file_and_reason(&elevation) {
                Some((path, reason)) => (title(path), reason.to_owned()),
                None => (String::new(), elevation.reason.clone()),
            };
            Row {
                about,
                reason,
                standing: page.t(standing.key()),
                tone: standing.tone(),
                may_decide: approves && !own && standing == Standing::Waiting,
                may_end: standing == Standing::Running && (own || approves),
                elevation,
            }
        };
        let rows = store::list(&visit.read(), LISTED).await?.into_iter().map(row).collect();
        let kinds: Vec<_> = policies.elevation.elevation.iter().filter(|kind| scope.may(kind.needs)).collect();
        let mut entries = Vec::new();
        if scope.person_id().is_some() && !kinds.is_empty() {
            let choices = kinds.iter().map(|kind| Choice::new(&kind.id, page.t(&kind.key()), kind.id == fields.kind));
            entries.push(
                Entry::new("select", "kind", page.t("elevation-kind"))
                    .value(&fields.kind)
                    .choices(choices.collect())
                    .required()
                    .checked(&errors),
            );
            if kinds.iter().any(|kind| kind.names_agency) {
                entries.push(
                    Entry::new("text", "agency", page.t("elevation-agency"))
                        .value(&fields.agency)
                        .hint(page.t("elevation-agency-hint"))
                        .checked(&errors),
                );
            }
            entries.push(
                Entry::new("textarea", "reason", page.t("shell-reason"))
                    .value(&fields.reason)
                    .hint(page.t("elevation-reason-hint"))
                    .required()
                    .checked(&errors),
            );
        }
        Ok(Self { rows, errors: errors.summary(&entries), entries, page })
    }
}

async fn list_elevations(visit: Visit) -> Result<Response, Fail> {
    let kind = visit.address.value("kind").unwrap_or_default().to_owned();
    let fields = Fields { kind, ..Fields::default() };
    Ok(render(&ElevationList::new(&visit, &fields, FormErrors::default()).await?)?.into_response())
}

async fn ask(visit: Visit, Form(fields): Form<Fields>) -> Result<Response, Fail> {
    match ask_for(&visit, &fields).await {
        Ok(()) => Ok(see_other_saying("/elevations", FlashKind::Done, "elevation-asked-now")),
        Err(error) => {
            let errors = FormErrors::of_error(visit.lang, error)?;
            Ok(again(render(&ElevationList::new(&visit, &fields, errors).await?)?))
        }
    }
}

async fn ask_for(visit: &Visit, fields: &Fields) -> Result<(), Error> {
    let policies = Policies::of(&visit.app)?;
    let asked = Asked {
        kind: fields.kind.clone(),
        agency_id: visit.session.agency_id.clone(),
        agency_code: fields.agency.clone(),
        reason: fields.reason.clone(),
    };
    let tx = visit.begin().await?;
    service::ask(&tx, &visit.app.live, &policies, visit.now(), &asked).await?;
    tx.commit().await
}

#[derive(Deserialize)]
struct ReasonForm {
    #[serde(default)]
    reason: String,
}

/// What came of an answer: somebody was faster, or the time has run out, is said on the page.
fn told(done: Result<(), Error>, said: &'static str) -> Result<Response, Fail> {
    match done {
        Ok(()) => Ok(see_other_saying("/elevations", FlashKind::Done, said)),
        Err(Error::Conflict(key)) => Ok(see_other_saying("/elevations", FlashKind::Problem, key)),
        Err(error) => Err(error.into()),
    }
}

async fn approve(visit: Visit, Path(id): Path<String>, Form(form): Form<ReasonForm>) -> Result<Response, Fail> {
    require_confirmation(&visit, "elevation.approve")?;
    let policies = Policies::of(&visit.app)?;
    let tx = visit.begin().await?;
    let done = service::approve(&tx, &visit.app.live, &policies, visit.now(), &id, &form.reason).await;
    let done = if done.is_ok() { tx.commit().await } else { done };
    told(done, "elevation-approved-now")
}

async fn refuse(visit: Visit, Path(id): Path<String>, Form(form): Form<ReasonForm>) -> Result<Response, Fail> {
    let policies = Policies::of(&visit.app)?;
    let tx = visit.begin().await?;
    let done = service::refuse(&tx, &visit.app.live, &policies, visit.now(), &id, &form.reason).await;
    let done = if done.is_ok() { tx.commit().await } else { done };
    told(done, "elevation-refused-now")
}

async fn end(visit: Visit, Path(id): Path<String>, _form: Form<ReasonForm>) -> Result<Response, Fail> {
    let policies = Policies::of(&visit.app)?;
    let tx = visit.begin().await?;
    let done = service::end(&tx, &policies, visit.now(), &id).await;
    let done = if done.is_ok() { tx.commit().await } else { done };
    told(done, "elevation-ended-now")
}

/// How many rows of those wanted may leave now: all of them by a running elevation, else those that need no second person.
/// What then leaves is told by [`rows_given`].
pub async fn rows_allowed(visit: &Visit, wanted: usize) -> Result<usize, Error> {
    let policies = Policies::of(&visit.app)?;
    if policies.elevation.kind(EXPORT).is_none() {
        return Ok(wanted);
    }
    let wanted = u64::try_from(wanted).unwrap_or(u64::MAX);
    let rows = service::allowed(&visit.read(), &policies, visit.now(), EXPORT, wanted).await?;
    Ok(usize::try_from(rows).unwrap_or(usize::MAX))
}

/// Goes before rows leave by the API: counts them, or uses the running elevation.
///
/// # Errors
/// `elevation-needed` where they are too many and none runs.
pub async fn rows_given(visit: &Visit, rows: usize) -> Result<(), Error> {
    let policies = Policies::of(&visit.app)?;
    if policies.elevation.kind(EXPORT).is_none() {
        return Ok(());
    }
    let tx = visit.begin().await?;
    let rows = u64::try_from(rows).unwrap_or(u64::MAX);
    service::give(&tx, &policies, visit.now(), EXPORT, rows, json!(visit.address.path())).await?;
    tx.commit().await
}

/// Where a file of so many rows leads instead of to the asker: to the page that asks for the second person. Nothing where
/// it may leave. A machine is told so.
pub async fn export_refused(visit: &Visit, rows: usize) -> Result<Option<Response>, Error> {
    let policies = Policies::of(&visit.app)?;
    let tx = visit.begin().await?;
    let rows = u64::try_from(rows).unwrap_or(u64::MAX);
    let path = json!(visit.address.path());
    let spent = service::spend(&tx, &policies, visit.now(), EXPORT, rows, path).await;
    match spent {
        Ok(_) => tx.commit().await.map(|()| None),
        Err(Error::Conflict(key)) if !visit.session.api_key => {
            Ok(Some(see_other_saying("/elevations?kind=export", FlashKind::Problem, key)))
        }
        Err(error) => Err(error),
    }
}
