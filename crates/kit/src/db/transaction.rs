//! A transaction in a scope: everything of it is committed, or the one who began it is told that nothing is.

use super::{Connection, ScopedDb};
use crate::bus::Bus;
use crate::error::Error;
use crate::scope::Scope;
use crate::sealed::KeyRing;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult, Statement};
use std::sync::{Mutex, PoisonError};

/// A transaction in a scope. After a statement that failed it takes no other one and cannot be committed: a full or
/// failing disk makes SQLite end the transaction by itself, so that what came next would be written alone, without
/// its row in the trail; PostgreSQL answers the commit of a failed transaction with a rollback that looks like success.
pub struct Tx<'db> {
    transaction: DatabaseTransaction,
    scope: &'db Scope,
    keys: &'db KeyRing,
    bus: &'db Bus,
    after_commit: Mutex<Vec<Box<dyn FnOnce() + Send>>>,
    /// What the first statement that failed has said.
    failed: Mutex<Option<String>>,
}

impl<'db> Tx<'db> {
    pub(super) fn new(transaction: DatabaseTransaction, of: &ScopedDb<'db>) -> Self {
        Self {
            transaction,
            scope: of.scope,
            keys: &of.db.keys,
            bus: &of.db.inner.bus,
            after_commit: Mutex::default(),
            failed: Mutex::default(),
        }
    }
}

impl Tx<'_> {
    /// Hands a domain event to everyone who listens, inside this transaction: if one of them fails, the
    /// caller's change is not made either.
    pub async fn publish<E: Send + Sync + 'static>(&self, event: &E) -> Result<(), Error> {
        self.bus.deliver(self, event).await
    }

    /// Runs `act` once the transaction is committed: live notices, wake-ups.
    pub fn after_commit(&self, act: impl FnOnce() + Send + 'static) {
        if let Ok(mut acts) = self.after_commit.lock() {
            acts.push(Box::new(act));
        }
    }

    /// Begins a part that can be taken back alone, also after a statement in it failed. Parts follow one another.
    pub async fn begin_part(&self) -> Result<(), Error> {
        self.execute_unprepared("SAVEPOINT part").await?;
        Ok(())
    }

    /// Takes back what came since the part began; it still has to be ended.
    pub async fn take_back_part(&self) -> Result<(), Error> {
        // A transaction that has ended by itself knows of no part, and stays failed.
        self.note(self.transaction.execute_unprepared("ROLLBACK TO SAVEPOINT part").await)?;
        *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = None;
        Ok(())
    }

    pub async fn end_part(&self) -> Result<(), Error> {
        self.execute_unprepared("RELEASE SAVEPOINT part").await?;
        Ok(())
    }

    pub async fn commit(self) -> Result<(), Error> {
        self.require_whole()?;
        self.transaction.commit().await?;
        if let Ok(acts) = self.after_commit.into_inner() {
            for act in acts {
                act();
            }
        }
        Ok(())
    }

    /// Leaves nothing behind. What has failed already is gone.
    pub async fn rollback(self) -> Result<(), Error> {
        match self.require_whole() {
            Ok(()) => Ok(self.transaction.rollback().await?),
            // It was told to the one who asked; dropping ends it on either database.
            Err(_) => Ok(()),
        }
    }

    /// Keeps what was done; a dry run leaves nothing behind.
    pub async fn finish(self, dry_run: bool) -> Result<(), Error> {
        if dry_run { self.rollback().await } else { self.commit().await }
    }

    fn require_whole(&self) -> Result<(), DbErr> {
        match &*self.failed.lock().unwrap_or_else(PoisonError::into_inner) {
            None => Ok(()),
            Some(said) => Err(DbErr::Custom(format!("the transaction has failed already: {said}"))),
        }
    }

    fn note<T>(&self, outcome: Result<T, DbErr>) -> Result<T, DbErr> {
        if let Err(error) = &outcome {
            let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
            failed.get_or_insert_with(|| error.to_string());
        }
        outcome
    }
}

impl Connection for Tx<'_> {
    fn scope(&self) -> &Scope {
        self.scope
    }

    fn keys(&self) -> &KeyRing {
        self.keys
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Tx<'_> {
    fn get_database_backend(&self) -> DbBackend {
        self.transaction.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.require_whole()?;
        self.note(self.transaction.execute_raw(statement).await)
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.require_whole()?;
        self.note(self.transaction.execute_unprepared(sql).await)
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.require_whole()?;
        self.note(self.transaction.query_one_raw(statement).await)
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.require_whole()?;
        self.note(self.transaction.query_all_raw(statement).await)
    }
}

#[cfg(test)]
#[path = "transaction_tests.rs"]
mod tests;
