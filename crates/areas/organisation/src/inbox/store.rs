//! Rows of the inbox. Everyone reads and marks the own messages alone.

use super::{Draft, InboxMessage};
use crate::conditions::Conditions;
use crate::{audit, escalation};
use kit::clock::Micros;
use kit::id::new_id;
use kit::live::Live;
use kit::{Connection, Error, Tx};
use sea_orm::{ConnectionTrait, FromQueryResult, Statement};

const COLUMNS: &str = "id, person_id, agency_id, severity, title_key, title_arguments, body, link, created_at, read_at, \
                       acknowledged_at";

/// Messages with whoever else took on what they tell of: a person or a key with its name, whatever the scope.
const SELECT: &str = "SELECT inbox_messages.id, inbox_messages.person_id, inbox_messages.agency_id, \
                      inbox_messages.severity, inbox_messages.title_key, inbox_messages.title_arguments, \
                      inbox_messages.body, inbox_messages.link, inbox_messages.created_at, inbox_messages.read_at, \
                      inbox_messages.acknowledged_at, inbox_messages.on_duty, taken.acknowledged_at AS taken_at, \
                      COALESCE(taken.acknowledged_by, '') AS taken_by, \
                      COALESCE(people.full_name, api_keys.name, '') AS taken_by_name \
                      FROM inbox_messages LEFT JOIN notice_escalations taken \
                      ON taken.id = inbox_messages.escalation_id AND taken.acknowledged_by <> inbox_messages.person_id \
                      LEFT JOIN people ON people.id = taken.acknowledged_by \
                      LEFT JOIN api_keys ON api_keys.id = taken.acknowledged_by";

/// No colleague of the same watch has taken it on.
pub(crate) const NOT_TAKEN: &str = "NOT (inbox_messages.on_duty AND EXISTS (SELECT 1 FROM notice_escalations x \
                                    WHERE x.id = inbox_messages.escalation_id \
                                    AND x.acknowledged_by <> inbox_messages.person_id))";

/// What the list is narrowed to. What came to somebody on duty and a colleague took on is neither.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InboxFilter {
    pub unread: bool,
    /// Not yet acknowledged.
    pub open: bool,
}

fn own(connection: &impl Connection) -> Result<String, Error> {
    connection.scope().person_id().map(ToOwned::to_owned).ok_or(Error::Forbidden("inbox"))
}

fn conditions(connection: &impl Connection, filter: &InboxFilter) -> Result<Conditions, Error> {
    let mut conditions = Conditions::default();
    conditions.with("inbox_messages.person_id = ?", own(connection)?);
    if filter.unread {
        conditions.plain("inbox_messages.read_at IS NULL");
    }
    if filter.open {
        conditions.plain("inbox_messages.acknowledged_at IS NULL");
    }
    if filter.unread || filter.open {
        conditions.plain(NOT_TAKEN);
    }
    Ok(conditions)
}

/// Puts a message into one inbox; returns its identifier there.
pub(super) async fn insert(tx: &Tx<'_>, person_id: &str, draft: &Draft<'_>, now: Micros) -> Result<String, Error> {
    let sql = format!(
        "INSERT INTO inbox_messages ({COLUMNS}, escalation_id, on_duty) \
         VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,NULL,NULL,$10,$11)"
    );
    let id = new_id(now);
    let values = [
        id.as_str().into(),
        person_id.into(),
        draft.agency_id.map(ToOwned::to_owned).into(),
        draft.severity.code().into(),
        draft.title_key.into(),
        draft.title_arguments.into(),
        draft.body.chars().take(2_000).collect::<String>().into(),
        draft.link.into(),
        now.into(),
        draft.escalation_id.map(ToOwned::to_owned).into(),
        draft.on_duty.iter().any(|one| one == person_id).into(),
    ];
    tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    Ok(id)
}

/// Whether a person has had this message since then.
pub(crate) async fn told_since(
    connection: &impl Connection,
    person_id: &str,
    title_key: &str,
    since: Micros,
) -> Result<bool, Error> {
    let sql = "SELECT 1 FROM inbox_messages WHERE person_id = $1 AND title_key = $2 AND created_at > $3 LIMIT 1";
    let values = [person_id.into(), title_key.into(), since.into()];
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    Ok(connection.query_one_raw(statement).await?.is_some())
}

/// Own messages, newest first.
pub async fn list(
    connection: &impl Connection,
    filter: &InboxFilter,
    limit: u64,
    offset: u64,
) -> Result<Vec<InboxMessage>, Error> {
    let conditions = conditions(connection, filter)?;
    let sql = format!(
        "{SELECT} {} ORDER BY inbox_messages.created_at DESC, inbox_messages.id DESC LIMIT {limit} OFFSET {offset}",
        conditions.sql()
    );
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, conditions.values());
    Ok(InboxMessage::find_by_statement(statement).all(connection).await?)
}

