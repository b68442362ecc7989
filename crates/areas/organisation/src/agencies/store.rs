//! Rows of agencies and of the closure of their tree. The closure changes only here, in the transaction that
//! changes the tree.

use super::code::{NUMBERED, SAME_CODE, typed};
use super::{Agency, NewAgency};
use crate::conditions::Conditions;
use kit::clock::Micros;
use kit::fold::{fold, sort_key};
use kit::{Connection, Error, Tx};
use sea_orm::{ConnectionTrait, FromQueryResult, SqlErr, Statement, Value};
use std::collections::{BTreeMap, BTreeSet};

const COLUMNS: &str = "agencies.id, agencies.code, agencies.name, agencies.kind, agencies.parent_id, agencies.valid_from, \
     agencies.valid_to, agencies.address, agencies.phone, agencies.email, agencies.duty_hours, \
     (SELECT above.name FROM agencies AS above WHERE above.id = agencies.parent_id) AS parent_name, \
     (SELECT above.code FROM agencies AS above WHERE above.id = agencies.parent_id) AS parent_code";

/// Where a word of a search may stand beside the name and the code: in a former name, or in a name of an agency that
/// became part of this one.
const FORMER: &[&str] = &[
    "EXISTS (SELECT 1 FROM agency_names WHERE agency_names.agency_id = agencies.id \
     AND agency_names.name_fold LIKE ? ESCAPE '!')",
    "EXISTS (SELECT 1 FROM agency_successions JOIN agencies AS old ON old.id = agency_successions.from_id \
     WHERE agency_successions.to_id = agencies.id AND (old.name_fold LIKE ? ESCAPE '!' OR EXISTS (SELECT 1 \
     FROM agency_names WHERE agency_names.agency_id = old.id AND agency_names.name_fold LIKE ? ESCAPE '!')))",
];

/// What a list is narrowed to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AgencyFilter {
    /// Words in the name, in a former name or in the code, without regard to accents.
    pub text: String,
    pub kind: String,
    /// Only this agency and those below it.
    pub under: String,
    /// Only those that exist at this time.
    pub at: Option<Micros>,
}

impl AgencyFilter {
    fn conditions(&self, connection: &impl Connection) -> Conditions {
        let mut conditions = Conditions::default();
        conditions.plain(connection.scope().agency_condition("agencies.id"));
        conditions.words_or(&["agencies.name_fold", "LOWER(agencies.code)"], FORMER, &self.text);
        if !self.kind.is_empty() {
            conditions.with("kind = ?", self.kind.as_str());
        }
        if !self.under.is_empty() {
            conditions.with(
                "agencies.id IN (SELECT descendant_id FROM agency_closure WHERE ancestor_id = ?)",
                self.under.as_str(),
            );
        }
        if let Some(at) = self.at {
            conditions.with("valid_from <= ?", at);
            conditions.with("(valid_to IS NULL OR valid_to > ?)", at);
        }
        conditions
    }
}

async fn select(connection: &impl Connection, rest: &str, values: Vec<Value>) -> Result<Vec<Agency>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM agencies {rest}");
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    Ok(Agency::find_by_statement(statement).all(connection).await?)
}

/// Agencies in scope, in Vietnamese order of name.
pub async fn list(
    connection: &impl Connection,
    filter: &AgencyFilter,
    limit: u64,
    offset: u64,
) -> Result<Vec<Agency>, Error> {
    let conditions = filter.conditions(connection);
    let rest = format!("{} ORDER BY name_sort, id LIMIT {limit} OFFSET {offset}", conditions.sql());
    select(connection, &rest, conditions.values()).await
}

/// How many agencies in scope the filter keeps.
pub async fn count(connection: &impl Connection, filter: &AgencyFilter) -> Result<u64, Error> {
    let conditions = filter.conditions(connection);
    let sql = format!("SELECT COUNT(*) AS found FROM agencies {}", conditions.sql());
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, conditions.values());
    let row = connection.query_one_raw(statement).await?;
    Ok(row.map(|row| row.try_get::<i64>("", "found")).transpose()?.and_then(|n| u64::try_from(n).ok()).unwrap_or(0))
}

/// Identifier and name of every living agency in scope, for selects and filters.
pub async fn choices(connection: &impl Connection, now: Micros) -> Result<Vec<(String, String)>, Error> {
    let filter = AgencyFilter { at: Some(now), ..AgencyFilter::default() };
    Ok(list(connection, &filter, 5_000, 0).await?.into_iter().map(|agency| (agency.id, agency.name)).collect())
}

