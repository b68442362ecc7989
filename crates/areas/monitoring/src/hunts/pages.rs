//! Pages of hunts: the list with the form of a new one, one hunt with its progress.

use super::service::{self, HuntInput, NEEDED};
use super::{Hunt, State, SubjectKind, store};
use crate::search::run::monitoring;
use crate::timespan::Timespan;
use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kit::Error;
use kit::page::{Address, Choice, Entry, ErrorSummary, FlashKind, FormErrors, Page, Pagination, Tone};
use kit::web::{Access, Fail, Form, OnceForm, Routes, Visit, render, see_other_saying};
use serde::Deserialize;

const PER_PAGE: u64 = 50;
pub(super) const NEEDS: Access = Access::NeedsAll(NEEDED);

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/hunts", NEEDS, list_hunts)
        .post("/hunts", NEEDS, begin_hunt)
        .get("/hunts/{id}", NEEDS, show_hunt)
        .get("/hunts/{id}/progress", NEEDS, show_progress)
        .post("/hunts/{id}/cancel", NEEDS, cancel_hunt)
}

#[derive(Template)]
#[template(path = "hunts/templates/list.html")]
struct ListPage {
    page: Page,
    errors: ErrorSummary,
    entries: Vec<Entry>,
    hunts: Vec<Hunt>,
    pagination: Pagination,
}

async fn list_hunts(visit: Visit) -> Result<Response, Fail> {
    let text = |name: &str| visit.address.value(name).unwrap_or_default().to_owned();
    let kind = SubjectKind::from_code(&text("kind")).unwrap_or(SubjectKind::Indicator);
    let input = HuntInput {
        kind: kind.code().to_owned(),
        subject: text("subject"),
        range: "7d".to_owned(),
        ..HuntInput::default()
    };
    Ok(show(&visit, &input, FormErrors::default()).await?)
}

async fn begin_hunt(visit: Visit, OnceForm(input, identity): OnceForm<HuntInput>) -> Result<Response, Fail> {
    let book = monitoring(&visit.app)?.rules.current();
    let tx = visit.begin().await?;
    let begun = |id: &str| see_other_saying(format!("/hunts/{id}"), FlashKind::Done, "hunt-begun");
    if let Some(id) = identity.claim(&tx, visit.now()).await? {
        return Ok(begun(&id));
    }
    match service::create(&tx, &book, &input, visit.now()).await {
        Ok(id) => {
            identity.answer(&tx, &id).await?;
            tx.commit().await?;
            Ok(begun(&id))
        }
        Err(error) => {
            tx.rollback().await?;
            let errors = FormErrors::of_error(visit.lang, error)?;
            Ok(show(&visit, &input, errors).await?)
        }
    }
}

async fn show(visit: &Visit, input: &HuntInput, errors: FormErrors) -> Result<Response, Error> {
    let view = visit.read();
    let pagination = Pagination::of(&visit.address, PER_PAGE, store::count(&view).await?);
    let hunts = store::list(&view, PER_PAGE, pagination.offset()).await?;
    let page = visit.page().await?;
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let entries = entries(&page, input, &errors);
    let template = ListPage { errors: errors.summary(&entries), entries, hunts, pagination, page };
    Ok((status, render(&template)?).into_response())
}

fn entries(page: &Page, input: &HuntInput, errors: &FormErrors) -> Vec<Entry> {
    let entry = |of, name: &str, key: &str, value: &str| Entry::new(of, name, page.t(key)).value(value).checked(errors);
    let kind = |kind: SubjectKind| Choice::new(kind.code(), page.t(kind.key()), kind.code() == input.kind);
    let ranges = Timespan::of(&Address::parse("/hunts").with("range", &input.range), 0, "7d").choices(page);
    let ends = !input.from.is_empty() || !input.to.is_empty();
    let ranges = ranges.into_iter().map(|choice| Choice { chosen: choice.chosen && !ends, ..choice }).collect();
    vec![
        entry("radio", "kind", "hunt-kind", "").choices(SubjectKind::ALL.into_iter().map(kind).collect()).required(),
        entry("text", "subject", "hunt-subject", &input.subject).hint(page.t("hunt-subject-hint")).required(),
        entry("select", "range", "search-range", "").choices(ranges),
        entry("date-time", "from", "search-from", &input.from),
        entry("date-time", "to", "search-to", &input.to),
    ]
}

#[derive(Template)]
#[template(path = "hunts/templates/hunt.html")]
struct HuntPage {
    page: Page,
    hunt: Hunt,
    may_cancel: bool,
}

async fn show_hunt(visit: Visit, Path(id): Path<String>) -> Result<Response, Fail> {
    let hunt = store::find(&visit.read(), &id).await?;
    let may_cancel = !hunt.state.is_over();
    Ok(render(&HuntPage { page: visit.page().await?, hunt, may_cancel })?.into_response())
}

#[derive(Template)]
#[template(path = "hunts/templates/progress.html")]
struct ProgressPart {
    page: Page,
    hunt: Hunt,
}

/// The figures of a hunt under way, which its page asks for again and again.
async fn show_progress(visit: Visit, Path(id): Path<String>) -> Result<Response, Fail> {
    let hunt = store::find(&visit.read(), &id).await?;
    Ok(render(&ProgressPart { page: visit.page().await?, hunt })?.into_response())
}

#[derive(Deserialize)]
struct Nothing {}

async fn cancel_hunt(visit: Visit, Path(id): Path<String>, _form: Form<Nothing>) -> Result<Response, Fail> {
    let tx = visit.begin().await?;
    let here = format!("/hunts/{id}");
    match service::cancel(&tx, &id, visit.now()).await {
        Ok(()) => {
            tx.commit().await?;
            Ok(see_other_saying(here, FlashKind::Done, "hunt-cancelled"))
        }
        Err(Error::Conflict(key)) => Ok(see_other_saying(here, FlashKind::Problem, key)),
        Err(error) => Err(error.into()),
    }
}

/// Where a hunt for something is begun, for whoever may.
pub(crate) fn begin_href(visit: &Visit, kind: SubjectKind, id: &str) -> Option<String> {
    let may = NEEDED.iter().all(|needed| visit.scope().may(*needed));
    may.then(|| Address::parse("/hunts").with("kind", kind.code()).with("subject", id).to_string())
}

/// Tone of a state.
fn tone(state: &State) -> Tone {
    match state {
        State::Waiting | State::Cancelled => Tone::Neutral,
        State::Running => Tone::Active,
        State::Done => Tone::Good,
        State::Failed => Tone::Bad,
    }
}

/// The page of what is looked for.
fn subject_href(hunt: &Hunt) -> String {
    match hunt.subject_kind {
        SubjectKind::Rule => format!("/rules/{}", hunt.subject_id),
        SubjectKind::Indicator => format!("/indicators/{}", hunt.subject_id),
        SubjectKind::List => format!("/indicators/lists/{}", hunt.subject_id),
    }
}
