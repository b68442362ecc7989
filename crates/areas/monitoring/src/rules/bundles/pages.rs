//! Bundles that were taken, and whose are taken.

use super::store::{self, Import, Signer};
use crate::rules::states::service::require_whole;
use askama::Template;
use axum::response::{IntoResponse, Response};
use kit::page::{Page, Tone};
use kit::web::{Fail, Routes, Visit, render};
use kit::{Capability, Lang};
use organisation::audit::actor_words;

/// Imports shown.
const MOST_IMPORTS: u64 = 100;

pub(in crate::rules) fn routes() -> Routes {
    Routes::new().get("/rules/bundles", Capability::ViewRules, list_bundles)
}

#[derive(Template)]
#[template(path = "rules/templates/bundles.html")]
struct ListPage {
    page: Page,
    signers: Vec<Signer>,
    imports: Vec<Import>,
    may_import: bool,
}

async fn list_bundles(visit: Visit) -> Result<Response, Fail> {
    visit.require(Capability::ViewRules)?;
    let view = visit.read();
    let template = ListPage {
        signers: store::signers(&view).await?,
        imports: store::imports(&view, MOST_IMPORTS).await?,
        may_import: require_whole(visit.scope()).is_ok(),
        page: visit.page().await?,
    };
    Ok(render(&template)?.into_response())
}

/// Who did it: a person, or a part of the program.
fn by(lang: Lang, id: &str, name: &Option<String>) -> String {
    actor_words(lang, id, name.as_deref().unwrap_or(id))
}
