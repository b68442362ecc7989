//! Rows of lists and of what stands on them. Lists belong to the whole centre: whoever may see rules sees those that are
//! for everyone, whoever manages rules sees all.

use super::{List, ListKind, Listed, Sharing, Tlp, Wanted};
use detection::IndicatorKind;
use kit::clock::Micros;
use kit::fold::{fold, sort_key};
use kit::{Capability, Connection, Error, Tx};
use organisation::like_escape;
use sea_orm::{ConnectionTrait, QueryResult, Statement, Value};
use std::fmt::Write;

const LISTS: &str = "SELECT l.id, l.name, l.source, l.kind, l.tlp, l.sharing, l.confidence, l.valid_days, \
    l.with_subdomains, l.enabled, l.created_at, l.updated_at, COUNT(i.list_id) AS indicators, \
    CAST(COALESCE(SUM(CASE WHEN i.valid_until > $1 AND i.valid_from <= $1 THEN 1 ELSE 0 END), 0) AS BIGINT) AS valid \
    FROM indicator_lists l LEFT JOIN indicators i ON i.list_id = l.id";
const LISTED: &str = "SELECT i.list_id, l.name AS list_name, i.indicator_id, i.kind, i.text, i.confidence, i.valid_from, \
    i.valid_until, i.reference, i.added_at, i.renewed_at";
const FROM: &str = " FROM indicators i JOIN indicator_lists l ON l.id = i.list_id";
/// Rows written in one statement.
const CHUNK: usize = 500;

/// What a list of indicators is narrowed to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Part of the text or reference.
    pub words: String,
    pub list_id: Option<String>,
    pub kind: Option<IndicatorKind>,
    /// Still valid at this moment, or no longer.
    pub valid: Option<(bool, Micros)>,
    pub indicator_id: Option<String>,
}

/// Row rule of both tables.
fn visible(connection: &impl Connection) -> String {
    match connection.scope().may(Capability::ManageRules) {
        true => "1 = 1".to_owned(),
        false => format!("l.sharing = '{}'", Sharing::Everyone.code()),
    }
}

/// Those one may see, by name, with how many hold at `now`.
pub async fn lists(connection: &impl Connection, now: Micros) -> Result<Vec<List>, Error> {
    let sql = format!("{LISTS} WHERE {} GROUP BY l.id ORDER BY l.name_sort, l.id", visible(connection));
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, [now.into()]);
    connection.query_all_raw(statement).await?.iter().map(list).collect()
}

/// One of those one may see.
pub async fn find(connection: &impl Connection, id: &str, now: Micros) -> Result<List, Error> {
    let sql = format!("{LISTS} WHERE l.id = $2 AND {} GROUP BY l.id", visible(connection));
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, [now.into(), id.into()]);
    connection.query_one_raw(statement).await?.as_ref().map(list).transpose()?.ok_or(Error::NotFound)
}

/// The list of this name, accents and case aside.
pub async fn by_name(connection: &impl Connection, name: &str, now: Micros) -> Result<Option<List>, Error> {
    let sql = format!("{LISTS} WHERE l.name_fold = $2 AND {} GROUP BY l.id", visible(connection));
    let values = [now.into(), fold(name).into()];
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    connection.query_one_raw(statement).await?.as_ref().map(list).transpose()
}

fn list(row: &QueryResult) -> Result<List, Error> {
    let text = |name: &str| row.try_get::<String>("", name);
    let figure = |name: &str| row.try_get::<i64>("", name).map(|figure| u64::try_from(figure).unwrap_or(0));
    Ok(List {
        id: text("id")?,
        name: text("name")?,
        source: text("source")?,
        kind: ListKind::from_code(&text("kind")?).unwrap_or_default(),
        tlp: Tlp::from_code(&text("tlp")?).unwrap_or_default(),
        sharing: Sharing::from_code(&text("sharing")?).unwrap_or_default(),
        confidence: row.try_get("", "confidence")?,
        valid_days: row.try_get("", "valid_days")?,
        with_subdomains: row.try_get("", "with_subdomains")?,
        enabled: row.try_get("", "enabled")?,
        created_at: row.try_get("", "created_at")?,
        updated_at: row.try_get("", "updated_at")?,
        indicators: figure("indicators")?,
        valid: figure("valid")?,
    })
}

fn conditions(connection: &impl Connection, filter: &Filter, values: &mut Vec<Value>) -> String {
    let mut conditions = vec![visible(connection)];
    let mut add = |condition: &str, value: Value| {
        values.push(value);
        conditions.push(condition.replace('#', &format!("${}", values.len())));
    };
    let words = filter.words.trim().to_lowercase();
    if !words.is_empty() {
        let pattern = format!("%{}%", like_escape(&words));
        add("(LOWER(i.text) LIKE # ESCAPE '!' OR LOWER(i.reference) LIKE # ESCAPE '!')", pattern.into());
    }
    if let Some(id) = &filter.list_id {
        add("i.list_id = #", id.as_str().into());
    }
    if let Some(kind) = filter.kind {
        add("i.kind = #", kind.code().into());
    }
    if let Some(id) = &filter.indicator_id {
        add("i.indicator_id = #", id.as_str().into());
    }
    if let Some((valid, at)) = filter.valid {
        add(if valid { "i.valid_until > # AND i.valid_from <= #" } else { "i.valid_until <= #" }, at.into());
    }
    conditions.join(" AND ")
}

