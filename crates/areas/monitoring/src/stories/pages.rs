//! Pages of stories: the list and one story with its alerts in order. Acts are those of alerts, on all open ones at once.

use super::account::{self, StoryLine};
use super::{Story, store};
use crate::alerts::listing::Filter;
use crate::alerts::pages::{close_reasons, state_key, tone};
use crate::alerts::{Alert, AlertState};
use crate::rules::techniques::{Technique, tactic};
use crate::settings::Settings;
use crate::timespan::Timespan;
use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use kit::Capability;
use kit::page::{Choice, Format, Page, Pagination};
use kit::web::{Fail, Routes, Visit, render};

pub fn routes() -> Routes {
    Routes::new().get("/stories", Capability::ViewAlerts, list_stories).get(
        "/stories/{id}",
        Capability::ViewAlerts,
        show_story,
    )
}

const PER_PAGE: u64 = 20;

#[derive(Template)]
#[template(path = "stories/templates/list.html")]
struct ListPage {
    page: Page,
    ranges: Vec<Choice>,
    states: Vec<Choice>,
    stories: Vec<StoryLine>,
    pagination: Pagination,
}

async fn list_stories(visit: Visit) -> Result<Response, Fail> {
    visit.require(Capability::ViewAlerts)?;
    let all = visit.address.has("state", "all");
    let open: Vec<AlertState> = AlertState::ALL.into_iter().filter(|state| state.is_open()).collect();
    let filter = Filter {
        states: if all { Vec::new() } else { open },
        span: Timespan::of(&visit.address, visit.now(), "7d"),
        story_id: None,
        ..Filter::of(&visit.address, visit.now(), visit.scope().person_id())
    };
    let connection = visit.read();
    let pagination = Pagination::of(&visit.address, PER_PAGE, store::count(&connection, &filter).await?);
    let stories = store::list(&connection, &filter, PER_PAGE, pagination.offset()).await?;
    let page = visit.page().await?;
    let template = ListPage {
        ranges: filter.span.choices(&page),
        states: vec![
            Choice::new("open", page.t("alert-state-open"), !all),
            Choice::new("all", page.t("alert-state-all"), all),
        ],
        stories: StoryLine::of(&visit, stories)?,
        pagination,
        page,
    };
    Ok(render(&template)?.into_response())
}

/// An alert of the story with its words.
struct Line {
    alert: Alert,
    title: String,
    tactics: Vec<String>,
    techniques: Vec<Technique>,
}

#[derive(Template)]
#[template(path = "stories/templates/story.html")]
struct StoryPage {
    page: Page,
    story: Story,
    title: String,
    account: String,
    /// How far the story has come: its tactics in the order in which they appeared.
    way: Vec<String>,
    lines: Vec<Line>,
    here: String,
    may_handle: bool,
    close_reasons: Vec<Choice>,
}

async fn show_story(visit: Visit, Path(id): Path<String>) -> Result<Response, Fail> {
    visit.require(Capability::ViewAlerts)?;
    let story = store::get(&visit.read(), &id).await?;
    let lang = visit.lang;
    let settings = Settings::of(&visit.app)?;
    let policy = &settings.scoring.story;
    let page = visit.page().await?;
    let lines = story.alerts.iter().map(|alert| Line {
        title: alert.title(lang).to_owned(),
        tactics: alert.tactics.iter().map(|name| tactic(name, lang)).collect(),
        techniques: alert.techniques.iter().map(|number| settings.techniques.of(number, lang)).collect(),
        alert: alert.clone(),
    });
    let template = StoryPage {
        title: account::title(&story, policy, lang),
        account: account::account(&story, policy, lang, &Format::new(lang, visit.now())),
        lines: lines.collect(),
        way: story.stages(policy).iter().map(|(name, _)| tactic(name, lang)).collect(),
        here: format!("/stories/{id}"),
        may_handle: visit.scope().may(Capability::HandleAlerts),
        close_reasons: close_reasons(&page),
        story,
        page,
    };
    Ok(render(&template)?.into_response())
}
