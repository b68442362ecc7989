//! Pages of the register of experts: the list, one expert with the call, the form.

use super::Expert;
use super::service::{self, ExpertData};
use super::store::{self, ExpertFilter};
use crate::agencies;
use crate::answers::{again, csv_time, text};
use crate::elevations::{file_link, leave};
use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use kit::civil::{day_field, day_in};
use kit::clock::{DAY, Micros};
use kit::page::{Chip, Choice, Entry, ErrorSummary, FlashKind, FormErrors, Page, Pagination, Tab};
use kit::web::{Csv, Fail, Form, Routes, Visit, render, see_other_saying};
use kit::{Capability, Error, Personal};
use serde::Deserialize;

const PER_PAGE: u64 = 100;

pub fn routes() -> Routes {
    Routes::new()
        .get("/experts", Capability::ViewPeople, list_experts)
        .post("/experts", Capability::ManagePeople, create)
        .get("/experts/new", Capability::ManagePeople, new_expert)
        .get("/experts/{id}", Capability::ViewPeople, show_expert)
        .post("/experts/{id}", Capability::ManagePeople, save)
        .get("/experts/{id}/edit", Capability::ManagePeople, edit)
        .post("/experts/{id}/call", Capability::ViewPeople, call)
        .post("/experts/{id}/close", Capability::ManagePeople, close)
        .post("/experts/{id}/reopen", Capability::ManagePeople, reopen)
}

#[derive(Debug, Clone, Default, Deserialize)]
struct Fields {
    #[serde(default)]
    agency_id: String,
    #[serde(default)]
    full_name: String,
    #[serde(default)]
    workplace: String,
    #[serde(default)]
    fields: String,
    #[serde(default)]
    phone: String,
    #[serde(default)]
    night_phone: String,
    #[serde(default)]
    night_call: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    at_night: String,
    #[serde(default)]
    agreed_until: String,
}

impl Fields {
    fn data(&self) -> Result<ExpertData, Error> {
        let agreed_until = day_in("agreed_until", &self.agreed_until)?.map(|day| day + DAY);
        Ok(ExpertData {
            agency_id: self.agency_id.clone(),
            full_name: self.full_name.clone(),
            workplace: self.workplace.clone(),
            fields: self.fields.clone(),
            phone: self.phone.clone(),
            night_phone: self.night_phone.clone(),
            night_call: self.night_call.clone(),
            email: self.email.clone(),
            at_night: !self.at_night.is_empty(),
            agreed_until,
        })
    }

    /// Everything in full: whoever calls this records the reading.
    fn of(expert: &Expert) -> Self {
        let day = |end: Micros| day_field(end - 1);
        Self {
            agency_id: expert.agency_id.clone(),
            full_name: expert.full_name.clone(),
            workplace: expert.workplace.clone(),
            fields: expert.fields.clone(),
            phone: expert.phone.reveal().to_owned(),
            night_phone: expert.night_phone.reveal().to_owned(),
            night_call: expert.night_call.reveal().to_owned(),
            email: expert.email.reveal().to_owned(),
            at_night: if expert.at_night { "true".to_owned() } else { String::new() },
            agreed_until: expert.agreed_until.map(day).unwrap_or_default(),
        }
    }
}

#[derive(Template)]
#[template(path = "experts/templates/form.html")]
struct ExpertForm {
    page: Page,
    title: String,
    action: String,
    errors: ErrorSummary,
    entries: Vec<Entry>,
}

impl ExpertForm {
    async fn new(visit: &Visit, id: Option<&str>, fields: &Fields, errors: FormErrors) -> Result<Self, Error> {
        let page = visit.page().await?;
        let places = agencies::choices(&visit.read(), visit.now()).await?;
        let places = places.into_iter().map(|(id, name)| Choice::new(id, name, false)).collect();
        let entry = |kind, name: &str, key: &str, value: &str| {
            Entry::new(kind, name, page.t(key)).value(value).checked(&errors)
        };
        let entries = vec![
            entry("text", "full_name", "person-name", &fields.full_name).required(),
            entry("text", "workplace", "expert-workplace", &fields.workplace),
            entry("textarea", "fields", "expert-fields", &fields.fields)
                .hint(page.t("expert-fields-hint"))
                .rows(2)
                .required(),
            entry("tel", "phone", "person-phone", &fields.phone).required(),
            entry("email", "email", "person-email", &fields.email),
            entry("checkbox", "at_night", "expert-at-night", &fields.at_night),
            entry("tel", "night_phone", "expert-night-phone", &fields.night_phone),
            entry("textarea", "night_call", "expert-night-call", &fields.night_call)
                .hint(page.t("expert-night-call-hint"))
                .rows(3),
            entry("date", "agreed_until", "expert-agreed-until", &fields.agreed_until).hint(page.t("role-to-hint")),
            entry("select", "agency_id", "expert-register-of", &fields.agency_id).choices(places).required(),
        ];
        let title = page.t(if id.is_some() { "expert-edit" } else { "expert-new" });
        let action = id.map_or("/experts".to_owned(), |id| format!("/experts/{id}"));
        Ok(Self { title, action, errors: errors.summary(&entries), entries, page })
    }
}

