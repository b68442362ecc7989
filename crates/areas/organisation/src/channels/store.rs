//! Rows of channels.

use super::{Channel, Settings, cell};
use kit::clock::Micros;
use kit::{Connection, Error, Tx};
use sea_orm::{ConnectionTrait, FromQueryResult, Statement, Value};

const SELECT: &str = "SELECT notice_channels.id, notice_channels.agency_id, agencies.name AS agency_name, \
                      notice_channels.kind, notice_channels.name, notice_channels.kinds, notice_channels.active, \
                      notice_channels.created_at, notice_channels.updated_at \
                      FROM notice_channels JOIN agencies ON agencies.id = notice_channels.agency_id";

async fn select(connection: &impl Connection, rest: &str, values: Vec<Value>) -> Result<Vec<Channel>, Error> {
    let statement =
        Statement::from_sql_and_values(connection.get_database_backend(), format!("{SELECT} {rest}"), values);
    Ok(Channel::find_by_statement(statement).all(connection).await?)
}

/// Channels in scope, those in use first.
pub async fn list(connection: &impl Connection) -> Result<Vec<Channel>, Error> {
    let rest = format!(
        "WHERE {} ORDER BY notice_channels.active DESC, notice_channels.name, notice_channels.id LIMIT 500",
        connection.scope().agency_condition("notice_channels.agency_id")
    );
    select(connection, &rest, vec![]).await
}

/// One channel in scope.
pub async fn find(connection: &impl Connection, id: &str) -> Result<Channel, Error> {
    let rest = format!(
        "WHERE notice_channels.id = $1 AND {}",
        connection.scope().agency_condition("notice_channels.agency_id")
    );
    select(connection, &rest, vec![id.into()]).await?.pop().ok_or(Error::NotFound)
}

/// Channels in use that a person of an agency may have messages sent to: those of the agency and of agencies above it.
/// Their names, whatever the scope.
pub(crate) async fn offered_to(connection: &impl Connection, agency_id: &str) -> Result<Vec<Channel>, Error> {
    let rest = "WHERE notice_channels.active AND notice_channels.kind <> 'webhook' AND notice_channels.agency_id IN \
                (SELECT ancestor_id FROM agency_closure WHERE descendant_id = $1) \
                ORDER BY notice_channels.name, notice_channels.id LIMIT 50";
    select(connection, rest, vec![agency_id.into()]).await
}

/// Channels in use that news about an agency is posted to: the agency's and those above it; news about no agency goes to
/// the centre's own. Whatever the scope: the program posts.
pub(crate) async fn posting(connection: &impl Connection, agency_id: Option<&str>) -> Result<Vec<Channel>, Error> {
    let wanted = "WHERE notice_channels.active AND notice_channels.kinds <> '' AND";
    let own = "ORDER BY notice_channels.id";
    match agency_id {
        None => select(connection, &format!("{wanted} agencies.parent_id IS NULL {own}"), vec![]).await,
        Some(id) => {
            let rest = format!(
                "{wanted} notice_channels.agency_id IN \
                 (SELECT ancestor_id FROM agency_closure WHERE descendant_id = $1) {own}"
            );
            select(connection, &rest, vec![id.into()]).await
        }
    }
}

/// Settings of a channel, opened. `None` where no key at hand opens them.
pub(crate) async fn opened(connection: &impl Connection, id: &str) -> Result<Option<Settings>, Error> {
    let sql = "SELECT settings FROM notice_channels WHERE id = $1";
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, [id.into()]);
    let row = connection.query_one_raw(statement).await?.ok_or(Error::NotFound)?;
    let sealed: String = row.try_get("", "settings")?;
    let text = match connection.keys().open(cell(id), &sealed) {
        Ok(text) => text,
        Err(error) => {
            tracing::warn!(channel = id, %error, "settings of a channel are not opened");
            return Ok(None);
        }
    };
    Ok(serde_json::from_str(&text).ok())
}

fn sealed(tx: &Tx<'_>, id: &str, settings: &Settings) -> Result<String, Error> {
    tx.keys().seal(cell(id), &serde_json::to_string(settings).map_err(Error::internal)?)
}

async fn execute(tx: &Tx<'_>, sql: &str, values: Vec<Value>) -> Result<(), Error> {
    tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    Ok(())
}

/// What is kept of a channel.
pub(super) struct Row<'a> {
    pub(super) agency_id: &'a str,
    pub(super) name: &'a str,
    pub(super) kinds: &'a str,
    pub(super) settings: &'a Settings,
}

pub(super) async fn insert(tx: &Tx<'_>, id: &str, row: Row<'_>, now: Micros) -> Result<(), Error> {
    let sql = "INSERT INTO notice_channels (id, agency_id, kind, name, settings, kinds, active, created_at, updated_at) \
               VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9)";
    let values = vec![
        id.into(),
        row.agency_id.into(),
        row.settings.kind().code().into(),
        row.name.into(),
        sealed(tx, id, row.settings)?.into(),
        row.kinds.into(),
        true.into(),
        now.into(),
        now.into(),
    ];
    execute(tx, sql, values).await
}

pub(super) async fn update(tx: &Tx<'_>, id: &str, row: Row<'_>, now: Micros) -> Result<(), Error> {
    let sql = "UPDATE notice_channels SET agency_id = $1, name = $2, settings = $3, kinds = $4, updated_at = $5 \
               WHERE id = $6";
    let values = vec![
        row.agency_id.into(),
        row.name.into(),
        sealed(tx, id, row.settings)?.into(),
        row.kinds.into(),
        now.into(),
        id.into(),
    ];
    execute(tx, sql, values).await
}

pub(super) async fn set_active(tx: &Tx<'_>, id: &str, active: bool, now: Micros) -> Result<(), Error> {
    let sql = "UPDATE notice_channels SET active = $1, updated_at = $2 WHERE id = $3";
    execute(tx, sql, vec![active.into(), now.into(), id.into()]).await
}
