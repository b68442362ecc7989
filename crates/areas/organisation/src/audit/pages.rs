//! The trail on a page: newest first, in scope, narrowed by act, actor, object and time; the whole chain can
//! be verified by whoever sees the whole centre.

use super::store::{self, AuditFilter};
use super::{AuditEntry, Checkpoints, Problem, Reading, Report, Touched, readings_page, record_reading, verify};
use crate::agencies;
use crate::answers::{csv_time, text};
use crate::elevations::{export_refused, file_link};
use askama::Template;
use axum::response::{IntoResponse, Response};
use kit::civil::moment;
use kit::locale::texts;
use kit::page::{Chip, Choice, Page, Pagination};
use kit::scope::Agencies;
use kit::web::{Csv, Fail, Routes, Visit, render};
use kit::{Capability, Error};
use std::collections::HashMap;

const PER_PAGE: u64 = 100;

pub fn routes() -> Routes {
    Routes::new().get("/audit", Capability::ViewAudit, list_entries).get(
        "/audit/readings",
        Capability::ViewReadings,
        readings_page::list_readings,
    )
}

struct Row {
    entry: AuditEntry,
    agency: String,
    /// For whom the actor acted, where the register knows it by that name; else as it stands.
    behalf: String,
}

/// Problems shown one by one.
const MOST_SHOWN: usize = 20;

struct Verdict {
    whole: bool,
    text: String,
    problems: Vec<String>,
}

impl Verdict {
    fn of(page: &Page, report: &Report) -> Self {
        let signed =
            page.tn("audit-signed", "count", page.format.number(u64::try_from(report.signed_rows).unwrap_or(0)));
        let whole = report.ok();
        let text = match whole {
            true => page.tn("audit-whole", "count", page.format.number(report.rows)),
            false => page.tn("audit-broken", "count", report.problems.len() as u64 + report.more),
        };
        let problems = report.problems.iter().take(MOST_SHOWN).map(|problem| in_words(page, problem)).collect();
        Self { whole, text: format!("{text} {signed}"), problems }
    }
}

fn in_words(page: &Page, problem: &Problem) -> String {
    page.tn2(problem.fault.key(), "first", problem.first, "last", problem.last)
}

#[derive(Template)]
#[template(path = "audit/templates/list.html")]
struct AuditList {
    page: Page,
    entries: Vec<Row>,
    actions: Vec<Choice>,
    chips: Vec<Chip>,
    pagination: Pagination,
    verdict: Option<Verdict>,
    /// Why the trail is not signed, for who sees the whole centre.
    unsigned: Option<String>,
    may_verify: bool,
    may_see_readings: bool,
    csv: String,
}

/// The act in words where there are some: areas give them as `audit-<noun>-<verb>`; else its code.
fn action_name(page: &Page, entry: &AuditEntry) -> String {
    name_of_action(page, &entry.action)
}

fn name_of_action(page: &Page, action: &str) -> String {
    let key = format!("audit-{}", action.replace('.', "-"));
    if texts().has(page.lang, &key) { page.t(&key) } else { action.to_owned() }
}

/// The kind of record in words where there are some, else its code.
fn object_name(page: &Page, entry: &AuditEntry) -> String {
    let key = format!("audit-object-{}", entry.object_kind);
    if texts().has(page.lang, &key) { page.t(&key) } else { entry.object_kind.clone() }
}

fn actor_name(page: &Page, entry: &AuditEntry) -> String {
    entry.actor_words(page.lang)
}

fn filter(visit: &Visit) -> AuditFilter {
    let value = |name| visit.address.value(name).unwrap_or_default().to_owned();
    AuditFilter {
        actor_id: value("actor"),
        action: value("action"),
        object_kind: value("object_kind"),
        object_id: value("object_id"),
        agency_id: value("agency"),
        from: moment(&value("from")),
        until: moment(&value("until")),
    }
}

