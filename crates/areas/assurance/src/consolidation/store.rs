//! Rows of consolidation: systems that are not retired, with what was decided of each. Systems that handle state secrets are
//! not among them: nothing but their code name, owner and level is kept.

use super::{CheckedMove, SystemMove};
use kit::clock::Micros;
use kit::{Connection, Error, Tx};
use sea_orm::{ConnectionTrait, QueryResult, Statement, Value};

/// Systems in scope, by owner and name in Vietnamese order.
pub async fn list(connection: &impl Connection) -> Result<Vec<SystemMove>, Error> {
    select(connection, "AND s.state <> 'retired' AND s.secret = FALSE", Vec::new()).await
}

/// One system in scope, whatever its state.
pub async fn find(connection: &impl Connection, system_id: &str) -> Result<SystemMove, Error> {
    select(connection, "AND s.id = $1", vec![system_id.into()]).await?.pop().ok_or(Error::NotFound)
}

async fn select(connection: &impl Connection, rest: &str, values: Vec<Value>) -> Result<Vec<SystemMove>, Error> {
    let scope = connection.scope();
    let sql = format!(
        "SELECT s.id, s.code, s.name, s.agency_id, a.name AS agency_name, s.level, s.hosting_kind, s.hosting, m.way, \
         m.into_system_id, t.id AS into_id, t.code AS into_code, t.name AS into_name, m.into_words, m.wave, m.due, m.done_at, \
         m.blocker, m.notes, m.version FROM systems s JOIN agencies a ON a.id = s.agency_id \
         LEFT JOIN system_moves m ON m.system_id = s.id LEFT JOIN systems t ON t.id = m.into_system_id AND {} \
         WHERE {} {rest} ORDER BY a.name_sort, a.id, s.name_sort, s.code",
        scope.agency_condition("t.agency_id"),
        scope.agency_condition("s.agency_id")
    );
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    connection.query_all_raw(statement).await?.iter().map(one).collect()
}

fn one(row: &QueryResult) -> Result<SystemMove, Error> {
    let text =
        |column: &str| -> Result<String, Error> { Ok(row.try_get::<Option<String>>("", column)?.unwrap_or_default()) };
    let into_id: Option<String> = row.try_get("", "into_id")?;
    Ok(SystemMove {
        system_id: row.try_get("", "id")?,
        code: row.try_get("", "code")?,
        name: row.try_get("", "name")?,
        agency_id: row.try_get("", "agency_id")?,
        agency_name: row.try_get("", "agency_name")?,
        level: row.try_get("", "level")?,
        hosting_kind: row.try_get("", "hosting_kind")?,
        hosting: row.try_get("", "hosting")?,
        way: row.try_get("", "way")?,
        into_out_of_reach: into_id.is_none() && row.try_get::<Option<String>>("", "into_system_id")?.is_some(),
        into_id,
        into_code: text("into_code")?,
        into_name: text("into_name")?,
        into_words: text("into_words")?,
        wave: row.try_get("", "wave")?,
        due: row.try_get("", "due")?,
        done_at: row.try_get("", "done_at")?,
        blocker: text("blocker")?,
        notes: text("notes")?,
        version: row.try_get::<Option<i64>>("", "version")?.unwrap_or_default(),
    })
}

/// The system that one within reach becomes part of, though that be out of reach.
pub(super) async fn into_id(tx: &Tx<'_>, system_id: &str) -> Result<Option<String>, Error> {
    let sql = "SELECT into_system_id FROM system_moves WHERE system_id = $1";
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, [system_id.into()]);
    let row = tx.query_one_raw(statement).await?;
    Ok(row.map(|row| row.try_get("", "into_system_id")).transpose()?.flatten())
}

/// Writes over the version that the form was built on; `false` if somebody was faster.
pub(super) async fn put(
    tx: &Tx<'_>,
    system_id: &str,
    new: &CheckedMove,
    into: Option<&str>,
    (version, now): (i64, Micros),
) -> Result<bool, Error> {
    let sql = "INSERT INTO system_moves (system_id, way, into_system_id, into_words, wave, due, done_at, blocker, notes, \
               version, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10 + 1, $11, $11) \
               ON CONFLICT (system_id) DO UPDATE SET way = excluded.way, into_system_id = excluded.into_system_id, \
               into_words = excluded.into_words, wave = excluded.wave, due = excluded.due, done_at = excluded.done_at, \
               blocker = excluded.blocker, notes = excluded.notes, version = excluded.version, \
               updated_at = excluded.updated_at WHERE system_moves.version = excluded.version - 1";
    let values: Vec<Value> = vec![
        system_id.into(),
        new.way.code().into(),
        into.map(ToOwned::to_owned).into(),
        new.into_words.as_str().into(),
        new.wave.into(),
        new.due.into(),
        new.done_at.into(),
        new.blocker.as_str().into(),
        new.notes.as_str().into(),
        version.into(),
        now.into(),
    ];
    let done = tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    Ok(done.rows_affected() == 1)
}
