//! Changing a file: the text, what would come of it, the second person, putting it in force.

use super::in_force::{Regulations, digest};
use super::pages::{Outcome, text_of};
use super::service::{self, Change, require_change, tidy};
use super::view::{LineView, drawn, folder_title};
use super::{address_of, path_of, store};
use crate::elevations::{self, Standing};
use crate::policies::{CHANGE_LAW, Policies};
use crate::sign_in::require_confirmation;
use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kit::diff;
use kit::page::{Choice, Entry, ErrorSummary, FlashKind, FormErrors, Page};
use kit::web::{Fail, Form, Routes, Visit, render, see_other, see_other_saying};
use kit::{Capability, Error};
use serde::Deserialize;
use std::sync::Arc;

/// Rows of the text area.
const ROWS: u32 = 28;

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/regulations/new", Capability::ChangeLaw, new_file)
        .get("/regulations/{file}/edit", Capability::ChangeLaw, edit_file)
        .post("/regulations/{file}/edit", Capability::ChangeLaw, change_file)
        .post("/regulations/{file}/discard", Capability::ChangeLaw, discard_draft)
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Fields {
    text: String,
    reason: String,
    basis: String,
    /// Digest of the text in force when this was begun.
    built_on: String,
    /// Digest of the text whose outcome was shown.
    seen: String,
    /// `preview`, `rebase`, `ask` or `apply`.
    then: String,
}

impl Fields {
    fn change(&self, path: &str) -> Change {
        Change {
            path: path.to_owned(),
            text: self.text.clone(),
            reason: self.reason.clone(),
            basis: self.basis.clone(),
            built_on: self.built_on.clone(),
        }
    }
}

/// What became of the law in force since a text was begun.
struct Moved {
    /// Whether the text that it was built on is still known.
    is_known: bool,
    parts: Vec<Vec<LineView>>,
}

/// The second person, as the page needs it.
#[derive(Default)]
struct SecondPerson {
    /// Until when what was approved may be used.
    until: String,
    waiting: bool,
}

#[derive(Template)]
#[template(path = "regulations/templates/edit.html")]
struct EditPage {
    page: Page,
    path: String,
    address: String,
    is_new: bool,
    errors: ErrorSummary,
    entries: Vec<Entry>,
    built_on: String,
    seen: String,
    /// Whether the outcome of a sound text is shown.
    shown: bool,
    unchanged: bool,
    effects: Vec<String>,
    running: Vec<String>,
    parts: Vec<Vec<LineView>>,
    second: SecondPerson,
    has_draft: bool,
    moved: Option<Moved>,
}

fn edit_path(address: &str) -> String {
    format!("/regulations/{address}/edit")
}

/// The path that an address names, of a file that is there or may be added.
fn named(visit: &Visit, address: &str) -> Result<(Arc<Regulations>, String), Error> {
    require_change(visit.scope())?;
    let regulations = Regulations::of(&visit.app)?;
    let path = path_of(address).ok_or(Error::NotFound)?;
    regulations.reader(&path)?;
    Ok((regulations, path))
}

#[derive(Template)]
#[template(path = "regulations/templates/new.html")]
struct NewPage {
    page: Page,
    errors: ErrorSummary,
    entries: Vec<Entry>,
}

/// Asks for the folder and the name of a file that is not there yet, and leads to its text.
async fn new_file(visit: Visit) -> Result<Response, Fail> {
    require_change(visit.scope())?;
    let regulations = Regulations::of(&visit.app)?;
    let page = visit.page().await?;
    let asked = |name: &str| visit.address.value(name).map(|value| value.trim().to_owned());
    let (folder, name) = (asked("folder").unwrap_or_default(), asked("name"));
    let mut errors = FormErrors::default();
    if let Some(name) = &name {
        let path = format!("{folder}/{}.toml", name.strip_suffix(".toml").unwrap_or(name));
        if regulations.reader(&path).is_ok() {
            return Ok(see_other(format!("/regulations/{}/edit", address_of(&path))));
        }
        errors.add("name", page.t("regulation-name-hint"));
    }
    let folders = regulations.folders().map(|one| Choice::new(one, folder_title(&page, one), one == folder));
    let entries = vec![
        Entry::new("select", "folder", page.t("regulation-folder")).choices(folders.collect()).required(),
        Entry::new("text", "name", page.t("regulation-name"))
            .value(name.unwrap_or_default())
            .hint(page.t("regulation-name-hint"))
            .required()
            .checked(&errors),
    ];
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok((status, render(&NewPage { page, errors: errors.summary(&entries), entries })?).into_response())
}

