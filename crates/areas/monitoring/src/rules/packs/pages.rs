//! The page that takes a release or a bundle: what it would do first, then the button that does it.

use super::service::compare_release;
use super::{Compared, Named, Pack, Places, folder_name};
use crate::rules::bundles::Bundle;
use crate::rules::bundles::service::{Prepared, judge};
use crate::rules::bundles::store::Signer;
use crate::rules::states::service::require_whole;
use crate::settings::Settings;
use askama::Template;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use detection::RuleError;
use kit::page::{Choice, Entry, ErrorSummary, FlashKind, FormErrors, Page};
use kit::web::{Fail, Form, Routes, Visit, render, see_other_saying};
use kit::{App, Capability, Error};
use organisation::sheets;
use serde::Deserialize;
use std::io::Cursor;
use std::sync::Arc;

/// Largest file, in bytes, and the form that carries it: base64 makes four letters of three bytes.
const MOST_POSTED: u64 = 12_000_000;
const MOST_FORM: usize = 17_000_000;
/// Rules named of each kind, and errors.
const MOST_NAMED: usize = 100;

pub(in crate::rules) fn routes() -> Routes {
    Routes::new()
        .get("/rules/import", Capability::ManageRules, show_import)
        .post("/rules/import", Capability::ManageRules, import_pack)
        .map(|router| router.layer(DefaultBodyLimit::max(MOST_FORM)))
}

/// Without `take` nothing is kept.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Posted {
    /// `release` or `bundle`.
    kind: String,
    /// Folder of a release.
    name: String,
    on_trial: String,
    /// A file as base64url, put there by `own/sheets.js`.
    file: String,
    take: String,
}

impl Posted {
    fn is_bundle(&self) -> bool {
        self.kind != "release"
    }
}

/// What was posted, read and held against what lies there.
enum Read {
    Release(Box<Compared>),
    Bundle(Box<Prepared>),
}

/// What it would do.
struct Preview {
    compared: Compared,
    bundle: Option<(Bundle, Signer)>,
}

impl Preview {
    /// What becomes of which rules.
    fn groups(&self) -> Vec<Group> {
        let plan = &self.compared.plan;
        let kinds = [
            ("rules-import-added", &plan.added),
            ("rules-import-changed", &plan.changed),
            ("rules-import-removed", &plan.removed),
            ("rules-import-kept", &plan.kept),
            ("rules-import-replaces", &plan.replaces),
        ];
        let group = |(key, rules): (&'static str, &Vec<Named>)| Group {
            key,
            count: rules.len(),
            more: rules.len().saturating_sub(MOST_NAMED),
            rules: rules.iter().take(MOST_NAMED).cloned().collect(),
        };
        kinds.into_iter().filter(|(_, rules)| !rules.is_empty()).map(group).collect()
    }

    /// The first that do not load.
    fn refused(&self) -> Vec<&RuleError> {
        self.compared.plan.refused.iter().take(MOST_NAMED).collect()
    }
}

/// Rules of which the same becomes, the first of them.
struct Group {
    key: &'static str,
    count: usize,
    more: usize,
    rules: Vec<Named>,
}

#[derive(Template)]
#[template(path = "rules/templates/import.html")]
struct ImportPage {
    page: Page,
    errors: ErrorSummary,
    entries: Vec<Entry>,
    chosen: Entry,
    most_posted: u64,
    posted: Posted,
    preview: Option<Preview>,
}

/// Where rules lie.
pub(in crate::rules) fn places(app: &App) -> Result<Arc<Places>, Error> {
    app.ports.get::<Places>().ok_or_else(|| Error::Unavailable("rules".to_owned()))
}

async fn show_import(visit: Visit) -> Result<Response, Fail> {
    require_whole(visit.scope())?;
    Ok(show(&visit, Posted::default(), None, FormErrors::default()).await?)
}

