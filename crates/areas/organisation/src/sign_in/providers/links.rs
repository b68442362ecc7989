//! Rows of links between accounts elsewhere and people here.

use kit::clock::Micros;
use kit::id::new_id;
use kit::{Connection, Error, Tx};
use sea_orm::{ConnectionTrait, FromQueryResult, Statement, Value};

/// One link.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub(crate) struct Link {
    pub(crate) id: String,
    pub(crate) issuer: String,
    pub(crate) subject: String,
    pub(crate) linked_at: Micros,
    pub(crate) last_used_at: Option<Micros>,
}

/// A link to be made.
#[derive(Debug, Clone, Copy)]
pub(super) struct NewLink<'link> {
    pub(super) issuer: &'link str,
    pub(super) subject: &'link str,
    pub(super) person_id: &'link str,
    /// Who made it: a person, or `first-sign-in`.
    pub(super) by: &'link str,
}

async fn execute(tx: &Tx<'_>, sql: &str, values: Vec<Value>) -> Result<u64, Error> {
    let done = tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    Ok(done.rows_affected())
}

/// Whose account it is.
pub(super) async fn person_of(
    connection: &impl Connection,
    issuer: &str,
    subject: &str,
) -> Result<Option<String>, Error> {
    let sql = "SELECT person_id FROM provider_links WHERE issuer = $1 AND subject = $2";
    let values = [issuer.into(), subject.into()];
    let row = connection
        .query_one_raw(Statement::from_sql_and_values(connection.get_database_backend(), sql, values))
        .await?;
    row.map(|row| Ok(row.try_get("", "person_id")?)).transpose()
}

/// Links of a person, whom the caller may see.
pub(super) async fn of(connection: &impl Connection, person_id: &str) -> Result<Vec<Link>, Error> {
    let sql = "SELECT id, issuer, subject, linked_at, last_used_at FROM provider_links WHERE person_id = $1 \
               ORDER BY linked_at, id";
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, [person_id.into()]);
    Ok(Link::find_by_statement(statement).all(connection).await?)
}

/// Makes a link; whether it could be made: neither the account there nor the person is linked already.
pub(super) async fn insert(tx: &Tx<'_>, new: NewLink<'_>, now: Micros) -> Result<bool, Error> {
    let sql = "INSERT INTO provider_links (id, issuer, subject, person_id, linked_by, linked_at, last_used_at) \
               VALUES ($1, $2, $3, $4, $5, $6, NULL) ON CONFLICT DO NOTHING";
    let values = vec![
        new_id(now).into(),
        new.issuer.into(),
        new.subject.into(),
        new.person_id.into(),
        new.by.into(),
        now.into(),
    ];
    Ok(execute(tx, sql, values).await? > 0)
}

pub(super) async fn used(tx: &Tx<'_>, issuer: &str, subject: &str, now: Micros) -> Result<(), Error> {
    let sql = "UPDATE provider_links SET last_used_at = $1 WHERE issuer = $2 AND subject = $3";
    execute(tx, sql, vec![now.into(), issuer.into(), subject.into()]).await.map(|_| ())
}

/// Takes a link of a person away; its issuer, where there was one.
pub(super) async fn remove(tx: &Tx<'_>, person_id: &str, id: &str) -> Result<Option<String>, Error> {
    let sql = "DELETE FROM provider_links WHERE id = $1 AND person_id = $2 RETURNING issuer";
    let values = [id.into(), person_id.into()];
    let row = tx.query_one_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    row.map(|row| Ok(row.try_get("", "issuer")?)).transpose()
}
