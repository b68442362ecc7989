//! The form of one system's way.

use super::{NewMove, SystemMove, Way, service, store};
use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kit::page::{Choice, Entry, ErrorSummary, FlashKind, FormErrors, Page};
use kit::web::{Fail, Form, Visit, render, see_other_saying};
use kit::{Capability, civil};

#[derive(Template)]
#[template(path = "consolidation/templates/form.html")]
struct FormPage {
    page: Page,
    system: SystemMove,
    action: String,
    version: i64,
    errors: ErrorSummary,
    entries: Vec<Entry>,
}

pub(super) async fn edit_move(visit: Visit, Path(id): Path<String>) -> Result<Response, Fail> {
    visit.require(Capability::ManageSystems)?;
    let system = store::find(&visit.read(), &id).await?;
    let held = held(&system);
    form(&visit, system, &held, FormErrors::default()).await
}

pub(super) async fn decide_move(
    visit: Visit,
    Path(id): Path<String>,
    Form(new): Form<NewMove>,
) -> Result<Response, Fail> {
    let tx = visit.begin().await?;
    match service::decide(&tx, &id, &new, visit.now()).await {
        Ok(()) => {
            tx.commit().await?;
            Ok(see_other_saying("/consolidation", FlashKind::Done, "consolidation-decided"))
        }
        Err(error) => {
            let errors = FormErrors::of_error(visit.lang, error)?;
            drop(tx);
            let system = store::find(&visit.read(), &id).await?;
            form(&visit, system, &new, errors).await
        }
    }
}

fn held(system: &SystemMove) -> NewMove {
    let day = |at: Option<i64>| at.map(civil::day_field).unwrap_or_default();
    NewMove {
        way: system.way.clone().unwrap_or_default(),
        into_code: system.into_code.clone(),
        into_words: system.into_words.clone(),
        wave: system.wave.map(|wave| wave.to_string()).unwrap_or_default(),
        due: day(system.due),
        done: day(system.done_at),
        blocker: system.blocker.clone(),
        notes: system.notes.clone(),
        version: system.version,
    }
}

async fn form(visit: &Visit, system: SystemMove, new: &NewMove, errors: FormErrors) -> Result<Response, Fail> {
    let page = visit.page().await?;
    let entry =
        |kind, name: &str, key: &str, value: &str| Entry::new(kind, name, page.t(key)).value(value).checked(&errors);
    let ways = Way::ALL.iter().map(|way| Choice::new(way.code(), page.t(way.key()), way.code() == new.way)).collect();
    let entries = vec![
        entry("radio", "way", "consolidation-way", &new.way).choices(ways).required(),
        entry("text", "into_code", "consolidation-into-code", &new.into_code)
            .hint(page.t("consolidation-into-code-hint")),
        entry("text", "into_words", "consolidation-into-words", &new.into_words),
        entry("text", "wave", "consolidation-wave", &new.wave).hint(page.t("consolidation-wave-hint")),
        entry("date", "due", "consolidation-due", &new.due),
        entry("date", "done", "consolidation-done-day", &new.done),
        entry("text", "blocker", "consolidation-blocker", &new.blocker).hint(page.t("consolidation-blocker-hint")),
        entry("textarea", "notes", "consolidation-notes", &new.notes).hint(page.t("consolidation-notes-hint")).rows(3),
    ];
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let template = FormPage {
        action: format!("/systems/{}/consolidation", system.system_id),
        version: new.version,
        errors: errors.summary(&entries),
        entries,
        system,
        page,
    };
    Ok((status, render(&template)?).into_response())
}
