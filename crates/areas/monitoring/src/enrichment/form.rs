//! The form of an address range or of a value on a list.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kit::Error;
use kit::page::{Entry, ErrorSummary, FormErrors, Page};
use kit::web::render;

/// What a noun's pages are called: what the keys of its texts begin with, and where its list is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Noun {
    pub(crate) key: &'static str,
    pub(crate) path: &'static str,
}

impl Noun {
    /// The text of the noun whose key ends so.
    fn text(&self, page: &Page, ending: &str) -> String {
        page.t(&format!("{}-{ending}", self.key))
    }
}

#[derive(Template)]
#[template(path = "enrichment/templates/form.html")]
struct FormPage {
    page: Page,
    noun: Noun,
    errors: ErrorSummary,
    entries: Vec<Entry>,
}

/// The form with what is wrong with it.
pub(crate) fn form_page(
    page: Page,
    noun: Noun,
    entries: impl IntoIterator<Item = Entry>,
    errors: &FormErrors,
) -> Result<Response, Error> {
    let entries: Vec<Entry> = entries.into_iter().map(|entry| entry.checked(errors)).collect();
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let template = FormPage { errors: errors.summary(&entries), noun, entries, page };
    Ok((status, render(&template)?).into_response())
}
