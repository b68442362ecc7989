//! Rows of address ranges. Those of an agency are seen by who reaches it, those of the whole centre by who sees all of it.

use super::{AddressRange, Kind};
use crate::enrichment::{Narrowed, Table, count_on};
use ipnet::IpNet;
use kit::clock::Micros;
use kit::fold::fold;
use kit::{Connection, Error, Tx};
use organisation::like_escape;
use sea_orm::{ConnectionTrait, QueryResult, Statement, Value};

pub(crate) static TABLE: Table<AddressRange> = Table {
    name: "address_ranges",
    columns: "r.id, r.network, r.name, r.kind, r.note, r.updated_at",
    order: "r.name_fold, r.network, r.id",
    read: range,
};

/// What a list is narrowed to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Part of the name or of the network.
    pub words: String,
    pub kind: Option<Kind>,
}

impl Filter {
    fn narrowed(&self) -> Narrowed {
        let mut narrowed = Narrowed::default();
        let words = self.words.trim();
        if !words.is_empty() {
            narrowed.values.push(format!("%{}%", like_escape(&fold(words))).into());
            narrowed.values.push(format!("{}%", like_escape(words)).into());
            narrowed.conditions += " AND (r.name_fold LIKE $1 ESCAPE '!' OR r.network LIKE $2 ESCAPE '!')";
        }
        if let Some(kind) = self.kind {
            narrowed.values.push(kind.code().into());
            narrowed.conditions += &format!(" AND r.kind = ${}", narrowed.values.len());
        }
        narrowed
    }
}

/// Those one may see, by name.
pub async fn list(
    connection: &impl Connection,
    filter: &Filter,
    limit: u64,
    offset: u64,
) -> Result<Vec<AddressRange>, Error> {
    TABLE.list(connection, filter.narrowed(), limit, offset).await
}

/// How many these are.
pub async fn count(connection: &impl Connection, filter: &Filter) -> Result<u64, Error> {
    TABLE.count(connection, filter.narrowed()).await
}

pub(super) async fn save(tx: &Tx<'_>, range: &AddressRange, now: Micros) -> Result<(), Error> {
    let sql = "INSERT INTO address_ranges (id, network, name, name_fold, kind, agency_id, note, created_by, created_at, \
               updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9) ON CONFLICT (id) DO UPDATE SET \
               name = excluded.name, name_fold = excluded.name_fold, kind = excluded.kind, note = excluded.note, \
               updated_at = excluded.updated_at";
    let values: [Value; 9] = [
        range.id.as_str().into(),
        range.network.to_string().into(),
        range.name.as_str().into(),
        fold(&range.name).into(),
        range.kind.code().into(),
        range.agency_id.clone().into(),
        range.note.as_str().into(),
        tx.scope().actor().id().into(),
        now.into(),
    ];
    tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    count_on(tx).await
}

fn range(row: &QueryResult) -> Result<AddressRange, Error> {
    let network: IpNet = row.try_get::<String>("", "network")?.parse().map_err(Error::internal)?;
    Ok(AddressRange {
        id: row.try_get("", "id")?,
        network,
        name: row.try_get("", "name")?,
        kind: Kind::from_code(&row.try_get::<String>("", "kind")?).unwrap_or(Kind::Other),
        agency_id: row.try_get("", "agency_id")?,
        agency_name: row.try_get("", "agency_name")?,
        agency_code: row.try_get("", "agency_code")?,
        note: row.try_get("", "note")?,
        updated_at: row.try_get("", "updated_at")?,
    })
}
