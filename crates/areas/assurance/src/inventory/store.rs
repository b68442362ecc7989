//! Rows of the inventory. An item is reached by whoever reaches the owner of its system.

use super::{FIELDS, Field, Item, Linked, NewItem, Takes, kinds};
use kit::clock::Micros;
use kit::error::Error;
use kit::fold::{fold, sort_key};
use kit::{Connection, Tx, civil};
use sea_orm::{ConnectionTrait, QueryResult, Statement, Value};
use std::collections::BTreeMap;

/// What a list asks for; empty fields ask for nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Words in the item, its system or its owner; accents and case do not matter.
    pub words: String,
    pub kind: String,
    pub system_id: String,
    pub agency_id: String,
    /// Only those that are registered, or only those that a scan saw.
    pub registered: Option<bool>,
    /// Only links and components that lead to this system.
    pub linked_to: String,
}

fn from(connection: &impl Connection) -> String {
    format!(
        "FROM inventory_items i JOIN systems s ON s.id = i.system_id JOIN agencies a ON a.id = s.agency_id \
         LEFT JOIN systems l ON l.id = i.linked_system_id AND {}",
        connection.scope().agency_condition("l.agency_id")
    )
}

impl Filter {
    fn conditions(&self, connection: &impl Connection) -> (String, Vec<Value>) {
        let mut conditions = vec![connection.scope().agency_condition("s.agency_id")];
        let mut values: Vec<Value> = Vec::new();
        for word in fold(&self.words).split_whitespace().take(8) {
            values.push(format!("%{}%", organisation::like_escape(word)).into());
            let place = values.len();
            let columns = ["i.search_fold", "s.name_fold", "LOWER(s.code)", "a.name_fold"];
            let one = columns.map(|column| format!("{column} LIKE ${place} ESCAPE '!'"));
            conditions.push(format!("({})", one.join(" OR ")));
        }
        for (column, value) in [
            ("i.kind", &self.kind),
            ("i.system_id", &self.system_id),
            ("s.agency_id", &self.agency_id),
            ("i.linked_system_id", &self.linked_to),
        ] {
            if !value.is_empty() {
                values.push(value.as_str().into());
                conditions.push(format!("{column} = ${}", values.len()));
            }
        }
        if let Some(registered) = self.registered {
            values.push(registered.into());
            conditions.push(format!("i.registered = ${}", values.len()));
        }
        (conditions.join(" AND "), values)
    }
}

/// Items in scope that pass the filter: by owner, system, kind and name.
pub async fn list(connection: &impl Connection, filter: &Filter, limit: u64, offset: u64) -> Result<Vec<Item>, Error> {
    let (conditions, values) = filter.conditions(connection);
    let rest = format!(
        "WHERE {conditions} ORDER BY a.name_sort, s.name_sort, s.id, i.kind, i.name_sort, i.id LIMIT {limit} OFFSET {offset}"
    );
    select(connection, &rest, values).await
}

pub async fn count(connection: &impl Connection, filter: &Filter) -> Result<u64, Error> {
    let (conditions, values) = filter.conditions(connection);
    let sql = format!("SELECT COUNT(*) AS found {} WHERE {conditions}", from(connection));
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    let row = connection.query_one_raw(statement).await?;
    let found: Option<i64> = row.map(|row| row.try_get("", "found")).transpose()?;
    Ok(found.and_then(|found| u64::try_from(found).ok()).unwrap_or_default())
}

/// One item in scope.
pub async fn find(connection: &impl Connection, id: &str) -> Result<Item, Error> {
    let rest = format!("WHERE i.id = $1 AND {}", connection.scope().agency_condition("s.agency_id"));
    select(connection, &rest, vec![id.into()]).await?.pop().ok_or(Error::NotFound)
}

/// Kinds of a system with how many items are registered of each, and how many of those say less than they must; and how
/// many were seen and not registered.
pub(crate) async fn of_system(
    connection: &impl Connection,
    system_id: &str,
) -> Result<(Vec<(&'static str, u64, u64)>, u64), Error> {
    let filter = Filter { system_id: system_id.to_owned(), ..Filter::default() };
    let items = list(connection, &filter, MOST_OF_SYSTEM, 0).await?;
    let seen = items.iter().filter(|item| !item.registered).count() as u64;
    let of_kind = |id: &'static str| {
        let registered: Vec<_> = items.iter().filter(|item| item.registered && item.kind == id).collect();
        let incomplete = registered.iter().filter(|item| !item.missing().is_empty()).count();
        (id, registered.len() as u64, incomplete as u64)
    };
    Ok((kinds().iter().map(|kind| of_kind(&kind.id)).collect(), seen))
}

