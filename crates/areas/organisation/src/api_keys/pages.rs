//! Pages of keys: the list with the one just made, and the form.

use super::{ApiKey, NewKey, Standing, key_page, service, standings, store};
use crate::agencies;
use crate::answers::{again, csv_end, csv_time, text};
use crate::elevations::{Allowance, allowances, file_link, leave};
use crate::policies::Policies;
use crate::sign_in::{own_scope, require_confirmation};
use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use kit::civil::{day_field, day_in};
use kit::clock::{DAY, Micros};
use kit::page::{Choice, Entry, ErrorSummary, FlashKind, FormErrors, Page, Pagination, Place, Tab};
use kit::web::{Csv, Fail, Form, Routes, Visit, render, see_other_saying};
use kit::{Capability, Error};
use serde::Deserialize;

const PER_PAGE: u64 = 50;

pub fn routes() -> Routes {
    Routes::new()
        .get("/api-keys", Capability::ViewSources, list_keys)
        .post("/api-keys", Capability::ManageSources, create_key)
        .get("/api-keys/new", Capability::ManageSources, new_key)
        .post("/api-keys/{id}/revoke", Capability::ManageSources, revoke_key)
        .merge(key_page::routes())
}

/// The key just made, shown on this one answer.
struct Made {
    id: String,
    key: String,
    /// `base64(id:key)` as Elasticsearch clients send it.
    encoded: String,
    ends_at: Option<Micros>,
}

/// A key with what is awake of it, and the rows that may leave by it.
pub(super) struct Listed {
    pub(super) key: ApiKey,
    pub(super) standing: Standing,
    pub(super) allowance: Allowance,
}

#[derive(Template)]
#[template(path = "api_keys/templates/list.html")]
struct KeyList {
    page: Page,
    keys: Vec<Listed>,
    tabs: Vec<Tab>,
    pagination: Pagination,
    made: Option<Made>,
    csv: String,
    may_change: bool,
}

#[derive(Template)]
#[template(path = "api_keys/templates/form.html")]
struct KeyForm {
    page: Page,
    errors: ErrorSummary,
    name: Entry,
    agency: Entry,
    capabilities: Vec<Choice>,
    wrong: String,
    expires: Entry,
    networks: Entry,
}

pub(super) fn capability_key(capability: &Capability) -> String {
    format!("capability-{}", capability.name())
}

pub(super) fn is_asleep(listed: &Listed, capability: &Capability) -> bool {
    !listed.standing.awake.contains(capability)
}

/// How each key stands, by the roles of makers whom the visitor may not see.
pub(super) async fn listed(visit: &Visit, keys: Vec<ApiKey>) -> Result<Vec<Listed>, Error> {
    let policies = Policies::of(&visit.app)?;
    let scope = own_scope();
    let view = visit.app.db.scoped(&scope).read();
    let standings = standings(&view, &policies, &keys, visit.now()).await?;
    let ids: Vec<_> = keys.iter().map(|key| key.id.as_str()).collect();
    let allowances = allowances(&view, &policies, &ids, visit.now()).await?;
    let each = keys.into_iter().zip(standings).zip(allowances);
    Ok(each.map(|((key, standing), allowance)| Listed { key, standing, allowance }).collect())
}

/// How many rows may leave by a key, and whether that is what everybody has.
pub(super) fn rows_words(page: &Page, allowance: &Allowance) -> String {
    if allowance.rows == 0 {
        return page.t("key-rows-uncounted");
    }
    let key = if allowance.granted_until.is_some() { "key-rows-granted" } else { "key-rows-everybody" };
    page.tn2(key, "rows", page.format.number(allowance.rows), "minutes", allowance.minutes)
}

pub(super) fn revoke_path(key: &ApiKey) -> String {
    format!("/api-keys/{}/revoke", key.id)
}

async fn key_list(visit: &Visit, made: Option<Made>) -> Result<KeyList, Error> {
    visit.require(Capability::ViewSources)?;
    let page = visit.page().await?;
    let view = visit.read();
    let revoked = page.address.has("state", "revoked");
    let figures = [store::count(&view, false).await?, store::count(&view, true).await?];
    let [valid, gone] = figures;
    let pagination = Pagination::of(&page.address, PER_PAGE, if revoked { gone } else { valid });
    let tab = |key: &str, href, chosen, count| Tab { name: page.t(key), href, chosen, count: Some(count) };
    Ok(KeyList {
        keys: listed(visit, store::list(&view, revoked, PER_PAGE, pagination.offset()).await?).await?,
        tabs: vec![
            tab("key-valid", "/api-keys".to_owned(), !revoked, valid),
            tab("key-revoked-ones", "/api-keys?state=revoked".to_owned(), revoked, gone),
        ],
        pagination,
        made,
        csv: file_link(visit, &page.address, pagination.total).await?,
        may_change: visit.scope().may(Capability::ManageSources),
        page,
    })
}

async fn list_keys(visit: Visit) -> Result<Response, Fail> {
    if visit.address.value("format") == Some("csv") {
        return Ok(leave(&visit, csv(&visit).await?).await?);
    }
    Ok(render(&key_list(&visit, None).await?)?.into_response())
}

