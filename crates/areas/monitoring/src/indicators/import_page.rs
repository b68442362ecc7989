//! The page that takes a file onto a list: what it would do first, then the button that does it.

use super::import::{self, Report};
use super::{List, reading, store};
use crate::settings::Settings;
use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kit::page::{Entry, ErrorSummary, FlashKind, FormErrors, Page};
use kit::web::{Fail, Form, Routes, Visit, render, see_other_saying};
use kit::{Capability, Error};
use organisation::sheets;
use serde::Deserialize;

/// Largest file that fits into a form, in bytes: base64 makes four letters of three bytes.
const MOST_POSTED: u64 = 750_000;

pub(super) fn routes() -> Routes {
    const PATH: &str = "/indicators/lists/{id}/import";
    Routes::new().get(PATH, Capability::ManageRules, show_import).post(PATH, Capability::ManageRules, import_file)
}

/// Without `take` it is a dry run.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Posted {
    /// What was pasted.
    sheet: String,
    /// A file as base64url, put there by `own/sheets.js`.
    file: String,
    take: String,
}

#[derive(Template)]
#[template(path = "indicators/templates/import.html")]
struct ImportPage {
    page: Page,
    list: List,
    errors: ErrorSummary,
    chosen: Entry,
    pasted: Entry,
    most_posted: u64,
    posted: Posted,
    report: Option<Report>,
}

async fn show_import(visit: Visit, Path(id): Path<String>) -> Result<Response, Fail> {
    visit.require(Capability::ManageRules)?;
    let list = store::find(&visit.read(), &id, visit.now()).await?;
    Ok(show(&visit, list, Posted::default(), None, FormErrors::default()).await?)
}

async fn import_file(visit: Visit, Path(id): Path<String>, Form(posted): Form<Posted>) -> Result<Response, Fail> {
    let settings = Settings::of(&visit.app)?;
    let read = match sheets::posted(&posted.file, &posted.sheet) {
        Ok(file) => reading::read_apart(settings.clone(), file, visit.now()).await,
        Err(error) => Err(error),
    };
    let tx = visit.begin().await?;
    let list = store::find(&tx, &id, visit.now()).await?;
    let taken = async { import::take(&tx, &settings.indicators, &list, read?, visit.now()).await };
    match taken.await {
        Ok(_) if !posted.take.is_empty() => {
            tx.commit().await?;
            Ok(see_other_saying(format!("/indicators/lists/{id}"), FlashKind::Done, "indicator-import-taken"))
        }
        Ok(report) => {
            tx.rollback().await?;
            Ok(show(&visit, list, posted, Some(report), FormErrors::default()).await?)
        }
        Err(Error::Mistake(mistake)) => {
            tx.rollback().await?;
            let mut errors = FormErrors::default();
            errors.add(if posted.file.is_empty() { "sheet" } else { "chosen" }, mistake.sentence(visit.lang));
            Ok(show(&visit, list, posted, None, errors).await?)
        }
        Err(error) => Err(error.into()),
    }
}

async fn show(
    visit: &Visit,
    list: List,
    posted: Posted,
    report: Option<Report>,
    errors: FormErrors,
) -> Result<Response, Error> {
    let page = visit.page().await?;
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let most = page.format.bytes(MOST_POSTED);
    let chosen = Entry::new("file", "chosen", page.t("sheet-file"))
        .hint(page.tn("indicator-file-hint", "most", most))
        .checked(&errors);
    let pasted = Entry::new("textarea", "sheet", page.t("indicator-import-text"))
        .hint(page.t("indicator-import-text-hint"))
        .value(&posted.sheet)
        .rows(12)
        .required()
        .checked(&errors);
    let template = ImportPage {
        errors: errors.summary([&chosen, &pasted]),
        chosen,
        pasted,
        most_posted: MOST_POSTED,
        list,
        posted,
        report,
        page,
    };
    Ok((status, render(&template)?).into_response())
}

/// Whether the file would change anything.
fn would_do(report: &Report) -> bool {
    report.added + report.renewed + report.revoked > 0
}

fn reason(page: &Page, code: &str) -> String {
    page.t(&format!("indicator-refusal-{code}"))
}
