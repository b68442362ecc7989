//! How long alerts wait until somebody takes them on: by severity and agency, over a span of time, with those that still
//! wait. Alerts that hunts found in the past, and those that a window held back, waited for nobody.

use super::store::severity_rank;
use crate::timespan::Timespan;
use askama::Template;
use axum::response::{IntoResponse, Response};
use kit::clock::{Micros, SECOND};
use kit::page::{Choice, Page, Severity};
use kit::web::{ApiVisit, Csv, Fail, Routes, Visit, render};
use kit::{Capability, Connection, Error};
use organisation::elevations::{ListAnswer, leave, list_given};
use sea_orm::{FromQueryResult, Statement, Value};
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Newest alerts that are looked at.
const MOST_ALERTS: u64 = 200_000;
/// Most rows of one answer.
const MOST_ROWS: u64 = 1_000;

pub fn routes() -> Routes {
    Routes::new()
        .get_or_file("/alerts/times", Capability::ViewAlerts, Capability::ExportRows, show_times)
        .get("/api/v1/alert-times", Capability::ViewAlerts, list_times)
        .query(&["range", "from", "to", "limit", "offset"])
}

#[derive(Debug, Clone, FromQueryResult)]
struct Waited {
    agency_id: Option<String>,
    agency_name: Option<String>,
    severity: String,
    detected_at: Micros,
    taken_at: Option<Micros>,
}

/// Alerts of one severity, of one agency or of all of them together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Times {
    #[serde(serialize_with = "code_of")]
    pub severity: Severity,
    /// Every agency in scope.
    pub all_agencies: bool,
    pub agency_id: Option<String>,
    pub agency_name: Option<String>,
    /// Alerts that somebody took on, and how long that took, in seconds.
    pub taken: usize,
    pub median_seconds: Option<i64>,
    /// Nine of ten were taken on within.
    pub ninetieth_seconds: Option<i64>,
    /// Alerts that nobody took on, and for how long the oldest waits, in seconds.
    pub open: usize,
    pub oldest_open_seconds: Option<i64>,
}

fn code_of<S: serde::Serializer>(severity: &Severity, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(severity.code())
}

/// The nearest rank: the least value that so many per cent of them do not exceed.
fn percentile(sorted: &[Micros], percent: usize) -> Option<i64> {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.checked_sub(1)?).map(|length| length / SECOND)
}

fn times(severity: Severity, all_agencies: bool, waited: &[&Waited], now: Micros) -> Times {
    let length = |one: &&Waited| one.taken_at.map(|at| at.saturating_sub(one.detected_at).max(0));
    let mut taken: Vec<Micros> = waited.iter().filter_map(length).collect();
    taken.sort_unstable();
    let open = waited.iter().filter(|one| one.taken_at.is_none());
    let first = waited.first().filter(|_| !all_agencies);
    Times {
        severity,
        all_agencies,
        agency_id: first.and_then(|one| one.agency_id.clone()),
        agency_name: first.and_then(|one| one.agency_name.clone()),
        taken: taken.len(),
        median_seconds: percentile(&taken, 50),
        ninetieth_seconds: percentile(&taken, 90),
        open: open.clone().count(),
        oldest_open_seconds: open.map(|one| now.saturating_sub(one.detected_at) / SECOND).max(),
    }
}

/// Most urgent first; of each severity all agencies together, then one by one in the order of their names.
fn summed(waited: &[Waited], now: Micros) -> Vec<Times> {
    let mut groups: BTreeMap<_, Vec<&Waited>> = BTreeMap::new();
    for one in waited {
        let rank = Reverse(severity_rank(one.severity.parse().unwrap_or_default()));
        let agency = (&one.agency_name, &one.agency_id);
        groups.entry((rank, None)).or_default().push(one);
        groups.entry((rank, Some(agency))).or_default().push(one);
    }
    let severity =
        |group: &[&Waited]| -> Severity { group.first().and_then(|one| one.severity.parse().ok()).unwrap_or_default() };
    groups.iter().map(|((_, agency), group)| times(severity(group), agency.is_none(), group, now)).collect()
}

/// Alerts raised within the span, in scope.
pub async fn within(connection: &impl Connection, span: &Timespan, now: Micros) -> Result<Vec<Times>, Error> {
    let scope = connection.scope().agency_condition("a.agency_id");
    let sql = format!(
        "SELECT a.agency_id, g.name AS agency_name, a.severity, a.detected_at, \
         COALESCE(a.acknowledged_at, a.escalated_at, a.closed_at) AS taken_at \
         FROM alerts a LEFT JOIN agencies g ON g.id = a.agency_id \
         WHERE {scope} AND a.state <> 'suppressed' AND a.detected_at >= $1 AND a.detected_at < $2 \
         AND NOT EXISTS (SELECT 1 FROM hunt_alerts x WHERE x.alert_id = a.id) \
         ORDER BY a.detected_at DESC, a.id LIMIT {MOST_ALERTS}"
    );
    let values: [Value; 2] = [span.from.unwrap_or(0).into(), span.to.unwrap_or(i64::MAX).into()];
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    Ok(summed(&Waited::find_by_statement(statement).all(connection).await?, now))
}

