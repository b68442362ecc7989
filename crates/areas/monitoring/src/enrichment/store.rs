//! What enrichment reads of the registers, whatever the scope: for the program alone.

use super::known::Owner;
use crate::address_ranges::{self, AddressRange};
use crate::sources;
use crate::value_lists::{self, ListedValue};
use kit::{Connection, Error, Tx};
use sea_orm::{ConnectionTrait, Statement};
use std::collections::HashMap;

/// Name of the revision of ranges and lists.
const NAME: &str = "enrichment";

/// Everything of one moment.
pub(super) struct Registers {
    pub(super) ranges: Vec<AddressRange>,
    pub(super) values: Vec<ListedValue>,
    /// By source.
    pub(super) owners: HashMap<Box<str>, Owner>,
    /// Pairs of an agency and one above it, or itself.
    pub(super) above: Vec<(String, String)>,
}

/// Another text where anything that [`read`] gives is another.
pub(super) async fn revision(connection: &impl Connection) -> Result<String, Error> {
    let sql = "SELECT (SELECT revision FROM rule_decisions WHERE name = $1) AS revision";
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, [NAME.into()]);
    let row = connection.query_one_raw(statement).await?;
    let own = row.map(|row| row.try_get::<Option<i64>>("", "revision")).transpose()?.flatten().unwrap_or_default();
    Ok(format!("{own}.{}", sources::store::revision(connection).await?))
}

/// Something was changed in this transaction.
pub(crate) async fn count_on(tx: &Tx<'_>) -> Result<(), Error> {
    let sql = "INSERT INTO rule_decisions (name, revision) VALUES ($1, 1) \
               ON CONFLICT (name) DO UPDATE SET revision = rule_decisions.revision + 1";
    tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, [NAME.into()])).await?;
    Ok(())
}

/// Whose the sources are whose events the scope may read, by source.
pub(crate) async fn owners(connection: &impl Connection) -> Result<HashMap<Box<str>, Owner>, Error> {
    let sql = format!(
        "SELECT a.source_id, a.agency_id, g.code AS agency_code, y.code AS system_code, y.name AS system_name, \
         y.level AS system_level FROM source_assignments a LEFT JOIN agencies g ON g.id = a.agency_id \
         LEFT JOIN systems y ON y.id = a.system_id WHERE a.valid_to IS NULL AND {}",
        connection.scope().event_condition("a.agency_id")
    );
    let rows = connection.query_all_raw(Statement::from_string(connection.get_database_backend(), sql)).await?;
    let mut owners = HashMap::with_capacity(rows.len());
    for row in rows {
        let owner = Owner::new(
            row.try_get("", "agency_id")?,
            row.try_get("", "agency_code")?,
            row.try_get("", "system_code")?,
            row.try_get("", "system_name")?,
            row.try_get("", "system_level")?,
        );
        owners.insert(row.try_get::<String>("", "source_id")?.into(), owner);
    }
    Ok(owners)
}

pub(super) async fn read(connection: &impl Connection) -> Result<Registers, Error> {
    Ok(Registers {
        ranges: address_ranges::store::TABLE.all(connection).await?,
        values: value_lists::store::TABLE.all(connection).await?,
        owners: owners(connection).await?,
        above: sources::store::agencies_above(connection).await?.into_iter().collect(),
    })
}
