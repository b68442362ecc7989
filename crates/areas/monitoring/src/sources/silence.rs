//! Silence is news: an expected source that has not been heard for longer than it may be silent, of the time in which it is
//! expected and nothing else was planned, is an alert of its agency and told to whoever is on duty, once. When it speaks again
//! the alert is closed and that is told.

use super::raised::{self, About};
use super::rhythm::{Rhythm, WeekHours, is_overdue};
use super::settings::SourceSettings;
use super::store::execute;
use crate::alerts::grouping::Owner;
use crate::alerts::notices::alert_link;
use crate::maintenance;
use crate::settings::Settings;
use kit::clock::{MINUTE, Micros};
use kit::live::Live;
use kit::locale::texts;
use kit::page::Severity;
use kit::{Connection, Db, Error, Lang, Scope};
use organisation::inbox::{self, Message, NO_NAME, Recipient};
use sea_orm::{QueryResult, Statement};
use serde_json::json;
use std::collections::BTreeSet;

/// Identifier of the rule of such alerts.
pub const RULE: &str = "source-silence";
/// Above so many at once they are told in one message.
const MOST_MESSAGES: usize = 8;
/// Of which so many are named.
const MOST_NAMES: usize = 20;

/// An expected source that is silent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SilentSource {
    pub source_id: String,
    pub name: String,
    pub agency_id: Option<String>,
    pub agency_name: Option<String>,
    pub system_id: Option<String>,
    pub system_name: Option<String>,
    pub system_level: Option<i64>,
    /// When it was last heard, or registered where it never was.
    pub silent_since: Micros,
    pub never_heard: bool,
    /// Number of the last record heard; 0 for none.
    pub last_sequence: u64,
    /// Duty has been told.
    pub told_at: Option<Micros>,
    /// The alert that tells of it.
    pub alert_id: Option<String>,
}

/// When a source is expected, and how long it may be silent then.
struct Allowed {
    hours: WeekHours,
    max_silence_minutes: i64,
}

const SELECT: &str = "SELECT s.id, s.name, s.created_at, s.rhythm, t.last_live, t.silent_since, t.told_at, t.last_sequence, \
    t.silence_alert_id, r.hours, COALESCE(r.max_silence_minutes, s.max_silence_minutes) AS allowed, \
    a.agency_id, g.name AS agency_name, a.system_id, y.name AS system_name, y.level AS system_level \
    FROM sources s JOIN source_status t ON t.source_id = s.id \
    LEFT JOIN source_rhythms r ON r.source_id = s.id AND s.rhythm = 'learned' AND r.weeks >= $1 \
    LEFT JOIN source_assignments a ON a.source_id = s.id AND a.valid_to IS NULL \
    LEFT JOIN agencies g ON g.id = a.agency_id LEFT JOIN systems y ON y.id = a.system_id";

/// Expected sources in scope that have been silent for longer than they may be, the highest level first.
pub async fn silent_sources(
    connection: &impl Connection,
    settings: &SourceSettings,
    now: Micros,
) -> Result<Vec<SilentSource>, Error> {
    let condition = connection.scope().agency_condition("a.agency_id");
    // Time in which nothing was expected is taken off afterwards.
    let sql = format!(
        "{SELECT} WHERE s.state = 'registered' AND s.expected AND {condition} \
         AND COALESCE(t.last_live, s.created_at) + COALESCE(r.max_silence_minutes, s.max_silence_minutes) * {MINUTE} < $2 \
         ORDER BY COALESCE(y.level, 0) DESC, COALESCE(t.last_live, s.created_at), s.id"
    );
    let values = [settings.rhythm.least_weeks.into(), now.into()];
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    let rows = connection.query_all_raw(statement).await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in &rows {
        found.push((silent(row)?, allowed(row, settings)?));
    }
    let Some(from) = found.iter().map(|(source, _)| source.silent_since).min() else { return Ok(Vec::new()) };
    let planned = maintenance::store::planned(connection, from, now).await?;
    let is_silent = |(source, allowed): &(SilentSource, Allowed)| {
        let (system, agency) = (source.system_id.as_deref(), source.agency_id.as_deref());
        let planned = maintenance::of_source(&planned, &source.source_id, system, agency);
        is_overdue(&allowed.hours, &planned, source.silent_since, now, allowed.max_silence_minutes)
    };
    Ok(found.into_iter().filter(is_silent).map(|(source, _)| source).collect())
}