/// Those one may see, the newest first.
pub async fn rows(
    connection: &impl Connection,
    filter: &Filter,
    limit: u64,
    offset: u64,
) -> Result<Vec<Listed>, Error> {
    let mut values = Vec::new();
    let conditions = conditions(connection, filter, &mut values);
    let order = "i.renewed_at DESC, i.list_id DESC, i.indicator_id DESC";
    let sql = format!("{LISTED}{FROM} WHERE {conditions} ORDER BY {order} LIMIT {limit} OFFSET {offset}");
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    connection.query_all_raw(statement).await?.iter().map(listed).collect()
}

/// How many these are.
pub async fn count(connection: &impl Connection, filter: &Filter) -> Result<u64, Error> {
    let mut values = Vec::new();
    let conditions = conditions(connection, filter, &mut values);
    figure(connection, format!("SELECT COUNT(*) AS figure{FROM} WHERE {conditions}"), values).await
}

fn listed(row: &QueryResult) -> Result<Listed, Error> {
    let text = |name: &str| row.try_get::<String>("", name);
    Ok(Listed {
        list_id: text("list_id")?,
        list_name: text("list_name")?,
        indicator_id: text("indicator_id")?,
        kind: IndicatorKind::from_name(&text("kind")?).unwrap_or(IndicatorKind::Domain),
        text: text("text")?,
        confidence: row.try_get("", "confidence")?,
        valid_from: row.try_get("", "valid_from")?,
        valid_until: row.try_get("", "valid_until")?,
        reference: text("reference")?,
        added_at: row.try_get("", "added_at")?,
        renewed_at: row.try_get("", "renewed_at")?,
    })
}

/// A step through a list in the order of identities, behind the last of the step before; what holds at a moment where one
/// is given.
pub(super) async fn step(
    connection: &impl Connection,
    list: &List,
    holds_at: Option<Micros>,
    behind: &str,
    limit: u64,
) -> Result<Vec<Listed>, Error> {
    let mut values: Vec<Value> = vec![list.id.as_str().into(), behind.into()];
    let holds = match holds_at {
        Some(at) => {
            values.push(at.into());
            "AND i.valid_until > $3"
        }
        None => "",
    };
    let sql = format!(
        "{LISTED}{FROM} WHERE i.list_id = $1 AND i.indicator_id > $2 {holds} ORDER BY i.indicator_id LIMIT {limit}"
    );
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    connection.query_all_raw(statement).await?.iter().map(listed).collect()
}

/// How many stand on a list.
pub(super) async fn on_list(connection: &impl Connection, list_id: &str) -> Result<u64, Error> {
    let sql = "SELECT COUNT(*) AS figure FROM indicators WHERE list_id = $1";
    figure(connection, sql.to_owned(), vec![list_id.into()]).await
}

/// How many indicators all lists hold together.
pub(super) async fn total(connection: &impl Connection) -> Result<u64, Error> {
    figure(connection, "SELECT COUNT(*) AS figure FROM indicators".to_owned(), Vec::new()).await
}

/// How many lists there are.
pub(super) async fn list_total(connection: &impl Connection) -> Result<u64, Error> {
    figure(connection, "SELECT COUNT(*) AS figure FROM indicator_lists".to_owned(), Vec::new()).await
}

/// Number of the last change; 0 before the first.
pub(super) async fn revision(connection: &impl Connection) -> Result<u64, Error> {
    let sql = "SELECT revision AS figure FROM indicator_revision WHERE name = 'indicators'";
    figure(connection, sql.to_owned(), Vec::new()).await
}

async fn figure(connection: &impl Connection, sql: String, values: Vec<Value>) -> Result<u64, Error> {
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    let row = connection.query_one_raw(statement).await?;
    let figure: i64 = row.map(|row| row.try_get("", "figure")).transpose()?.unwrap_or(0);
    Ok(u64::try_from(figure).unwrap_or(0))
}

/// Says that something changed, in the transaction that changes it.
pub(super) async fn mark_changed(tx: &Tx<'_>) -> Result<(), Error> {
    let sql = "INSERT INTO indicator_revision (name, revision) VALUES ('indicators', 1) \
               ON CONFLICT (name) DO UPDATE SET revision = indicator_revision.revision + 1";
    execute(tx, sql, Vec::new()).await?;
    Ok(())
}