async fn import_pack(visit: Visit, Form(posted): Form<Posted>) -> Result<Response, Fail> {
    require_whole(visit.scope())?;
    let done = async {
        let read = look(&visit, &posted).await?;
        take(&visit, &posted, read).await
    };
    match done.await {
        Ok(None) => Ok(see_other_saying("/rules/bundles", FlashKind::Done, "rules-import-taken")),
        Ok(Some(preview)) => Ok(show(&visit, posted, Some(preview), FormErrors::default()).await?),
        Err(Error::Mistake(mistake)) => {
            let mut errors = FormErrors::default();
            let field = if mistake.code == "rules-import-name" { "name" } else { "chosen" };
            errors.add(field, mistake.sentence(visit.lang));
            Ok(show(&visit, posted, None, errors).await?)
        }
        Err(error) => Err(error.into()),
    }
}

/// Reads what was posted and looks at what it would change.
async fn look(visit: &Visit, posted: &Posted) -> Result<Read, Error> {
    if posted.file.is_empty() {
        return Err(Error::mistake("pack-missing", []));
    }
    let places = places(&visit.app)?;
    let file = sheets::posted(&posted.file, "").map_err(|_| Error::mistake("pack-not-whole", []))?;
    if !posted.is_bundle() {
        let folder = folder_name(&posted.name)?;
        let work = move || compare_release(&places, &folder, Pack::of_archive(Cursor::new(file))?);
        return Ok(Read::Release(Box::new(sheets::apart(work).await?)));
    }
    let bundle = sheets::apart(move || Bundle::read(&file).map_err(Error::from)).await?;
    judge(&visit.read(), &bundle, visit.now()).await?;
    let prepared = Prepared::of(bundle, places, &Settings::of(&visit.app)?, visit.now()).await?;
    Ok(Read::Bundle(Box::new(prepared)))
}

/// Does it, where that is wanted; else takes it back and says what it would do.
async fn take(visit: &Visit, posted: &Posted, read: Read) -> Result<Option<Preview>, Error> {
    let (on_trial, now) = (!posted.on_trial.is_empty(), visit.now());
    let tx = visit.begin().await?;
    let decided = match read {
        Read::Release(compared) => {
            let decided = compared.decide(&tx, &compared.folder, on_trial, now).await;
            decided.map(|()| Preview { compared: *compared, bundle: None })
        }
        Read::Bundle(mut prepared) => {
            let settings = Settings::of(&visit.app)?;
            let taken = prepared.take(&tx, &settings, on_trial, visit.lang, now).await;
            let prepared = *prepared;
            let Prepared { bundle, compared, .. } = prepared;
            taken.map(|signer| Preview { compared, bundle: Some((bundle, signer)) })
        }
    };
    match decided {
        Ok(preview) if posted.take.is_empty() => {
            tx.rollback().await?;
            Ok(Some(preview))
        }
        Ok(Preview { compared, .. }) => {
            tx.commit().await?;
            sheets::apart(move || compared.write()).await?;
            Ok(None)
        }
        Err(error) => {
            tx.rollback().await?;
            Err(error)
        }
    }
}

async fn show(visit: &Visit, posted: Posted, preview: Option<Preview>, errors: FormErrors) -> Result<Response, Error> {
    let page = visit.page().await?;
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let choice = |code: &'static str, chosen| Choice::new(code, page.t(&format!("rules-import-kind-{code}")), chosen);
    let kinds = vec![choice("bundle", posted.is_bundle()), choice("release", !posted.is_bundle())];
    let most = page.format.bytes(MOST_POSTED);
    let entries = vec![
        Entry::new("radio", "kind", page.t("rules-import-kind")).choices(kinds).required().checked(&errors),
        Entry::new("text", "name", page.t("rules-import-folder"))
            .hint(page.t("rules-import-folder-hint"))
            .value(&posted.name)
            .checked(&errors),
        Entry::new("checkbox", "on_trial", page.t("rules-import-on-trial"))
            .hint(page.t("rules-import-on-trial-hint"))
            .value(if posted.on_trial.is_empty() { "" } else { "true" })
            .checked(&errors),
    ];
    let chosen = Entry::new("file", "chosen", page.t("rules-import-file"))
        .hint(page.tn("rules-import-file-hint", "most", most))
        .checked(&errors);
    let template = ImportPage {
        errors: errors.summary(entries.iter().chain([&chosen])),
        entries,
        chosen,
        most_posted: MOST_POSTED,
        posted,
        preview,
        page,
    };
    Ok((status, render(&template)?).into_response())
}
