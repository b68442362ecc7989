//! Rows of the outbox.

use super::{Outgoing, State};
use crate::audit;
use crate::conditions::Conditions;
use crate::inbox::NOT_TAKEN;
use kit::clock::Micros;
use kit::id::new_id;
use kit::{Capability, Connection, Error, Tx};
use sea_orm::{ConnectionTrait, FromQueryResult, Statement, Value};
use serde_json::json;

const SELECT: &str = "SELECT notice_outbox.id, notice_outbox.channel_id, notice_channels.name AS channel_name, \
                      notice_channels.kind AS channel_kind, notice_channels.agency_id, notice_outbox.person_id, \
                      people.full_name AS person_name, notice_outbox.message_id, notice_outbox.kind, \
                      notice_outbox.severity, notice_outbox.title_key, notice_outbox.title_arguments, \
                      notice_outbox.link, notice_outbox.bundled, notice_outbox.state, notice_outbox.attempts, \
                      notice_outbox.due_at, notice_outbox.created_at, notice_outbox.done_at, notice_outbox.failure, \
                      notice_outbox.answer \
                      FROM notice_outbox JOIN notice_channels ON notice_channels.id = notice_outbox.channel_id \
                      LEFT JOIN people ON people.id = notice_outbox.person_id";

/// A row to be written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewRow<'a> {
    pub(crate) channel_id: &'a str,
    pub(crate) person_id: Option<&'a str>,
    pub(crate) message_id: Option<&'a str>,
    pub(crate) kind: &'a str,
    pub(crate) severity: &'a str,
    pub(crate) title_key: &'a str,
    pub(crate) title_arguments: &'a str,
    pub(crate) link: &'a str,
    pub(crate) bundled: bool,
    pub(crate) due_at: Micros,
}

async fn execute(tx: &Tx<'_>, sql: &str, values: Vec<Value>) -> Result<u64, Error> {
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
    Ok(tx.execute_raw(statement).await?.rows_affected())
}

async fn select(connection: &impl Connection, rest: &str, values: Vec<Value>) -> Result<Vec<Outgoing>, Error> {
    let statement =
        Statement::from_sql_and_values(connection.get_database_backend(), format!("{SELECT} {rest}"), values);
    Ok(Outgoing::find_by_statement(statement).all(connection).await?)
}

async fn counted(connection: &impl Connection, sql: &str, values: Vec<Value>) -> Result<u64, Error> {
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    let row = connection.query_one_raw(statement).await?;
    Ok(row.map(|row| row.try_get::<i64>("", "found")).transpose()?.and_then(|n| u64::try_from(n).ok()).unwrap_or(0))
}

/// Puts a message into the outbox.
pub(crate) async fn put(tx: &Tx<'_>, row: NewRow<'_>, now: Micros) -> Result<(), Error> {
    let sql = "INSERT INTO notice_outbox (id, channel_id, person_id, message_id, kind, severity, title_key, \
               title_arguments, link, bundled, state, attempts, due_at, claimed_until, created_at, done_at, failure, \
               answer) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,'waiting',0,$11,0,$12,NULL,'','')";
    let values = vec![
        new_id(now).into(),
        row.channel_id.into(),
        row.person_id.map(ToOwned::to_owned).into(),
        row.message_id.map(ToOwned::to_owned).into(),
        row.kind.into(),
        row.severity.into(),
        row.title_key.into(),
        row.title_arguments.into(),
        row.link.into(),
        row.bundled.into(),
        row.due_at.into(),
        now.into(),
    ];
    execute(tx, sql, values).await.map(|_| ())
}

/// How many messages went or go to a person by themselves on a channel since then.
pub(super) async fn sent_to(
    connection: &impl Connection,
    person_id: &str,
    channel_id: &str,
    since: Micros,
) -> Result<u64, Error> {
    let sql = "SELECT COUNT(*) AS found FROM notice_outbox WHERE person_id = $1 AND channel_id = $2 \
               AND created_at > $3 AND bundled = $4";
    counted(connection, sql, vec![person_id.into(), channel_id.into(), since.into(), false.into()]).await
}

/// What the list is narrowed to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OutboxFilter {
    pub state: Option<State>,
    /// Empty: all.
    pub channel_id: String,
}

impl OutboxFilter {
    fn conditions(&self, connection: &impl Connection) -> Result<Conditions, Error> {
        let scope = connection.scope();
        if !scope.may(Capability::ViewAudit) {
            scope.require(Capability::Administer)?;
        }
        let mut conditions = Conditions::default();
        conditions.plain(scope.agency_condition("notice_channels.agency_id"));
        if let Some(state) = self.state {
            conditions.with("notice_outbox.state = ?", state.code());
        }
        if !self.channel_id.is_empty() {
            conditions.with("notice_outbox.channel_id = ?", self.channel_id.as_str());
        }
        Ok(conditions)
    }
}