/// The same with those that begin later: what an agency may become on a day to come.
pub(super) async fn successors(connection: &impl Connection, now: Micros) -> Result<Vec<(String, String)>, Error> {
    let rest = format!(
        "WHERE (valid_to IS NULL OR valid_to > $1) AND {} ORDER BY name_sort, agencies.id LIMIT 5000",
        connection.scope().agency_condition("agencies.id")
    );
    let found = select(connection, &rest, vec![now.into()]).await?;
    Ok(found.into_iter().map(|agency| (agency.id, agency.name)).collect())
}

/// One agency in scope; [`Error::NotFound`] where it is outside or does not exist.
pub async fn find(connection: &impl Connection, id: &str) -> Result<Agency, Error> {
    let rest = format!("WHERE agencies.id = $1 AND {}", connection.scope().agency_condition("agencies.id"));
    select(connection, &rest, vec![id.into()]).await?.pop().ok_or(Error::NotFound)
}

/// One agency in scope by its public code, in whatever case it is typed.
pub async fn by_code(connection: &impl Connection, code: &str) -> Result<Option<Agency>, Error> {
    let Some(code) = typed(code) else { return Ok(None) };
    let rest = format!("WHERE {SAME_CODE} AND {}", connection.scope().agency_condition("agencies.id"));
    Ok(select(connection, &rest, vec![code.into()]).await?.pop())
}

/// Agencies in scope that were numbered because of their codes and have not ended: somebody has yet to say what they are.
pub async fn numbered(connection: &impl Connection, now: Micros) -> Result<Vec<Agency>, Error> {
    let rest = format!(
        "WHERE agencies.code LIKE '%{NUMBERED}%' AND (valid_to IS NULL OR valid_to > $1) AND {} ORDER BY agencies.code",
        connection.scope().agency_condition("agencies.id")
    );
    select(connection, &rest, vec![now.into()]).await
}

/// Refuses with [`Error::NotFound`] unless the scope reaches the agency.
pub async fn require_in_scope(connection: &impl Connection, id: &str) -> Result<(), Error> {
    find(connection, id).await.map(|_| ())
}

/// The agency at the top of the tree: the centre's own province. Everyone may know its name.
pub async fn root(connection: &impl Connection) -> Result<Option<Agency>, Error> {
    Ok(select(connection, "WHERE parent_id IS NULL ORDER BY id LIMIT 1", vec![]).await?.pop())
}

/// Identifiers of each of these agencies and of all above it, from itself upwards, whatever the scope. No entry where there
/// is no such agency.
pub(crate) async fn above_each(
    connection: &impl Connection,
    ids: &BTreeSet<&str>,
) -> Result<BTreeMap<String, Vec<String>>, Error> {
    let mut above: BTreeMap<String, Vec<String>> = BTreeMap::new();
    if ids.is_empty() {
        return Ok(above);
    }
    let places: Vec<_> = (1..=ids.len()).map(|place| format!("${place}")).collect();
    let sql = format!(
        "SELECT descendant_id, ancestor_id FROM agency_closure WHERE descendant_id IN ({}) ORDER BY depth",
        places.join(", ")
    );
    let values: Vec<Value> = ids.iter().map(|id| (*id).into()).collect();
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    for row in connection.query_all_raw(statement).await? {
        above.entry(row.try_get("", "descendant_id")?).or_default().push(row.try_get("", "ancestor_id")?);
    }
    Ok(above)
}

/// From the top down to the agency itself, as far as the scope reaches.
pub async fn ancestors(connection: &impl Connection, id: &str) -> Result<Vec<Agency>, Error> {
    let rest = format!(
        "JOIN agency_closure ON agency_closure.ancestor_id = agencies.id WHERE descendant_id = $1 AND {} ORDER BY depth DESC",
        connection.scope().agency_condition("agencies.id")
    );
    select(connection, &rest, vec![id.into()]).await
}

/// Living agencies in scope directly under this one.
pub async fn children(connection: &impl Connection, id: &str, now: Micros) -> Result<Vec<Agency>, Error> {
    let rest = format!(
        "WHERE agencies.parent_id = $1 AND (valid_to IS NULL OR valid_to > $2) AND {} ORDER BY name_sort, agencies.id LIMIT 500",
        connection.scope().agency_condition("agencies.id")
    );
    select(connection, &rest, vec![id.into(), now.into()]).await
}

