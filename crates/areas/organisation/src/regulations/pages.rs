//! Pages that show the law: everything in force, one file with its versions, one version, the draft of somebody.

use super::in_force::{InForce, Regulations, Source};
use super::service::{self, require_change};
use super::store::{self, Draft, Version};
use super::view::{FileView, LineView, drawn, folder_title, source_words, title_of, unread_words};
use super::{address_of, path_of};
use crate::elevations::{self, Elevation, Standing};
use crate::policies::Policies;
use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use kit::diff;
use kit::page::{Choice, Page};
use kit::web::{Access, Fail, Routes, Visit, render};
use kit::{Capability, Connection, Error};
use std::sync::Arc;

/// Who may look at what somebody waits with.
const DRAFTS: Access = Access::NeedsOneOf(&[Capability::ChangeLaw, Capability::ApproveElevations]);

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/regulations", Access::SignedIn, list_files)
        .get("/regulations/{file}", Access::SignedIn, show_file)
        .get("/regulations/{file}/versions/{version}", Access::SignedIn, show_version)
        .get("/regulations/{file}/drafts/{person}", DRAFTS, show_draft)
}

/// Files of one folder.
struct Group {
    folder: &'static str,
    title: String,
    files: Vec<FileView>,
}

#[derive(Template)]
#[template(path = "regulations/templates/list.html")]
struct ListPage {
    page: Page,
    groups: Vec<Group>,
    unread: Vec<String>,
    may_change: bool,
}

async fn list_files(visit: Visit) -> Result<Response, Fail> {
    let regulations = Regulations::of(&visit.app)?;
    let state = regulations.current();
    let page = visit.page().await?;
    let group = |folder: &'static str| {
        let within = |path: &str| path.split_once('/').is_some_and(|(first, _)| first == folder);
        let files = state.files.iter().filter(|(path, _)| within(path));
        let files = files.map(|(path, file)| FileView::of(&page, &regulations, path, file)).collect();
        Group { folder, title: folder_title(&page, folder), files }
    };
    let groups = regulations.folders().map(group).collect();
    let unread = unread_words(&page, &state, |_| true);
    let may_change = require_change(visit.scope()).is_ok();
    Ok(render(&ListPage { page, groups, unread, may_change })?.into_response())
}

/// One line of the table of versions; 0 is what lies below all of them.
struct VersionRow {
    number: i64,
    source: String,
    version: Option<Version>,
    in_force: bool,
}

#[derive(Template)]
#[template(path = "regulations/templates/file.html")]
struct FilePage {
    page: Page,
    file: FileView,
    text: String,
    unread: Vec<String>,
    versions: Vec<VersionRow>,
    drafts: Vec<Draft>,
    /// Whose draft can be continued.
    own: String,
    may_change: bool,
}

fn discard_path(file: &FileView) -> String {
    format!("/regulations/{}/discard", file.address)
}

/// The file that an address names, if there is one.
pub(super) fn known(regulations: &Regulations, address: &str) -> Result<String, Error> {
    path_of(address).filter(|path| regulations.current().files.contains_key(path)).ok_or(Error::NotFound)
}

/// The version that is in force of a file; 0 where it is what lies below all of them.
fn version_of(file: &InForce) -> i64 {
    match &file.source {
        Source::Version { version, .. } => *version,
        Source::Embedded | Source::Directory => 0,
    }
}

async fn show_file(visit: Visit, Path(address): Path<String>) -> Result<Response, Fail> {
    let regulations = Regulations::of(&visit.app)?;
    let path = known(&regulations, &address)?;
    let state = regulations.current();
    let file = state.files.get(&path).ok_or(Error::NotFound)?;
    let page = visit.page().await?;
    let view = visit.read();
    let stored = store::of_file(&view, &path).await?;
    let current = version_of(file);
    let row = |version: Version| VersionRow {
        number: version.version,
        source: String::new(),
        in_force: version.version == current,
        version: Some(version),
    };
    let mut versions: Vec<_> = stored.into_iter().map(row).collect();
    versions.extend(regulations.base(&path).map(|base| VersionRow {
        number: 0,
        source: source_words(&page, &base.source),
        version: None,
        in_force: current == 0,
    }));
    let sees_drafts = DRAFTS.allows(Some(visit.scope())).is_ok();
    let drafts = if sees_drafts { store::drafts_of(&view, &path).await? } else { Vec::new() };
    let unread = unread_words(&page, &state, |one| one == path);
    let template = FilePage {
        file: FileView::of(&page, &regulations, &path, file),
        text: file.text.clone(),
        unread,
        versions,
        drafts,
        own: visit.scope().person_id().unwrap_or_default().to_owned(),
        may_change: require_change(visit.scope()).is_ok(),
        page,
    };
    Ok(render(&template)?.into_response())
}

/// Text of a version of a file; of what lies below all of them for 0.
pub(super) async fn text_of(
    connection: &impl Connection,
    regulations: &Regulations,
    path: &str,
    version: i64,
) -> Result<(String, Option<Version>), Error> {
    if version == 0 {
        return Ok((regulations.base(path).ok_or(Error::NotFound)?.text.clone(), None));
    }
    let version = store::find(connection, path, version).await?;
    Ok((version.text.clone(), Some(version)))
}

