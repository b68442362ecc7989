//! What address ranges and values on lists have in common as rows: each is kept for an agency or for the whole centre, is seen by
//! who reaches that, and is read anew by the pipeline once one has changed.

use super::count_on;
use kit::{Connection, Error, Tx};
use sea_orm::{ConnectionTrait, QueryResult, Statement, Value};

/// A table whose rows are called `r`, each with the agency `g` that it is kept for.
pub(crate) struct Table<T> {
    pub(crate) name: &'static str,
    /// Its own columns.
    pub(crate) columns: &'static str,
    pub(crate) order: &'static str,
    pub(crate) read: fn(&QueryResult) -> Result<T, Error>,
}

/// What a list is narrowed to beside what one may see: conditions, each of which begins with ` AND `, and their values.
#[derive(Debug, Default)]
pub(crate) struct Narrowed {
    pub(crate) conditions: String,
    pub(crate) values: Vec<Value>,
}

impl<T> Table<T> {
    /// Those one may see.
    pub(crate) async fn list(
        &self,
        connection: &impl Connection,
        narrowed: Narrowed,
        limit: u64,
        offset: u64,
    ) -> Result<Vec<T>, Error> {
        let Narrowed { conditions, values } = narrowed;
        let seen = connection.scope().agency_condition("r.agency_id");
        let order = self.order;
        let rest = format!("WHERE {seen}{conditions} ORDER BY {order} LIMIT {limit} OFFSET {offset}");
        self.rows(connection, &rest, values).await
    }

    /// How many these are.
    pub(crate) async fn count(&self, connection: &impl Connection, narrowed: Narrowed) -> Result<u64, Error> {
        let Narrowed { conditions, values } = narrowed;
        let seen = connection.scope().agency_condition("r.agency_id");
        self.number(connection, &format!("WHERE {seen}{conditions}"), values).await
    }

    /// One of those one may see.
    pub(crate) async fn find(&self, connection: &impl Connection, id: &str) -> Result<T, Error> {
        self.by_id(connection, id).await?.ok_or(Error::NotFound)
    }

    /// The same, where it is there.
    pub(crate) async fn by_id(&self, connection: &impl Connection, id: &str) -> Result<Option<T>, Error> {
        let seen = connection.scope().agency_condition("r.agency_id");
        Ok(self.rows(connection, &format!("WHERE r.id = $1 AND {seen}"), vec![id.into()]).await?.pop())
    }

    /// All there are, whatever the scope: for the program.
    pub(crate) async fn all(&self, connection: &impl Connection) -> Result<Vec<T>, Error> {
        self.rows(connection, &format!("ORDER BY {}", self.order), Vec::new()).await
    }

    /// How many there are of every agency: for a bound that all share, and not to be shown.
    pub(crate) async fn total(&self, connection: &impl Connection) -> Result<u64, Error> {
        self.number(connection, "", Vec::new()).await
    }

    pub(crate) async fn delete(&self, tx: &Tx<'_>, id: &str) -> Result<(), Error> {
        let sql = format!("DELETE FROM {} WHERE id = $1", self.name);
        tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, [id.into()])).await?;
        count_on(tx).await
    }

    async fn rows(&self, connection: &impl Connection, rest: &str, values: Vec<Value>) -> Result<Vec<T>, Error> {
        let Self { name, columns, .. } = self;
        let sql = format!(
            "SELECT {columns}, r.agency_id, g.name AS agency_name, g.code AS agency_code FROM {name} r \
             LEFT JOIN agencies g ON g.id = r.agency_id {rest}"
        );
        let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
        connection.query_all_raw(statement).await?.iter().map(self.read).collect()
    }

    async fn number(&self, connection: &impl Connection, rest: &str, values: Vec<Value>) -> Result<u64, Error> {
        let sql = format!("SELECT COUNT(*) AS number FROM {} r {rest}", self.name);
        let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
        let row = connection.query_one_raw(statement).await?;
        let number: i64 = row.map(|row| row.try_get("", "number")).transpose()?.unwrap_or(0);
        Ok(u64::try_from(number).unwrap_or(0))
    }
}
