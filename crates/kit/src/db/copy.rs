//! The whole database as one file, for backups. Needs a scope over everything.

use super::{Db, ScopedDb, Tx};
use crate::error::Error;
use crate::scope::{Agencies, Capability};
use sea_orm::{ConnectionTrait, DbBackend, IsolationLevel, Statement, TransactionOptions};
use std::path::Path;

impl Db {
    /// Ends its connections after the work under way. Of SQLite one file is left then.
    pub async fn close(&self) -> Result<(), Error> {
        self.inner.reader.close_by_ref().await?;
        Ok(self.inner.writer.close_by_ref().await?)
    }
}

impl<'db> ScopedDb<'db> {
    fn require_everything(&self) -> Result<(), Error> {
        self.scope.require(Capability::Administer)?;
        match self.scope.agencies() {
            Agencies::All => Ok(()),
            Agencies::Under(_) => Err(Error::Forbidden(Capability::Administer.name())),
        }
    }

    /// SQLite: writes a copy of this moment to a new file. Nobody has to wait for it.
    pub async fn copy_to(&self, file: &Path) -> Result<(), Error> {
        self.require_everything()?;
        let name = file.to_str().ok_or_else(|| Error::internal(format!("{} is no UTF-8", file.display())))?;
        let reader = &self.db.inner.reader;
        let copy = Statement::from_sql_and_values(reader.get_database_backend(), "VACUUM INTO $1", [name.into()]);
        reader.execute_raw(copy).await?;
        Ok(())
    }

    /// PostgreSQL: a transaction that sees one moment, and the name by which `pg_dump` sees the same one.
    pub async fn moment(&self) -> Result<(Tx<'db>, String), Error> {
        self.require_everything()?;
        let isolation_level = Some(IsolationLevel::RepeatableRead);
        let tx = self.begin_as(TransactionOptions { isolation_level, ..TransactionOptions::default() }).await?;
        let exported = Statement::from_string(tx.get_database_backend(), "SELECT pg_export_snapshot() AS name");
        let row = tx.query_one_raw(exported).await?;
        let row = row.ok_or_else(|| Error::internal("the moment has no name"))?;
        Ok((tx, row.try_get("", "name")?))
    }

    /// What SQLite finds wrong with its file, up to twenty faults. PostgreSQL has no such check.
    pub async fn faults(&self) -> Result<Vec<String>, Error> {
        self.require_everything()?;
        let reader = &self.db.inner.reader;
        if reader.get_database_backend() != DbBackend::Sqlite {
            return Ok(Vec::new());
        }
        let check = Statement::from_string(DbBackend::Sqlite, "PRAGMA integrity_check(20)");
        let rows = reader.query_all_raw(check).await?;
        let mut faults =
            rows.iter().map(|row| row.try_get("", "integrity_check")).collect::<Result<Vec<String>, _>>()?;
        faults.retain(|fault| fault != "ok");
        Ok(faults)
    }
}
