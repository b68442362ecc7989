//! The registers' database: SQLite (one writer, immediate transactions, `synchronous=FULL`) or PostgreSQL.
//! There is no way to a connection but through a [`Scope`]: `db.scoped(&scope)`.

mod copy;
mod transaction;

pub use transaction::Tx;

use crate::bus::Bus;
use crate::error::Error;
use crate::scope::Scope;
use crate::sealed::KeyRing;
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, DbErr, ExecResult, QueryResult,
    SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait, sqlx,
};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// The database. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    inner: Arc<Inner>,
    keys: KeyRing,
}

struct Inner {
    reader: DatabaseConnection,
    writer: DatabaseConnection,
    bus: Bus,
}

impl Db {
    /// Opens or creates `registers.sqlite` in `directory`.
    pub async fn open_sqlite(directory: &Path, bus: Bus) -> Result<Self, Error> {
        let url = format!("sqlite://{}?mode=rwc", directory.join("registers.sqlite").display());
        let writer = connect(&url, 1).await?;
        let reader = connect(&url, 4).await?;
        Ok(Self { inner: Arc::new(Inner { reader, writer, bus }), keys: KeyRing::default() })
    }

    /// Connects to PostgreSQL (`postgres://…`).
    pub async fn open_postgres(url: &str, bus: Bus) -> Result<Self, Error> {
        let pool = connect(url, 10).await?;
        let inner = Inner { reader: pool.clone(), writer: pool, bus };
        Ok(Self { inner: Arc::new(inner), keys: KeyRing::default() })
    }

    /// With the keys that seal secrets and personal data.
    #[must_use]
    pub fn sealing_with(self, keys: KeyRing) -> Self {
        Self { keys, ..self }
    }

    pub fn backend(&self) -> DbBackend {
        self.inner.writer.get_database_backend()
    }

    /// The database as `scope` may see it.
    pub fn scoped<'db>(&'db self, scope: &'db Scope) -> ScopedDb<'db> {
        ScopedDb { db: self, scope }
    }

    pub(crate) fn migration_connection(&self) -> &DatabaseConnection {
        &self.inner.writer
    }
}

async fn connect(url: &str, connections: u32) -> Result<DatabaseConnection, Error> {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .sqlx_logging(false)
        .connect_timeout(Duration::from_secs(10))
        .acquire_timeout(Duration::from_secs(30))
        .map_sqlx_sqlite_opts(|sqlite| {
            sqlite
                .pragma("journal_mode", "WAL")
                .pragma("synchronous", "FULL")
                .pragma("foreign_keys", "ON")
                .pragma("busy_timeout", "30000")
        })
        .map_sqlx_sqlite_pool_opts(|pool| pool.after_release(|connection, _| Box::pin(is_clean(connection))));
    Ok(Database::connect(options).await?)
}

/// Whether no transaction is open on a connection that is given back. One that has any is closed, and another takes its
/// place: sqlx counts what it has begun and takes off what it has ended, but a full or failing disk makes SQLite end a
/// transaction by itself, so that the rollback after it fails and the count stays. Every later transaction on that
/// connection would be a savepoint, and after the first one given up nothing would ever be committed. (On PostgreSQL a
/// rollback is taken off before it is sent.)
async fn is_clean<C: sqlx::Connection>(connection: &mut C) -> Result<bool, sqlx::Error> {
    // The rollback that a dropped transaction asked for comes before the answer.
    connection.ping().await?;
    let is_clean = !connection.is_in_transaction();
    if !is_clean {
        tracing::warn!("SQLite has ended a transaction by itself; its connection is replaced");
    }
    Ok(is_clean)
}

/// The database in the hands of one asker.
pub struct ScopedDb<'db> {
    db: &'db Db,
    scope: &'db Scope,
}

impl<'db> ScopedDb<'db> {
    /// Reads outside a transaction.
    pub fn read(&self) -> View<'db> {
        View { connection: &self.db.inner.reader, scope: self.scope, keys: &self.db.keys }
    }

    /// Begins a transaction that can write. Dropped without [`Tx::commit`], it leaves nothing behind.
    pub async fn begin(&self) -> Result<Tx<'db>, Error> {
        self.begin_as(match self.db.backend() {
            DbBackend::Sqlite => TransactionOptions {
                sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
                ..TransactionOptions::default()
            },
            _ => TransactionOptions::default(),
        })
        .await
    }

    async fn begin_as(&self, options: TransactionOptions) -> Result<Tx<'db>, Error> {
        let transaction = self.db.inner.writer.begin_with_options(options).await?;
        Ok(Tx::new(transaction, self))
    }
}

/// What every query function of an area takes: something that runs statements and knows for whom.
pub trait Connection: ConnectionTrait + Send + Sync {
    fn scope(&self) -> &Scope;

    /// What secrets and personal data are sealed with.
    fn keys(&self) -> &KeyRing;
}

/// Reads in a scope.
pub struct View<'db> {
    connection: &'db DatabaseConnection,
    scope: &'db Scope,
    keys: &'db KeyRing,
}

impl Connection for View<'_> {
    fn scope(&self) -> &Scope {
        self.scope
    }

    fn keys(&self) -> &KeyRing {
        self.keys
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for View<'_> {
    fn get_database_backend(&self) -> DbBackend {
        self.connection.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.connection.execute_raw(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.connection.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.connection.query_one_raw(statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.connection.query_all_raw(statement).await
    }
}