/// Most items of one system that its page counts and an import compares.
pub(super) const MOST_OF_SYSTEM: u64 = 20_000;

async fn select(connection: &impl Connection, rest: &str, values: Vec<Value>) -> Result<Vec<Item>, Error> {
    let columns: Vec<_> = FIELDS.iter().map(|field| format!("i.{}", field.column())).collect();
    let sql = format!(
        "SELECT i.id, i.system_id, s.code AS system_code, s.name AS system_name, s.agency_id, a.name AS agency_name, i.kind, \
         i.name, i.registered, i.first_seen_at, i.last_seen_at, i.version, l.id AS linked_id, l.code AS linked_code, \
         l.name AS linked_name, {} {} {rest}",
        columns.join(", "),
        from(connection)
    );
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    connection.query_all_raw(statement).await?.iter().map(item).collect()
}

fn item(row: &QueryResult) -> Result<Item, Error> {
    let mut values = BTreeMap::new();
    let named: Option<String> = row.try_get("", "linked_system_id")?;
    let linked = match row.try_get::<Option<String>>("", "linked_id")? {
        Some(id) => Some(Linked { id, code: row.try_get("", "linked_code")?, name: row.try_get("", "linked_name")? }),
        None => None,
    };
    for field in FIELDS {
        let value = match field.takes {
            Takes::System => linked.as_ref().map(|linked| linked.code.clone()).unwrap_or_default(),
            _ if field.is_number() => row
                .try_get::<Option<i64>>("", field.column())?
                .map(|number| number_text(field, number))
                .unwrap_or_default(),
            _ => row.try_get("", field.column())?,
        };
        if !value.is_empty() {
            values.insert(field.name, value);
        }
    }
    Ok(Item {
        id: row.try_get("", "id")?,
        system_id: row.try_get("", "system_id")?,
        system_code: row.try_get("", "system_code")?,
        system_name: row.try_get("", "system_name")?,
        agency_id: row.try_get("", "agency_id")?,
        agency_name: row.try_get("", "agency_name")?,
        kind: row.try_get("", "kind")?,
        name: row.try_get("", "name")?,
        values,
        links_out_of_reach: named.is_some() && linked.is_none(),
        linked,
        registered: row.try_get("", "registered")?,
        first_seen_at: row.try_get("", "first_seen_at")?,
        last_seen_at: row.try_get("", "last_seen_at")?,
        version: row.try_get("", "version")?,
    })
}

fn number_text(field: &Field, number: i64) -> String {
    if field.takes == Takes::Day { civil::day_field(number) } else { number.to_string() }
}

/// The value of a field for its column; `linked` is the system that the field of that kind names.
fn column_value(field: &Field, new: &NewItem, linked: Option<&str>) -> Value {
    let text = new.values.get(field.name).map_or("", String::as_str);
    match field.takes {
        Takes::System => linked.map(ToOwned::to_owned).into(),
        Takes::Day => civil::moment(text).into(),
        _ if field.is_number() => text.parse::<i64>().ok().into(),
        _ => text.into(),
    }
}

/// What a search looks into, folded.
fn searched(new: &NewItem) -> String {
    let told: Vec<_> = std::iter::once(&new.name).chain(new.values.values()).map(String::as_str).collect();
    fold(&told.join(" "))
}

/// Whether another item of the system has the name already, within its kind.
pub(super) async fn name_taken(tx: &Tx<'_>, system_id: &str, new: &NewItem, except: &str) -> Result<bool, Error> {
    let sql = "SELECT 1 AS one FROM inventory_items WHERE system_id = $1 AND kind = $2 AND name_fold = $3 AND id <> $4";
    let values: [Value; 4] = [system_id.into(), new.kind.as_str().into(), fold(&new.name).into(), except.into()];
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
    Ok(tx.query_one_raw(statement).await?.is_some())
}

/// Whether the system has items at all.
pub(crate) async fn any_of(tx: &Tx<'_>, system_id: &str) -> Result<bool, Error> {
    let sql = "SELECT 1 AS one FROM inventory_items WHERE system_id = $1 LIMIT 1";
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, [system_id.into()]);
    Ok(tx.query_one_raw(statement).await?.is_some())
}

