//! `luytre search`: events in the words of the search page.

use super::{print_json, say};
use crate::centre::Centre;
use crate::configuration::Configuration;
use crate::control::{self, SearchQuestion};
use anyhow::Result;
use clap::Args;
use kit::clock::SECOND;
use std::path::Path;
use std::process::ExitCode;

/// Words, phrases and fields: `luytre search 'user_name:root and source_ip:203.0.113.0/24 "Failed password"'`.
/// Common columns (`source_ip`, `process_command_line` …) and the record's own fields (`EventID:4688`) both work;
/// `*` and `?` are wildcards; `and`, `or`, `not`, brackets, ranges (`event_severity:<=3`, `field:[a TO b]`).
#[derive(Debug, Args)]
pub struct Search {
    /// What to look for; everything where empty.
    #[arg(default_value = "", allow_hyphen_values = true)]
    query: String,
    /// How far back: `15m`, `24h`, `30d`, a day such as `2026-07-05` (from its beginning in Vietnam), or a time such as
    /// `2026-07-05T08:00:00+07:00`. Everything where not given.
    #[arg(long)]
    from: Option<String>,
    /// Until when, in the same forms; the moment itself is not in it.
    #[arg(long)]
    to: Option<String>,
    #[arg(long, default_value_t = 50)]
    limit: usize,
    /// Print one JSON object: rows, total, histogram, fields.
    #[arg(long)]
    json: bool,
}

impl Search {
    pub(super) async fn run(&self, data: &Path, configuration: Configuration) -> Result<ExitCode> {
        let now = jiff::Timestamp::now().as_microsecond();
        let question = SearchQuestion {
            query: self.query.clone(),
            from: self.from.as_deref().map(|text| moment(text, now)).transpose()?,
            to: self.to.as_deref().map(|text| moment(text, now)).transpose()?,
            limit: self.limit,
            user: super::user_of_the_system(),
        };
        let backwards = question.from.zip(question.to).is_some_and(|(from, to)| from >= to);
        anyhow::ensure!(!backwards, super::text("moment-backwards", &[]));
        let answer = match control::running(data).await? {
            Some(server) => server.post("/control/search", &question).await?,
            None => {
                let centre = Centre::open(data, &configuration).await?;
                let answer = centre.search(&question).await;
                centre.close().await;
                answer?
            }
        };
        if self.json {
            print_json(&answer)?;
        } else {
            print_rows(&answer);
        }
        Ok(tell_unreadable(answer.get("unreadable")))
    }
}

/// A moment in microseconds: an age before `now`, the beginning of a day in Vietnam, or a time.
pub(super) fn moment(text: &str, now: i64) -> Result<i64> {
    const UNITS: [(char, i64); 4] = [('s', 1), ('m', 60), ('h', 3_600), ('d', 86_400)];
    for (unit, seconds) in UNITS {
        if let Some(number) = text.strip_suffix(unit).and_then(|number| number.parse::<i64>().ok()) {
            return Ok(now.saturating_sub(number.saturating_mul(seconds * SECOND)));
        }
    }
    const DAY: usize = "2026-07-05".len();
    if let (DAY, Ok(day)) = (text.len(), text.parse::<jiff::civil::Date>()) {
        return Ok(kit::calendar::start_of_day(day));
    }
    let unread = |_| anyhow::anyhow!(super::text("moment-unreadable", &[("text", text.into())]));
    let time: jiff::Timestamp = text.parse().map_err(unread)?;
    Ok(time.as_microsecond())
}

/// A value as it stands.
fn member(of: &serde_json::Value, name: &str) -> String {
    match of.get(name) {
        Some(serde_json::Value::String(text)) => text.clone(),
        None | Some(serde_json::Value::Null) => String::new(),
        Some(other) => other.to_string(),
    }
}

/// Says which days an answer lacks, and why. It ends with 2, as what is done in part does, where somebody can still do
/// something about it; what a repair gave up stays as it is.
pub(super) fn tell_unreadable(unreadable: Option<&serde_json::Value>) -> ExitCode {
    let all = unreadable.and_then(serde_json::Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut code = ExitCode::SUCCESS;
    for one in all {
        let days = one.get("days").and_then(serde_json::Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let days: Vec<_> = days.iter().filter_map(serde_json::Value::as_str).collect();
        let key = match member(one, "why").as_str() {
            "missing" => "search-said-missing",
            "damaged" => "search-said-damaged",
            "lost" => "search-said-lost",
            _ => "search-said-unreachable",
        };
        if key != "search-said-lost" {
            code = ExitCode::from(2);
        }
        let arguments = [
            ("files", member(one, "files").into()),
            ("days", days.join(", ").into()),
            ("words", member(one, "words").into()),
        ];
        eprintln!("{}", super::text(key, &arguments));
        let events = one.get("events").and_then(serde_json::Value::as_u64).unwrap_or(0);
        if events > 0 {
            eprintln!("{}", super::text("search-said-events", &[("events", super::plain(events))]));
        }
    }
    code
}

fn print_rows(answer: &serde_json::Value) {
    let text = member;
    let rows = answer.get("rows").and_then(serde_json::Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for row in rows {
        let message = [text(row, "message"), text(row, "raw")].into_iter().find(|text| !text.is_empty());
        say!(
            "{}  {}  {}  {}",
            text(row, "time"),
            text(row, "format"),
            text(row, "host_name"),
            message.unwrap_or_default().replace(['\n', '\r'], " ")
        );
    }
    let unknown = answer.get("unknown_fields").and_then(serde_json::Value::as_array).map(Vec::as_slice);
    for one in unknown.unwrap_or_default() {
        let field = text(one, "field");
        match text(one, "meant") {
            meant if meant.is_empty() => {
                eprintln!("{}", super::text("search-said-own-field", &[("field", field.into())]))
            }
            meant => {
                let arguments = [("field", field.into()), ("meant", meant.into())];
                eprintln!("{}", super::text("search-said-meant", &arguments));
            }
        }
    }
    let number = |name: &str| answer.get(name).map(ToString::to_string).unwrap_or_default();
    let arguments = [
        ("shown", super::plain(rows.len())),
        ("total", number("total").into()),
        ("read", number("files_read").into()),
        ("files", number("files_total").into()),
    ];
    eprintln!("{}", super::text("search-said", &arguments));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_ages_or_times() {
        let now = 1_800_000_000_000_000;
        assert_eq!(moment("15m", now).unwrap(), now - 900 * SECOND);
        assert_eq!(moment("1970-01-01T07:00:01+07:00", now).unwrap(), SECOND);
        assert_eq!(moment("1970-01-02", now).unwrap(), 17 * 3_600 * SECOND, "midnight in Vietnam");
        assert_eq!(moment("2000-01-01", now).unwrap(), moment("2000-01-01T00:00:00+07:00", now).unwrap());
        for wrong in ["gestern", "hôm qua", "ngày", "2000-13-01", "2000-01-01T", "", "d"] {
            assert!(moment(wrong, now).is_err(), "{wrong}");
        }
    }
}
