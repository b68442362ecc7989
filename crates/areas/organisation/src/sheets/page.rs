//! The page of a table: a field for it, what each line would do, and the button that does it.

use super::{Line, Outcome, Report};
use askama::Template;
use kit::page::{Entry, FormErrors, Page};
use kit::web::Visit;
use kit::{Error, Lang};
use serde::Deserialize;

/// What the form posts. Without `take` it is a dry run.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct SheetForm {
    #[serde(default)]
    pub(crate) sheet: String,
    #[serde(default)]
    take: String,
}

impl SheetForm {
    pub(crate) fn is_dry_run(&self) -> bool {
        self.take.is_empty()
    }
}

#[derive(Template)]
#[template(path = "sheets/templates/sheet.html")]
pub(crate) struct SheetPage {
    page: Page,
    title: String,
    /// List it belongs to, and where the form goes.
    list: &'static str,
    action: &'static str,
    /// The list as a file that this page reads again.
    export: String,
    columns: String,
    errors: FormErrors,
    entry: Entry,
    sheet: String,
    report: Option<Report>,
    dry_run: bool,
}

/// Of what the page is a table.
pub(crate) struct About {
    pub(crate) title_key: &'static str,
    pub(crate) list: &'static str,
    pub(crate) action: &'static str,
    pub(crate) columns: Vec<&'static str>,
}

impl SheetPage {
    /// The empty page, or the same with what came of a table.
    pub(crate) async fn new(
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
                errors.add("sheet", mistake.sentence(page.lang));
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
        Ok(Self {
            title: page.t(about.title_key),
            list: about.list,
            action: about.action,
            export: format!("{}?format=csv", about.list),
            columns: about.columns.join(", "),
            sheet: form.sheet,
            entry,
            errors,
            report,
            dry_run,
            page,
        })
    }

    pub(crate) fn is_wrong(&self) -> bool {
        !self.errors.is_empty()
    }
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
        Outcome::New => kit::page::Tone::Good,
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
