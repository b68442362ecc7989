//! Pages: the posts of one agency with leave and substitutes, and the list of who answers where and who is missing.

use super::service::{self, NewAbsence, NewIncumbent};
use super::{Absence, Incumbent, acting, posts, store};
use crate::agencies::{self, Agency, AgencyFilter};
use crate::answers::{again, csv_time, text};
use crate::elevations;
use crate::people::{self, PersonFilter};
use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use kit::clock::{DAY, Micros};
use kit::page::{Choice, Entry, ErrorSummary, FlashKind, FormErrors, Page, Pagination, Tab};
use kit::text::FieldFaults;
use kit::web::{Csv, Fail, Form, Routes, Visit, render, see_other_saying};
use kit::{Capability, Error};
use serde::Deserialize;

const PER_PAGE: usize = 100;

pub fn routes() -> Routes {
    Routes::new()
        .get("/incumbents", Capability::ViewPeople, list_incumbents)
        .get("/agencies/{id}/incumbents", Capability::ViewPeople, show_agency)
        .post("/agencies/{id}/incumbents", Capability::ManagePeople, appoint)
        .post("/agencies/{id}/incumbents/{incumbent}/relieve", Capability::ManagePeople, relieve)
        .post("/agencies/{id}/leave", Capability::ManagePeople, leave)
        .post("/agencies/{id}/incumbents/{incumbent}/leave/{absence}/end", Capability::ManagePeople, end_leave)
}

/// What the two forms of the page post.
#[derive(Debug, Clone, Default, Deserialize)]
struct Fields {
    #[serde(default)]
    post: String,
    #[serde(default)]
    person_id: String,
    #[serde(default)]
    decision: String,
    #[serde(default)]
    starts_at: String,
    #[serde(default)]
    ends_at: String,
    #[serde(default)]
    incumbent_id: String,
    #[serde(default)]
    substitute_id: String,
    #[serde(default)]
    since: String,
    #[serde(default)]
    until: String,
}

#[derive(Template)]
#[template(path = "incumbents/templates/agency.html")]
struct AgencyPosts {
    page: Page,
    agency: Agency,
    incumbents: Vec<Incumbent>,
    absences: Vec<Absence>,
    /// Leave whose substitute is away as well, and when, in words.
    unattended: Vec<(String, String)>,
    errors: ErrorSummary,
    entries: Vec<Entry>,
    leave_entries: Vec<Entry>,
    may_change: bool,
}

fn path_of(incumbent: &Incumbent, act: &str) -> String {
    format!("/agencies/{}/incumbents/{}/{act}", incumbent.agency_id, incumbent.id)
}

fn list_path(agency: &Agency) -> String {
    format!("/agencies/{}/incumbents", agency.id)
}

fn leave_path(agency: &Agency) -> String {
    format!("/agencies/{}/leave", agency.id)
}

fn end_path(incumbent: &Incumbent, absence: &Absence) -> String {
    format!("/agencies/{}/incumbents/{}/leave/{}/end", incumbent.agency_id, incumbent.id, absence.id)
}

fn leave_of<'a>(absences: &'a [Absence], incumbent: &Incumbent) -> Vec<&'a Absence> {
    absences.iter().filter(|absence| absence.incumbent_id == incumbent.id).collect()
}

fn warnings<'a>(unattended: &'a [(String, String)], absence: &Absence) -> Vec<&'a str> {
    unattended.iter().filter(|(id, _)| *id == absence.id).map(|(_, words)| words.as_str()).collect()
}

fn or_dash(text: &str) -> &str {
    if text.is_empty() { "–" } else { text }
}

/// A span ends with a day: the moment before its end lies on it.
fn last_day(end: &Micros) -> Micros {
    end - 1
}

/// Whether it still lasts, or will.
fn lasts(incumbent: &Incumbent, now: &Micros) -> bool {
    incumbent.ends_at.is_none_or(|end| end > *now)
}

