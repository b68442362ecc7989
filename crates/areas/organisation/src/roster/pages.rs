//! The roster on a page: who is on watch, the week, what the last shift left, and the form to plan.

use super::week::Week;
use super::{NewShift, Shift, called, service, store};
use crate::agencies;
use crate::answers::{again, csv_time, text};
use crate::elevations::{file_link, leave};
use crate::people::{self, PersonFilter, record_reveal};
use crate::policies::{Policies, Step};
use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use kit::civil::{local, moment_field};
use kit::clock::{DAY, HOUR};
use kit::page::{Choice, Entry, ErrorSummary, FlashKind, FormErrors, Page};
use kit::text::FieldFaults;
use kit::web::{Access, Csv, Fail, Form, Routes, Visit, render, see_other_saying};
use kit::{Capability, Error};
use serde::Deserialize;

pub fn routes() -> Routes {
    Routes::new()
        .get("/roster", Access::SignedIn, show_week)
        .post("/roster", Capability::ManageRoster, add_shift)
        .post("/roster/{id}/phone", Access::SignedIn, reveal_phone)
        .post("/roster/{id}/remove", Capability::ManageRoster, remove_shift)
        .post("/roster/{id}/note", Access::SignedIn, hand_over)
}

struct Day {
    name: String,
    today: bool,
    shifts: Vec<Shift>,
}

#[derive(Template)]
#[template(path = "roster/templates/week.html")]
struct WeekPage {
    page: Page,
    title: String,
    before: String,
    after: String,
    csv: String,
    /// Agency of the centre, and what posts are called for news of others.
    root: String,
    steps: Vec<Step>,
    on_duty: Vec<Shift>,
    /// The shift whose telephone number is shown in full.
    revealed: String,
    /// The visitor's own shift, running or just ended.
    own_shift: Option<Shift>,
    note_entry: Entry,
    last_note: Option<Shift>,
    days: Vec<Day>,
    empty: bool,
    may_change: bool,
    errors: ErrorSummary,
    entries: Vec<Entry>,
}

fn remove_path(shift: &Shift) -> String {
    format!("/roster/{}/remove", shift.id)
}

fn note_path(shift: &Shift) -> String {
    format!("/roster/{}/note", shift.id)
}

fn phone_path(shift: &Shift) -> String {
    format!("/roster/{}/phone", shift.id)
}

fn is_revealed(revealed: &str, shift: &Shift) -> bool {
    shift.id == revealed
}

fn is_elsewhere(shift: &Shift, root: &str) -> bool {
    shift.agency_id != root
}

/// For whom somebody is told of news.
fn called_words(page: &Page, shift: &Shift, root: &str, steps: &[Step]) -> String {
    let called = called(!is_elsewhere(shift, root), &shift.post, steps);
    page.tn(called.key(), "agency", shift.agency_name.as_str())
}

/// The end of a shift: the time, with its day where that is another one.
fn end_of(page: &Page, shift: &Shift) -> String {
    let same_day = page.format.date(shift.starts_at) == page.format.date(shift.ends_at);
    if same_day { page.format.time(shift.ends_at) } else { page.format.date_time(shift.ends_at) }
}

#[derive(Debug, Clone, Default, Deserialize)]
struct Fields {
    #[serde(default)]
    person_id: String,
    #[serde(default)]
    post: String,
    #[serde(default)]
    agency_id: String,
    #[serde(default)]
    starts_at: String,
    #[serde(default)]
    ends_at: String,
    /// Of the other form of the page.
    #[serde(skip)]
    note: String,
}