/// With the text in force, that of a version (`?version=`), or one's own draft.
async fn edit_file(visit: Visit, Path(address): Path<String>) -> Result<Response, Fail> {
    let (regulations, path) = named(&visit, &address)?;
    let view = visit.read();
    let state = regulations.current();
    let mut fields =
        Fields { text: state.text(&path).to_owned(), built_on: digest(state.text(&path)), ..Fields::default() };
    if let Some(wish) = visit.address.value("version") {
        let version = wish.parse().map_err(|_| Error::NotFound)?;
        fields.text = text_of(&view, &regulations, &path, version).await?.0;
    } else if let Some(person) = visit.scope().person_id()
        && let Some(draft) = store::draft_of(&view, &path, person).await?
    {
        fields = Fields {
            text: draft.text,
            reason: draft.reason,
            basis: draft.basis,
            built_on: draft.built_on,
            ..Fields::default()
        };
    }
    show(&visit, &regulations, &path, &fields, FormErrors::default(), false).await
}

async fn change_file(
    visit: Visit,
    Path(address): Path<String>,
    Form(mut fields): Form<Fields>,
) -> Result<Response, Fail> {
    let (regulations, path) = named(&visit, &address)?;
    if fields.then == "rebase" {
        // The text now stands against what is in force; its author has been shown what came between.
        fields.built_on = digest(regulations.current().text(&path));
    }
    let change = fields.change(&path);
    let text = tidy(&fields.text);
    let is_sound = |text: &String| service::check(&regulations, &path, text).is_empty();
    let sound = text.as_ref().is_ok_and(is_sound);
    // What is put in force is what was looked at.
    let looked_at = text.is_ok_and(|text| fields.seen == digest(&text));
    let (done, said) = match fields.then.as_str() {
        "apply" if sound && looked_at => (put_in_force(&visit, &regulations, &change).await, "regulation-applied"),
        "ask" if sound && looked_at => (ask(&visit, &regulations, &change).await, "regulation-asked"),
        _ => return show(&visit, &regulations, &path, &fields, FormErrors::default(), true).await,
    };
    match done {
        Ok(()) => {
            let there = regulations.current().files.contains_key(&path);
            let to = if there { format!("/regulations/{address}") } else { "/regulations".to_owned() };
            Ok(see_other_saying(to, FlashKind::Done, said))
        }
        Err(error) => {
            let errors = FormErrors::of_error(visit.lang, error)?;
            show(&visit, &regulations, &path, &fields, errors, true).await
        }
    }
}

async fn put_in_force(visit: &Visit, regulations: &Regulations, change: &Change) -> Result<(), Error> {
    let policies = Policies::of(&visit.app)?;
    if let Err(unconfirmed) = require_confirmation(visit, "law.change") {
        // The way back from proving who it is leads to the form; the text waits there.
        let tx = visit.begin().await?;
        service::keep_draft(&tx, regulations, visit.now(), change).await?;
        tx.commit().await?;
        return Err(unconfirmed);
    }
    let tx = visit.begin().await?;
    service::apply(&tx, regulations, &policies, visit.now(), change).await?;
    tx.commit().await
}

async fn ask(visit: &Visit, regulations: &Regulations, change: &Change) -> Result<(), Error> {
    let policies = Policies::of(&visit.app)?;
    let tx = visit.begin().await?;
    let told = (&visit.app.live, &*policies);
    service::ask(&tx, regulations, told, visit.now(), &visit.session.agency_id, change).await.map(drop)?;
    tx.commit().await
}

