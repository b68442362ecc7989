//! Pages: one person's qualifications, and the list of what runs out when.

use super::Qualification;
use super::service::{self, NewQualification};
use super::store::{self, QualificationFilter};
use crate::answers::{again, csv_time, text};
use crate::elevations::{file_link, leave};
use crate::people::{self, Person};
use crate::policies::{Policies, QualificationPolicy};
use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use kit::clock::{DAY, Micros};
use kit::page::{Chip, Choice, Entry, ErrorSummary, FlashKind, FormErrors, Page, Pagination, Tab};
use kit::text::FieldFaults;
use kit::web::{Access, Csv, Fail, Form, Routes, Visit, render, see_other_saying};
use kit::{Capability, Error};
use serde::Deserialize;

const PER_PAGE: u64 = 100;

pub fn routes() -> Routes {
    Routes::new()
        .get("/qualifications", Capability::ViewPeople, list_qualifications)
        .get("/people/{id}/qualifications", Access::SignedIn, show_person)
        .post("/people/{id}/qualifications", Capability::ManagePeople, add)
        .post("/people/{id}/qualifications/{qualification}/remove", Capability::ManagePeople, remove)
}

#[derive(Debug, Clone, Default, Deserialize)]
struct Fields {
    #[serde(default)]
    qualification_kind: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    issuer: String,
    #[serde(default)]
    number: String,
    #[serde(default)]
    obtained_at: String,
    #[serde(default)]
    expires_at: String,
}

#[derive(Template)]
#[template(path = "qualifications/templates/person.html")]
struct PersonPage {
    page: Page,
    person: Person,
    qualifications: Vec<Qualification>,
    errors: ErrorSummary,
    entries: Vec<Entry>,
    policy: QualificationPolicy,
    may_change: bool,
}

fn or_dash(text: &str) -> &str {
    if text.is_empty() { "–" } else { text }
}

fn form_path(person: &Person) -> String {
    format!("/people/{}/qualifications", person.id)
}

fn remove_path(one: &Qualification) -> String {
    format!("/people/{}/qualifications/{}/remove", one.person_id, one.id)
}

/// The last day on which it holds.
fn last_day(end: &Micros) -> Micros {
    end - 1
}

/// How long it still holds; empty where there is nothing to say.
fn standing(page: &Page, one: &Qualification, policy: &QualificationPolicy) -> String {
    match one.expires_at {
        Some(end) if end <= page.now => page.t("qualification-over"),
        Some(end) if end <= policy.soon(page.now) => soon(page, policy),
        _ => String::new(),
    }
}

fn soon(page: &Page, policy: &QualificationPolicy) -> String {
    page.tn("qualification-soon", "days", policy.soon_days.to_string())
}

impl PersonPage {
    async fn new(visit: &Visit, id: &str, fields: &Fields, errors: FormErrors) -> Result<Self, Error> {
        let page = visit.page().await?;
        let policy = Policies::of(&visit.app)?.qualification.clone();
        let view = visit.read();
        let person = people::find(&view, id).await?;
        let filter = QualificationFilter { person_id: id.to_owned(), ..QualificationFilter::default() };
        let may_change = visit.scope().may(Capability::ManagePeople);
        let mut entries = Vec::new();
        if may_change {
            let kinds =
                policy.kinds.iter().map(|kind| Choice::new(kind, page.t(&format!("qualification-kind-{kind}")), false));
            let entry = |kind, name: &str, key: &str, value: &str| {
                Entry::new(kind, name, page.t(key)).value(value).checked(&errors)
            };
            let hint = page.t("qualification-expires-hint");
            entries = vec![
                entry("select", "qualification_kind", "qualification-kind", &fields.qualification_kind)
                    .choices(kinds.collect())
                    .required(),
                entry("text", "name", "qualification-name", &fields.name).required(),
                entry("text", "issuer", "qualification-issuer", &fields.issuer),
                entry("text", "number", "qualification-number", &fields.number),
                entry("date", "obtained_at", "qualification-obtained", &fields.obtained_at),
                entry("date", "expires_at", "qualification-expires", &fields.expires_at).hint(hint),
            ];
        }
        Ok(Self {
            qualifications: store::list(&view, &filter, 1_000, 0).await?,
            person,
            errors: errors.summary(&entries),
            entries,
            policy,
            may_change,
            page,
        })
    }
}

async fn show_person(visit: Visit, Path(id): Path<String>) -> Result<Response, Fail> {
    let page = PersonPage::new(&visit, &id, &Fields::default(), FormErrors::default()).await?;
    Ok(render(&page)?.into_response())
}

