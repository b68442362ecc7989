//! Rows of changed law. They belong to the whole centre: no row is of one agency.

use kit::clock::Micros;
use kit::{Connection, Error, Tx};
use sea_orm::{ConnectionTrait, FromQueryResult, Statement, Value};
use serde::Serialize;

/// One version of a file.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult, Serialize)]
pub struct Version {
    pub path: String,
    /// Within its file, from 1.
    pub version: i64,
    /// Among all changes.
    pub change_number: i64,
    pub text: String,
    /// SHA-256 of the text.
    pub digest: String,
    pub reason: String,
    /// Legal basis of the change.
    pub basis: String,
    pub elevation_id: String,
    pub by_id: String,
    pub by_name: String,
    pub valid_from: Micros,
    pub valid_to: Option<Micros>,
}

/// What somebody waits with.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct Draft {
    pub path: String,
    pub person_id: String,
    pub person_name: String,
    pub text: String,
    pub reason: String,
    pub basis: String,
    /// Digest of the text in force when it was begun.
    pub built_on: String,
    /// Of everything in it: what the second person approves.
    pub digest: String,
    pub saved_at: Micros,
}

const VERSION: &str = "SELECT path, version, change_number, text, digest, reason, basis, elevation_id, by_id, by_name, \
                       valid_from, valid_to FROM law_versions";

const DRAFT: &str = "SELECT law_drafts.path, law_drafts.person_id, people.full_name AS person_name, law_drafts.text, \
                     law_drafts.reason, law_drafts.basis, law_drafts.built_on, law_drafts.digest, \
                     law_drafts.saved_at FROM law_drafts \
                     JOIN people ON people.id = law_drafts.person_id";

async fn versions(connection: &impl Connection, rest: &str, values: Vec<Value>) -> Result<Vec<Version>, Error> {
    let sql = format!("{VERSION} {rest}");
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    Ok(Version::find_by_statement(statement).all(connection).await?)
}

/// The newest version of every file, in the order in which they were made.
pub(super) async fn newest(connection: &impl Connection) -> Result<Vec<Version>, Error> {
    versions(connection, "WHERE valid_to IS NULL ORDER BY change_number", Vec::new()).await
}

/// All versions of a file, newest first.
pub async fn of_file(connection: &impl Connection, path: &str) -> Result<Vec<Version>, Error> {
    versions(connection, "WHERE path = $1 ORDER BY version DESC", vec![path.into()]).await
}

/// One of them.
pub async fn find(connection: &impl Connection, path: &str, version: i64) -> Result<Version, Error> {
    let values = vec![path.into(), version.into()];
    versions(connection, "WHERE path = $1 AND version = $2", values).await?.pop().ok_or(Error::NotFound)
}

/// The text of a version by its digest.
pub(super) async fn text_of(connection: &impl Connection, path: &str, digest: &str) -> Result<Option<String>, Error> {
    let values = vec![path.into(), digest.into()];
    let found = versions(connection, "WHERE path = $1 AND digest = $2 ORDER BY version DESC LIMIT 1", values).await?;
    Ok(found.into_iter().next().map(|version| version.text))
}

/// How many changes there were.
pub(super) async fn last_change(connection: &impl Connection) -> Result<i64, Error> {
    let statement = Statement::from_string(connection.get_database_backend(), "SELECT last FROM law_changes");
    let row = connection.query_one_raw(statement).await?;
    row.map_or(Ok(0), |row| Ok(row.try_get("", "last")?))
}

/// Number of the change that this transaction makes. Whoever makes one at the same time waits here for its end.
pub(super) async fn next_change(tx: &Tx<'_>) -> Result<i64, Error> {
    let sql = "INSERT INTO law_changes (id, last) VALUES (1, 1) \
               ON CONFLICT (id) DO UPDATE SET last = law_changes.last + 1 RETURNING last";
    let row = tx.query_one_raw(Statement::from_string(tx.get_database_backend(), sql)).await?;
    let row = row.ok_or_else(|| Error::internal("the count of changes gave no number"))?;
    Ok(row.try_get("", "last")?)
}

/// Ends the version before and adds the next.
pub(super) async fn insert(tx: &Tx<'_>, version: &Version) -> Result<(), Error> {
    let end = "UPDATE law_versions SET valid_to = $1 WHERE path = $2 AND valid_to IS NULL";
    execute(tx, end, vec![version.valid_from.into(), version.path.as_str().into()]).await?;
    let sql = "INSERT INTO law_versions (path, version, change_number, text, digest, reason, basis, elevation_id, \
               by_id, by_name, valid_from, valid_to) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,NULL)";
    let values = vec![
        version.path.as_str().into(),
        version.version.into(),
        version.change_number.into(),
        version.text.as_str().into(),
        version.digest.as_str().into(),
        version.reason.as_str().into(),
        version.basis.as_str().into(),
        version.elevation_id.as_str().into(),
        version.by_id.as_str().into(),
        version.by_name.as_str().into(),
        version.valid_from.into(),
    ];
    execute(tx, sql, values).await
}

async fn execute(tx: &Tx<'_>, sql: &str, values: Vec<Value>) -> Result<(), Error> {
    tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    Ok(())
}

async fn drafts(connection: &impl Connection, rest: &str, values: Vec<Value>) -> Result<Vec<Draft>, Error> {
    let sql = format!("{DRAFT} {rest}");
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    Ok(Draft::find_by_statement(statement).all(connection).await?)
}

/// One's own, and those of people in reach; `$2` is the asker.
fn seen(connection: &impl Connection) -> String {
    format!("(law_drafts.person_id = $2 OR {})", connection.scope().agency_condition("people.agency_id"))
}

/// Drafts of a file that the asker may see, newest first.
pub async fn drafts_of(connection: &impl Connection, path: &str) -> Result<Vec<Draft>, Error> {
    let rest = format!("WHERE law_drafts.path = $1 AND {} ORDER BY law_drafts.saved_at DESC", seen(connection));
    drafts(connection, &rest, vec![path.into(), asker(connection)]).await
}

/// The draft of a person, if the asker may see it.
pub async fn draft_of(connection: &impl Connection, path: &str, person_id: &str) -> Result<Option<Draft>, Error> {
    let rest = format!("WHERE law_drafts.path = $1 AND law_drafts.person_id = $3 AND {}", seen(connection));
    Ok(drafts(connection, &rest, vec![path.into(), asker(connection), person_id.into()]).await?.pop())
}

fn asker(connection: &impl Connection) -> Value {
    connection.scope().person_id().unwrap_or_default().into()
}

/// Keeps a draft in the place of the one before.
pub(super) async fn keep_draft(tx: &Tx<'_>, draft: &Draft) -> Result<(), Error> {
    drop_draft(tx, &draft.path, &draft.person_id).await?;
    let sql = "INSERT INTO law_drafts (path, person_id, text, reason, basis, built_on, digest, saved_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let values = vec![
        draft.path.as_str().into(),
        draft.person_id.as_str().into(),
        draft.text.as_str().into(),
        draft.reason.as_str().into(),
        draft.basis.as_str().into(),
        draft.built_on.as_str().into(),
        draft.digest.as_str().into(),
        draft.saved_at.into(),
    ];
    execute(tx, sql, values).await
}

pub(super) async fn drop_draft(tx: &Tx<'_>, path: &str, person_id: &str) -> Result<(), Error> {
    let sql = "DELETE FROM law_drafts WHERE path = $1 AND person_id = $2";
    execute(tx, sql, vec![path.into(), person_id.into()]).await
}
