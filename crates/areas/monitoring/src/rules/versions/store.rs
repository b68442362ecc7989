//! Rows of versions. Texts of rules belong to no agency; whoever sees rules sees them.

use super::{Version, digest};
use crate::rules::{costs, short_path};
use detection::Rule;
use kit::clock::Micros;
use kit::{Connection, Error, Tx};
use organisation::audit;
use sea_orm::{ConnectionTrait, QueryResult, Statement, Value};
use serde_json::json;
use std::collections::HashMap;
use std::sync::Arc;

/// Rows written in one statement.
const CHUNK: usize = 60;
/// Changed rules that the trail names one by one.
const MOST_NAMED: usize = 50;

/// What a loading brought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Recorded {
    /// Rules never seen before.
    pub added: usize,
    /// Rules with another text than last time.
    pub changed: usize,
}

/// Keeps the texts of rules that differ from the newest that is kept; tells the trail of it, once.
pub async fn record(tx: &Tx<'_>, rules: &[Arc<Rule>], now: Micros) -> Result<Recorded, Error> {
    let known = newest(tx).await?;
    let mut recorded = Recorded::default();
    let mut changed: Vec<&str> = Vec::new();
    let mut rows: Vec<(i64, String, &Rule)> = Vec::new();
    for rule in rules {
        let digest = digest(&rule.text);
        let number = match known.get(&rule.id) {
            Some((_, have)) if *have == digest => continue,
            Some((number, _)) => {
                recorded.changed += 1;
                changed.push(&rule.id);
                number + 1
            }
            None => {
                recorded.added += 1;
                1
            }
        };
        rows.push((number, digest, rule));
    }
    if rows.is_empty() {
        return Ok(recorded);
    }
    for chunk in rows.chunks(CHUNK) {
        insert(tx, chunk, now).await?;
    }
    costs::store::forget(tx, &changed).await?;
    changed.truncate(MOST_NAMED);
    let details = json!({ "added": recorded.added, "changed": recorded.changed, "rules": changed });
    audit::record(tx, now, "rule.load", "rule", "", None, details).await?;
    Ok(recorded)
}

/// Number and digest of the newest version of each rule.
async fn newest(connection: &impl Connection) -> Result<HashMap<String, (i64, String)>, Error> {
    let sql = "SELECT v.rule_id, v.number, v.digest FROM rule_versions v JOIN (SELECT rule_id, MAX(number) AS number \
               FROM rule_versions GROUP BY rule_id) n ON n.rule_id = v.rule_id AND n.number = v.number";
    let rows = connection.query_all_raw(Statement::from_string(connection.get_database_backend(), sql)).await?;
    let one = |row: &QueryResult| -> Result<_, Error> {
        Ok((row.try_get::<String>("", "rule_id")?, (row.try_get("", "number")?, row.try_get("", "digest")?)))
    };
    rows.iter().map(one).collect()
}

async fn insert(tx: &Tx<'_>, chunk: &[(i64, String, &Rule)], now: Micros) -> Result<(), Error> {
    let mut values: Vec<Value> = Vec::new();
    let mut rows = Vec::new();
    for (number, digest, rule) in chunk {
        let first = values.len() + 1;
        let row: [Value; 8] = [
            rule.id.as_str().into(),
            (*number).into(),
            digest.as_str().into(),
            (&*rule.text).into(),
            short_path(&rule.path).into(),
            rule.author.clone().into(),
            rule.licence.clone().into(),
            now.into(),
        ];
        values.extend(row);
        let places: Vec<_> = (first..=values.len()).map(|place| format!("${place}")).collect();
        rows.push(format!("({})", places.join(", ")));
    }
    let sql = format!(
        "INSERT INTO rule_versions (rule_id, number, digest, rule_text, file, author, licence, first_seen_at) VALUES {} \
         ON CONFLICT (rule_id, number) DO NOTHING",
        rows.join(", ")
    );
    tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    Ok(())
}

const COLUMNS: &str = "number, digest, file, author, licence, first_seen_at";

/// Versions of a rule, newest first.
pub async fn of_rule(connection: &impl Connection, rule_id: &str) -> Result<Vec<Version>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM rule_versions WHERE rule_id = $1 ORDER BY number DESC");
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, [rule_id.into()]);
    connection.query_all_raw(statement).await?.iter().map(version).collect()
}

/// One version with its text.
pub async fn find(connection: &impl Connection, rule_id: &str, number: i64) -> Result<(Version, String), Error> {
    let sql = format!("SELECT {COLUMNS}, rule_text FROM rule_versions WHERE rule_id = $1 AND number = $2");
    let values = [rule_id.into(), number.into()];
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    let row = connection.query_one_raw(statement).await?.ok_or(Error::NotFound)?;
    Ok((version(&row)?, row.try_get("", "rule_text")?))
}

/// Author and licence of the newest version of these rules.
pub async fn authors(
    connection: &impl Connection,
    rule_ids: &[&str],
) -> Result<HashMap<String, (Option<String>, Option<String>)>, Error> {
    let mut found = HashMap::new();
    for chunk in rule_ids.chunks(200) {
        let places: Vec<_> = (1..=chunk.len()).map(|place| format!("${place}")).collect();
        let sql = format!(
            "SELECT rule_id, author, licence FROM rule_versions WHERE rule_id IN ({}) ORDER BY number",
            places.join(", ")
        );
        let values = chunk.iter().map(|id| Value::from(*id));
        let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
        for row in connection.query_all_raw(statement).await? {
            let rule_id: String = row.try_get("", "rule_id")?;
            found.insert(rule_id, (row.try_get("", "author")?, row.try_get("", "licence")?));
        }
    }
    Ok(found)
}

fn version(row: &QueryResult) -> Result<Version, Error> {
    Ok(Version {
        number: row.try_get("", "number")?,
        digest: row.try_get("", "digest")?,
        file: row.try_get("", "file")?,
        author: row.try_get("", "author")?,
        licence: row.try_get("", "licence")?,
        first_seen_at: row.try_get("", "first_seen_at")?,
    })
}