async fn add(visit: Visit, Path(id): Path<String>, Form(fields): Form<Fields>) -> Result<Response, Fail> {
    match enter(&visit, &id, &fields).await {
        Ok(()) => Ok(see_other_saying(format!("/people/{id}/qualifications"), FlashKind::Done, "qualification-added")),
        Err(error) => {
            let errors = FormErrors::of_error(visit.lang, error)?;
            Ok(again(render(&PersonPage::new(&visit, &id, &fields, errors).await?)?))
        }
    }
}

async fn enter(visit: &Visit, id: &str, fields: &Fields) -> Result<(), Error> {
    let mut faults = FieldFaults::default();
    let obtained_at = faults.day("obtained_at", &fields.obtained_at);
    let last_day = faults.day("expires_at", &fields.expires_at);
    faults.into_result()?;
    let new = NewQualification {
        person_id: id.to_owned(),
        kind: fields.qualification_kind.clone(),
        name: fields.name.clone(),
        issuer: fields.issuer.clone(),
        number: fields.number.clone(),
        obtained_at,
        // It holds until the end of its last day.
        expires_at: last_day.map(|day| day + DAY),
    };
    let tx = visit.begin().await?;
    service::add(&tx, visit.now(), new).await?;
    tx.commit().await
}

#[derive(Deserialize)]
struct Nothing {}

async fn remove(
    visit: Visit,
    Path((id, qualification)): Path<(String, String)>,
    _form: Form<Nothing>,
) -> Result<Response, Fail> {
    let tx = visit.begin().await?;
    service::remove(&tx, visit.now(), &id, &qualification).await?;
    tx.commit().await?;
    Ok(see_other_saying(format!("/people/{id}/qualifications"), FlashKind::Done, "qualification-removed"))
}

#[derive(Template)]
#[template(path = "qualifications/templates/list.html")]
struct QualificationList {
    page: Page,
    qualifications: Vec<Qualification>,
    policy: QualificationPolicy,
    words: String,
    narrowed: bool,
    tabs: Vec<Tab>,
    chips: Vec<Chip>,
    pagination: Pagination,
    csv: String,
}

async fn list_qualifications(visit: Visit) -> Result<Response, Fail> {
    let page = visit.page().await?;
    let policy = Policies::of(&visit.app)?.qualification.clone();
    let view = visit.read();
    let words = page.address.value("q").unwrap_or_default().to_owned();
    let chosen = page.address.value("ends").unwrap_or_default().to_owned();
    let of = |ends: &str| QualificationFilter {
        text: words.clone(),
        person_id: String::new(),
        ends_before: match ends {
            "over" => Some(visit.now()),
            "soon" => Some(policy.soon(visit.now())),
            _ => None,
        },
    };
    let filter = of(&chosen);
    if page.address.value("format") == Some("csv") {
        return Ok(leave(&visit, csv(&visit, &store::list(&view, &filter, 20_000, 0).await?)).await?);
    }
    let mut tabs = Vec::new();
    for (code, name) in
        [("", page.t("shell-filter-all")), ("soon", soon(&page, &policy)), ("over", page.t("qualification-over"))]
    {
        let href = if code.is_empty() { page.address.without("ends") } else { page.address.with("ends", code) };
        tabs.push(Tab {
            name,
            href: href.to_string(),
            chosen: chosen == code,
            count: Some(store::count(&view, &of(code)).await?),
        });
    }
    let mut chips = Vec::new();
    if !words.is_empty() {
        chips.push(Chip::of(&page.address, "q", &words, page.t("qualification-words"), words.clone()));
    }
    let pagination = Pagination::of(&page.address, PER_PAGE, store::count(&view, &filter).await?);
    let list = QualificationList {
        qualifications: store::list(&view, &filter, PER_PAGE, pagination.offset()).await?,
        csv: file_link(&visit, &page.address, pagination.total).await?,
        narrowed: !words.is_empty() || !chosen.is_empty(),
        policy,
        words,
        tabs,
        chips,
        pagination,
        page,
    };
    Ok(render(&list)?.into_response())
}

/// Without the numbers of certificates: those stay in the house.
fn csv(visit: &Visit, qualifications: &[Qualification]) -> Csv {
    let keys = [
        "person-name",
        "agency",
        "qualification-kind",
        "qualification-name",
        "qualification-issuer",
        "qualification-obtained",
        "qualification-expires",
    ];
    let mut csv = Csv::new("qualifications", keys.map(|key| text(visit.lang, key)));
    for one in qualifications {
        let kind = text(visit.lang, &one.kind_key());
        csv.row([
            one.person_name.as_str(),
            &one.agency_name,
            &kind,
            &one.name,
            &one.issuer,
            &csv_time(one.obtained_at),
            &csv_time(one.expires_at.map(|end| end - 1)),
        ]);
    }
    csv
}
