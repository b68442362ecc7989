//! A flood: a source that sends many times what is usual for it at that hour of the week. It is an alert, once, until it ends.

use super::raised::{self, About};
use super::rhythm::Learned;
use super::settings::FloodSettings;
use super::{learning, store::execute};
use crate::alerts::grouping::Owner;
use crate::alerts::notices::alert_link;
use crate::settings::Settings;
use kit::clock::Micros;
use kit::live::Live;
use kit::locale::texts;
use kit::page::Severity;
use kit::{Db, Error, Lang, Scope};
use organisation::inbox::{self, Message, Recipient};
use sea_orm::{ConnectionTrait, QueryResult, Statement};

/// Identifier of the rule of such alerts.
pub const RULE: &str = "source-flood";

/// Events a minute from which it is a flood; `None` where nobody knows what is usual.
fn limit(learned: Option<&Learned>, least_weeks: i64, settings: &FloodSettings, now: Micros) -> Option<f64> {
    let learned = learned.filter(|learned| learned.weeks >= least_weeks)?;
    Some((learned.usual_per_minute(now) * settings.times).max(settings.least_per_minute))
}

struct Loud {
    owner: Owner,
    name: String,
    rate: f64,
    sequence: u64,
    alert_id: Option<String>,
    since: Option<Micros>,
}

fn loud(row: &QueryResult) -> Result<Loud, Error> {
    let text = |name: &str| row.try_get::<Option<String>>("", name);
    let sequence: i64 = row.try_get("", "last_sequence")?;
    Ok(Loud {
        owner: Owner {
            source_id: row.try_get::<String>("", "id")?.into(),
            system_id: text("system_id")?.map(Into::into),
            agency_id: text("agency_id")?.map(Into::into),
            system_level: row.try_get("", "level")?,
        },
        name: row.try_get("", "name")?,
        rate: row.try_get("", "rate_per_minute")?,
        sequence: u64::try_from(sequence).unwrap_or_default(),
        alert_id: text("flood_alert_id")?,
        since: row.try_get("", "flood_since")?,
    })
}

/// Looks for floods and for their end. `scope` is the program's own. Returns how many began and how many are over.
pub async fn check(
    db: &Db,
    scope: &Scope,
    live: &Live,
    settings: &Settings,
    now: Micros,
) -> Result<(usize, usize), Error> {
    let scoped = db.scoped(scope);
    let view = scoped.read();
    let sql = "SELECT s.id, s.name, t.rate_per_minute, t.last_sequence, t.flood_since, t.flood_alert_id, a.agency_id, \
        a.system_id, y.level FROM sources s JOIN source_status t ON t.source_id = s.id \
        LEFT JOIN source_assignments a ON a.source_id = s.id AND a.valid_to IS NULL \
        LEFT JOIN systems y ON y.id = a.system_id \
        WHERE t.flood_since IS NOT NULL OR (s.state = 'registered' AND t.rate_per_minute >= $1) ORDER BY s.id";
    let flood = settings.sources.flood;
    let values = [flood.least_per_minute.into()];
    let rows = view.query_all_raw(Statement::from_sql_and_values(view.get_database_backend(), sql, values)).await?;
    let found = rows.iter().map(loud).collect::<Result<Vec<_>, _>>()?;
    let ids: Vec<String> = found.iter().map(|one| one.owner.source_id.to_string()).collect();
    let learned = learning::learned(&view, &ids).await?;
    let least_weeks = settings.sources.rhythm.least_weeks;
    let limit = |one: &Loud| limit(learned.get(&*one.owner.source_id), least_weeks, &flood, now);
    let (running, quiet): (Vec<_>, Vec<_>) = found.iter().partition(|one| one.since.is_some());
    let begun: Vec<&Loud> = quiet.into_iter().filter(|one| limit(one).is_some_and(|most| one.rate >= most)).collect();
    let over: Vec<&Loud> =
        running.into_iter().filter(|one| limit(one).is_none_or(|most| one.rate < most / 2.0)).collect();
    if begun.is_empty() && over.is_empty() {
        return Ok((0, 0));
    }
    let tx = scoped.begin().await?;
    let abouts: Vec<About> = begun.iter().map(|one| about(one, now)).collect();
    let alerts = raised::raise(&tx, live, settings, &abouts, now).await?;
    for (one, alert) in begun.iter().zip(alerts) {
        let sql = "UPDATE source_status SET flood_since = $2, flood_alert_id = $3 WHERE source_id = $1";
        execute(&tx, sql, [(&*one.owner.source_id).into(), now.into(), alert.clone().into()]).await?;
        let message = message(one, alert.as_deref());
        inbox::notify(&tx, live, now, Recipient::OnDuty, &message).await?;
    }
    for one in &over {
        let sql = "UPDATE source_status SET flood_since = NULL, flood_alert_id = NULL WHERE source_id = $1";
        execute(&tx, sql, [(&*one.owner.source_id).into()]).await?;
        if let Some(alert) = &one.alert_id {
            let note = texts().text(Lang::Vi, "source-flood-over");
            raised::close(&tx, live, alert, one.owner.agency_id.as_deref(), &note, now).await?;
        }
    }
    tx.commit().await?;
    Ok((begun.len(), over.len()))
}

fn about(one: &Loud, now: Micros) -> About {
    About {
        rule_id: RULE,
        title: "source-alert-flood",
        level: Severity::Medium,
        owner: one.owner.clone(),
        name: one.name.clone(),
        since: now,
        sequence: one.sequence,
    }
}

fn message(one: &Loud, alert: Option<&str>) -> Message {
    Message {
        severity: Severity::Medium,
        title_key: "source-message-flood",
        title_arguments: vec![("name", one.name.clone()), ("rate", format!("{:.0}", one.rate))],
        body: String::new(),
        link: alert.map_or_else(|| format!("/sources/{}", one.owner.source_id), alert_link),
        agency_id: one.owner.agency_id.as_deref().map(ToOwned::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::rhythm::{OF_WEEK, WeekHours};

    #[test]
    fn a_flood_is_many_times_what_is_usual_and_never_a_handful() {
        let settings = crate::settings::Settings::embedded().expect("sound").sources.flood;
        let learned = |usual: f64, weeks| Learned {
            hours: WeekHours::ALL,
            max_silence_minutes: 15,
            usual: vec![usual; OF_WEEK],
            weeks,
        };
        let of = |learned: Learned| limit(Some(&learned), 3, &settings, 0);
        assert_eq!(of(learned(6_000.0, 3)), Some(100.0 * settings.times));
        assert_eq!(of(learned(1.0, 3)), Some(settings.least_per_minute));
        assert_eq!(of(learned(6_000.0, 2)), None, "nobody knows yet what is usual");
        assert_eq!(limit(None, 3, &settings, 0), None);
    }
}