/// Former names, newest first, with the time each ended.
pub(super) async fn former_names(connection: &impl Connection, id: &str) -> Result<Vec<(String, Micros)>, Error> {
    let sql = "SELECT name, valid_to FROM agency_names WHERE agency_id = $1 ORDER BY valid_to DESC";
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, [id.into()]);
    let rows = connection.query_all_raw(statement).await?;
    rows.iter().map(|row| Ok((row.try_get("", "name")?, row.try_get("", "valid_to")?))).collect()
}

/// Names that agencies of a list had or took over, for those whose own name does not hold every word of the search:
/// identifier of the agency and one such name.
pub(super) async fn found_by(
    connection: &impl Connection,
    agencies: &[Agency],
    text: &str,
) -> Result<Vec<(String, String)>, Error> {
    let words: Vec<_> = fold(text).split(' ').filter(|word| !word.is_empty()).map(ToOwned::to_owned).collect();
    let by_own = |agency: &Agency| {
        let own = format!("{} {}", fold(&agency.name), agency.code.to_lowercase());
        words.iter().all(|word| own.contains(word.as_str()))
    };
    let ids: Vec<Value> =
        agencies.iter().filter(|agency| !by_own(agency)).map(|agency| agency.id.as_str().into()).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let places: Vec<_> = (1..=ids.len()).map(|place| format!("${place}")).collect();
    let places = places.join(", ");
    let sql = format!(
        "SELECT agency_id AS id, name, name_fold FROM agency_names WHERE agency_id IN ({places}) \
         UNION SELECT to_id AS id, old.name, old.name_fold FROM agency_successions \
         JOIN agencies AS old ON old.id = from_id WHERE to_id IN ({places}) \
         UNION SELECT to_id AS id, agency_names.name, agency_names.name_fold FROM agency_successions \
         JOIN agency_names ON agency_names.agency_id = from_id WHERE to_id IN ({places})"
    );
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, ids);
    let mut found: Vec<(String, String)> = Vec::new();
    for row in connection.query_all_raw(statement).await? {
        let (id, name, folded): (String, String, String) =
            (row.try_get("", "id")?, row.try_get("", "name")?, row.try_get("", "name_fold")?);
        let fits = words.iter().any(|word| folded.contains(word.as_str()));
        if fits && found.iter().all(|(other, _)| *other != id) {
            found.push((id, name));
        }
    }
    Ok(found)
}

/// Agencies in scope per kind, for the grouped head of the list.
pub(super) async fn by_kind(connection: &impl Connection, filter: &AgencyFilter) -> Result<Vec<(String, u64)>, Error> {
    let conditions = filter.conditions(connection);
    let sql = format!("SELECT kind, COUNT(*) AS found FROM agencies {} GROUP BY kind", conditions.sql());
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, conditions.values());
    let rows = connection.query_all_raw(statement).await?;
    rows.iter()
        .map(|row| {
            let found: i64 = row.try_get("", "found")?;
            Ok((row.try_get("", "kind")?, u64::try_from(found).unwrap_or_default()))
        })
        .collect()
}

async fn execute(tx: &Tx<'_>, sql: &str, values: Vec<Value>) -> Result<(), Error> {
    tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    Ok(())
}

pub(super) async fn insert(
    tx: &Tx<'_>,
    id: &str,
    parent_id: Option<&str>,
    new: &NewAgency,
    now: Micros,
) -> Result<(), Error> {
    let sql = "INSERT INTO agencies (id, code, name, name_fold, name_sort, kind, parent_id, valid_from, valid_to, \
               address, phone, email, duty_hours, created_at, updated_at) \
               VALUES ($1,$2,$3,$4,$5,$6,$7,$8,NULL,$9,$10,$11,$12,$13,$14)";
    let values = vec![
        id.into(),
        new.code.as_str().into(),
        new.name.as_str().into(),
        fold(&new.name).into(),
        sort_key(&new.name).into(),
        new.kind.as_str().into(),
        parent_id.map(ToOwned::to_owned).into(),
        new.valid_from.unwrap_or(now).into(),
        new.address.as_str().into(),
        new.phone.as_str().into(),
        new.email.as_str().into(),
        new.duty_hours.as_str().into(),
        now.into(),
        now.into(),
    ];
    execute(tx, sql, values).await.map_err(|error| match error {
        // Somebody else has given the code in the meantime.
        Error::Database(error) if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) => {
            Error::invalid("code", "field-taken")
        }
        other => other,
    })?;
    let own = "INSERT INTO agency_closure (ancestor_id, descendant_id, depth) VALUES ($1, $1, 0)";
    execute(tx, own, vec![id.into()]).await?;
    if let Some(parent) = parent_id {
        let above = "INSERT INTO agency_closure (ancestor_id, descendant_id, depth) \
                     SELECT ancestor_id, CAST($1 AS TEXT), depth + 1 FROM agency_closure WHERE descendant_id = $2";
        execute(tx, above, vec![id.into(), parent.into()]).await?;
    }
    Ok(())
}

