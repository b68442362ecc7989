//! The page that takes what nmap saw, and the same for programs.

use super::nmap;
use super::scan::take_scan;
use crate::systems;
use crate::systems::System;
use askama::Template;
use axum::Json;
use axum::body::Bytes;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kit::page::{Entry, ErrorSummary, FormErrors, Page};
use kit::web::{ApiVisit, Fail, Form, Visit, render};
use kit::{Capability, Error, Lang};
use organisation::sheets::{self, Report};
use serde::{Deserialize, Serialize};

/// Largest file that fits into a form, in bytes.
const MOST_POSTED: u64 = 750_000;

/// What the form posts. Without `take` it is a dry run.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct ScanForm {
    sheet: String,
    file: String,
    take: String,
}

#[derive(Template)]
#[template(path = "inventory/templates/scan.html")]
struct ScanPage {
    page: Page,
    system: System,
    errors: ErrorSummary,
    chosen: Entry,
    pasted: Entry,
    most_posted: u64,
    posted: ScanForm,
    report: Option<Report>,
    is_cut: bool,
    dry_run: bool,
}

fn scan_path(system: &System) -> String {
    format!("/systems/{}/scan", system.id)
}

fn sentence(report: &Report, lang: &Lang) -> String {
    report.sentence(*lang)
}

fn would_do(report: &Report) -> bool {
    report.totals().refused < report.lines.len()
}

pub(super) async fn show_scan(visit: Visit, Path(id): Path<String>) -> Result<Response, Fail> {
    visit.require(Capability::ManageSystems)?;
    answer(&visit, &id, ScanForm::default(), None).await
}

pub(super) async fn post_scan(
    visit: Visit,
    Path(id): Path<String>,
    Form(form): Form<ScanForm>,
) -> Result<Response, Fail> {
    let done = take(&visit, &id, &form).await;
    answer(&visit, &id, form, Some(done)).await
}

async fn take(visit: &Visit, id: &str, form: &ScanForm) -> Result<(Report, bool), Error> {
    let file = sheets::posted(&form.file, &form.sheet)?;
    let scan = sheets::apart(move || nmap::read(&file)).await?;
    let is_cut = scan.is_cut;
    let tx = visit.begin().await?;
    let report = take_scan(&tx, id, scan, visit.now()).await?;
    tx.finish(form.take.is_empty()).await?;
    Ok((report, is_cut))
}

async fn answer(
    visit: &Visit,
    id: &str,
    form: ScanForm,
    done: Option<Result<(Report, bool), Error>>,
) -> Result<Response, Fail> {
    let page = visit.page().await?;
    let system = systems::store::find(&visit.read(), id).await?;
    let mut errors = FormErrors::default();
    let (report, is_cut) = match done {
        None => (None, false),
        Some(Ok((report, is_cut))) => (Some(report), is_cut),
        Some(Err(error)) => {
            let field = if form.file.is_empty() { "sheet" } else { "chosen" };
            errors = FormErrors::of_error_at(field, page.lang, error)?;
            (None, false)
        }
    };
    let dry_run = form.take.is_empty();
    let pasted = Entry::new("textarea", "sheet", page.t("inventory-scan-pasted"))
        .value(if dry_run { form.sheet.as_str() } else { "" })
        .rows(10)
        .checked(&errors);
    let chosen = Entry::new("file", "chosen", page.t("inventory-scan-file"))
        .hint(page.tn("inventory-scan-file-hint", "most", page.format.bytes(MOST_POSTED)))
        .checked(&errors);
    let template = ScanPage {
        errors: errors.summary([&chosen, &pasted]),
        system,
        chosen,
        pasted,
        most_posted: MOST_POSTED,
        posted: form,
        report,
        is_cut,
        dry_run,
        page,
    };
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok((status, render(&template)?).into_response())
}

/// What a program is told of a scan.
#[derive(Serialize)]
pub(super) struct Scanned {
    #[serde(flatten)]
    report: Report,
    /// Whether the file ends before the scan did: hosts may be missing.
    is_cut: bool,
}

/// The body of the request is the file; `dry_run=1` keeps nothing.
pub(super) async fn scan_file(
    ApiVisit(visit): ApiVisit,
    Path(id): Path<String>,
    file: Bytes,
) -> Result<Json<Scanned>, Fail> {
    visit.require(Capability::ManageSystems)?;
    let scan = sheets::apart(move || nmap::read(&file)).await?;
    let is_cut = scan.is_cut;
    let tx = visit.begin().await?;
    let report = take_scan(&tx, &id, scan, visit.now()).await?;
    tx.finish(visit.address.has("dry_run", "1")).await?;
    Ok(Json(Scanned { report, is_cut }))
}