impl WeekPage {
    async fn new(visit: &Visit, fields: &Fields, errors: FormErrors) -> Result<Self, Error> {
        let page = visit.page().await?;
        let view = visit.read();
        let now = visit.now();
        let week = Week::of(page.address.value("week"), now);
        let (from, until) = week.span();
        let shifts = store::between(&view, from, until).await?;
        let days = week.days().into_iter().map(|day| Day {
            name: format!(
                "{} {}",
                page.t(&format!("roster-weekday-{}", local(day).weekday().to_monday_one_offset())),
                page.format.date(day)
            ),
            today: (day..day + DAY).contains(&now),
            // A shift that began the evening before stands where it began, except on the first day.
            shifts: shifts
                .iter()
                .filter(|shift| (day..day + DAY).contains(&shift.starts_at.max(from)))
                .cloned()
                .collect(),
        });
        let may_change = visit.scope().may(Capability::ManageRoster);
        let entries = if may_change { entries(visit, &page, fields, &errors).await? } else { Vec::new() };
        let own_shift = match visit.scope().person_id() {
            Some(id) => store::latest_of(&view, id, now, HOUR).await?,
            None => None,
        };
        let note = match fields.note.as_str() {
            "" => own_shift.as_ref().map(|shift| shift.note.as_str()).unwrap_or_default(),
            typed => typed,
        };
        let note_entry = Entry::new("textarea", "note", page.t("roster-note"))
            .hint(page.t("roster-note-hint"))
            .value(note)
            .required()
            .checked(&errors);
        Ok(Self {
            title: page.tn2("roster-week", "from", page.format.date(from), "until", page.format.date(until - 1)),
            before: week.shifted(-1),
            after: week.shifted(1),
            csv: file_link(visit, &page.address, shifts.len() as u64).await?,
            root: agencies::root(&view).await?.map(|root| root.id).unwrap_or_default(),
            steps: Policies::of(&visit.app)?.notice.escalation.step.clone(),
            on_duty: store::on_duty(&view, now).await?,
            revealed: String::new(),
            errors: errors.summary([&note_entry].into_iter().chain(&entries)),
            note_entry,
            own_shift,
            last_note: store::last_note(&view).await?,
            days: days.collect(),
            empty: shifts.is_empty(),
            may_change,
            entries,
            page,
        })
    }
}

async fn entries(visit: &Visit, page: &Page, fields: &Fields, errors: &FormErrors) -> Result<Vec<Entry>, Error> {
    let policies = Policies::of(&visit.app)?;
    let view = visit.read();
    let filter = PersonFilter { active: Some(true), now: visit.now(), ..PersonFilter::default() };
    let people = people::list(&view, &filter, 5_000, 0).await?;
    let people =
        people.into_iter().map(|one| Choice::new(one.id, format!("{} – {}", one.full_name, one.agency_name), false));
    let places = agencies::choices(&view, visit.now()).await?;
    let places = places.into_iter().map(|(id, name)| Choice::new(id, name, false)).collect();
    let root = agencies::root(&view).await?.map(|root| root.id).unwrap_or_default();
    let posts =
        policies.roster.posts.iter().map(|post| Choice::new(post, page.t(&format!("roster-post-{post}")), false));
    let next_hour = visit.now() - visit.now().rem_euclid(HOUR) + HOUR;
    let or = |text: &str, other: String| if text.is_empty() { other } else { text.to_owned() };
    let entry = |kind, name: &str, key: &str, value: String| {
        Entry::new(kind, name, page.t(key)).value(value).required().checked(errors)
    };
    Ok(vec![
        entry("select", "person_id", "roster-person", fields.person_id.clone()).choices(people.collect()),
        entry("select", "post", "roster-post", fields.post.clone()).choices(posts.collect()),
        entry("select", "agency_id", "roster-agency", or(&fields.agency_id, root))
            .hint(page.t("roster-agency-hint"))
            .choices(places),
        entry("date-time", "starts_at", "roster-from", or(&fields.starts_at, moment_field(next_hour))),
        entry("date-time", "ends_at", "roster-to", or(&fields.ends_at, moment_field(next_hour + 8 * HOUR))),
    ])
}

async fn show_week(visit: Visit) -> Result<Response, Fail> {
    if visit.address.value("format") == Some("csv") {
        return Ok(leave(&visit, csv(&visit).await?).await?);
    }
    Ok(render(&WeekPage::new(&visit, &Fields::default(), FormErrors::default()).await?)?.into_response())
}