async fn discard_draft(visit: Visit, Path(address): Path<String>, _form: Form<Fields>) -> Result<Response, Fail> {
    let (regulations, path) = named(&visit, &address)?;
    let tx = visit.begin().await?;
    service::discard(&tx, visit.now(), &path).await?;
    tx.commit().await?;
    let there = regulations.current().files.contains_key(&path);
    let to = if there { format!("/regulations/{address}") } else { "/regulations".to_owned() };
    Ok(see_other_saying(to, FlashKind::Done, "regulation-discarded"))
}

/// What came between a text and the law in force, where something did.
async fn moved(visit: &Visit, regulations: &Regulations, path: &str, built_on: &str) -> Result<Option<Moved>, Error> {
    if !service::has_moved(regulations, path, built_on) {
        return Ok(None);
    }
    let before = service::built_on(&visit.read(), regulations, path, built_on).await?;
    let now = regulations.current();
    let parts = before.as_ref().map(|before| drawn(&diff::lines(before, now.text(path)))).unwrap_or_default();
    Ok(Some(Moved { is_known: before.is_some(), parts }))
}

/// The form, and under it what its text would do; with everything that is wrong, where something is.
async fn show(
    visit: &Visit,
    regulations: &Arc<Regulations>,
    path: &str,
    fields: &Fields,
    mut errors: FormErrors,
    outcome: bool,
) -> Result<Response, Fail> {
    let policies = Policies::of(&visit.app)?;
    let page = visit.page().await?;
    let view = visit.read();
    let state = regulations.current();
    let text = tidy(&fields.text);
    if let Err(key) = &text {
        errors.add("text", page.t(key));
    }
    let found = match text.as_ref().ok().filter(|_| outcome) {
        Some(text) => Outcome::of(visit, regulations, path, text).await?,
        None => Outcome::default(),
    };
    for fault in &found.faults {
        errors.add("text", fault.clone());
    }
    let shown = outcome && text.is_ok() && found.faults.is_empty();
    let text = text.unwrap_or_default();
    let entry = |kind, name: &str, value: &str| {
        let label = page.t(&format!("regulation-{name}"));
        Entry::new(kind, name, label)
            .value(value)
            .hint(page.t(&format!("regulation-{name}-hint")))
            .required()
            .checked(&errors)
    };
    let entries = vec![
        entry("textarea", "text", &fields.text).rows(ROWS),
        entry("text", "basis", &fields.basis),
        entry("textarea", "reason", &fields.reason).rows(3),
    ];
    let held = match fields.change(path).tidied() {
        Ok(change) => elevations::held(&view, &policies, visit.now(), CHANGE_LAW, &change.digest()).await?,
        Err(_) => None,
    };
    let standing = held.as_ref().map(|one| one.standing(&policies.elevation, visit.now()));
    let until = held.and_then(|one| one.ends_at).map(|end| page.format.date_time(end));
    let draft = match visit.scope().person_id() {
        Some(person) => store::draft_of(&view, path, person).await?,
        None => None,
    };
    let template = EditPage {
        address: address_of(path),
        is_new: !state.files.contains_key(path),
        shown,
        unchanged: text == state.text(path),
        seen: if shown { digest(&text) } else { String::new() },
        built_on: fields.built_on.clone(),
        moved: moved(visit, regulations, path, &fields.built_on).await?,
        effects: found.effects,
        running: found.running,
        parts: found.parts,
        second: SecondPerson {
            until: until.filter(|_| standing == Some(Standing::Running)).unwrap_or_default(),
            waiting: standing == Some(Standing::Waiting),
        },
        has_draft: draft.is_some(),
        path: path.to_owned(),
        errors: errors.summary(&entries),
        entries,
        page,
    };
    let status = if template.errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok((status, render(&template)?).into_response())
}
