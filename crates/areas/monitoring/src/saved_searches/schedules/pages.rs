//! The schedule on the page of its search: how it stands, and the form by which the owner sets it.

use super::super::pages::ASK_OR_ADMINISTER;
use super::super::settings::SavedSearchSettings;
use super::super::{Kind, SavedSearch, pages};
use super::Schedule;
use super::service::{self, ScheduleInput};
use crate::search::run::monitoring;
use crate::settings::{Bounds, Settings};
use axum::extract::Path;
use axum::response::Response;
use kit::page::{Choice, Entry, FlashKind, FormErrors, Page, Severity};
use kit::web::{Fail, Form, Routes, Visit, see_other_saying};
use serde::Deserialize;

pub fn routes() -> Routes {
    Routes::new().post("/saved-searches/{id}/schedule", ASK_OR_ADMINISTER, set_schedule).post(
        "/saved-searches/{id}/schedule/stop",
        ASK_OR_ADMINISTER,
        stop_schedule,
    )
}

/// What the page shows of it.
pub struct Shown {
    /// Whether this kind can have one at all.
    pub possible: bool,
    /// Fields of the form; empty for those who may not set it.
    pub entries: Vec<Entry>,
    /// "5 lần trở lên cho mỗi giá trị của user_name" …
    pub condition: String,
    /// What went wrong at the last run, and the words of what refused.
    pub error: Option<(String, Option<String>)>,
}

pub fn shown(
    visit: &Visit,
    settings: &SavedSearchSettings,
    page: &Page,
    saved: &SavedSearch,
    is_own: bool,
    typed: Option<&ScheduleInput>,
    errors: &FormErrors,
) -> Shown {
    let possible = saved.kind == Kind::Search;
    let may_set = possible && is_own && service::may_run(visit.scope());
    let schedule = saved.schedule.as_ref();
    let input = typed.cloned().or_else(|| schedule.map(as_input)).unwrap_or_else(|| beginning(settings));
    Shown {
        possible,
        entries: if may_set { entries(page, settings, &input, errors) } else { Vec::new() },
        condition: schedule.map(|schedule| condition(page, schedule)).unwrap_or_default(),
        error: schedule.and_then(|one| Some((page.t(one.error_key.as_deref()?), one.error_words.clone()))),
    }
}

fn condition(page: &Page, schedule: &Schedule) -> String {
    let threshold = page.format.number(schedule.threshold);
    match &schedule.group_by {
        Some(field) => page.tn2("saved-search-condition-by", "count", threshold, "field", field.as_str()),
        None => page.tn("saved-search-condition", "count", threshold),
    }
}

/// What a new schedule begins with.
fn beginning(settings: &SavedSearchSettings) -> ScheduleInput {
    let default = |bounds: Bounds| bounds.default.to_string();
    ScheduleInput {
        every_minutes: default(settings.every_minutes),
        threshold: default(settings.threshold),
        group_by: String::new(),
        severity: Severity::Medium.code().to_owned(),
        window_minutes: default(settings.window_minutes),
        quiet_minutes: default(settings.quiet_minutes),
        longest_delay_minutes: String::new(),
    }
}

fn as_input(schedule: &Schedule) -> ScheduleInput {
    ScheduleInput {
        every_minutes: schedule.every_minutes.to_string(),
        threshold: schedule.threshold.to_string(),
        group_by: schedule.group_by.clone().unwrap_or_default(),
        severity: schedule.severity.code().to_owned(),
        window_minutes: schedule.window_minutes.to_string(),
        quiet_minutes: schedule.quiet_minutes.to_string(),
        longest_delay_minutes: schedule.longest_delay_minutes.map(|one| one.to_string()).unwrap_or_default(),
    }
}

fn entries(page: &Page, settings: &SavedSearchSettings, input: &ScheduleInput, errors: &FormErrors) -> Vec<Entry> {
    let entry = |of, name: &str, key: &str, value: &str| Entry::new(of, name, page.t(key)).value(value).checked(errors);
    let hinted = |of, name: &str, key: &str, value: &str| {
        entry(of, name, key, value).hint(page.t(&format!("{key}-hint"))).required()
    };
    let bounded = |name: &str, key: &str, value: &str, bounds: Bounds| {
        let between = page.tn2(
            "saved-search-between",
            "least",
            page.format.number(bounds.least),
            "most",
            page.format.number(bounds.most),
        );
        let entry = hinted("number", name, key, value);
        let hint = format!("{} {between}", entry.hint);
        entry.hint(hint)
    };
    let severities = Severity::ALL
        .into_iter()
        .map(|one| Choice::new(one.code(), page.t(one.key()), one.code() == input.severity))
        .collect();
    let optional = |entry: Entry| Entry { required: false, ..entry };
    let delay = &input.longest_delay_minutes;
    vec![
        bounded("every_minutes", "saved-search-every", &input.every_minutes, settings.every_minutes),
        bounded("threshold", "saved-search-threshold", &input.threshold, settings.threshold),
        optional(hinted("text", "group_by", "saved-search-group-by", &input.group_by)),
        entry("select", "severity", "shell-severity", "").choices(severities).required(),
        bounded("window_minutes", "saved-search-window", &input.window_minutes, settings.window_minutes),
        bounded("quiet_minutes", "saved-search-quiet", &input.quiet_minutes, settings.quiet_minutes),
        optional(bounded("longest_delay_minutes", "saved-search-delay", delay, settings.longest_delay_minutes)),
    ]
}

async fn set_schedule(
    visit: Visit,
    Path(id): Path<String>,
    Form(input): Form<ScheduleInput>,
) -> Result<Response, Fail> {
    let inserted = monitoring(&visit.app)?.store.inserted();
    let settings = Settings::of(&visit.app)?;
    let tx = visit.begin().await?;
    match service::set(&tx, &settings.saved_searches, &id, &input, inserted, visit.now()).await {
        Ok(()) => {
            tx.commit().await?;
            Ok(see_other_saying(format!("/saved-searches/{id}"), FlashKind::Done, "saved-search-scheduled"))
        }
        Err(error) => {
            tx.rollback().await?;
            let errors = FormErrors::of_error(visit.lang, error)?;
            Ok(pages::show(&visit, &id, Some(&input), errors).await?)
        }
    }
}

#[derive(Deserialize)]
struct Nothing {}

async fn stop_schedule(visit: Visit, Path(id): Path<String>, _form: Form<Nothing>) -> Result<Response, Fail> {
    let tx = visit.begin().await?;
    service::stop(&tx, &id, visit.now()).await?;
    tx.commit().await?;
    Ok(see_other_saying(format!("/saved-searches/{id}"), FlashKind::Done, "saved-search-stopped"))
}