/// How many own messages the filter keeps.
pub async fn count(connection: &impl Connection, filter: &InboxFilter) -> Result<u64, Error> {
    let conditions = conditions(connection, filter)?;
    let sql = format!("SELECT COUNT(*) AS found FROM inbox_messages {}", conditions.sql());
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, conditions.values());
    let row = connection.query_one_raw(statement).await?;
    Ok(row.map(|row| row.try_get::<i64>("", "found")).transpose()?.and_then(|n| u64::try_from(n).ok()).unwrap_or(0))
}

/// Own unread messages that no colleague took on, and how many of them are high or critical.
pub async fn unread(connection: &impl Connection) -> Result<(u64, u64), Error> {
    let sql = format!(
        "SELECT COUNT(*) AS found, COUNT(CASE WHEN severity IN ('high', 'critical') THEN 1 END) AS urgent \
         FROM inbox_messages WHERE person_id = $1 AND read_at IS NULL AND {NOT_TAKEN}"
    );
    let values = [own(connection)?.into()];
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    let Some(row) = connection.query_one_raw(statement).await? else { return Ok((0, 0)) };
    let figure = |name| row.try_get::<i64>("", name).map(|n| u64::try_from(n).unwrap_or_default());
    Ok((figure("found")?, figure("urgent")?))
}

/// Marks one own message read; [`Error::NotFound`] where it is not one's own. Returns its link.
pub async fn mark_read(tx: &Tx<'_>, now: Micros, id: &str) -> Result<String, Error> {
    let message = find(tx, id).await?;
    let sql = "UPDATE inbox_messages SET read_at = $1 WHERE id = $2 AND read_at IS NULL";
    tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, [now.into(), id.into()])).await?;
    Ok(message.link)
}

/// Marks every own message read; returns how many were not.
pub async fn mark_all_read(tx: &Tx<'_>, now: Micros) -> Result<u64, Error> {
    let sql = "UPDATE inbox_messages SET read_at = $1 WHERE person_id = $2 AND read_at IS NULL";
    let values = [now.into(), own(tx)?.into()];
    let done = tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    Ok(done.rows_affected())
}

/// Takes note of one own message: from now on it is known that it was seen and by whom. Returns its link.
pub async fn acknowledge(tx: &Tx<'_>, now: Micros, id: &str) -> Result<String, Error> {
    let message = find(tx, id).await?;
    if message.acknowledged_at.is_some() {
        return Ok(message.link);
    }
    let sql = "UPDATE inbox_messages SET acknowledged_at = $1, read_at = COALESCE(read_at, $1) WHERE id = $2";
    tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, [now.into(), id.into()])).await?;
    escalation::acknowledge(tx, now, id, &message.person_id).await?;
    let details = serde_json::json!({ "title": message.title_key, "link": message.link });
    audit::record(tx, now, "inbox.acknowledge", "inbox-message", id, message.agency_id.as_deref(), details).await?;
    Ok(message.link)
}

/// Somebody took on what these links lead to: the own messages about it count as acknowledged, and nobody else is told. Those
/// who were told see it once it is committed.
pub async fn acknowledge_about(tx: &Tx<'_>, live: &Live, now: Micros, links: &[String]) -> Result<(), Error> {
    let person = tx.scope().person_id().map(ToOwned::to_owned);
    let by = tx.scope().actor().id();
    for link in links {
        let open = escalation::acknowledge_about(tx, now, link, &by).await?;
        let own = match &person {
            Some(person) => acknowledge_own(tx, now, link, person).await?,
            None => 0,
        };
        if open + own > 0 {
            let details = serde_json::json!({ "link": link, "by_taking_on": true });
            audit::record(tx, now, "inbox.acknowledge", "inbox-message", link, None, details).await?;
            let live = live.clone();
            tx.after_commit(move || live.send("inbox", None, serde_json::json!({})));
        }
    }
    Ok(())
}

async fn acknowledge_own(tx: &Tx<'_>, now: Micros, link: &str, person_id: &str) -> Result<u64, Error> {
    let sql = "UPDATE inbox_messages SET acknowledged_at = $1, read_at = COALESCE(read_at, $1) \
               WHERE person_id = $2 AND link = $3 AND acknowledged_at IS NULL";
    let values = [now.into(), person_id.into(), link.into()];
    let done = tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    Ok(done.rows_affected())
}

/// What stood under one link stands under another now: messages and what watches over them lead there.
pub async fn moved(tx: &Tx<'_>, from: &str, to: &str) -> Result<(), Error> {
    for table in ["inbox_messages", "notice_escalations"] {
        let sql = format!("UPDATE {table} SET link = $1 WHERE link = $2");
        let values = [to.into(), from.into()];
        tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    }
    Ok(())
}

async fn find(connection: &impl Connection, id: &str) -> Result<InboxMessage, Error> {
    let sql = format!("{SELECT} WHERE inbox_messages.id = $1 AND inbox_messages.person_id = $2");
    let values = [id.into(), own(connection)?.into()];
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    InboxMessage::find_by_statement(statement).one(connection).await?.ok_or(Error::NotFound)
}
