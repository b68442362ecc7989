//! Pages by which a source is connected: who can send, the form of a new source, its lines with addresses and key, and
//! whether its first record has come.

use super::{Group, Key, ListenerAddresses, Sender, Senders};
use crate::search::event_page::last_records;
use crate::settings::Settings;
use crate::sources::SourceState;
use crate::sources::pages::system_choices;
use crate::sources::service::{self, SourceInput};
use crate::sources::store::{self, Listed};
use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kit::page::{Address, Entry, ErrorSummary, FlashKind, FormErrors, Page, Tone};
use kit::web::{Fail, Form, OnceForm, Routes, Visit, render, see_other_saying};
use kit::{Capability, Error};
use organisation::api_keys::{self, NewKey};
use organisation::sign_in::require_confirmation;
use serde::Deserialize;
use std::sync::Arc;

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/sources/connect", Capability::ViewSources, list_senders)
        .get("/sources/connect/{sender}", Capability::ManageSources, new_source)
        .post("/sources/connect/{sender}", Capability::ManageSources, register_source)
        .get("/sources/{id}/connect/{sender}", Capability::ManageSources, show_lines)
        .post("/sources/{id}/connect/{sender}", Capability::ManageSources, make_key)
        .get("/sources/{id}/heard", Capability::ViewSources, show_heard)
}

/// Senders under one heading.
struct Heading {
    key: &'static str,
    senders: Vec<Sender>,
}

#[derive(Template)]
#[template(path = "senders/templates/list.html")]
struct ListPage {
    page: Page,
    headings: Vec<Heading>,
    /// Comes from a system that is to be connected; empty otherwise.
    system_id: String,
    may_change: bool,
}

async fn list_senders(visit: Visit) -> Result<Response, Fail> {
    visit.require(Capability::ViewSources)?;
    let (senders, addresses) = known(&visit)?;
    let of = |group: Group| Heading {
        key: group.key(),
        senders: senders.open(&addresses).filter(|sender| sender.group == group).cloned().collect(),
    };
    let headings = Group::ALL.map(of).into_iter().filter(|heading| !heading.senders.is_empty()).collect();
    let may_change = visit.scope().may(Capability::ManageSources);
    let system_id = visit.address.value("system").unwrap_or_default().to_owned();
    let template = ListPage { page: visit.page().await?.part_of("/sources"), headings, system_id, may_change };
    Ok(render(&template)?.into_response())
}

fn known(visit: &Visit) -> Result<(Arc<Senders>, Arc<ListenerAddresses>), Error> {
    let senders = visit.app.ports.get::<Senders>().ok_or(Error::NotFound)?;
    let addresses = visit.app.ports.get::<ListenerAddresses>().ok_or(Error::NotFound)?;
    Ok((senders, addresses))
}

/// A sender whose door is open.
fn named(visit: &Visit, id: &str) -> Result<(Sender, Arc<ListenerAddresses>), Error> {
    let (senders, addresses) = known(visit)?;
    let sender = senders.open(&addresses).find(|sender| sender.id == id).cloned().ok_or(Error::NotFound)?;
    Ok((sender, addresses))
}

/// What the form of a new source holds.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Fields {
    system_id: String,
    name: String,
    match_host: String,
    match_network: String,
    match_certificate: String,
}

#[derive(Template)]
#[template(path = "senders/templates/form.html")]
struct FormPage {
    page: Page,
    sender: Sender,
    errors: ErrorSummary,
    entries: Vec<Entry>,
    lines: String,
}

fn form_path(sender: &Sender) -> String {
    format!("/sources/connect/{}", sender.id)
}

/// The form with the system chosen where one comes from it.
fn form_for(sender: &Sender, system_id: &str) -> String {
    let address = Address::parse(&form_path(sender));
    if system_id.is_empty() { address.to_string() } else { address.with("system", system_id).to_string() }
}

async fn new_source(visit: Visit, Path(id): Path<String>) -> Result<Response, Fail> {
    let system_id = visit.address.value("system").unwrap_or_default().to_owned();
    show_form(&visit, &id, &Fields { system_id, ..Fields::default() }, FormErrors::default()).await
}

async fn show_form(visit: &Visit, id: &str, fields: &Fields, errors: FormErrors) -> Result<Response, Fail> {
    visit.require(Capability::ManageSources)?;
    let (sender, addresses) = named(visit, id)?;
    let page = visit.page().await?.part_of("/sources");
    let systems = system_choices(visit, &fields.system_id).await?;
    let entry =
        |kind, name: &str, key: &str, value: &str| Entry::new(kind, name, page.t(key)).value(value).checked(&errors);
    let hinted =
        |name: &str, key: &str, value: &str| entry("text", name, key, value).hint(page.t(&format!("{key}-hint")));
    let mut entries = vec![
        entry("select", "system_id", "source-system", &fields.system_id).choices(systems).required(),
        entry("text", "name", "source-name", &fields.name).hint(page.t("sender-name-hint")).required(),
    ];
    if !sender.needs_key() {
        entries.push(hinted("match_host", "source-host", &fields.match_host));
        entries.push(hinted("match_network", "source-network", &fields.match_network));
    }
    if sender.may_show_certificate() {
        entries.push(hinted("match_certificate", "source-certificate", &fields.match_certificate));
    }
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let template =
        FormPage { errors: errors.summary(&entries), entries, lines: sender.lines(&addresses, None), sender, page };
    Ok((status, render(&template)?).into_response())
}

