//! Migrations: portable SQL files beside their area, named by date and area, applied in order of date and, on one
//! day, in the order given (areas from left to right), each in its own transaction. Types that mean the same on
//! SQLite and PostgreSQL: TEXT, BIGINT, DOUBLE PRECISION, BOOLEAN. Applied files are never edited; a new file changes
//! what an old one made.

use crate::clock::Clock;
use crate::db::Db;
use crate::error::Error;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement, TransactionTrait};

/// One file of statements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Migration {
    /// `2026-11-21-organisation-agencies`
    pub name: &'static str,
    /// Statements ending in `;` at the end of a line. Lines beginning with `--` are comments.
    pub sql: &'static str,
}

/// Applies what has not been applied yet, the kit's own first; returns the names.
pub async fn migrate(db: &Db, migrations: &[Migration], clock: &dyn Clock) -> Result<Vec<&'static str>, Error> {
    let connection = db.migration_connection();
    let backend = connection.get_database_backend();
    connection
        .execute_unprepared("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, applied_at BIGINT NOT NULL)")
        .await?;
    let applied: Vec<String> = connection
        .query_all_raw(Statement::from_string(backend, "SELECT name FROM migrations"))
        .await?
        .iter()
        .map(|row| row.try_get::<String>("", "name"))
        .collect::<Result<_, DbErr>>()?;
    let known = std::iter::once(&crate::repeat::MIGRATION).chain(migrations);
    let mut pending: Vec<_> = known.filter(|one| !applied.iter().any(|name| name == one.name)).collect();
    // By date; on one day in the order given, since an area's tables refer to those of areas on its left.
    pending.sort_by_key(|migration| migration.name.get(..10));
    for migration in &pending {
        let transaction = connection.begin().await?;
        for statement in statements(migration.sql) {
            transaction
                .execute_unprepared(&statement)
                .await
                .map_err(|error| Error::Internal(format!("migration {}: {error}", migration.name)))?;
        }
        transaction
            .execute_raw(Statement::from_sql_and_values(
                backend,
                "INSERT INTO migrations (name, applied_at) VALUES ($1, $2)",
                [migration.name.into(), clock.now().into()],
            ))
            .await?;
        transaction.commit().await?;
    }
    Ok(pending.iter().map(|migration| migration.name).collect())
}

/// Names of the migrations in a database; none where it is empty.
pub async fn applied(db: &Db) -> Result<Vec<String>, Error> {
    let connection = db.migration_connection();
    let backend = connection.get_database_backend();
    let table = match backend {
        DbBackend::Sqlite => "SELECT 1 AS one FROM sqlite_master WHERE type = 'table' AND name = 'migrations'",
        _ => "SELECT 1 AS one FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'migrations'",
    };
    if connection.query_one_raw(Statement::from_string(backend, table)).await?.is_none() {
        return Ok(Vec::new());
    }
    let names = Statement::from_string(backend, "SELECT name FROM migrations ORDER BY name");
    let rows = connection.query_all_raw(names).await?;
    rows.iter().map(|row| Ok(row.try_get("", "name")?)).collect()
}

/// Those of the names that this program does not know: a newer one made them.
pub fn unknown(names: &[String], migrations: &[Migration]) -> Vec<String> {
    let known = |name: &String| name == crate::repeat::MIGRATION.name || migrations.iter().any(|one| one.name == name);
    names.iter().filter(|name| !known(name)).cloned().collect()
}

fn statements(sql: &str) -> Vec<String> {
    let mut statements = Vec::new();
    let mut current = String::new();
    for line in sql.lines().filter(|line| !line.trim_start().starts_with("--")) {
        current.push_str(line);
        current.push('\n');
        if line.trim_end().ends_with(';') {
            statements.push(std::mem::take(&mut current));
        }
    }
    if !current.trim().is_empty() {
        statements.push(current);
    }
    statements
}
