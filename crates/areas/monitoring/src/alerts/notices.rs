//! Telling those on duty: an alert or a story from a severity on is put into their inbox in the transaction that writes
//! it, once, and again where it rises. What goes beyond the bound of an hour is summed up in one message.

use super::record::Change;
use super::store::severity_rank;
use crate::duty::NoticeSettings;
use kit::clock::{HOUR, MINUTE, Micros};
use kit::live::Live;
use kit::page::Severity;
use kit::{Connection, Db, Error, Scope, Tx};
use organisation::inbox::{self, Message, NO_NAME, Recipient};
use sea_orm::{ConnectionTrait, FromQueryResult, Statement, Value};
use std::collections::HashMap;

/// Alerts looked up in one statement.
const CHUNK: usize = 200;

/// An alert that came or grew, with what was told of it and of its story.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
struct Candidate {
    id: String,
    rule_title: String,
    rule_title_vi: Option<String>,
    severity_rank: i64,
    agency_id: Option<String>,
    agency_name: Option<String>,
    story_id: Option<String>,
    /// The highest that was told.
    told_rank: Option<i64>,
    story_told_rank: Option<i64>,
    /// The highest of its alerts that are not closed.
    story_rank: Option<i64>,
}

/// What is to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Told {
    alert: Candidate,
    is_story: bool,
    rank: i64,
}

/// Where an alert is.
pub fn alert_link(id: &str) -> String {
    format!("/alerts/{id}")
}

/// Where a story is.
pub fn story_link(id: &str) -> String {
    format!("/stories/{id}")
}

fn severity_of(rank: i64) -> Severity {
    let place = usize::try_from(rank).unwrap_or_default();
    Severity::ALL.into_iter().rev().nth(place).unwrap_or_default()
}

/// Of these, in their order, what is to be told: of a story one, of anything only what lies above what was told of it.
fn choose(candidates: Vec<Candidate>, from: Severity) -> Vec<Told> {
    let least = severity_rank(from);
    let mut stories: HashMap<String, i64> = HashMap::new();
    let mut chosen = Vec::new();
    for alert in candidates {
        let (rank, before) = match &alert.story_id {
            Some(story) => {
                let before = stories.get(story).copied().max(alert.story_told_rank);
                (alert.severity_rank.max(alert.story_rank.unwrap_or_default()), before)
            }
            None => (alert.severity_rank, alert.told_rank),
        };
        if rank < least || before.is_some_and(|before| before >= rank) {
            continue;
        }
        if let Some(story) = &alert.story_id {
            stories.insert(story.clone(), rank);
        }
        chosen.push(Told { is_story: alert.story_id.is_some(), rank, alert });
    }
    chosen
}

/// Tells those on duty what of these changes they have to hear. Changes that imports alone made are not told.
pub async fn tell(
    tx: &Tx<'_>,
    live: &Live,
    settings: &NoticeSettings,
    changes: &[Change],
    now: Micros,
) -> Result<(), Error> {
    // A lesser one may complete a story.
    let heard = |change: &&Change| !change.imported && (change.is_new || change.severity >= settings.from_severity);
    let ids: Vec<&str> = changes.iter().filter(heard).map(|change| change.id.as_str()).collect();
    let told = choose(candidates(tx, &ids).await?, settings.from_severity);
    if told.is_empty() {
        return Ok(());
    }
    let sent = told_since(tx, now.saturating_sub(HOUR)).await?;
    let room = usize::try_from(settings.most_per_hour.saturating_sub(sent)).unwrap_or(usize::MAX);
    for (place, one) in told.iter().enumerate() {
        let summed = place >= room;
        note(tx, one, summed, now).await?;
        if !summed {
            send(tx, live, settings, one, now).await?;
        }
    }
    Ok(())
}

async fn send(tx: &Tx<'_>, live: &Live, settings: &NoticeSettings, told: &Told, now: Micros) -> Result<(), Error> {
    let Told { alert, is_story, rank } = told;
    let severity = severity_of(*rank);
    let link = match &alert.story_id {
        Some(story) if *is_story => story_link(story),
        _ => alert_link(&alert.id),
    };
    let message = Message {
        severity,
        title_key: if *is_story { "alert-message-story" } else { "alert-message-raised" },
        title_arguments: title_arguments(alert, severity),
        body: String::new(),
        link,
        agency_id: alert.agency_id.clone(),
    };
    let mut recipients = vec![Recipient::OnDuty];
    if let Some(agency) = &alert.agency_id {
        let role = |role| Recipient::Role { role, agency_id: Some(agency.as_str()) };
        recipients.extend(settings.agency_roles.iter().map(|one| role(one.as_str())));
    }
    inbox::notify_all(tx, live, now, &recipients, &message).await?;
    Ok(())
}