async fn new_expert(visit: Visit) -> Result<Response, Fail> {
    visit.require(Capability::ManagePeople)?;
    // The register is the centre's where the asker reaches it.
    let root = agencies::root(&visit.read()).await?.map(|root| root.id).unwrap_or_default();
    let fields = Fields { agency_id: root, ..Fields::default() };
    Ok(render(&ExpertForm::new(&visit, None, &fields, FormErrors::default()).await?)?.into_response())
}

async fn create(visit: Visit, Form(fields): Form<Fields>) -> Result<Response, Fail> {
    match enter(&visit, &fields).await {
        Ok(id) => Ok(see_other_saying(format!("/experts/{id}"), FlashKind::Done, "expert-added")),
        Err(error) => {
            let errors = FormErrors::of_error(visit.lang, error)?;
            Ok(again(render(&ExpertForm::new(&visit, None, &fields, errors).await?)?))
        }
    }
}

async fn enter(visit: &Visit, fields: &Fields) -> Result<String, Error> {
    let data = fields.data()?;
    let tx = visit.begin().await?;
    let id = service::add(&tx, visit.now(), data).await?;
    tx.commit().await?;
    Ok(id)
}

async fn edit(visit: Visit, Path(id): Path<String>) -> Result<Response, Fail> {
    visit.require(Capability::ManagePeople)?;
    let tx = visit.begin().await?;
    let expert = store::find(&tx, &id).await?;
    service::record_reveal(&tx, visit.now(), &expert, "edit").await?;
    tx.commit().await?;
    let form = ExpertForm::new(&visit, Some(&id), &Fields::of(&expert), FormErrors::default()).await?;
    Ok(render(&form)?.into_response())
}

async fn save(visit: Visit, Path(id): Path<String>, Form(fields): Form<Fields>) -> Result<Response, Fail> {
    match change(&visit, &id, &fields).await {
        Ok(()) => Ok(see_other_saying(format!("/experts/{id}"), FlashKind::Done, "expert-changed")),
        Err(error) => {
            let errors = FormErrors::of_error(visit.lang, error)?;
            Ok(again(render(&ExpertForm::new(&visit, Some(&id), &fields, errors).await?)?))
        }
    }
}

async fn change(visit: &Visit, id: &str, fields: &Fields) -> Result<(), Error> {
    let data = fields.data()?;
    let tx = visit.begin().await?;
    service::change(&tx, visit.now(), id, data).await?;
    tx.commit().await
}

#[derive(Template)]
#[template(path = "experts/templates/expert.html")]
struct ExpertPage {
    page: Page,
    expert: Expert,
    /// How to reach them in full.
    revealed: bool,
    may_change: bool,
}

fn act_path(expert: &Expert, act: &str) -> String {
    format!("/experts/{}/{act}", expert.id)
}

fn or_dash(text: &str) -> &str {
    if text.is_empty() { "–" } else { text }
}

fn shown(text: &Personal, revealed: &bool) -> String {
    let text = if *revealed { text.reveal().to_owned() } else { text.to_string() };
    or_dash(&text).to_owned()
}

/// The last day of the agreement.
fn last_day(end: &Micros) -> Micros {
    end - 1
}

impl ExpertPage {
    async fn new(visit: &Visit, expert: Expert, revealed: bool) -> Result<Self, Error> {
        let may_change = visit.scope().may(Capability::ManagePeople);
        Ok(Self { page: visit.page().await?, expert, revealed, may_change })
    }
}

async fn show_expert(visit: Visit, Path(id): Path<String>) -> Result<Response, Fail> {
    let expert = store::find(&visit.read(), &id).await?;
    Ok(render(&ExpertPage::new(&visit, expert, false).await?)?.into_response())
}

#[derive(Deserialize)]
struct Nothing {}

