//! The page of elevations: what waits for whom, what runs, the form to ask for one. What a change of law is approved from is
//! the page of its draft, where it can be read.

use super::{Asked, Elevation, Standing, service, store};
use crate::answers::again;
use crate::audit;
use crate::policies::{Binding, EXPORT, ElevationKind, Policies};
use crate::regulations::{self, Regulations, title_of};
use crate::sign_in::require_confirmation;
use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use kit::page::{Choice, Entry, ErrorSummary, FlashKind, FormErrors, Page, Tone};
use kit::web::{Access, Fail, Form, Routes, Visit, render, see_other_saying};
use kit::{Capability, Error};
use serde::Deserialize;

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
    /// The file of law that it is about, by its title; empty for other kinds.
    about: String,
    is_of_draft: bool,
    /// Address of the question that it is for; empty for other kinds.
    question: String,
    /// Digest of the backup that it is for; empty for other kinds.
    backup: String,
    /// What the trail knows of that backup.
    made: String,
    /// Page of the key that it is for, and in words how many rows; empty for other kinds.
    key: String,
    key_words: String,
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

/// Where the draft is that it was asked for.
fn draft_path(row: &Row) -> String {
    let at =
        |path: &String| format!("/regulations/{}/drafts/{}", regulations::address_of(path), row.elevation.person_id);
    row.elevation.draft_path.as_ref().filter(|_| row.may_decide).map(at).unwrap_or_default()
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
    /// Address of a question, for exports.
    #[serde(default)]
    question: String,
    /// SHA-256 of a backup, for restoring it.
    #[serde(default)]
    backup: String,
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
            let binding = policies.elevation.kind(&elevation.kind).map(ElevationKind::binding);
            let subject = |of| if binding == Some(of) { elevation.subject.clone() } else { String::new() };
            let (key, key_words) = match &elevation.key_name {
                Some(name) => {
                    (format!("/api-keys/{}", elevation.subject), key_words(&page, &policies, &elevation, name))
                }
                None => (String::new(), String::new()),
            };
            Row {
                about: if elevation.about.is_empty() { String::new() } else { title(&elevation.about) },
                is_of_draft: binding == Some(Binding::Draft),
                question: subject(Binding::Question),
                backup: subject(Binding::Backup),
                made: String::new(),
                key,
                key_words,
                standing: page.t(standing.key()),
                tone: standing.tone(),
                may_decide: approves && !own && standing == Standing::Waiting,
                may_end: standing == Standing::Running && (own || approves),
                elevation,
            }
        };
        let mut rows: Vec<Row> = store::list(&visit.read(), LISTED).await?.into_iter().map(row).collect();
        for row in rows.iter_mut().filter(|row| row.may_decide && !row.backup.is_empty()) {
            row.made = backup_words(visit, &page, &row.backup).await?;
        }
        // A change of law is asked for on the page of its file, with the draft; rows of a key on the page of the key.
        let asked_here =
            |kind: &&ElevationKind| scope.may(kind.needs) && !matches!(kind.binding(), Binding::Draft | Binding::Key);
        let kinds: Vec<_> = policies.elevation.elevation.iter().filter(asked_here).collect();
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
            let bound = |binding| kinds.iter().any(|kind| kind.binding() == binding);
            let places =
                [("question", &fields.question, Binding::Question), ("backup", &fields.backup, Binding::Backup)];
            for (name, value, _) in places.into_iter().filter(|(_, _, binding)| bound(*binding)) {
                entries.push(
                    Entry::new("text", name, page.t(&format!("elevation-{name}")))
                        .value(value)
                        .hint(page.t(&format!("elevation-{name}-hint")))
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

/// The key that an elevation is for, and the rows that may leave by it.
fn key_words(page: &Page, policies: &Policies, elevation: &Elevation, name: &str) -> String {
    let minutes = policies.elevation.kind(EXPORT).map_or(0, |kind| kind.window_minutes);
    let rows = page.tn2("key-rows-of", "rows", page.format.number(elevation.allowance), "minutes", minutes);
    format!("{name}: {rows}")
}

/// When and by whom a backup was made, as far as the trail knows.
async fn backup_words(visit: &Visit, page: &Page, sha256: &str) -> Result<String, Error> {
    let rows = audit::store::history(&visit.read(), "backup", sha256, 1).await?;
    Ok(match rows.first() {
        Some(row) => {
            page.tn2("elevation-backup-made", "time", page.format.date_time(row.at), "name", row.actor_words(page.lang))
        }
        None => page.t("elevation-backup-unknown"),
    })
}

async fn list_elevations(visit: Visit) -> Result<Response, Fail> {
    let asked = |name: &str| visit.address.value(name).unwrap_or_default().to_owned();
    let fields =
        Fields { kind: asked("kind"), question: asked("question"), backup: asked("backup"), ..Fields::default() };
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
        subject: match policies.elevation.kind(&fields.kind).map(ElevationKind::binding) {
            Some(Binding::Question) => fields.question.clone(),
            Some(Binding::Backup) => fields.backup.clone(),
            Some(Binding::Draft | Binding::Agency | Binding::Key) | None => String::new(),
        },
        about: String::new(),
        rows: 0,
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

#[derive(Deserialize)]
struct ApproveForm {
    /// Digest of the draft that was shown, where it is for one.
    #[serde(default)]
    seen: String,
}

/// What came of an answer: somebody was faster, or the time has run out, is said on the page.
fn told(done: Result<(), Error>, said: &'static str) -> Result<Response, Fail> {
    match done {
        Ok(()) => Ok(see_other_saying("/elevations", FlashKind::Done, said)),
        Err(Error::Conflict(key)) => Ok(see_other_saying("/elevations", FlashKind::Problem, key)),
        Err(error) => Err(error.into()),
    }
}

async fn approve(visit: Visit, Path(id): Path<String>, Form(form): Form<ApproveForm>) -> Result<Response, Fail> {
    require_confirmation(&visit, "elevation.approve")?;
    let policies = Policies::of(&visit.app)?;
    let tx = visit.begin().await?;
    let done = service::approve(&tx, &visit.app.live, &policies, visit.now(), &id, &form.seen).await;
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