fn title_arguments(alert: &Candidate, severity: Severity) -> Vec<(&'static str, String)> {
    vec![
        ("severity", severity.code().to_owned()),
        ("title", alert.rule_title.clone()),
        ("title_vi", alert.rule_title_vi.clone().unwrap_or_else(|| alert.rule_title.clone())),
        ("agency", alert.agency_name.clone().unwrap_or_else(|| NO_NAME.to_owned())),
    ]
}

/// Those of these alerts that are new to everybody and held back by nothing, in the order given.
async fn candidates(tx: &Tx<'_>, ids: &[&str]) -> Result<Vec<Candidate>, Error> {
    let mut found: HashMap<String, Candidate> = HashMap::new();
    for part in ids.chunks(CHUNK) {
        let places: Vec<String> = (1..=part.len()).map(|place| format!("${place}")).collect();
        let sql = format!(
            "SELECT a.id, a.rule_title, a.rule_title_vi, a.severity_rank, a.agency_id, g.name AS agency_name, a.story_id, \
             (SELECT MAX(n.severity_rank) FROM alert_notices n WHERE n.alert_id = a.id) AS told_rank, \
             (SELECT MAX(n.severity_rank) FROM alert_notices n WHERE n.story_id = a.story_id) AS story_told_rank, \
             (SELECT MAX(b.severity_rank) FROM alerts b WHERE b.story_id = a.story_id AND b.state <> 'closed') AS story_rank \
             FROM alerts a LEFT JOIN agencies g ON g.id = a.agency_id \
             WHERE a.id IN ({}) AND a.state = 'new' AND a.suppression_id IS NULL \
             AND NOT EXISTS (SELECT 1 FROM hunt_alerts x WHERE x.alert_id = a.id)",
            places.join(", ")
        );
        let values = part.iter().map(|id| Value::from(*id));
        let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
        for one in Candidate::find_by_statement(statement).all(tx).await? {
            found.insert(one.id.clone(), one);
        }
    }
    Ok(ids.iter().filter_map(|id| found.remove(*id)).collect())
}

/// Told one by one since then.
async fn told_since(tx: &Tx<'_>, since: Micros) -> Result<u64, Error> {
    let sql = "SELECT COUNT(*) AS number FROM alert_notices WHERE told_at > $1 AND NOT summed";
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, [since.into()]);
    let row = tx.query_one_raw(statement).await?;
    let number: i64 = row.map(|row| row.try_get("", "number")).transpose()?.unwrap_or(0);
    Ok(u64::try_from(number).unwrap_or_default())
}

async fn note(tx: &Tx<'_>, told: &Told, summed: bool, now: Micros) -> Result<(), Error> {
    let sql = "INSERT INTO alert_notices (id, alert_id, story_id, severity_rank, at, summed, told_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let story = told.alert.story_id.clone().filter(|_| told.is_story);
    let values: [Value; 7] = [
        kit::id::new_id(now).into(),
        told.alert.id.as_str().into(),
        story.into(),
        told.rank.into(),
        now.into(),
        summed.into(),
        Some(now).filter(|_| !summed).into(),
    ];
    tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    Ok(())
}

/// Two stories turned out to be one.
pub(crate) async fn merge_stories(tx: &Tx<'_>, from: &str, to: &str) -> Result<(), Error> {
    let sql = "UPDATE alert_notices SET story_id = $1 WHERE story_id = $2";
    let values = [to.into(), from.into()];
    let done = tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    match done.rows_affected() {
        0 => Ok(()),
        _ => inbox::moved(tx, &story_link(from), &story_link(to)).await,
    }
}

/// What waits to be summed up.
#[derive(Debug, FromQueryResult)]
struct Waiting {
    waiting: i64,
    /// Alerts that nobody has taken on in the meantime.
    untaken: i64,
    highest: Option<i64>,
    /// When something was last summed up.
    summed_at: Option<Micros>,
}