/// The system that an item of a system within reach leads to, though that one be out of reach.
pub(super) async fn linked_id(tx: &Tx<'_>, id: &str) -> Result<Option<String>, Error> {
    let sql = "SELECT linked_system_id FROM inventory_items WHERE id = $1";
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, [id.into()]);
    let row = tx.query_one_raw(statement).await?;
    Ok(row.map(|row| row.try_get("", "linked_system_id")).transpose()?.flatten())
}

/// A row to be made.
pub(super) struct Row<'row> {
    pub(super) id: &'row str,
    pub(super) system_id: &'row str,
    pub(super) linked: Option<&'row str>,
    /// When a scan saw it; nothing where somebody registers it.
    pub(super) seen_at: Option<Micros>,
}

pub(super) async fn insert(tx: &Tx<'_>, row: &Row<'_>, new: &NewItem, now: Micros) -> Result<(), Error> {
    let mut columns = vec![
        "id",
        "system_id",
        "kind",
        "name",
        "name_fold",
        "name_sort",
        "search_fold",
        "registered",
        "first_seen_at",
        "last_seen_at",
        "version",
        "created_at",
        "updated_at",
    ];
    let mut values: Vec<Value> = vec![
        row.id.into(),
        row.system_id.into(),
        new.kind.as_str().into(),
        new.name.as_str().into(),
        fold(&new.name).into(),
        sort_key(&new.name).into(),
        searched(new).into(),
        row.seen_at.is_none().into(),
        row.seen_at.into(),
        row.seen_at.into(),
        1_i64.into(),
        now.into(),
        now.into(),
    ];
    for field in FIELDS {
        columns.push(field.column());
        values.push(column_value(field, new, row.linked));
    }
    let places: Vec<_> = (1..=columns.len()).map(|place| format!("${place}")).collect();
    let sql = format!("INSERT INTO inventory_items ({}) VALUES ({})", columns.join(", "), places.join(", "));
    execute(tx, &sql, values).await.map(|_| ())
}

/// Writes over the version that the form was built on, and registers what was only seen; `false` if somebody was faster.
pub(super) async fn update(
    tx: &Tx<'_>,
    id: &str,
    new: &NewItem,
    linked: Option<&str>,
    now: Micros,
) -> Result<bool, Error> {
    let mut columns = vec!["name", "name_fold", "name_sort", "search_fold", "registered", "version", "updated_at"];
    let mut values: Vec<Value> = vec![
        new.name.as_str().into(),
        fold(&new.name).into(),
        sort_key(&new.name).into(),
        searched(new).into(),
        true.into(),
        (new.version + 1).into(),
        now.into(),
    ];
    for field in FIELDS {
        columns.push(field.column());
        values.push(column_value(field, new, linked));
    }
    let sets: Vec<_> = columns.iter().zip(1..).map(|(column, place)| format!("{column} = ${place}")).collect();
    let place = values.len();
    values.extend([Value::from(id), new.version.into()]);
    let sql = format!(
        "UPDATE inventory_items SET {} WHERE id = ${} AND version = ${}",
        sets.join(", "),
        place + 1,
        place + 2
    );
    Ok(execute(tx, &sql, values).await? == 1)
}

/// A scan has seen the item.
pub(super) async fn see(tx: &Tx<'_>, id: &str, now: Micros) -> Result<(), Error> {
    let sql = "UPDATE inventory_items SET first_seen_at = COALESCE(first_seen_at, $1), last_seen_at = $1 WHERE id = $2";
    execute(tx, sql, vec![now.into(), id.into()]).await.map(|_| ())
}

/// Writes over what an item says of its services; a form that was built before is an older one then.
pub(super) async fn set_services(tx: &Tx<'_>, item: &Item, services: &str, now: Micros) -> Result<(), Error> {
    let mut new = NewItem::from(item.clone());
    new.values.insert("services".to_owned(), services.to_owned());
    let sql = "UPDATE inventory_items SET services = $1, search_fold = $2, version = version + 1, updated_at = $3 \
               WHERE id = $4";
    let values = vec![services.into(), searched(&new).into(), now.into(), item.id.as_str().into()];
    execute(tx, sql, values).await.map(|_| ())
}

pub(super) async fn delete(tx: &Tx<'_>, id: &str) -> Result<(), Error> {
    execute(tx, "DELETE FROM inventory_items WHERE id = $1", vec![id.into()]).await.map(|_| ())
}

async fn execute(tx: &Tx<'_>, sql: &str, values: Vec<Value>) -> Result<u64, Error> {
    let done = tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    Ok(done.rows_affected())
}