#[derive(Template)]
#[template(path = "alerts/templates/times.html")]
struct TimesPage {
    page: Page,
    span: Timespan,
    ranges: Vec<Choice>,
    rows: Vec<Times>,
    csv: String,
}

/// A length in words; a dash where there is none.
fn length(page: &Page, seconds: &Option<i64>) -> String {
    seconds.map_or_else(|| "–".to_owned(), |seconds| page.format.duration(seconds * SECOND))
}

async fn show_times(visit: Visit) -> Result<Response, Fail> {
    visit.require(Capability::ViewAlerts)?;
    let span = Timespan::of(&visit.address, visit.now(), "7d");
    let rows = within(&visit.read(), &span, visit.now()).await?;
    if visit.address.has("format", "csv") {
        return Ok(leave(&visit, csv(&visit, &rows)).await?);
    }
    let page = visit.page().await?;
    let csv = page.address.with("format", "csv").to_string();
    Ok(render(&TimesPage { ranges: span.choices(&page), span, rows, csv, page })?.into_response())
}

fn csv(visit: &Visit, rows: &[Times]) -> Csv {
    let head = [
        "shell-severity",
        "alert-agency",
        "alert-times-taken",
        "alert-times-median-seconds",
        "alert-times-ninetieth-seconds",
        "alert-times-open",
        "alert-times-oldest-seconds",
    ];
    let mut csv = Csv::new("alert-times", head.map(|key| visit.t(key)));
    let number = |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
    for row in rows {
        let agency = match (&row.agency_name, row.all_agencies) {
            (_, true) => visit.t("alert-times-all"),
            (Some(name), _) => name.clone(),
            (None, _) => visit.t("alert-no-agency"),
        };
        csv.row([
            visit.t(row.severity.key()),
            agency,
            row.taken.to_string(),
            number(row.median_seconds),
            number(row.ninetieth_seconds),
            row.open.to_string(),
            number(row.oldest_open_seconds),
        ]);
    }
    csv
}

async fn list_times(ApiVisit(visit): ApiVisit) -> Result<ListAnswer<Times>, Fail> {
    visit.require(Capability::ViewAlerts)?;
    let (limit, offset) = visit.rows_asked(MOST_ROWS)?;
    let span = Timespan::of(&visit.address, visit.now(), "7d");
    let rows = within(&visit.read(), &span, visit.now()).await?;
    let total = rows.len() as u64;
    let shown = rows.into_iter().skip(usize::try_from(offset).unwrap_or(usize::MAX));
    let shown = shown.take(usize::try_from(limit).unwrap_or(usize::MAX)).collect();
    Ok(list_given(&visit, &visit.address, total, shown).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waited(severity: Severity, agency: &str, minutes: Option<i64>) -> Waited {
        Waited {
            agency_id: Some(agency.to_owned()),
            agency_name: Some(agency.to_owned()),
            severity: severity.code().to_owned(),
            detected_at: 0,
            taken_at: minutes.map(|minutes| minutes * 60 * SECOND),
        }
    }

    #[test]
    fn times_are_told_by_severity_and_agency_with_those_that_wait() {
        let mut all: Vec<Waited> = (1..=10).map(|number| waited(Severity::High, "b", Some(number))).collect();
        all.push(waited(Severity::High, "a", Some(20)));
        all.push(waited(Severity::High, "a", None));
        all.push(waited(Severity::Critical, "b", None));
        let rows = summed(&all, 3_600 * SECOND);
        let told: Vec<_> = rows
            .iter()
            .map(|row| (row.severity, row.agency_id.as_deref(), row.taken, row.median_seconds, row.open))
            .collect();
        assert_eq!(
            told,
            [
                (Severity::Critical, None, 0, None, 1),
                (Severity::Critical, Some("b"), 0, None, 1),
                (Severity::High, None, 11, Some(6 * 60), 1),
                (Severity::High, Some("a"), 1, Some(20 * 60), 1),
                (Severity::High, Some("b"), 10, Some(5 * 60), 0),
            ]
        );
        assert_eq!((rows[4].ninetieth_seconds, rows[2].oldest_open_seconds), (Some(9 * 60), Some(3_600)));
        assert!(rows[0].all_agencies && !rows[1].all_agencies);
    }
}