/// Tells those on duty how many alerts more there are than were told one by one. Gives how many. `scope` is the program's
/// own.
pub async fn sum_up(db: &Db, scope: &Scope, live: &Live, settings: &NoticeSettings, now: Micros) -> Result<u64, Error> {
    let scoped = db.scoped(scope);
    let waiting = what_waits(&scoped.read()).await?;
    let too_soon = waiting.summed_at.is_some_and(|last| now < last.saturating_add(settings.sum_up_minutes * MINUTE));
    if waiting.waiting == 0 || too_soon {
        return Ok(0);
    }
    let tx = scoped.begin().await?;
    let waiting = what_waits(&tx).await?;
    let sql = "UPDATE alert_notices SET told_at = $1 WHERE told_at IS NULL";
    tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, [now.into()])).await?;
    if waiting.untaken > 0 {
        let severities = Severity::ALL.into_iter().filter(|severity| *severity >= settings.from_severity);
        let chosen: String = severities.map(|severity| format!("&severity={}", severity.code())).collect();
        let message = Message {
            severity: severity_of(waiting.highest.unwrap_or_default()),
            title_key: "alert-message-more",
            title_arguments: vec![("count", waiting.untaken.to_string())],
            body: String::new(),
            link: format!("/alerts?state=new&each=1{chosen}"),
            agency_id: None,
        };
        inbox::notify(&tx, live, now, Recipient::OnDuty, &message).await?;
    }
    tx.commit().await?;
    Ok(u64::try_from(waiting.untaken).unwrap_or_default())
}

async fn what_waits(connection: &impl Connection) -> Result<Waiting, Error> {
    let sql = "SELECT (SELECT COUNT(*) FROM alert_notices WHERE told_at IS NULL) AS waiting, \
               COUNT(DISTINCT a.id) AS untaken, MAX(n.severity_rank) AS highest, \
               (SELECT MAX(told_at) FROM alert_notices WHERE summed) AS summed_at \
               FROM alert_notices n JOIN alerts a ON a.id = n.alert_id WHERE n.told_at IS NULL AND a.state = 'new'";
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    Waiting::find_by_statement(statement).one(connection).await?.ok_or_else(|| Error::internal("a count without a row"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use kit::locale::{Argument, Lang, texts};

    fn alert(id: &str, severity: Severity, told: Option<Severity>) -> Candidate {
        Candidate {
            id: id.into(),
            rule_title: id.into(),
            rule_title_vi: None,
            severity_rank: severity_rank(severity),
            agency_id: None,
            agency_name: None,
            story_id: None,
            told_rank: told.map(severity_rank),
            story_told_rank: None,
            story_rank: None,
        }
    }

    fn of_story(alert: Candidate, story: Severity, told: Option<Severity>) -> Candidate {
        Candidate {
            story_id: Some("s".into()),
            story_told_rank: told.map(severity_rank),
            story_rank: Some(severity_rank(story)),
            ..alert
        }
    }

    fn chosen(candidates: Vec<Candidate>) -> Vec<(String, bool, Severity)> {
        choose(candidates, Severity::High)
            .into_iter()
            .map(|told| (told.alert.id, told.is_story, severity_of(told.rank)))
            .collect()
    }

    #[test]
    fn an_alert_is_told_from_a_severity_on_once_and_again_where_it_rises() {
        let told = chosen(vec![
            alert("medium", Severity::Medium, None),
            alert("new", Severity::High, None),
            alert("known", Severity::High, Some(Severity::High)),
            alert("risen", Severity::Critical, Some(Severity::High)),
        ]);
        assert_eq!(told, [("new".into(), false, Severity::High), ("risen".into(), false, Severity::Critical)]);
    }

    #[test]
    fn a_story_is_told_once_whatever_joins_it() {
        let piece = |id: &str, severity, told| of_story(alert(id, severity, None), Severity::High, told);
        let told = chosen(vec![piece("first", Severity::Low, None), piece("second", Severity::High, None)]);
        assert_eq!(told, [("first".into(), true, Severity::High)], "the alert that completes it may be a lesser one");
        assert_eq!(chosen(vec![piece("third", Severity::High, Some(Severity::High))]), []);
        let risen = of_story(alert("fourth", Severity::Critical, None), Severity::Critical, Some(Severity::High));
        assert_eq!(chosen(vec![risen]), [("fourth".into(), true, Severity::Critical)]);
    }

    #[test]
    fn an_alert_of_no_agency_is_told_in_words() {
        let own = Candidate { agency_name: Some("Sở Y tế".into()), ..alert("Quy tắc", Severity::High, None) };
        let nobodys = alert("Quy tắc", Severity::High, None);
        for (one, lang, said) in [
            (&own, Lang::Vi, "(Sở Y tế)"),
            (&nobodys, Lang::Vi, "(chưa rõ cơ quan)"),
            (&nobodys, Lang::En, "(agency not known)"),
        ] {
            for key in ["alert-message-raised", "alert-message-story"] {
                let arguments = title_arguments(one, Severity::High);
                let arguments: Vec<(&str, Argument<'_>)> =
                    arguments.iter().map(|(name, value)| (*name, value.as_str().into())).collect();
                let words = texts().text_with(lang, key, &arguments);
                assert!(words.ends_with(said) && words.contains("Quy tắc"), "{words}");
            }
        }
    }
}