impl AgencyPosts {
    async fn new(visit: &Visit, id: &str, fields: &Fields, errors: FormErrors) -> Result<Self, Error> {
        let page = visit.page().await?;
        let view = visit.read();
        let agency = agencies::find(&view, id).await?;
        let incumbents = store::of_agency(&view, id).await?;
        let may_change = visit.scope().may(Capability::ManagePeople);
        let (mut entries, mut leave_entries) = (Vec::new(), Vec::new());
        if may_change {
            let filter = PersonFilter { active: Some(true), now: visit.now(), ..PersonFilter::default() };
            let people: Vec<_> = people::list(&view, &filter, 5_000, 0)
                .await?
                .into_iter()
                .map(|one| Choice::new(one.id, format!("{} – {}", one.full_name, one.agency_name), false))
                .collect();
            let offered = posts().iter().map(|post| Choice::new(&post.id, page.t(&post.key()), false)).collect();
            let entry = |kind, name: &str, key: &str, value: &str| {
                Entry::new(kind, name, page.t(key)).value(value).checked(&errors)
            };
            entries = vec![
                entry("select", "post", "incumbent-post", &fields.post).choices(offered).required(),
                entry("select", "person_id", "incumbent-person", &fields.person_id).choices(people.clone()).required(),
                entry("text", "decision", "incumbent-decision", &fields.decision)
                    .hint(page.t("incumbent-decision-hint")),
                entry("date", "starts_at", "role-from", &fields.starts_at).hint(page.t("role-from-hint")),
                entry("date", "ends_at", "role-to", &fields.ends_at).hint(page.t("role-to-hint")),
            ];
            let lasting = incumbents
                .iter()
                .filter(|one| lasts(one, &page.now))
                .map(|one| Choice::new(&one.id, format!("{} – {}", one.person_name, page.t(&one.post_key())), false));
            leave_entries = vec![
                entry("select", "incumbent_id", "incumbent-away", &fields.incumbent_id)
                    .choices(lasting.collect())
                    .required(),
                entry("select", "substitute_id", "incumbent-substitute", &fields.substitute_id)
                    .choices(people)
                    .required(),
                entry("date", "since", "incumbent-away-from", &fields.since).required(),
                entry("date", "until", "incumbent-away-to", &fields.until).required(),
            ];
        }
        let absences = store::absences_of(&view, id, visit.now()).await?;
        let mut unattended = Vec::new();
        for absence in &absences {
            for away in store::leave_of(&view, &absence.substitute_id, visit.now()).await? {
                if away.starts_at < absence.ends_at && absence.starts_at < away.ends_at {
                    let (from, to) = (page.format.date(away.starts_at), page.format.date(last_day(&away.ends_at)));
                    let words = page.tn("incumbent-substitute-away-too", "days", format!("{from} – {to}"));
                    unattended.push((absence.id.clone(), words));
                }
            }
        }
        Ok(Self {
            incumbents,
            absences,
            unattended,
            agency,
            errors: errors.summary(entries.iter().chain(&leave_entries)),
            entries,
            leave_entries,
            may_change,
            page,
        })
    }
}

async fn show_agency(visit: Visit, Path(id): Path<String>) -> Result<Response, Fail> {
    let page = AgencyPosts::new(&visit, &id, &Fields::default(), FormErrors::default()).await?;
    Ok(render(&page)?.into_response())
}

/// The page again with what is wrong, or on to the agency's posts.
async fn answer(
    visit: &Visit,
    id: &str,
    fields: &Fields,
    done: Result<(), Error>,
    said: &'static str,
) -> Result<Response, Fail> {
    match done {
        Ok(()) => Ok(see_other_saying(format!("/agencies/{id}/incumbents"), FlashKind::Done, said)),
        Err(error) => {
            let errors = FormErrors::of_error_at("substitute_id", visit.lang, error)?;
            Ok(again(render(&AgencyPosts::new(visit, id, fields, errors).await?)?))
        }
    }
}

async fn appoint(visit: Visit, Path(id): Path<String>, Form(fields): Form<Fields>) -> Result<Response, Fail> {
    let done = put_in_post(&visit, &id, &fields).await;
    answer(&visit, &id, &fields, done, "incumbent-appointed").await
}

async fn put_in_post(visit: &Visit, id: &str, fields: &Fields) -> Result<(), Error> {
    let mut faults = FieldFaults::default();
    let starts_at = faults.day("starts_at", &fields.starts_at);
    let last_day = faults.day("ends_at", &fields.ends_at);
    faults.into_result()?;
    let new = NewIncumbent {
        agency_id: id.to_owned(),
        person_id: fields.person_id.clone(),
        post: fields.post.clone(),
        decision: fields.decision.clone(),
        starts_at: starts_at.unwrap_or(visit.now()),
        // A post that ends on a day lasts until its end.
        ends_at: last_day.map(|day| day + DAY),
    };
    let tx = visit.begin().await?;
    service::appoint(&tx, visit.now(), new).await?;
    tx.commit().await
}

#[derive(Deserialize)]
struct Nothing {}

async fn relieve(
    visit: Visit,
    Path((id, incumbent)): Path<(String, String)>,
    _form: Form<Nothing>,
) -> Result<Response, Fail> {
    let tx = visit.begin().await?;
    service::relieve(&tx, visit.now(), &id, &incumbent).await?;
    tx.commit().await?;
    Ok(see_other_saying(format!("/agencies/{id}/incumbents"), FlashKind::Done, "incumbent-relieved"))
}

async fn leave(visit: Visit, Path(id): Path<String>, Form(fields): Form<Fields>) -> Result<Response, Fail> {
    let done = send_on_leave(&visit, &fields).await;
    answer(&visit, &id, &fields, done, "incumbent-away-noted").await
}

