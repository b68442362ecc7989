//! Silence is news: an expected source that has not been heard for longer than it may be silent is told to whoever
//! is on duty, once, and told again when it speaks.

use super::store::execute;
use kit::clock::{MINUTE, Micros};
use kit::live::Live;
use kit::page::Severity;
use kit::{Connection, Db, Error, Scope};
use organisation::inbox::{self, Message, NO_NAME, Recipient};
use sea_orm::{QueryResult, Statement};
use serde_json::json;

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
    /// Duty has been told.
    pub told_at: Option<Micros>,
}

const SELECT: &str = "SELECT s.id, s.name, s.created_at, s.max_silence_minutes, t.last_live, t.silent_since, t.told_at, \
    a.agency_id, g.name AS agency_name, a.system_id, y.name AS system_name, y.level AS system_level \
    FROM sources s JOIN source_status t ON t.source_id = s.id \
    LEFT JOIN source_assignments a ON a.source_id = s.id AND a.valid_to IS NULL \
    LEFT JOIN agencies g ON g.id = a.agency_id LEFT JOIN systems y ON y.id = a.system_id";

/// Expected sources in scope that have been silent for longer than they may be, the highest level first.
pub async fn silent_sources(connection: &impl Connection, now: Micros) -> Result<Vec<SilentSource>, Error> {
    let condition = connection.scope().agency_condition("a.agency_id");
    let sql = format!(
        "{SELECT} WHERE s.state = 'registered' AND s.expected AND {condition} \
         AND COALESCE(t.last_live, s.created_at) + s.max_silence_minutes * {MINUTE} < $1 \
         ORDER BY COALESCE(y.level, 0) DESC, COALESCE(t.last_live, s.created_at), s.id"
    );
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, [now.into()]);
    connection.query_all_raw(statement).await?.iter().map(silent).collect()
}

fn silent(row: &QueryResult) -> Result<SilentSource, Error> {
    let last_live: Option<Micros> = row.try_get("", "last_live")?;
    let created_at: Micros = row.try_get("", "created_at")?;
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
        told_at: row.try_get("", "told_at")?,
    })
}

/// Sources that were told silent and have spoken, or are no longer expected.
async fn speaking_again(connection: &impl Connection, now: Micros) -> Result<Vec<SilentSource>, Error> {
    let sql = format!(
        "{SELECT} WHERE t.silent_since IS NOT NULL AND NOT (s.state = 'registered' AND s.expected \
         AND COALESCE(t.last_live, s.created_at) + s.max_silence_minutes * {MINUTE} < $1) ORDER BY s.id"
    );
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, [now.into()]);
    connection.query_all_raw(statement).await?.iter().map(silent).collect()
}

/// Looks for silence and for its end; tells duty of each once. `scope` is the program's own. Returns how many fell
/// silent and how many speak again.
pub async fn check(db: &Db, scope: &Scope, live: &Live, now: Micros) -> Result<(usize, usize), Error> {
    let scoped = db.scoped(scope);
    let view = scoped.read();
    let fallen: Vec<_> =
        silent_sources(&view, now).await?.into_iter().filter(|source| source.told_at.is_none()).collect();
    let speaking = speaking_again(&view, now).await?;
    if fallen.is_empty() && speaking.is_empty() {
        return Ok((0, 0));
    }
    let tx = scoped.begin().await?;
    for source in &fallen {
        let sql = "UPDATE source_status SET silent_since = $2, told_at = $3 WHERE source_id = $1";
        execute(&tx, sql, [source.source_id.as_str().into(), source.silent_since.into(), now.into()]).await?;
        tell(&tx, live, source, "silent");
    }
    for source in &speaking {
        let sql = "UPDATE source_status SET silent_since = NULL, told_at = NULL WHERE source_id = $1";
        execute(&tx, sql, [source.source_id.as_str().into()]).await?;
        tell(&tx, live, source, "speaking");
    }
    for message in messages(&fallen, true).into_iter().chain(messages(&speaking, false)) {
        inbox::notify(&tx, live, now, Recipient::OnDuty, &message).await?;
    }
    tx.commit().await?;
    Ok((fallen.len(), speaking.len()))
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
        link: format!("/sources/{}", source.source_id),
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
            told_at: None,
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