fn silent(row: &QueryResult) -> Result<SilentSource, Error> {
    let last_live: Option<Micros> = row.try_get("", "last_live")?;
    let created_at: Micros = row.try_get("", "created_at")?;
    let last_sequence: i64 = row.try_get("", "last_sequence")?;
    Ok(SilentSource {
        source_id: row.try_get("", "id")?,
        name: row.try_get("", "name")?,
        agency_id: row.try_get("", "agency_id")?,
        agency_name: row.try_get("", "agency_name")?,
        system_id: row.try_get("", "system_id")?,
        system_name: row.try_get("", "system_name")?,
        system_level: row.try_get("", "system_level")?,
        silent_since: last_live.unwrap_or(created_at),
        never_heard: last_live.is_none(),
        last_sequence: u64::try_from(last_sequence).unwrap_or_default(),
        told_at: row.try_get("", "told_at")?,
        alert_id: row.try_get("", "silence_alert_id")?,
    })
}

fn allowed(row: &QueryResult, settings: &SourceSettings) -> Result<Allowed, Error> {
    let rhythm = Rhythm::from_code(&row.try_get::<String>("", "rhythm")?).unwrap_or_default();
    let learned: Option<String> = row.try_get("", "hours")?;
    let hours = match (rhythm, learned) {
        (Rhythm::Learned, Some(hours)) => WeekHours::decode(&hours),
        (rhythm, _) => WeekHours::expected(rhythm, None, &settings.rhythm),
    };
    Ok(Allowed { hours, max_silence_minutes: row.try_get("", "allowed")? })
}

/// Sources that were told silent and have spoken, or are no longer expected.
async fn speaking_again(
    connection: &impl Connection,
    settings: &SourceSettings,
    silent_ones: &[SilentSource],
) -> Result<Vec<SilentSource>, Error> {
    let sql = format!("{SELECT} WHERE t.silent_since IS NOT NULL ORDER BY s.id");
    let values = [settings.rhythm.least_weeks.into()];
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    let rows = connection.query_all_raw(statement).await?;
    let told = rows.iter().map(silent).collect::<Result<Vec<_>, _>>()?;
    let still: BTreeSet<&str> = silent_ones.iter().map(|source| source.source_id.as_str()).collect();
    Ok(told.into_iter().filter(|source| !still.contains(source.source_id.as_str())).collect())
}

/// Looks for silence and for its end; tells of each once. `scope` is the program's own. Returns how many fell silent and how
/// many speak again.
pub async fn check(
    db: &Db,
    scope: &Scope,
    live: &Live,
    settings: &Settings,
    now: Micros,
) -> Result<(usize, usize), Error> {
    let scoped = db.scoped(scope);
    let view = scoped.read();
    let silent = silent_sources(&view, &settings.sources, now).await?;
    let speaking = speaking_again(&view, &settings.sources, &silent).await?;
    let mut fallen: Vec<_> = silent.into_iter().filter(|source| source.told_at.is_none()).collect();
    if fallen.is_empty() && speaking.is_empty() {
        return Ok((0, 0));
    }
    let tx = scoped.begin().await?;
    let abouts: Vec<About> = fallen.iter().map(about).collect();
    let alerts = raised::raise(&tx, live, settings, &abouts, now).await?;
    for (source, alert) in fallen.iter_mut().zip(alerts) {
        source.alert_id = alert;
        let sql =
            "UPDATE source_status SET silent_since = $2, told_at = $3, silence_alert_id = $4 WHERE source_id = $1";
        let values =
            [source.source_id.as_str().into(), source.silent_since.into(), now.into(), source.alert_id.clone().into()];
        execute(&tx, sql, values).await?;
        tell(&tx, live, source, "silent");
    }
    for source in &speaking {
        let sql = "UPDATE source_status SET silent_since = NULL, told_at = NULL, silence_alert_id = NULL WHERE source_id = $1";
        execute(&tx, sql, [source.source_id.as_str().into()]).await?;
        if let Some(alert) = &source.alert_id {
            let note = texts().text(Lang::Vi, "source-silence-over");
            raised::close(&tx, live, alert, source.agency_id.as_deref(), &note, now).await?;
        }
        tell(&tx, live, source, "speaking");
    }
    let roles = &settings.duty.notices.agency_roles;
    for message in messages(&fallen, true).into_iter().chain(messages(&speaking, false)) {
        let mut recipients = vec![Recipient::OnDuty];
        if let Some(agency) = &message.agency_id {
            let role = |role| Recipient::Role { role, agency_id: Some(agency.as_str()) };
            recipients.extend(roles.iter().map(|one| role(one.as_str())));
        }
        inbox::notify_all(&tx, live, now, &recipients, &message).await?;
    }
    tx.commit().await?;
    Ok((fallen.len(), speaking.len()))
}