/// `since` is when the new name took over; the old one ended then.
pub(super) async fn set_name(
    tx: &Tx<'_>,
    agency: &Agency,
    name: &str,
    (since, basis): (Micros, &str),
    now: Micros,
) -> Result<(), Error> {
    let keep = "INSERT INTO agency_names (agency_id, name, name_fold, valid_to, basis) VALUES ($1, $2, $3, $4, $5)";
    let values = vec![
        agency.id.as_str().into(),
        agency.name.as_str().into(),
        fold(&agency.name).into(),
        since.into(),
        basis.into(),
    ];
    execute(tx, keep, values).await?;
    let sql = "UPDATE agencies SET name = $1, name_fold = $2, name_sort = $3, updated_at = $4 WHERE id = $5";
    execute(tx, sql, vec![name.into(), fold(name).into(), sort_key(name).into(), now.into(), agency.id.as_str().into()])
        .await
}

pub(super) async fn set_details(tx: &Tx<'_>, id: &str, change: &super::AgencyChange, now: Micros) -> Result<(), Error> {
    let sql = "UPDATE agencies SET kind = $1, address = $2, phone = $3, email = $4, duty_hours = $5, updated_at = $6 \
               WHERE id = $7";
    let values = vec![
        change.kind.as_str().into(),
        change.address.as_str().into(),
        change.phone.as_str().into(),
        change.email.as_str().into(),
        change.duty_hours.as_str().into(),
        now.into(),
        id.into(),
    ];
    execute(tx, sql, values).await
}

pub(super) async fn set_start(tx: &Tx<'_>, id: &str, start: Micros, now: Micros) -> Result<(), Error> {
    let sql = "UPDATE agencies SET valid_from = $1, updated_at = $2 WHERE id = $3";
    execute(tx, sql, vec![start.into(), now.into(), id.into()]).await
}

pub(super) async fn set_end(tx: &Tx<'_>, id: &str, end: Option<Micros>, now: Micros) -> Result<(), Error> {
    let sql = "UPDATE agencies SET valid_to = $1, updated_at = $2 WHERE id = $3";
    execute(tx, sql, vec![end.into(), now.into(), id.into()]).await
}

/// Whether `ancestor` is `id` or above it.
pub(super) async fn is_under(connection: &impl Connection, id: &str, ancestor: &str) -> Result<bool, Error> {
    let sql = "SELECT 1 AS one FROM agency_closure WHERE ancestor_id = $1 AND descendant_id = $2";
    let statement =
        Statement::from_sql_and_values(connection.get_database_backend(), sql, [ancestor.into(), id.into()]);
    Ok(connection.query_one_raw(statement).await?.is_some())
}

/// Hangs `id` and all below it under `parent`, closure included.
pub(super) async fn set_parent(tx: &Tx<'_>, id: &str, parent: &str, now: Micros) -> Result<(), Error> {
    let sql = "UPDATE agencies SET parent_id = $1, updated_at = $2 WHERE id = $3";
    execute(tx, sql, vec![parent.into(), now.into(), id.into()]).await?;
    let cut = "DELETE FROM agency_closure WHERE \
               descendant_id IN (SELECT descendant_id FROM agency_closure WHERE ancestor_id = $1) AND \
               ancestor_id NOT IN (SELECT descendant_id FROM agency_closure WHERE ancestor_id = $1)";
    execute(tx, cut, vec![id.into()]).await?;
    let join = "INSERT INTO agency_closure (ancestor_id, descendant_id, depth) \
                SELECT above.ancestor_id, below.descendant_id, above.depth + below.depth + 1 \
                FROM agency_closure AS above, agency_closure AS below \
                WHERE above.descendant_id = $1 AND below.ancestor_id = $2";
    execute(tx, join, vec![parent.into(), id.into()]).await
}