async fn csv(visit: &Visit) -> Result<Csv, Error> {
    let (from, until) = Week::of(visit.address.value("week"), visit.now()).span();
    let keys = ["roster-person", "roster-post", "roster-agency", "roster-from", "roster-to", "roster-note"];
    let mut csv = Csv::new("roster", keys.map(|key| text(visit.lang, key)));
    for shift in store::between(&visit.read(), from, until).await? {
        csv.row([
            &shift.person_name,
            &text(visit.lang, &shift.post_key()),
            &shift.agency_name,
            &csv_time(Some(shift.starts_at)),
            &csv_time(Some(shift.ends_at)),
            &shift.note,
        ]);
    }
    Ok(csv)
}

async fn add_shift(visit: Visit, Form(fields): Form<Fields>) -> Result<Response, Fail> {
    match add(&visit, &fields).await {
        Ok(()) => {
            let day = fields.starts_at.split('T').next().unwrap_or_default().to_owned();
            let week = Week::of(Some(&day), visit.now()).shifted(0);
            Ok(see_other_saying(format!("/roster?week={week}"), FlashKind::Done, "roster-added"))
        }
        Err(error) => {
            let errors = FormErrors::of_error(visit.lang, error)?;
            Ok(again(render(&WeekPage::new(&visit, &fields, errors).await?)?))
        }
    }
}

async fn add(visit: &Visit, fields: &Fields) -> Result<(), Error> {
    let policies = Policies::of(&visit.app)?;
    let mut faults = FieldFaults::default();
    let starts_at = faults.required_moment("starts_at", &fields.starts_at);
    let ends_at = faults.required_moment("ends_at", &fields.ends_at);
    faults.into_result()?;
    let new = NewShift {
        agency_id: fields.agency_id.clone(),
        person_id: fields.person_id.clone(),
        post: fields.post.clone(),
        starts_at,
        ends_at,
    };
    let tx = visit.begin().await?;
    service::add_shift(&tx, &policies, visit.now(), &new).await?;
    tx.commit().await
}

#[derive(Deserialize)]
struct Nothing {}

async fn remove_shift(visit: Visit, Path(id): Path<String>, _form: Form<Nothing>) -> Result<Response, Fail> {
    let tx = visit.begin().await?;
    service::remove_shift(&tx, visit.now(), &id).await?;
    tx.commit().await?;
    Ok(see_other_saying("/roster", FlashKind::Done, "roster-removed"))
}

/// The number of somebody on watch, on the answer to this very request; who asked for it is in the trail.
async fn reveal_phone(visit: Visit, Path(id): Path<String>, _form: Form<Nothing>) -> Result<Response, Fail> {
    let mut page = WeekPage::new(&visit, &Fields::default(), FormErrors::default()).await?;
    let shift = page.on_duty.iter().find(|shift| shift.id == id).ok_or(Error::NotFound)?;
    let tx = visit.begin().await?;
    record_reveal(&tx, visit.now(), (&shift.person_id, &shift.agency_id), "call").await?;
    tx.commit().await?;
    page.revealed = id;
    Ok(render(&page)?.into_response())
}

#[derive(Deserialize)]
struct NoteForm {
    #[serde(default)]
    note: String,
}

async fn hand_over(visit: Visit, Path(id): Path<String>, Form(form): Form<NoteForm>) -> Result<Response, Fail> {
    let tx = visit.begin().await?;
    let written = service::hand_over(&tx, visit.now(), &id, &form.note).await;
    match written {
        Ok(()) => {
            tx.commit().await?;
            Ok(see_other_saying("/roster", FlashKind::Done, "roster-handed-over"))
        }
        Err(error) => {
            drop(tx);
            let errors = FormErrors::of_error(visit.lang, error)?;
            let fields = Fields { note: form.note, ..Fields::default() };
            Ok(again(render(&WeekPage::new(&visit, &fields, errors).await?)?))
        }
    }
}