fn about(source: &SilentSource) -> About {
    About {
        rule_id: RULE,
        title: if source.never_heard { "source-alert-never-heard" } else { "source-alert-silent" },
        level: Severity::Medium,
        owner: Owner {
            source_id: source.source_id.as_str().into(),
            system_id: source.system_id.as_deref().map(Into::into),
            agency_id: source.agency_id.as_deref().map(Into::into),
            system_level: source.system_level,
        },
        name: source.name.clone(),
        since: source.silent_since,
        sequence: source.last_sequence,
    }
}

/// One message for each source; one for all where a line or a program that is away silences many at once.
fn messages(sources: &[SilentSource], silent: bool) -> Vec<Message> {
    let single: Vec<Message> = sources.iter().map(|source| message(source, silent)).collect();
    if single.len() <= MOST_MESSAGES {
        return single;
    }
    let severity = single.iter().map(|one| one.severity).max().unwrap_or(Severity::Medium);
    vec![Message {
        severity,
        title_key: if silent { "source-message-many-silent" } else { "source-message-many-speaking" },
        title_arguments: vec![("count", single.len().to_string())],
        body: sources.iter().take(MOST_NAMES).map(|source| source.name.as_str()).collect::<Vec<_>>().join(", "),
        link: if silent { "/sources?silent=1".to_owned() } else { "/sources".to_owned() },
        agency_id: None,
    }]
}

fn message(source: &SilentSource, silent: bool) -> Message {
    let severity = match (silent, source.system_level) {
        (false, _) => Severity::Informational,
        (true, Some(level)) if level >= 3 => Severity::High,
        (true, _) => Severity::Medium,
    };
    Message {
        severity,
        title_key: if silent { "source-message-silent" } else { "source-message-speaking" },
        title_arguments: vec![
            ("name", source.name.clone()),
            ("system", source.system_name.clone().unwrap_or_else(|| NO_NAME.to_owned())),
        ],
        body: String::new(),
        link: match &source.alert_id {
            Some(alert) if silent => alert_link(alert),
            _ => format!("/sources/{}", source.source_id),
        },
        agency_id: source.agency_id.clone(),
    }
}

fn tell(tx: &kit::Tx<'_>, live: &Live, source: &SilentSource, state: &'static str) {
    let live = live.clone();
    let agency = crate::alerts::service::news_agency(source.agency_id.as_deref());
    let data = json!({ "id": source.source_id, "state": state });
    tx.after_commit(move || live.send("source", Some(agency), data));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn silent(number: usize, system_level: Option<i64>) -> SilentSource {
        SilentSource {
            source_id: format!("s{number}"),
            name: format!("máy {number}"),
            agency_id: Some("a".into()),
            agency_name: None,
            system_id: None,
            system_name: None,
            system_level,
            silent_since: 0,
            never_heard: false,
            last_sequence: 1,
            told_at: None,
            alert_id: None,
        }
    }

    #[test]
    fn a_broken_line_is_one_message_and_not_a_hundred() {
        let few: Vec<_> = (0..MOST_MESSAGES).map(|number| silent(number, None)).collect();
        assert_eq!(messages(&few, true).len(), MOST_MESSAGES);
        let many: Vec<_> = (0..100).map(|number| silent(number, (number == 70).then_some(3))).collect();
        let told = messages(&many, true);
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].title_arguments, [("count", "100".to_owned())]);
        assert_eq!(told[0].severity, Severity::High, "as urgent as the most urgent of them");
        assert_eq!(told[0].body.split(", ").count(), MOST_NAMES);
        assert_eq!(told[0].agency_id, None, "of several agencies");
    }
}