/// Messages of channels in scope, newest first.
pub async fn list(
    connection: &impl Connection,
    filter: &OutboxFilter,
    limit: u64,
    offset: u64,
) -> Result<Vec<Outgoing>, Error> {
    let conditions = filter.conditions(connection)?;
    let rest = format!(
        "{} ORDER BY notice_outbox.created_at DESC, notice_outbox.id DESC LIMIT {limit} OFFSET {offset}",
        conditions.sql()
    );
    select(connection, &rest, conditions.values()).await
}

/// How many the filter keeps.
pub async fn count(connection: &impl Connection, filter: &OutboxFilter) -> Result<u64, Error> {
    let conditions = filter.conditions(connection)?;
    let sql = format!(
        "SELECT COUNT(*) AS found FROM notice_outbox \
         JOIN notice_channels ON notice_channels.id = notice_outbox.channel_id {}",
        conditions.sql()
    );
    counted(connection, &sql, conditions.values()).await
}

/// Sends a message that was given up once more, from the first attempt.
pub async fn try_again(tx: &Tx<'_>, now: Micros, id: &str) -> Result<(), Error> {
    tx.scope().require(Capability::Administer)?;
    let rest = format!("WHERE notice_outbox.id = $1 AND {}", tx.scope().agency_condition("notice_channels.agency_id"));
    let row = select(tx, &rest, vec![id.into()]).await?.pop().ok_or(Error::NotFound)?;
    let sql = "UPDATE notice_outbox SET state = 'waiting', attempts = 0, due_at = $1, claimed_until = 0, done_at = NULL \
               WHERE id = $2 AND state = 'failed'";
    if execute(tx, sql, vec![now.into(), id.into()]).await? == 0 {
        return Err(Error::Conflict("outbox-not-failed"));
    }
    let details = json!({ "channel": row.channel_name, "title": row.title_key });
    audit::record(tx, now, "outbox.retry", "outbox", id, Some(&row.agency_id), details).await
}

/// Takes back what is no longer needed: read in time, taken on by a colleague on duty, or on a channel out of use. Gives how many.
pub(super) async fn withdraw(tx: &Tx<'_>, now: Micros) -> Result<u64, Error> {
    let sql = format!(
        "UPDATE notice_outbox SET state = 'withdrawn', done_at = $1 WHERE state = 'waiting' AND due_at <= $1 \
         AND claimed_until <= $1 AND (channel_id IN (SELECT id FROM notice_channels WHERE NOT active) \
         OR message_id IN (SELECT id FROM inbox_messages WHERE read_at IS NOT NULL OR NOT ({NOT_TAKEN})))"
    );
    execute(tx, &sql, vec![now.into()]).await
}

/// What is due and in nobody's hands, the most overdue first.
pub(super) async fn due(connection: &impl Connection, now: Micros, limit: u64) -> Result<Vec<Outgoing>, Error> {
    let rest = format!(
        "WHERE notice_outbox.state = 'waiting' AND notice_outbox.due_at <= $1 AND notice_outbox.claimed_until <= $1 \
         ORDER BY notice_outbox.due_at, notice_outbox.id LIMIT {limit}"
    );
    select(connection, &rest, vec![now.into()]).await
}

fn places(ids: &[&str], first: usize) -> String {
    (first..first + ids.len()).map(|place| format!("${place}")).collect::<Vec<_>>().join(", ")
}

/// Takes these rows in hand until then; `false` where another sender has one of them.
pub(super) async fn claim(tx: &Tx<'_>, ids: &[&str], until: Micros, now: Micros) -> Result<bool, Error> {
    let sql = format!(
        "UPDATE notice_outbox SET claimed_until = $1, attempts = attempts + 1 \
         WHERE state = 'waiting' AND claimed_until <= $2 AND id IN ({})",
        places(ids, 3)
    );
    let mut values: Vec<Value> = vec![until.into(), now.into()];
    values.extend(ids.iter().map(|id| Value::from(*id)));
    Ok(execute(tx, &sql, values).await? == ids.len() as u64)
}

/// How an attempt ended.
pub(super) struct Ended<'a> {
    pub(super) state: State,
    /// Of the next attempt, where it is waiting.
    pub(super) due_at: Micros,
    pub(super) failure: &'a str,
    pub(super) answer: &'a str,
}

pub(super) async fn end(tx: &Tx<'_>, ids: &[&str], ended: &Ended<'_>, now: Micros) -> Result<(), Error> {
    let sql = format!(
        "UPDATE notice_outbox SET state = $1, due_at = $2, failure = $3, answer = $4, done_at = $5, claimed_until = 0 \
         WHERE state = 'waiting' AND id IN ({})",
        places(ids, 6)
    );
    let done_at = (ended.state != State::Waiting).then_some(now);
    let mut values: Vec<Value> =
        vec![ended.state.code().into(), ended.due_at.into(), ended.failure.into(), ended.answer.into(), done_at.into()];
    values.extend(ids.iter().map(|id| Value::from(*id)));
    execute(tx, &sql, values).await.map(|_| ())
}

/// Forgets what was done with before then.
pub(super) async fn forget(tx: &Tx<'_>, before: Micros) -> Result<u64, Error> {
    execute(tx, "DELETE FROM notice_outbox WHERE state <> 'waiting' AND created_at < $1", vec![before.into()]).await
}