async fn list_entries(visit: Visit) -> Result<Response, Fail> {
    visit.require(Capability::ViewAudit)?;
    let filter = filter(&visit);
    if visit.address.value("format") == Some("csv") {
        return Ok(csv(&visit, &filter).await?);
    }
    let page = visit.page().await?;
    let view = visit.read();
    let names: HashMap<_, _> = agencies::choices(&view, visit.now()).await?.into_iter().collect();
    let pagination = Pagination::of(&page.address, PER_PAGE, store::count(&view, &filter).await?);
    let entries = store::list(&view, &filter, PER_PAGE, pagination.offset()).await?;
    let figures = store::by_action(&view, &AuditFilter { action: String::new(), ..filter.clone() }).await?;
    let whole_centre = matches!(visit.scope().agencies(), Agencies::All);
    let verdict = match page.address.has("verify", "yes") && whole_centre {
        true => {
            let checkpoints = Checkpoints::of(&visit.app);
            Some(Verdict::of(&page, &verify(&view, checkpoints.as_deref()).await?))
        }
        false => None,
    };
    let mut chips = Vec::new();
    for (name, key) in [
        ("action", "audit-act"),
        ("actor", "audit-actor"),
        ("object_kind", "audit-object"),
        ("object_id", "audit-object-id"),
        ("agency", "agency"),
        ("from", "audit-from"),
        ("until", "audit-until"),
    ] {
        let Some(code) = page.address.value(name).filter(|code| !code.is_empty()) else { continue };
        let shown = match name {
            "action" => name_of_action(&page, code),
            "agency" => names.get(code).cloned().unwrap_or_else(|| code.to_owned()),
            "actor" => entries.first().map_or_else(|| code.to_owned(), |entry| actor_name(&page, entry)),
            _ => code.to_owned(),
        };
        chips.push(Chip::of(&page.address, name, code, page.t(key), shown));
    }
    let actions = figures.into_iter().map(|(action, count)| {
        let name = format!("{} ({})", name_of_action(&page, &action), page.format.number(count));
        let chosen = action == filter.action;
        Choice::new(action, name, chosen)
    });
    let list = AuditList {
        actions: actions.collect(),
        entries: entries
            .into_iter()
            .map(|entry| {
                let agency = entry.agency_id.as_ref().and_then(|id| names.get(id)).cloned().unwrap_or_default();
                let behalf = names.get(&entry.on_behalf_of).unwrap_or(&entry.on_behalf_of).clone();
                Row { entry, agency, behalf }
            })
            .collect(),
        chips,
        pagination,
        verdict,
        unsigned: Checkpoints::of(&visit.app)
            .and_then(|checkpoints| checkpoints.trouble())
            .filter(|_| whole_centre)
            .map(|trouble| page.t(trouble.key())),
        may_verify: whole_centre,
        may_see_readings: visit.scope().may(Capability::ViewReadings),
        csv: file_link(&visit, &page.address.without("verify"), pagination.total).await?,
        page,
    };
    Ok(render(&list)?.into_response())
}

/// The list as it is filtered; that it was taken out is itself a row.
async fn csv(visit: &Visit, filter: &AuditFilter) -> Result<Response, Error> {
    let entries = store::list(&visit.read(), filter, 50_000, 0).await?;
    if let Some(elsewhere) = export_refused(visit, entries.len()).await? {
        return Ok(elsewhere);
    }
    let tx = visit.begin().await?;
    let query = visit.address.to_string();
    let reading = Reading {
        object_kind: "audit",
        object_id: "",
        purpose: "export",
        query: &query,
        count: entries.len() as u64,
        touched: &Touched::new(),
    };
    record_reading(&tx, visit.now(), &reading).await?;
    tx.commit().await?;
    let keys = [
        "audit-number",
        "audit-at",
        "audit-actor",
        "audit-on-behalf-of",
        "audit-act",
        "audit-object",
        "audit-object-id",
        "agency",
        "audit-origin",
        "audit-details",
        "audit-hash",
    ];
    let mut csv = Csv::new("audit", keys.map(|key| text(visit.lang, key)));
    for entry in &entries {
        csv.row([
            &entry.sequence.to_string(),
            &csv_time(Some(entry.at)),
            &entry.actor_words(visit.lang),
            &entry.on_behalf_of,
            &entry.action,
            &entry.object_kind,
            &entry.object_id,
            entry.agency_id.as_ref().unwrap_or(&String::new()),
            &entry.origin,
            &entry.details,
            &entry.hash,
        ]);
    }
    Ok(csv.released())
}
