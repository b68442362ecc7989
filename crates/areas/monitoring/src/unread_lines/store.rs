//! Rows of templates. They hold words of records, so they are seen by whoever may read events of their source.

use super::{Part, State, UnreadLine};
use crate::sources::store::execute;
use kit::clock::Micros;
use kit::fold::fold;
use kit::{Connection, Error, Tx};
use organisation::like_escape;
use sea_orm::{QueryResult, Statement, Value};

const COLUMNS: &str = "u.id, u.source_id, s.name AS source_name, a.agency_id, g.name AS agency_name, u.part, u.program, \
    u.template, u.lines, u.estimated, u.first_seen, u.last_seen, u.samples, u.state, u.reason, u.decided_at, u.solved_by";

const TABLES: &str = "unread_lines u JOIN sources s ON s.id = u.source_id \
    LEFT JOIN source_assignments a ON a.source_id = u.source_id AND a.valid_to IS NULL \
    LEFT JOIN agencies g ON g.id = a.agency_id";

/// What a list is narrowed to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    pub state: Option<State>,
    pub part: Option<Part>,
    pub source_id: Option<String>,
    pub agency_id: Option<String>,
    /// Part of the template.
    pub words: String,
}

/// Conditions of a filter, and their values.
fn narrowed(connection: &impl Connection, filter: &Filter) -> (String, Vec<Value>) {
    let mut conditions = connection.scope().event_condition("a.agency_id");
    let mut values: Vec<Value> = Vec::new();
    let mut equal = |column: &str, value: Option<&str>| {
        if let Some(value) = value {
            values.push(value.into());
            conditions += &format!(" AND {column} = ${}", values.len());
        }
    };
    equal("u.state", filter.state.map(State::code));
    equal("u.part", filter.part.map(Part::code));
    equal("u.source_id", filter.source_id.as_deref());
    equal("a.agency_id", filter.agency_id.as_deref());
    let words = filter.words.trim();
    if !words.is_empty() {
        values.push(format!("%{}%", like_escape(&fold(words))).into());
        conditions += &format!(" AND u.template_fold LIKE ${} ESCAPE '!'", values.len());
    }
    (conditions, values)
}

/// Those one may see, the most frequent first.
pub async fn list(
    connection: &impl Connection,
    filter: &Filter,
    limit: u64,
    offset: u64,
) -> Result<Vec<UnreadLine>, Error> {
    let (conditions, values) = narrowed(connection, filter);
    let rest = format!("WHERE {conditions} ORDER BY u.lines DESC, u.id LIMIT {limit} OFFSET {offset}");
    rows(connection, &rest, values).await
}

/// How many these are.
pub async fn count(connection: &impl Connection, filter: &Filter) -> Result<u64, Error> {
    let (conditions, values) = narrowed(connection, filter);
    let sql = format!("SELECT COUNT(*) AS number FROM {TABLES} WHERE {conditions}");
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    let row = connection.query_one_raw(statement).await?;
    let number: i64 = row.map(|row| row.try_get("", "number")).transpose()?.unwrap_or(0);
    Ok(u64::try_from(number).unwrap_or(0))
}

/// One of those one may see.
pub async fn find(connection: &impl Connection, id: &str) -> Result<UnreadLine, Error> {
    let seen = connection.scope().event_condition("a.agency_id");
    rows(connection, &format!("WHERE u.id = $1 AND {seen}"), vec![id.into()]).await?.pop().ok_or(Error::NotFound)
}

async fn rows(connection: &impl Connection, rest: &str, values: Vec<Value>) -> Result<Vec<UnreadLine>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM {TABLES} {rest}");
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    connection.query_all_raw(statement).await?.iter().map(unread_line).collect()
}

fn unread_line(row: &QueryResult) -> Result<UnreadLine, Error> {
    Ok(UnreadLine {
        id: row.try_get("", "id")?,
        source_id: row.try_get("", "source_id")?,
        source_name: row.try_get("", "source_name")?,
        agency_id: row.try_get("", "agency_id")?,
        agency_name: row.try_get("", "agency_name")?,
        part: Part::from_code(&row.try_get::<String>("", "part")?).unwrap_or_default(),
        program: row.try_get("", "program")?,
        template: row.try_get("", "template")?,
        lines: row.try_get("", "lines")?,
        estimated: row.try_get("", "estimated")?,
        first_seen: row.try_get("", "first_seen")?,
        last_seen: row.try_get("", "last_seen")?,
        samples: sequences(&row.try_get::<String>("", "samples")?),
        state: State::from_code(&row.try_get::<String>("", "state")?).unwrap_or_default(),
        reason: row.try_get("", "reason")?,
        decided_at: row.try_get("", "decided_at")?,
        solved_by: row.try_get("", "solved_by")?,
    })
}

/// Sequences as they are kept in a row.
pub(super) fn sequences(text: &str) -> Vec<u64> {
    text.split_ascii_whitespace().filter_map(|number| number.parse().ok()).collect()
}

pub(super) fn written(sequences: &[u64]) -> String {
    sequences.iter().map(u64::to_string).collect::<Vec<_>>().join(" ")
}

/// What somebody decided.
pub(super) async fn decide(tx: &Tx<'_>, id: &str, state: State, reason: &str, now: Micros) -> Result<(), Error> {
    let sql = "UPDATE unread_lines SET state = $2, reason = $3, solved_by = NULL, decided_by = $4, decided_at = $5 \
               WHERE id = $1";
    let values: [Value; 5] =
        [id.into(), state.code().into(), reason.into(), tx.scope().actor().id().into(), now.into()];
    execute(tx, sql, values).await
}

/// Takes a template off the queue that a format reads. False where lines came or somebody decided since it was read.
pub(super) async fn solve(tx: &Tx<'_>, one: &UnreadLine, format: &str, now: Micros) -> Result<bool, Error> {
    use sea_orm::ConnectionTrait;
    let sql = "UPDATE unread_lines SET state = 'solved', solved_by = $2, decided_by = $3, decided_at = $4 \
               WHERE id = $1 AND state = 'new' AND lines = $5";
    let values: [Value; 5] =
        [one.id.as_str().into(), format.into(), tx.scope().actor().id().into(), now.into(), one.lines.into()];
    let done = tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    Ok(done.rows_affected() > 0)
}

/// Forgets those of which no line came since a moment. Gives their number.
pub(crate) async fn forget(tx: &Tx<'_>, before: Micros) -> Result<u64, Error> {
    use sea_orm::ConnectionTrait;
    let sql = "DELETE FROM unread_lines WHERE last_seen < $1";
    let done = tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, [before.into()])).await?;
    Ok(done.rows_affected())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_lead_back() {
        assert_eq!(sequences(&written(&[3, 12, 7])), [3, 12, 7]);
        assert_eq!(sequences(""), Vec::<u64>::new());
    }
}