async fn send_on_leave(visit: &Visit, fields: &Fields) -> Result<(), Error> {
    let mut faults = FieldFaults::default();
    let starts_at = faults.required_day("since", &fields.since);
    let last_day = faults.required_day("until", &fields.until);
    faults.into_result()?;
    let new = NewAbsence {
        incumbent_id: fields.incumbent_id.clone(),
        substitute_id: fields.substitute_id.clone(),
        starts_at,
        ends_at: last_day + DAY,
    };
    let tx = visit.begin().await?;
    service::substitute(&tx, visit.now(), new).await?;
    tx.commit().await
}

async fn end_leave(
    visit: Visit,
    Path((id, incumbent, absence)): Path<(String, String, String)>,
    _form: Form<Nothing>,
) -> Result<Response, Fail> {
    let tx = visit.begin().await?;
    service::return_from_leave(&tx, visit.now(), &id, &incumbent, &absence).await?;
    tx.commit().await?;
    Ok(see_other_saying(format!("/agencies/{id}/incumbents"), FlashKind::Done, "incumbent-back"))
}

/// One agency of the list: a cell for each post.
struct Row {
    agency: Agency,
    /// Names, the substitute in brackets during leave.
    cells: Vec<Vec<(String, String)>>,
    /// Posts that nobody holds and somebody should.
    missing: Vec<&'static str>,
}

#[derive(Template)]
#[template(path = "incumbents/templates/list.html")]
struct IncumbentList {
    page: Page,
    heads: Vec<String>,
    rows: Vec<Row>,
    tabs: Vec<Tab>,
    pagination: Pagination,
    csv: String,
}

async fn rows(visit: &Visit) -> Result<Vec<Row>, Error> {
    let view = visit.read();
    let now = visit.now();
    let filter = AgencyFilter { at: Some(now), ..AgencyFilter::default() };
    let held = store::holding(&view, now).await?;
    let absences = store::absences_of(&view, "", now).await?;
    let rows = agencies::list(&view, &filter, 5_000, 0).await?.into_iter().map(|agency| {
        let of_post = |post: &str| -> Vec<(String, String)> {
            let here = held.iter().filter(|one| one.agency_id == agency.id && one.post == post);
            here.map(|one| {
                let (id, name) = acting(one, &absences, now);
                let shown = if id == one.person_id { name.to_owned() } else { format!("{} ({name})", one.person_name) };
                (id.to_owned(), shown)
            })
            .collect()
        };
        let cells: Vec<_> = posts().iter().map(|post| of_post(&post.id)).collect();
        let gaps = posts().iter().zip(&cells).filter(|(post, cell)| post.wanted && cell.is_empty());
        let missing = gaps.map(|(post, _)| post.id.as_str()).collect();
        Row { cells, missing, agency }
    });
    Ok(rows.collect())
}

async fn list_incumbents(visit: Visit) -> Result<Response, Fail> {
    let page = visit.page().await?;
    let mut rows = rows(&visit).await?;
    let wanted = page.address.value("missing").unwrap_or_default().to_owned();
    let count = |post: &str| rows.iter().filter(|row| row.missing.contains(&post)).count() as u64;
    let all = Tab {
        name: page.t("shell-filter-all"),
        href: page.address.without("missing").to_string(),
        chosen: wanted.is_empty(),
        count: Some(rows.len() as u64),
    };
    let gaps = posts().iter().filter(|post| post.wanted).map(|post| Tab {
        name: page.tn("incumbent-missing", "post", page.t(&post.key())),
        href: page.address.with("missing", &post.id).to_string(),
        chosen: wanted == post.id,
        count: Some(count(&post.id)),
    });
    let tabs = std::iter::once(all).chain(gaps).collect();
    if !wanted.is_empty() {
        rows.retain(|row| row.missing.contains(&wanted.as_str()));
    }
    if page.address.value("format") == Some("csv") {
        return Ok(elevations::leave(&visit, csv(&visit, &rows)).await?);
    }
    let pagination = Pagination::of(&page.address, PER_PAGE as u64, rows.len() as u64);
    let skip = usize::try_from(pagination.offset()).unwrap_or(usize::MAX);
    let list = IncumbentList {
        heads: posts().iter().map(|post| page.t(&post.key())).collect(),
        rows: rows.into_iter().skip(skip).take(PER_PAGE).collect(),
        tabs,
        pagination,
        csv: elevations::file_link(&visit, &page.address, pagination.total).await?,
        page,
    };
    Ok(render(&list)?.into_response())
}

fn csv(visit: &Visit, rows: &[Row]) -> Csv {
    let heads = ["agency-code", "agency-name"].map(|key| text(visit.lang, key));
    let posts = posts().iter().map(|post| text(visit.lang, &post.key()));
    let at = text(visit.lang, "incumbent-as-of");
    let mut csv = Csv::new("incumbents", heads.into_iter().chain(posts).chain([at]));
    for row in rows {
        let names =
            row.cells.iter().map(|cell| cell.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>().join("; "));
        let cells = [row.agency.code.clone(), row.agency.name.clone()].into_iter().chain(names);
        csv.row(cells.chain([csv_time(Some(visit.now()))]));
    }
    csv
}