/// Numbers and the way to call stand on the answer to this very request and nowhere else.
async fn call(visit: Visit, Path(id): Path<String>, _form: Form<Nothing>) -> Result<Response, Fail> {
    let tx = visit.begin().await?;
    let expert = store::find(&tx, &id).await?;
    service::record_reveal(&tx, visit.now(), &expert, "call").await?;
    tx.commit().await?;
    Ok(render(&ExpertPage::new(&visit, expert, true).await?)?.into_response())
}

async fn close(visit: Visit, Path(id): Path<String>, _form: Form<Nothing>) -> Result<Response, Fail> {
    set_closed(&visit, &id, true).await?;
    Ok(see_other_saying(format!("/experts/{id}"), FlashKind::Done, "expert-closed-now"))
}

async fn reopen(visit: Visit, Path(id): Path<String>, _form: Form<Nothing>) -> Result<Response, Fail> {
    set_closed(&visit, &id, false).await?;
    Ok(see_other_saying(format!("/experts/{id}"), FlashKind::Done, "expert-reopened"))
}

async fn set_closed(visit: &Visit, id: &str, closed: bool) -> Result<(), Error> {
    let tx = visit.begin().await?;
    service::close(&tx, visit.now(), id, closed).await?;
    tx.commit().await
}

#[derive(Template)]
#[template(path = "experts/templates/list.html")]
struct ExpertList {
    page: Page,
    experts: Vec<Expert>,
    words: String,
    /// Whether somebody narrowed the list; of itself it shows who may be called now.
    narrowed: bool,
    none_at_all: bool,
    tabs: Vec<Tab>,
    chips: Vec<Chip>,
    pagination: Pagination,
    csv: String,
    may_change: bool,
}

/// Where an empty register leads; nowhere for who may not fill it.
fn new_path(may_change: &bool) -> &'static str {
    if *may_change { "/experts/new" } else { "" }
}

async fn list_experts(visit: Visit) -> Result<Response, Fail> {
    let page = visit.page().await?;
    let view = visit.read();
    let words = page.address.value("q").unwrap_or_default().to_owned();
    let chosen = page.address.value("when").unwrap_or_default().to_owned();
    let of = |when: &str| ExpertFilter {
        text: words.clone(),
        at_night: when == "night",
        at: (when != "all").then_some(visit.now()),
    };
    let filter = of(&chosen);
    if page.address.value("format") == Some("csv") {
        return Ok(leave(&visit, csv(&visit, &store::list(&view, &filter, 20_000, 0).await?)).await?);
    }
    let mut tabs = Vec::new();
    for (code, key) in [("", "expert-available"), ("night", "expert-at-night"), ("all", "shell-filter-all")] {
        let href = if code.is_empty() { page.address.without("when") } else { page.address.with("when", code) };
        tabs.push(Tab {
            name: page.t(key),
            href: href.to_string(),
            chosen: chosen == code,
            count: Some(store::count(&view, &of(code)).await?),
        });
    }
    // The last tab holds everybody.
    let everybody = tabs.last().and_then(|tab| tab.count).unwrap_or_default();
    let mut chips = Vec::new();
    if !words.is_empty() {
        chips.push(Chip::of(&page.address, "q", &words, page.t("expert-words"), words.clone()));
    }
    let pagination = Pagination::of(&page.address, PER_PAGE, store::count(&view, &filter).await?);
    let list = ExpertList {
        experts: store::list(&view, &filter, PER_PAGE, pagination.offset()).await?,
        csv: file_link(&visit, &page.address, pagination.total).await?,
        may_change: visit.scope().may(Capability::ManagePeople),
        narrowed: !words.is_empty() || !chosen.is_empty(),
        none_at_all: words.is_empty() && everybody == 0,
        words,
        tabs,
        chips,
        pagination,
        page,
    };
    Ok(render(&list)?.into_response())
}

/// Without numbers: how to reach them is asked one by one, and each asking is in the trail.
fn csv(visit: &Visit, experts: &[Expert]) -> Csv {
    let keys = [
        "person-name",
        "expert-workplace",
        "expert-fields",
        "expert-at-night",
        "expert-agreed-until",
        "expert-register-of",
    ];
    let mut csv = Csv::new("experts", keys.map(|key| text(visit.lang, key)));
    for expert in experts {
        csv.row([
            expert.full_name.as_str(),
            &expert.workplace,
            &expert.fields,
            if expert.at_night { "x" } else { "" },
            &csv_time(expert.agreed_until.map(|end| end - 1)),
            &expert.agency_name,
        ]);
    }
    csv
}
