//! Rows of second factors.

use kit::clock::Micros;
use kit::{Connection, Error, Tx};
use sea_orm::{ConnectionTrait, FromQueryResult, Statement, Value};

/// What a person has.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub(crate) struct Factors {
    /// When the authenticator app was added.
    pub(crate) app_since: Option<Micros>,
    pub(crate) passkeys: i64,
    /// Recovery codes not yet used.
    pub(crate) recovery_codes: i64,
}

impl Factors {
    /// Whether a password alone does not sign in.
    pub(crate) fn any(&self) -> bool {
        self.app_since.is_some() || self.passkeys > 0
    }
}

pub(crate) async fn factors(connection: &impl Connection, person_id: &str) -> Result<Factors, Error> {
    let sql = "SELECT (SELECT added_at FROM totp_secrets WHERE person_id = $1) AS app_since, \
               (SELECT COUNT(*) FROM passkeys WHERE person_id = $1) AS passkeys, \
               (SELECT COUNT(*) FROM recovery_codes WHERE person_id = $1 AND used_at IS NULL) AS recovery_codes";
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, [person_id.into()]);
    let found = Factors::find_by_statement(statement).one(connection).await?;
    found.ok_or_else(|| Error::internal("second factors were not counted"))
}

async fn execute(tx: &Tx<'_>, sql: &str, values: Vec<Value>) -> Result<u64, Error> {
    let done = tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    Ok(done.rows_affected())
}

/// Since when the password alone has been enough to add the first one: when the account was made, or the way was opened.
pub(super) async fn way_opened_at(connection: &impl Connection, person_id: &str) -> Result<Micros, Error> {
    let sql = "SELECT COALESCE(second_factor_opened_at, created_at) AS opened_at FROM people WHERE id = $1";
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, [person_id.into()]);
    let row = connection.query_one_raw(statement).await?.ok_or(Error::NotFound)?;
    Ok(row.try_get("", "opened_at")?)
}

/// The password alone is enough from now on, for a while.
pub(crate) async fn open_way(tx: &Tx<'_>, person_id: &str, now: Micros) -> Result<(), Error> {
    let sql = "UPDATE people SET second_factor_opened_at = $1 WHERE id = $2";
    execute(tx, sql, vec![now.into(), person_id.into()]).await.map(|_| ())
}

/// The sealed secret of the authenticator app.
pub(super) async fn app_secret(connection: &impl Connection, person_id: &str) -> Result<Option<String>, Error> {
    let sql = "SELECT secret FROM totp_secrets WHERE person_id = $1";
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, [person_id.into()]);
    let row = connection.query_one_raw(statement).await?;
    row.map(|row| Ok(row.try_get("", "secret")?)).transpose()
}

/// Puts an app in place of the one before. The step of its first code is used.
pub(super) async fn put_app(tx: &Tx<'_>, person_id: &str, sealed: &str, step: u64, now: Micros) -> Result<(), Error> {
    let sql = "INSERT INTO totp_secrets (person_id, secret, added_at, last_step) VALUES ($1, $2, $3, $4) \
               ON CONFLICT (person_id) DO UPDATE SET secret = excluded.secret, added_at = excluded.added_at, \
               last_step = excluded.last_step";
    execute(tx, sql, vec![person_id.into(), sealed.into(), now.into(), number(step).into()]).await.map(|_| ())
}

/// Uses the code of a step; whether neither it nor a later one was used before.
pub(super) async fn use_step(tx: &Tx<'_>, person_id: &str, step: u64) -> Result<bool, Error> {
    let sql = "UPDATE totp_secrets SET last_step = $1 WHERE person_id = $2 AND last_step < $1";
    Ok(execute(tx, sql, vec![number(step).into(), person_id.into()]).await? > 0)
}

fn number(step: u64) -> i64 {
    i64::try_from(step).unwrap_or(i64::MAX)
}

pub(super) async fn remove_app(tx: &Tx<'_>, person_id: &str) -> Result<bool, Error> {
    Ok(execute(tx, "DELETE FROM totp_secrets WHERE person_id = $1", vec![person_id.into()]).await? > 0)
}

/// Puts new recovery codes in place of all before, used or not.
pub(super) async fn put_recovery_codes(
    tx: &Tx<'_>,
    person_id: &str,
    codes: &[String],
    now: Micros,
) -> Result<(), Error> {
    remove_recovery_codes(tx, person_id).await?;
    for code in codes {
        let sql = "INSERT INTO recovery_codes (code_hash, person_id, made_at, used_at) VALUES ($1, $2, $3, NULL)";
        execute(tx, sql, vec![super::recovery::hash(code).into(), person_id.into(), now.into()]).await?;
    }
    Ok(())
}

/// Uses a recovery code; whether it was one not yet used.
pub(super) async fn use_recovery_code(tx: &Tx<'_>, person_id: &str, code: &str, now: Micros) -> Result<bool, Error> {
    let sql = "UPDATE recovery_codes SET used_at = $1 WHERE person_id = $2 AND code_hash = $3 AND used_at IS NULL";
    let values = vec![now.into(), person_id.into(), super::recovery::hash(code).into()];
    Ok(execute(tx, sql, values).await? > 0)
}

pub(super) async fn remove_recovery_codes(tx: &Tx<'_>, person_id: &str) -> Result<(), Error> {
    execute(tx, "DELETE FROM recovery_codes WHERE person_id = $1", vec![person_id.into()]).await.map(|_| ())
}