async fn register_source(
    visit: Visit,
    Path(id): Path<String>,
    OnceForm(fields, identity): OnceForm<Fields>,
) -> Result<Response, Fail> {
    visit.require(Capability::ManageSources)?;
    let (sender, _) = named(&visit, &id)?;
    let to = |source: &str| see_other_saying(lines_path(source, &id), FlashKind::Done, "source-registered");
    let told = [&fields.match_host, &fields.match_network, &fields.match_certificate];
    if !sender.needs_key() && told.iter().all(|text| text.trim().is_empty()) {
        let errors = FormErrors::of_error(visit.lang, Error::invalid("match_host", "sender-known-by"))?;
        return show_form(&visit, &id, &fields, errors).await;
    }
    let input = SourceInput {
        name: fields.name.clone(),
        kind: sender.kind.clone(),
        system_id: fields.system_id.clone(),
        match_host: fields.match_host.clone(),
        match_network: fields.match_network.clone(),
        match_certificate: fields.match_certificate.clone(),
        expected: "on".to_owned(),
        ..SourceInput::default()
    };
    let settings = Settings::of(&visit.app)?;
    let tx = visit.begin().await?;
    if let Some(source) = identity.claim(&tx, visit.now()).await? {
        return Ok(to(&source));
    }
    match service::register(&tx, &settings.sources, &input, visit.now()).await {
        Ok(source) => {
            identity.answer(&tx, &source).await?;
            tx.commit().await?;
            Ok(to(&source))
        }
        Err(error) => {
            tx.rollback().await?;
            let errors = FormErrors::of_error(visit.lang, error)?;
            show_form(&visit, &id, &fields, errors).await
        }
    }
}

fn lines_path(source_id: &str, sender_id: &str) -> String {
    format!("/sources/{source_id}/connect/{sender_id}")
}

#[derive(Template)]
#[template(path = "senders/templates/lines.html")]
struct LinesPage {
    page: Page,
    sender: Sender,
    heard: HeardPart,
    lines: String,
    /// Whether the lines hold a key that was just made.
    has_key: bool,
}

async fn show_lines(visit: Visit, Path((source, sender)): Path<(String, String)>) -> Result<Response, Fail> {
    show(&visit, &source, &sender, None).await
}

async fn show(visit: &Visit, source: &str, sender: &str, key: Option<Key>) -> Result<Response, Fail> {
    visit.require(Capability::ManageSources)?;
    let (sender, addresses) = named(visit, sender)?;
    let template = LinesPage {
        heard: HeardPart::of(visit, source).await?,
        lines: sender.lines(&addresses, key.as_ref()),
        has_key: key.is_some(),
        page: visit.page().await?.part_of("/sources"),
        sender,
    };
    Ok(render(&template)?.into_response())
}

#[derive(Deserialize)]
struct Nothing {}

/// Makes a key that sends as this source alone; it stands in the lines of this answer and is never seen again.
async fn make_key(
    visit: Visit,
    Path((source, sender_id)): Path<(String, String)>,
    _form: Form<Nothing>,
) -> Result<Response, Fail> {
    visit.require(Capability::ManageSources)?;
    let (sender, _) = named(&visit, &sender_id)?;
    if !sender.needs_key() {
        return Err(Error::NotFound.into());
    }
    require_confirmation(&visit, "api-key.create")?;
    let tx = visit.begin().await?;
    let listed = store::get(&tx, &source).await?;
    let agency_id = listed.agency_id.clone().filter(|_| listed.source.state == SourceState::Registered);
    let new = NewKey {
        name: format!("{} ({})", listed.source.name, sender.product),
        agency_id: agency_id.ok_or(Error::Conflict("source-adopt-first"))?,
        source_id: Some(source.clone()),
        capabilities: vec![Capability::IngestEvents],
        expires_at: None,
        networks: String::new(),
    };
    let (id, key) = api_keys::create(&tx, visit.now(), new).await?;
    tx.commit().await?;
    show(&visit, &source, &sender_id, Some(Key { id, key })).await
}

/// Whether a source was heard, asked for again and again until it was.
#[derive(Template)]
#[template(path = "senders/templates/heard.html")]
struct HeardPart {
    page: Page,
    listed: Listed,
    /// Its last record as it arrived, with its number, for who may read it.
    last: Option<(u64, String)>,
}

impl HeardPart {
    async fn of(visit: &Visit, id: &str) -> Result<Self, Error> {
        let listed = store::get(&visit.read(), id).await?;
        let last = match listed.status.last_seen {
            Some(_) => last_records(visit, &listed, 1).await?.into_iter().next(),
            None => None,
        };
        Ok(Self { page: visit.page().await?, listed, last })
    }
}

async fn show_heard(visit: Visit, Path(id): Path<String>) -> Result<Response, Fail> {
    visit.require(Capability::ViewSources)?;
    Ok(render(&HeardPart::of(&visit, &id).await?)?.into_response())
}
