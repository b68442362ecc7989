//! The board of consolidation: how far each agency has come, and each system's way.

use super::{Progress, SystemMove, Way, form, store};
use crate::systems::Hosting;
use askama::Template;
use axum::response::{IntoResponse, Response};
use kit::clock::Micros;
use kit::locale::texts;
use kit::page::{Chip, Choice, Level, Page, Pagination, Tone};
use kit::web::{Fail, Routes, Visit, render};
use kit::{Capability, Lang, civil};
use organisation::elevations::file_link;
use organisation::sheets::Table;

const PER_PAGE: u64 = 100;

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/consolidation", Capability::ViewSystems, show_board)
        .get("/systems/{id}/consolidation", Capability::ManageSystems, form::edit_move)
        .post("/systems/{id}/consolidation", Capability::ManageSystems, form::decide_move)
}

/// One agency: how many systems it has in all, and of each progress in the order of [`Progress::ALL`].
struct AgencyRow {
    id: String,
    name: String,
    total: usize,
    counts: Vec<(&'static str, usize)>,
}

#[derive(Template)]
#[template(path = "consolidation/templates/board.html")]
struct Board {
    page: Page,
    agencies: Vec<AgencyRow>,
    sums: Vec<usize>,
    total: usize,
    progress: Vec<Choice>,
    ways: Vec<Choice>,
    chips: Vec<Chip>,
    moves: Vec<SystemMove>,
    pagination: Pagination,
    may_change: bool,
    csv: String,
    now: Micros,
}

/// Whether a system is one of those that a list asks for; empty texts ask for nothing.
pub(super) fn fits(one: &SystemMove, agency: &str, progress: &str, way: &str, now: Micros) -> bool {
    (agency.is_empty() || one.agency_id == agency)
        && (progress.is_empty() || one.progress(now).code() == progress)
        && (way.is_empty() || one.way.as_deref() == Some(way))
}

async fn show_board(visit: Visit) -> Result<Response, Fail> {
    visit.require(Capability::ViewSystems)?;
    let now = visit.now();
    let text = |name: &str| visit.address.value(name).unwrap_or_default().to_owned();
    let (agency, progress, way) = (text("agency"), text("state"), text("way"));
    let all = store::list(&visit.read()).await?;
    let page = visit.page().await?;
    let agencies = by_agency(&all, now);
    let sums = Progress::ALL.iter().map(|of| all.iter().filter(|one| one.progress(now) == *of).count()).collect();
    let total = all.len();
    let mut moves = all;
    moves.retain(|one| fits(one, &agency, &progress, &way, now));
    if let Some(file) = Table::leave(&visit, || table(page.lang, &moves, now)).await? {
        return Ok(file);
    }
    let pagination = Pagination::of(&visit.address, PER_PAGE, moves.len() as u64);
    let chips = chips(&page, (&agency, &progress, &way), moves.first());
    let csv = file_link(&visit, &page.address, pagination.total).await?;
    let board = Board {
        agencies,
        sums,
        total,
        progress: Progress::ALL
            .iter()
            .map(|one| Choice::new(one.code(), page.t(one.key()), one.code() == progress))
            .collect(),
        ways: Way::ALL.iter().map(|one| Choice::new(one.code(), page.t(one.key()), one.code() == way)).collect(),
        chips,
        moves: moves.into_iter().skip(pagination.offset() as usize).take(PER_PAGE as usize).collect(),
        pagination,
        may_change: visit.scope().may(Capability::ManageSystems),
        csv,
        now,
        page,
    };
    Ok(render(&board)?.into_response())
}

fn by_agency(moves: &[SystemMove], now: Micros) -> Vec<AgencyRow> {
    let of_one = |group: &[SystemMove]| -> Option<AgencyRow> {
        let first = group.first()?;
        let count = |of: &Progress| (of.code(), group.iter().filter(|one| one.progress(now) == *of).count());
        Some(AgencyRow {
            id: first.agency_id.clone(),
            name: first.agency_name.clone(),
            total: group.len(),
            counts: Progress::ALL.iter().map(count).collect(),
        })
    };
    moves.chunk_by(|one, next| one.agency_id == next.agency_id).filter_map(of_one).collect()
}

fn chips(page: &Page, (agency, progress, way): (&str, &str, &str), first: Option<&SystemMove>) -> Vec<Chip> {
    let mut chips = Vec::new();
    let mut chip = |parameter: &str, code: &str, name: &str, value: String| {
        chips.push(Chip::of(&page.address, parameter, code, page.t(name), value));
    };
    if !agency.is_empty() {
        chip("agency", agency, "system-agency", first.map_or_else(|| agency.to_owned(), |one| one.agency_name.clone()));
    }
    if let Some(one) = Progress::from_code(progress) {
        chip("state", one.code(), "consolidation-progress", page.t(one.key()));
    }
    if let Some(one) = Way::from_code(way) {
        chip("way", one.code(), "consolidation-way", page.t(one.key()));
    }
    chips
}

fn table(lang: Lang, moves: &[SystemMove], now: Micros) -> Table {
    let text = |key: &str| texts().text(lang, key);
    let head = [
        "system-code",
        "system-name",
        "system-agency",
        "system-level",
        "system-hosting-kind",
        "system-hosting",
        "consolidation-way",
        "consolidation-into",
        "consolidation-wave",
        "consolidation-due",
        "consolidation-done-day",
        "consolidation-progress",
        "consolidation-blocker",
        "consolidation-notes",
    ];
    let line = |one: &SystemMove| {
        let day = |at: Option<Micros>| at.map(civil::day_field).unwrap_or_default();
        let way = one.way.as_deref().and_then(Way::from_code).map(|way| text(way.key()));
        vec![
            one.code.clone(),
            one.name.clone(),
            one.agency_name.clone(),
            one.level.to_string(),
            Hosting::from_code(&one.hosting_kind).map(|kind| text(kind.key())).unwrap_or_default(),
            one.hosting.clone(),
            way.unwrap_or_default(),
            if one.into_code.is_empty() { one.into_words.clone() } else { one.into_code.clone() },
            one.wave.map(|wave| wave.to_string()).unwrap_or_default(),
            day(one.due),
            day(one.done_at),
            text(one.progress(now).key()),
            one.blocker.clone(),
            one.notes.clone(),
        ]
    };
    Table { name: "consolidation", head: head.map(text).to_vec(), lines: moves.iter().map(line).collect() }
}

/// The same list as a workbook, for whoever may have it as CSV.
fn workbook(page: &Page) -> String {
    page.address.with("format", "xlsx").to_string()
}

fn level_of(one: &SystemMove) -> Option<Level> {
    Level::new(one.level)
}

/// Address of the list of one agency's systems that have come so far.
fn list_path(page: &Page, agency: &str, progress: &str) -> String {
    page.address
        .at("/consolidation")
        .with("agency", agency)
        .with("state", progress)
        .without("way")
        .without("page")
        .to_string()
}

fn tone(progress: Progress) -> Tone {
    match progress {
        Progress::Late => Tone::Bad,
        Progress::Blocked | Progress::Undecided => Tone::Attention,
        Progress::Waiting => Tone::Active,
        Progress::Kept | Progress::There | Progress::Done => Tone::Good,
    }
}

fn way_words(page: &Page, one: &SystemMove) -> String {
    let Some(way) = one.way.as_deref().and_then(Way::from_code) else { return "–".to_owned() };
    let into = [&one.into_name, &one.into_words].into_iter().find(|text| !text.is_empty());
    match into {
        Some(into) => format!("{}: {into}", page.t(way.key())),
        None if one.into_out_of_reach => format!("{}: {}", page.t(way.key()), page.t("inventory-linked-elsewhere")),
        None => page.t(way.key()),
    }
}