pub(super) async fn save(tx: &Tx<'_>, list: &List, created_by: &str) -> Result<(), Error> {
    let sql = "INSERT INTO indicator_lists (id, name, name_fold, name_sort, source, kind, tlp, sharing, confidence, \
        valid_days, with_subdomains, enabled, created_at, created_by, updated_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) \
        ON CONFLICT (id) DO UPDATE SET name = excluded.name, name_fold = excluded.name_fold, \
        name_sort = excluded.name_sort, source = excluded.source, kind = excluded.kind, tlp = excluded.tlp, \
        sharing = excluded.sharing, confidence = excluded.confidence, valid_days = excluded.valid_days, \
        with_subdomains = excluded.with_subdomains, enabled = excluded.enabled, updated_at = excluded.updated_at";
    let values = vec![
        list.id.as_str().into(),
        list.name.as_str().into(),
        fold(&list.name).into(),
        sort_key(&list.name).into(),
        list.source.as_str().into(),
        list.kind.code().into(),
        list.tlp.code().into(),
        list.sharing.code().into(),
        list.confidence.into(),
        list.valid_days.into(),
        list.with_subdomains.into(),
        list.enabled.into(),
        list.created_at.into(),
        created_by.into(),
        list.updated_at.into(),
    ];
    execute(tx, sql, values).await?;
    mark_changed(tx).await
}

/// Deletes a list with everything on it.
pub(super) async fn delete(tx: &Tx<'_>, list_id: &str) -> Result<(), Error> {
    execute(tx, "DELETE FROM indicators WHERE list_id = $1", vec![list_id.into()]).await?;
    execute(tx, "DELETE FROM indicator_lists WHERE id = $1", vec![list_id.into()]).await?;
    mark_changed(tx).await
}

/// Takes one indicator off a list; false where it does not stand there.
pub(super) async fn take_off(tx: &Tx<'_>, list_id: &str, indicator_id: &str) -> Result<bool, Error> {
    let sql = "DELETE FROM indicators WHERE list_id = $1 AND indicator_id = $2";
    let gone = execute(tx, sql, vec![list_id.into(), indicator_id.into()]).await?;
    mark_changed(tx).await?;
    Ok(gone > 0)
}

/// Takes off a list what came from objects of a bundle, by their ids; gives the texts of what is gone.
pub(super) async fn withdraw(tx: &Tx<'_>, list_id: &str, ids: &[String]) -> Result<Vec<String>, Error> {
    let mut gone = Vec::new();
    for id in ids {
        // A reference is the id, and behind a blank the name of the object.
        let condition = "list_id = $1 AND (reference = $2 OR reference LIKE $3 ESCAPE '!')";
        let values: Vec<Value> = vec![list_id.into(), id.as_str().into(), format!("{} %", like_escape(id)).into()];
        let sql = format!("SELECT text FROM indicators WHERE {condition} ORDER BY text");
        let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, values.clone());
        let rows = tx.query_all_raw(statement).await?;
        let texts: Vec<String> = rows.iter().map(|row| row.try_get("", "text")).collect::<Result<_, _>>()?;
        if !texts.is_empty() {
            execute(tx, &format!("DELETE FROM indicators WHERE {condition}"), values).await?;
            gone.extend(texts);
        }
    }
    if !gone.is_empty() {
        mark_changed(tx).await?;
    }
    Ok(gone)
}

/// Deletes what ended before a moment; gives how many these were.
pub(super) async fn forget(tx: &Tx<'_>, before: Micros) -> Result<u64, Error> {
    execute(tx, "DELETE FROM indicators WHERE valid_until < $1", vec![before.into()]).await
}

/// Puts indicators on a list, or renews them there.
pub(super) async fn put(tx: &Tx<'_>, list: &List, wanted: &[Wanted], now: Micros) -> Result<(), Error> {
    for chunk in wanted.chunks(CHUNK) {
        let mut sql = String::from(
            "INSERT INTO indicators (list_id, indicator_id, kind, text, confidence, valid_from, valid_until, reference, \
             added_at, renewed_at) VALUES ",
        );
        let mut values: Vec<Value> = vec![list.id.as_str().into(), now.into()];
        for (place, one) in chunk.iter().enumerate() {
            let first = values.len() + 1;
            let comma = if place > 0 { ", " } else { "" };
            // A string takes any text.
            let _ = write!(
                sql,
                "{comma}($1, ${first}, ${}, ${}, ${}, ${}, ${}, ${}, $2, $2)",
                first + 1,
                first + 2,
                first + 3,
                first + 4,
                first + 5,
                first + 6
            );
            let more: [Value; 7] = [
                format!("{:032x}", one.identity).into(),
                one.indicator.kind().code().into(),
                one.indicator.text().into(),
                one.confidence.map_or(list.confidence, i64::from).into(),
                one.valid_from.unwrap_or_default().max(0).into(),
                one.valid_until(list, now).into(),
                one.reference.as_str().into(),
            ];
            values.extend(more);
        }
        sql.push_str(
            " ON CONFLICT (list_id, indicator_id) DO UPDATE SET confidence = excluded.confidence, \
             valid_from = excluded.valid_from, valid_until = excluded.valid_until, reference = excluded.reference, \
             renewed_at = excluded.renewed_at",
        );
        execute(tx, &sql, values).await?;
    }
    mark_changed(tx).await
}

async fn execute(tx: &Tx<'_>, sql: &str, values: Vec<Value>) -> Result<u64, Error> {
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
    Ok(tx.execute_raw(statement).await?.rows_affected())
}
