//! "Who looked at our data": readings of an agency's records, newest first, for the agency itself.

use super::actor_words;
use super::readings::{ReadingFilter, Seen, by_reader, count, list};
use crate::agencies;
use crate::answers::{csv_time, text};
use crate::elevations::{file_link, leave};
use askama::Template;
use axum::response::{IntoResponse, Response};
use kit::civil::moment;
use kit::locale::texts;
use kit::page::{Chip, Choice, Page, Pagination};
use kit::web::{Csv, Fail, Visit, render};
use kit::{Capability, Error, Lang};

const PER_PAGE: u64 = 100;
const MOST_ROWS: u64 = 50_000;

#[derive(Template)]
#[template(path = "audit/templates/readings.html")]
struct ReadingList {
    page: Page,
    readings: Vec<Seen>,
    agencies: Vec<Choice>,
    readers: Vec<Choice>,
    own_too: bool,
    chips: Vec<Chip>,
    pagination: Pagination,
    csv: String,
    may_audit: bool,
}

/// In words where there are some, else the code.
fn in_words(lang: Lang, prefix: &str, code: &str) -> String {
    let key = format!("{prefix}-{code}");
    if texts().has(lang, &key) { text(lang, &key) } else { code.to_owned() }
}

fn actor_name(page: &Page, reading: &Seen) -> String {
    actor_words(page.lang, &reading.actor_id, &reading.actor_name)
}

fn kind_name(page: &Page, reading: &Seen) -> String {
    in_words(page.lang, "audit-object", &reading.object_kind)
}

fn purpose_name(page: &Page, reading: &Seen) -> String {
    in_words(page.lang, "reading-purpose", &reading.purpose)
}

fn filter(visit: &Visit) -> ReadingFilter {
    let value = |name| visit.address.value(name).unwrap_or_default().to_owned();
    ReadingFilter {
        agency_id: value("agency"),
        actor_id: value("actor"),
        object_kind: value("object_kind"),
        by_others: !visit.address.has("own", "yes"),
        from: moment(&value("from")),
        until: moment(&value("until")),
    }
}

pub(super) async fn list_readings(visit: Visit) -> Result<Response, Fail> {
    visit.require(Capability::ViewReadings)?;
    let filter = filter(&visit);
    if visit.address.value("format") == Some("csv") {
        return Ok(leave(&visit, csv(&visit, &filter).await?).await?);
    }
    let page = visit.page().await?;
    let view = visit.read();
    let names = agencies::choices(&view, visit.now()).await?;
    let pagination = Pagination::of(&page.address, PER_PAGE, count(&view, &filter).await?);
    let readings = list(&view, &filter, PER_PAGE, pagination.offset()).await?;
    let readers = by_reader(&view, &filter).await?;
    let mut chips = Vec::new();
    for (name, key) in [
        ("agency", "reading-of"),
        ("actor", "audit-actor"),
        ("object_kind", "audit-object"),
        ("from", "audit-from"),
        ("until", "audit-until"),
    ] {
        let Some(code) = page.address.value(name).filter(|code| !code.is_empty()) else { continue };
        let known = match name {
            "agency" => names.iter().find(|(id, _)| id == code).map(|(_, name)| name.clone()),
            "actor" => {
                let reader = readers.iter().find(|(id, _, _)| id == code);
                reader.map(|(id, name, _)| actor_words(visit.lang, id, name))
            }
            "object_kind" => Some(in_words(visit.lang, "audit-object", code)),
            _ => None,
        };
        chips.push(Chip::of(&page.address, name, code, page.t(key), known.unwrap_or_else(|| code.to_owned())));
    }
    let reader = |(id, name, count): (String, String, u64)| {
        let chosen = id == filter.actor_id;
        let name = format!("{} ({})", actor_words(visit.lang, &id, &name), page.format.number(count));
        Choice::new(id, name, chosen)
    };
    let template = ReadingList {
        readers: readers.into_iter().map(reader).collect(),
        agencies: names.into_iter().map(|(id, name)| Choice::new(id.clone(), name, id == filter.agency_id)).collect(),
        own_too: !filter.by_others,
        readings,
        chips,
        pagination,
        csv: file_link(&visit, &page.address, pagination.total).await?,
        may_audit: visit.scope().may(Capability::ViewAudit),
        page,
    };
    Ok(render(&template)?.into_response())
}

async fn csv(visit: &Visit, filter: &ReadingFilter) -> Result<Csv, Error> {
    let readings = list(&visit.read(), filter, MOST_ROWS, 0).await?;
    let keys = [
        "audit-at",
        "audit-actor",
        "reading-for",
        "audit-object",
        "reading-purpose",
        "shell-reason",
        "reading-of",
        "reading-records",
        "audit-origin",
        "audit-number",
    ];
    let mut csv = Csv::new("readings", keys.map(|key| text(visit.lang, key)));
    for reading in &readings {
        csv.row([
            &csv_time(Some(reading.at)),
            &actor_words(visit.lang, &reading.actor_id, &reading.actor_name),
            &reading.reader_agency,
            &in_words(visit.lang, "audit-object", &reading.object_kind),
            &in_words(visit.lang, "reading-purpose", &reading.purpose),
            &reading.reasons.join("; "),
            &reading.agency_name,
            &reading.records.map(|count| count.to_string()).unwrap_or_default(),
            &reading.origin,
            &reading.sequence.to_string(),
        ]);
    }
    Ok(csv)
}