#[derive(Template)]
#[template(path = "regulations/templates/version.html")]
struct VersionPage {
    page: Page,
    file: FileView,
    number: i64,
    version: Option<Version>,
    in_force: bool,
    source: String,
    text: String,
    /// What it is compared with: the version in force where nothing is chosen.
    others: Vec<Choice>,
    parts: Vec<Vec<LineView>>,
    may_change: bool,
}

fn name(page: &Page, number: &i64) -> String {
    match *number {
        0 => page.t("regulation-version-base"),
        number => page.tn("regulation-version", "version", number),
    }
}

async fn show_version(visit: Visit, Path((address, version)): Path<(String, String)>) -> Result<Response, Fail> {
    let regulations = Regulations::of(&visit.app)?;
    let path = known(&regulations, &address)?;
    let number: i64 = version.parse().map_err(|_| Error::NotFound)?;
    let state = regulations.current();
    let file = state.files.get(&path).ok_or(Error::NotFound)?;
    let page = visit.page().await?;
    let view = visit.read();
    let (text, version) = text_of(&view, &regulations, &path, number).await?;
    let chosen = visit.address.value("with").and_then(|wish| wish.parse::<i64>().ok());
    let other = match chosen {
        Some(other) => text_of(&view, &regulations, &path, other).await?.0,
        None => file.text.clone(),
    };
    let mut numbers: Vec<i64> = store::of_file(&view, &path).await?.iter().map(|one| one.version).collect();
    numbers.extend(regulations.base(&path).map(|_| 0));
    let others = numbers.into_iter().filter(|one| *one != number);
    let others = others.map(|one| Choice::new(one.to_string(), name(&page, &one), Some(one) == chosen));
    let source = regulations.base(&path).filter(|_| number == 0).map(|base| source_words(&page, &base.source));
    let template = VersionPage {
        file: FileView::of(&page, &regulations, &path, file),
        number,
        version,
        in_force: version_of(file) == number,
        source: source.unwrap_or_default(),
        others: others.collect(),
        parts: drawn(&diff::lines(&other, &text)),
        text,
        may_change: require_change(visit.scope()).is_ok(),
        page,
    };
    Ok(render(&template)?.into_response())
}

#[derive(Template)]
#[template(path = "regulations/templates/draft.html")]
struct DraftPage {
    page: Page,
    address: String,
    /// What the file is called by what is in force of it, where something is.
    title: Option<String>,
    draft: Draft,
    /// Why it would not load now, where that is so.
    faults: Vec<String>,
    effects: Vec<String>,
    running: Vec<String>,
    parts: Vec<Vec<LineView>>,
    is_own: bool,
    /// The law in force is not what it was built on any more.
    has_moved: bool,
    /// The request that the asker may answer here.
    decide: Option<String>,
}

fn answer_path(id: &str, act: &str) -> String {
    format!("/elevations/{id}/{act}")
}

async fn show_draft(visit: Visit, Path((address, person)): Path<(String, String)>) -> Result<Response, Fail> {
    let regulations = Regulations::of(&visit.app)?;
    let path = path_of(&address).ok_or(Error::NotFound)?;
    let view = visit.read();
    let draft = store::draft_of(&view, &path, &person).await?.ok_or(Error::NotFound)?;
    let page = visit.page().await?;
    let outcome = Outcome::of(&visit, &regulations, &path, &draft.text).await?;
    let is_own = visit.scope().person_id() == Some(draft.person_id.as_str());
    let decides = visit.scope().may(Capability::ApproveElevations) && !is_own;
    let policies = Policies::of(&visit.app)?;
    let asked = elevations::waiting_for(&view, &draft.digest).await?.filter(|_| decides);
    let waits = |one: &Elevation| one.standing(&policies.elevation, visit.now()) == Standing::Waiting;
    let template = DraftPage {
        has_moved: service::has_moved(&regulations, &path, &draft.built_on),
        decide: asked.filter(waits).map(|one| one.id),
        address: address_of(&path),
        title: title_of(&page, &regulations, &path),
        faults: outcome.faults,
        effects: outcome.effects,
        running: outcome.running,
        parts: outcome.parts,
        is_own,
        draft,
        page,
    };
    Ok(render(&template)?.into_response())
}

/// What a text would do in the place of a file, in words.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) faults: Vec<String>,
    pub(super) effects: Vec<String>,
    pub(super) running: Vec<String>,
    pub(super) parts: Vec<Vec<LineView>>,
}

impl Outcome {
    pub(super) async fn of(
        visit: &Visit,
        regulations: &Arc<Regulations>,
        path: &str,
        text: &str,
    ) -> Result<Self, Error> {
        let faults = service::check(regulations, path, text);
        if !faults.is_empty() {
            let faults = faults.iter().map(|fault| fault.in_words(visit.lang)).collect();
            return Ok(Self { faults, ..Self::default() });
        }
        let preview = service::preview(regulations, path, text, visit.lang);
        let running = match regulations.book_of(path) {
            Some(book) => book.running(&visit.read(), visit.now(), visit.lang).await?,
            None => Vec::new(),
        };
        Ok(Self { faults: Vec::new(), effects: preview.effects, running, parts: drawn(&preview.lines) })
    }
}
