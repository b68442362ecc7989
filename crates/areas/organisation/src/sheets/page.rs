//! The page of a table: fields for it, what each line would do, and the button that does it. A file travels as text in
//! a field of the form, put there by `own/sheets.js`: so it comes with the proof that every form carries. Without
//! scripts the table is pasted.

use super::read::Column;
use super::{Line, Outcome, Report};
use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kit::page::{Entry, ErrorSummary, FormErrors, Page};
use kit::web::{Fail, Visit, render};
use kit::{Error, Lang, Tx};
use serde::Deserialize;

/// Largest file that fits into a form (1 MiB), in bytes: base64 makes four letters of three bytes.
const MOST_POSTED: u64 = 750_000;

/// What the form posts. Without `take` it is a dry run.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct SheetForm {
    #[serde(default)]
    sheet: String,
    /// A file as base64url; it goes before what stands in `sheet`.
    #[serde(default)]
    file: String,
    #[serde(default)]
    take: String,
}

impl SheetForm {
    /// The table as it came; the dry run and what follows it post the same.
    pub fn table(&self) -> Result<Vec<u8>, Error> {
        posted(&self.file, &self.sheet)
    }

    fn is_dry_run(&self) -> bool {
        self.take.is_empty()
    }

    /// Keeps what a table did, unless it was only tried.
    pub async fn finish(&self, tx: Tx<'_>) -> Result<(), Error> {
        tx.finish(self.is_dry_run()).await
    }
}

/// What a form holds: the file as `own/sheets.js` put it there (base64url), else what was pasted.
pub fn posted(file: &str, pasted: &str) -> Result<Vec<u8>, Error> {
    if file.is_empty() {
        return Ok(pasted.as_bytes().to_vec());
    }
    URL_SAFE_NO_PAD.decode(file).map_err(|_| Error::mistake("sheet-file-unreadable", []))
}

#[derive(Template)]
#[template(path = "sheets/templates/sheet.html")]
pub struct SheetPage {
    page: Page,
    title: String,
    /// List it belongs to, and where the form goes.
    list: &'static str,
    action: &'static str,
    /// The list as a file that this page reads again.
    export: String,
    columns: String,
    errors: ErrorSummary,
    entry: Entry,
    chosen: Entry,
    most_posted: u64,
    sheet: String,
    file: String,
    report: Option<Report>,
    dry_run: bool,
}

/// Of what the page is a table.
pub struct About {
    pub title_key: &'static str,
    pub list: &'static str,
    pub action: &'static str,
    pub columns: Vec<&'static Column>,
}

impl SheetPage {
    /// The page before a table was sent.
    pub async fn shown(visit: &Visit, about: About) -> Result<Response, Fail> {
        Ok(render(&Self::new(visit, about, SheetForm::default(), None).await?)?.into_response())
    }

    /// The page with what came of the table that was sent.
    pub async fn answered(
        visit: &Visit,
        about: About,
        form: SheetForm,
        answer: Result<Report, Error>,
    ) -> Result<Response, Fail> {
        let page = Self::new(visit, about, form, Some(answer)).await?;
        let status = if page.errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
        Ok((status, render(&page)?).into_response())
    }

    async fn new(
        visit: &Visit,
        about: About,
        form: SheetForm,
        answer: Option<Result<Report, Error>>,
    ) -> Result<Self, Error> {
        let page = visit.page().await?;
        let mut errors = FormErrors::default();
        let report = match answer {
            None => None,
            Some(Ok(report)) => Some(report),
            // What is wrong with the table as a whole.
            Some(Err(Error::Mistake(mistake))) => {
                let field = if form.file.is_empty() { "sheet" } else { "chosen" };
                errors.add(field, mistake.sentence(page.lang));
                None
            }
            Some(Err(error)) => return Err(error),
        };
        let dry_run = form.is_dry_run();
        let entry = Entry::new("textarea", "sheet", page.t("sheet-field"))
            .hint(page.t("sheet-field-hint"))
            .value(if dry_run { form.sheet.as_str() } else { "" })
            .rows(12)
            .required()
            .checked(&errors);
        let most = page.format.bytes(MOST_POSTED);
        let chosen = Entry::new("file", "chosen", page.t("sheet-file"))
            .hint(page.tn("sheet-file-hint", "most", most))
            .checked(&errors);
        Ok(Self {
            title: page.t(about.title_key),
            list: about.list,
            action: about.action,
            export: format!("{}?format=csv", about.list),
            columns: titles(&page, &about.columns),
            most_posted: MOST_POSTED,
            sheet: form.sheet,
            file: form.file,
            errors: errors.summary([&chosen, &entry]),
            entry,
            chosen,
            report,
            dry_run,
            page,
        })
    }
}

/// `Mã (code), Tên (name)`: a head may say either.
fn titles(page: &Page, columns: &[&Column]) -> String {
    columns.iter().map(|column| format!("{} ({})", page.t(column.key), column.name)).collect::<Vec<_>>().join(", ")
}

/// Whether the table would change anything.
fn would_do(report: &Report) -> bool {
    let totals = report.totals();
    totals.new + totals.changed > 0
}

/// Lines that say something: what stays as it is is only counted.
fn telling(report: &Report) -> Vec<&Line> {
    report.lines.iter().filter(|line| line.outcome != Outcome::Same).collect()
}

fn tone(line: &Line) -> kit::page::Tone {
    match line.outcome {
        Outcome::New(_) => kit::page::Tone::Good,
        Outcome::Changed(_) => kit::page::Tone::Active,
        Outcome::Same => kit::page::Tone::Neutral,
        Outcome::Refused(_) => kit::page::Tone::Attention,
    }
}

fn words(line: &Line, lang: &Lang) -> Vec<String> {
    line.changes(*lang).into_iter().chain(line.reasons(*lang)).collect()
}

fn sentence(report: &Report, lang: &Lang) -> String {
    report.sentence(*lang)
}