async fn csv(visit: &Visit) -> Result<Csv, Error> {
    let keys = store::list(&visit.read(), visit.address.has("state", "revoked"), 20_000, 0).await?;
    let head = [
        "key-name",
        "key-id",
        "agency",
        "key-capabilities",
        "key-asleep",
        "key-networks",
        "key-last-used",
        "key-last-used-from",
        "key-ends",
        "key-created",
        "key-rows",
    ];
    let mut csv = Csv::new("api-keys", head.map(|key| text(visit.lang, key)));
    for Listed { key, standing, allowance } in listed(visit, keys).await? {
        let asleep: Vec<_> = standing.asleep(&key).into_iter().map(Capability::name).collect();
        csv.row([
            &key.name,
            &key.id,
            &key.agency_name,
            &key.capabilities,
            &asleep.join(" "),
            &key.networks,
            &csv_time(key.last_used_at),
            &key.last_used_from,
            &csv_end(key.expires_at),
            &csv_time(Some(key.created_at)),
            &allowance.rows.to_string(),
        ]);
    }
    Ok(csv)
}

#[derive(Debug, Clone, Default, Deserialize)]
struct Fields {
    #[serde(default)]
    name: String,
    #[serde(default)]
    agency_id: String,
    #[serde(default)]
    capability: Vec<String>,
    #[serde(default)]
    expires_at: String,
    #[serde(default)]
    networks: String,
}

async fn key_form(visit: &Visit, fields: &Fields, errors: FormErrors) -> Result<KeyForm, Error> {
    let page = visit.page().await?;
    let places = agencies::choices(&visit.read(), visit.now()).await?;
    let places = places.into_iter().map(|(id, name)| Choice::new(id, name, false)).collect();
    let offered = Capability::ALL.iter().filter(|one| **one == Capability::IngestEvents || visit.scope().may(**one));
    let capabilities = offered.map(|one| {
        let chosen = fields.capability.iter().any(|name| name == one.name());
        Choice::new(one.name(), page.t(&capability_key(one)), chosen)
    });
    let entry =
        |kind, name: &str, key: &str, value: &str| Entry::new(kind, name, page.t(key)).value(value).checked(&errors);
    let name = entry("text", "name", "key-name", &fields.name).hint(page.t("key-name-hint")).required();
    let agency = entry("select", "agency_id", "agency", &fields.agency_id).choices(places).required();
    let longest = Policies::of(&visit.app)?.session.api_key.longest_days;
    let hint = page.tn("key-expires-hint", "days", u64::from(longest));
    let expires = entry("date", "expires_at", "key-expires", &fields.expires_at).hint(hint).required();
    let networks =
        entry("textarea", "networks", "key-networks", &fields.networks).hint(page.t("key-networks-hint")).rows(2);
    let boxes = || "capabilities".to_owned();
    let boxes = Place { field: boxes(), element: boxes(), label: page.t("key-capabilities") };
    let [first, second, fourth, fifth] = [&name, &agency, &expires, &networks].map(Place::from);
    Ok(KeyForm {
        capabilities: capabilities.collect(),
        wrong: errors.of("capabilities").to_owned(),
        errors: errors.summary([first, second, boxes, fourth, fifth]),
        name,
        agency,
        expires,
        networks,
        page,
    })
}

async fn new_key(visit: Visit) -> Result<Response, Fail> {
    visit.require(Capability::ManageSources)?;
    require_confirmation(&visit, "api-key.create")?;
    let ingest = vec![Capability::IngestEvents.name().to_owned()];
    let last_day = visit.now() + Policies::of(&visit.app)?.session.api_key.offered() - DAY;
    let fields = Fields {
        capability: ingest,
        agency_id: visit.session.agency_id.clone(),
        expires_at: day_field(last_day),
        ..Fields::default()
    };
    Ok(render(&key_form(&visit, &fields, FormErrors::default()).await?)?.into_response())
}

async fn create_key(visit: Visit, Form(fields): Form<Fields>) -> Result<Response, Fail> {
    require_confirmation(&visit, "api-key.create")?;
    match create(&visit, &fields).await {
        Ok((id, key, ends_at)) => {
            let encoded = base64::engine::general_purpose::STANDARD.encode(format!("{id}:{key}"));
            Ok(render(&key_list(&visit, Some(Made { id, key, encoded, ends_at })).await?)?.into_response())
        }
        Err(error) => {
            let errors = FormErrors::of_error(visit.lang, error)?;
            Ok(again(render(&key_form(&visit, &fields, errors).await?)?))
        }
    }
}

/// Identifier and key of the one made, and when it ends.
async fn create(visit: &Visit, fields: &Fields) -> Result<(String, String, Option<Micros>), Error> {
    let last_day = day_in("expires_at", &fields.expires_at)?;
    let last_day = last_day.ok_or_else(|| Error::invalid("expires_at", "field-required"))?;
    let names = fields.capability.iter();
    let capabilities =
        names.map(|name| Capability::from_name(name).ok_or_else(|| Error::invalid("capabilities", "field-invalid")));
    let new = NewKey {
        name: fields.name.clone(),
        agency_id: fields.agency_id.clone(),
        source_id: None,
        capabilities: capabilities.collect::<Result<_, _>>()?,
        expires_at: Some(last_day + DAY),
        networks: fields.networks.clone(),
    };
    let tx = visit.begin().await?;
    let (id, key) = service::create(&tx, visit.now(), new).await?;
    let ends_at = store::in_scope(&tx, &id).await?.and_then(|key| key.expires_at);
    tx.commit().await?;
    Ok((id, key, ends_at))
}

#[derive(Deserialize)]
struct Nothing {}

async fn revoke_key(visit: Visit, Path(id): Path<String>, _form: Form<Nothing>) -> Result<Response, Fail> {
    let tx = visit.begin().await?;
    service::revoke(&tx, visit.now(), &id).await?;
    tx.commit().await?;
    Ok(see_other_saying("/api-keys", FlashKind::Done, "key-revoked-now"))
}
