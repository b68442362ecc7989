//! The last days of a system, on its page in the register.

use super::pages::{Cell, cell};
use super::store::{self, DayFilter};
use crate::settings::Settings;
use crate::sources::minutes::day_of;
use askama::Template;
use kit::area::Slot;
use kit::clock::{DAY, Micros};
use kit::page::{Page, PageParts};
use kit::{App, Capability, Error, Lang, Scope};
use std::sync::Arc;

/// Days shown.
const DAYS: i64 = 14;

pub(crate) fn slots() -> Vec<Slot> {
    vec![Slot {
        place: "system.header",
        title_key: "coverage-title",
        order: 10,
        capability: Some(Capability::ViewSources),
        fragment: Arc::new(|app, scope, lang, id| Box::pin(of_system(app, scope, lang, id))),
    }]
}

#[derive(Template)]
#[template(path = "coverage/templates/header.html")]
struct Header {
    page: Page,
    cells: Vec<Cell>,
}

/// Empty where nothing was counted of it.
async fn of_system(app: &App, scope: &Scope, lang: Lang, system_id: &str) -> Result<String, Error> {
    let now = app.clock.now();
    let today = day_of(now);
    let filter = DayFilter { systems: vec![system_id.to_owned()], ..DayFilter::default() };
    let from: Micros = today - (DAYS - 1) * DAY;
    let mut days = store::days(&app.db.scoped(scope).read(), &filter, (from, today + DAY), 100, 0).await?;
    if days.is_empty() {
        return Ok(String::new());
    }
    days.reverse();
    let settings = Settings::of(app)?;
    let page = Page::new(PageParts { lang, now, ..PageParts::default() });
    let cells =
        days.iter().map(|day| cell(&page, &settings.sources.coverage, (system_id, ""), day.day, Some(day))).collect();
    Header { page, cells }.render().map_err(Error::internal)
}
