//! The matrix of ATT&CK as this centre sees it, for all agencies in scope or one system, with the list of gaps.

use super::{Coverage, Gap, Picture, Sight, Sighted, layer::Words, layer::layer, picture};
use crate::Monitoring;
use crate::rules::log_source;
use crate::rules::states::{self, RuleState};
use crate::rules::techniques::{Techniques, tactic};
use crate::search::run::monitoring;
use crate::settings::Settings;
use crate::sources::telemetry;
use askama::Template;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use kit::clock::DAY;
use kit::page::{Choice, Page, Tone};
use kit::web::{Fail, Routes, Visit, render};
use kit::{Capability, Connection, Error};
use sea_orm::{ConnectionTrait, Statement};
use std::sync::Arc;

pub fn routes() -> Routes {
    Routes::new().get("/techniques", Capability::ViewRules, show_matrix).get(
        "/techniques/layer.json",
        Capability::ViewRules,
        download_layer,
    )
}

/// Systems offered, and gaps listed.
const MOST_SYSTEMS: usize = 1_000;
const MOST_GAPS: usize = 20;

struct Cell {
    coverage: Coverage,
    name: String,
}

struct Column {
    name: String,
    cells: Vec<Cell>,
    /// Cells that are at least fed.
    seen: usize,
}

struct GapLine {
    gap: Gap,
    words: String,
    techniques: Vec<String>,
    effort: u32,
    why: String,
}

#[derive(Template)]
#[template(path = "techniques/templates/matrix.html")]
struct MatrixPage {
    page: Page,
    systems: Vec<Choice>,
    counts: Vec<(Sight, usize)>,
    total: usize,
    columns: Vec<Column>,
    gaps: Vec<GapLine>,
    layer: String,
    days: i64,
}

async fn show_matrix(visit: Visit) -> Result<Response, Fail> {
    visit.require(Capability::ViewRules)?;
    let (monitoring, settings) = (monitoring(&visit.app)?, Settings::of(&visit.app)?);
    let picture = look(&visit, &monitoring, &settings).await?;
    let chosen = visit.address.value("system").unwrap_or_default().to_owned();
    let systems = systems(&visit, &chosen).await?;
    let page = visit.page().await?;
    let template = MatrixPage {
        counts: Sight::ALL
            .into_iter()
            .map(|sight| (sight, picture.techniques.iter().filter(|one| one.sight == sight).count()))
            .collect(),
        total: picture.techniques.len(),
        columns: columns(&page, &picture, &settings),
        gaps: gaps(&page, &picture, &settings.techniques),
        layer: page.address.at("/techniques/layer.json").to_string(),
        days: settings.techniques.matrix.days,
        systems,
        page,
    };
    Ok(render(&template)?.into_response())
}

async fn download_layer(visit: Visit) -> Result<Response, Fail> {
    visit.require(Capability::ViewRules)?;
    let settings = Settings::of(&visit.app)?;
    let picture = look(&visit, &*monitoring(&visit.app)?, &settings).await?;
    let name = named(&visit).await?;
    let page = visit.page().await?;
    let version = &settings.techniques.matrix.version;
    let name = page.tn("technique-layer-of", "name", name);
    let gap = page.t("technique-gaps");
    let words = Words { name: &name, gap: &gap, log_source: &|source| log_source::words(source, page.lang) };
    let body = layer(&picture, version, &words, |sight| page.t(sight.key()));
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"attack-layer.json\""),
    ];
    Ok((headers, body.to_string()).into_response())
}

async fn look(visit: &Visit, monitoring: &Monitoring, settings: &Arc<Settings>) -> Result<Picture, Error> {
    let system = visit.address.value("system").filter(|id| !id.is_empty());
    let arriving =
        telemetry::arriving(&visit.read(), system, visit.now() - settings.techniques.matrix.days * DAY).await?;
    let book = monitoring.rules.current();
    let decisions = states::store::all(&visit.read()).await?;
    let (formats, settings, now) = (monitoring.formats.current(), Arc::clone(settings), visit.now());
    let work = move || {
        let silent = book.set.rules().iter().filter(|rule| decisions.state_of(rule) != RuleState::On);
        let off = silent.map(|rule| rule.id.clone()).collect();
        let tested = book.proven(&formats, now);
        let techniques = &settings.techniques;
        picture(Sighted { techniques, rules: &book.set, arriving: &arriving, tested: &tested, off: &off })
    };
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)
}

/// The system that is asked for, else the province.
async fn named(visit: &Visit) -> Result<String, Error> {
    let chosen = visit.address.value("system").unwrap_or_default().to_owned();
    if let Some(system) = systems(visit, &chosen).await?.into_iter().find(|choice| choice.chosen) {
        return Ok(system.name);
    }
    let connection = visit.read();
    let sql = "SELECT name FROM agencies WHERE parent_id IS NULL ORDER BY id LIMIT 1";
    let row = connection.query_one_raw(Statement::from_string(connection.get_database_backend(), sql)).await?;
    Ok(row.map(|row| row.try_get("", "name")).transpose()?.unwrap_or_default())
}

async fn systems(visit: &Visit, chosen: &str) -> Result<Vec<Choice>, Error> {
    if !visit.scope().may(Capability::ViewSystems) {
        return Ok(Vec::new());
    }
    let connection = visit.read();
    let condition = connection.scope().agency_condition("agency_id");
    let sql = format!("SELECT id, name FROM systems WHERE {condition} ORDER BY name_sort, id LIMIT {MOST_SYSTEMS}");
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    let mut choices = Vec::new();
    for row in connection.query_all_raw(statement).await? {
        let (id, name): (String, String) = (row.try_get("", "id")?, row.try_get("", "name")?);
        choices.push(Choice::new(id.clone(), name, id == chosen));
    }
    Ok(choices)
}

fn columns(page: &Page, picture: &Picture, settings: &Settings) -> Vec<Column> {
    let names = &settings.techniques;
    let column = |name: &String| {
        let mut cells: Vec<Cell> = picture
            .techniques
            .iter()
            .filter(|one| one.tactics.contains(name))
            .map(|one| Cell { name: names.name(&one.number, page.lang), coverage: one.clone() })
            .collect();
        cells.sort_by_key(|cell| std::cmp::Reverse((cell.coverage.sight, cell.coverage.fed)));
        let seen = cells.iter().filter(|cell| cell.coverage.sight >= Sight::Fed).count();
        Column { name: tactic(name, page.lang), cells, seen }
    };
    settings.scoring.story.tactics().iter().map(column).filter(|column| !column.cells.is_empty()).collect()
}

fn gaps(page: &Page, picture: &Picture, names: &Techniques) -> Vec<GapLine> {
    let named = |number: &String| format!("{number} {}", names.name(number, page.lang));
    let line = |gap: &Gap| GapLine {
        words: log_source::words(&gap.log_source, page.lang),
        techniques: gap.gained.iter().map(named).collect(),
        effort: gap.cost.as_ref().map_or(0, |cost| cost.effort),
        why: gap.cost.as_ref().map(|cost| cost.why(page.lang).to_owned()).unwrap_or_default(),
        gap: gap.clone(),
    };
    picture.gaps.iter().filter(|gap| !gap.gained.is_empty()).take(MOST_GAPS).map(line).collect()
}

fn tone(sight: &Sight) -> Tone {
    match sight {
        Sight::Proven => Tone::Good,
        Sight::Fed => Tone::Active,
        Sight::Unfed => Tone::Attention,
        Sight::Blind => Tone::Bad,
    }
}
