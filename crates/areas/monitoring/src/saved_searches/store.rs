//! Rows of saved searches. One sees the own ones, those that an agency in scope shares, and those shared with everybody;
//! of all these only the kinds that one may ask oneself.

use super::schedules::{self, Schedule};
use super::{Kind, SavedSearch, Sharing};
use kit::clock::Micros;
use kit::fold::{fold, sort_key};
use kit::{Capability, Connection, Error, Tx};
use sea_orm::{ConnectionTrait, QueryResult, Statement, Value};

const SELECT: &str = "SELECT s.id, s.kind, s.name, s.description, s.query_text, s.time_range, s.time_from, s.time_to, \
    s.column_names, s.sharing, s.owner_id, p.full_name AS owner_name, p.active AS owner_active, s.agency_id, g.name AS agency_name, s.created_at, \
    s.updated_at, c.state AS schedule_state, c.stop_reason, c.every_minutes, c.threshold, c.group_by, c.severity, \
    c.window_minutes, c.quiet_minutes, c.longest_delay_minutes, c.reach_agency_id, c.revision, c.last_sequence, \
    c.next_run_at, c.last_run_at, c.last_matches, c.last_alert_at, c.quiet_matches, c.error_key, c.error_words, c.error_at, \
    c.unread_days, c.unread_at";
const FROM: &str = " FROM saved_searches s LEFT JOIN people p ON p.id = s.owner_id \
    LEFT JOIN agencies g ON g.id = s.agency_id LEFT JOIN search_schedules c ON c.saved_search_id = s.id";

/// What a list is narrowed to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Words in name or description; accents and case do not matter.
    pub words: String,
    pub kind: Option<Kind>,
    /// One's own alone.
    pub own: bool,
    /// With a schedule alone.
    pub scheduled: bool,
}

/// Row rule of this table.
fn visible(connection: &impl Connection, values: &mut Vec<Value>) -> String {
    let scope = connection.scope();
    let in_reach = scope.agency_condition("s.agency_id");
    // Whoever administers an agency clears up what was left behind there, also of kinds that they do not ask themselves.
    let left = match scope.may(Capability::Administer) {
        true => format!("s.sharing <> 'private' AND (p.id IS NULL OR NOT p.active) AND {in_reach}"),
        false => "1 = 0".to_owned(),
    };
    let kinds: Vec<_> = Kind::ALL.into_iter().filter(|kind| scope.may(kind.capability())).collect();
    if kinds.is_empty() {
        return format!("({left})");
    }
    let kinds: Vec<_> = kinds.into_iter().map(|kind| format!("'{}'", kind.code())).collect();
    values.push(scope.person_id().unwrap_or_default().into());
    format!(
        "((s.kind IN ({}) AND (s.owner_id = ${} OR s.sharing = 'everyone' OR (s.sharing = 'agency' AND {in_reach}))) \
         OR ({left}))",
        kinds.join(", "),
        values.len(),
    )
}

fn conditions(connection: &impl Connection, filter: &Filter, values: &mut Vec<Value>) -> String {
    let mut conditions = vec![visible(connection, values)];
    for word in fold(&filter.words).split_whitespace() {
        values.push(format!("%{}%", word.replace(['%', '_'], " ")).into());
        conditions.push(format!("s.name_fold LIKE ${}", values.len()));
    }
    if let Some(kind) = filter.kind {
        conditions.push(format!("s.kind = '{}'", kind.code()));
    }
    if filter.own {
        values.push(connection.scope().person_id().unwrap_or_default().into());
        conditions.push(format!("s.owner_id = ${}", values.len()));
    }
    if filter.scheduled {
        conditions.push("c.saved_search_id IS NOT NULL".to_owned());
    }
    conditions.join(" AND ")
}

/// Those one may see, by name.
pub async fn list(
    connection: &impl Connection,
    filter: &Filter,
    limit: u64,
    offset: u64,
) -> Result<Vec<SavedSearch>, Error> {
    let mut values = Vec::new();
    let conditions = conditions(connection, filter, &mut values);
    let sql = format!("{SELECT}{FROM} WHERE {conditions} ORDER BY s.name_sort, s.id LIMIT {limit} OFFSET {offset}");
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    connection.query_all_raw(statement).await?.iter().map(saved_search).collect()
}

/// How many these are.
pub async fn count(connection: &impl Connection, filter: &Filter) -> Result<u64, Error> {
    let mut values = Vec::new();
    let conditions = conditions(connection, filter, &mut values);
    figure(connection, format!("SELECT COUNT(*) AS figure{FROM} WHERE {conditions}"), values).await
}

/// One of those one may see.
pub async fn find(connection: &impl Connection, id: &str) -> Result<SavedSearch, Error> {
    let mut values = vec![id.into()];
    let conditions = visible(connection, &mut values);
    let sql = format!("{SELECT}{FROM} WHERE s.id = $1 AND {conditions}");
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    connection.query_one_raw(statement).await?.as_ref().map(saved_search).transpose()?.ok_or(Error::NotFound)
}

/// Those whose schedule is due, whoever owns them: the program's own work, in the program's own scope.
pub(super) async fn due(connection: &impl Connection, now: Micros, limit: u64) -> Result<Vec<SavedSearch>, Error> {
    let sql = format!(
        "{SELECT}{FROM} WHERE c.state = 'active' AND c.next_run_at <= $1 ORDER BY c.next_run_at, s.id LIMIT {limit}"
    );
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, [now.into()]);
    connection.query_all_raw(statement).await?.iter().map(saved_search).collect()
}

/// How many searches a person keeps, and how many of them have a schedule.
pub(super) async fn kept_by(connection: &impl Connection, person_id: &str) -> Result<(u64, u64), Error> {
    let all = "SELECT COUNT(*) AS figure FROM saved_searches WHERE owner_id = $1";
    let scheduled = "SELECT COUNT(*) AS figure FROM saved_searches s \
                     JOIN search_schedules c ON c.saved_search_id = s.id WHERE s.owner_id = $1";
    Ok((
        figure(connection, all.to_owned(), vec![person_id.into()]).await?,
        figure(connection, scheduled.to_owned(), vec![person_id.into()]).await?,
    ))
}

async fn figure(connection: &impl Connection, sql: String, values: Vec<Value>) -> Result<u64, Error> {
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    let row = connection.query_one_raw(statement).await?;
    let figure: i64 = row.map(|row| row.try_get("", "figure")).transpose()?.unwrap_or(0);
    Ok(u64::try_from(figure).unwrap_or(0))
}

fn saved_search(row: &QueryResult) -> Result<SavedSearch, Error> {
    let text = |name: &str| row.try_get::<String>("", name);
    let columns = text("column_names")?;
    Ok(SavedSearch {
        id: text("id")?,
        kind: Kind::from_code(&text("kind")?).unwrap_or_default(),
        name: text("name")?,
        description: text("description")?,
        text: text("query_text")?,
        range: text("time_range")?,
        from: row.try_get("", "time_from")?,
        to: row.try_get("", "time_to")?,
        columns: columns.split(',').filter(|name| !name.is_empty()).map(ToOwned::to_owned).collect(),
        sharing: Sharing::from_code(&text("sharing")?).unwrap_or_default(),
        owner_id: text("owner_id")?,
        owner_name: row.try_get::<Option<String>>("", "owner_name")?.unwrap_or_default(),
        owner_left: row.try_get::<Option<bool>>("", "owner_active")? != Some(true),
        agency_id: row.try_get("", "agency_id")?,
        agency_name: row.try_get("", "agency_name")?,
        created_at: row.try_get("", "created_at")?,
        updated_at: row.try_get("", "updated_at")?,
        schedule: schedule(row)?,
    })
}

fn schedule(row: &QueryResult) -> Result<Option<Schedule>, Error> {
    let Some(state) = row.try_get::<Option<String>>("", "schedule_state")? else { return Ok(None) };
    let reason = row.try_get::<Option<String>>("", "stop_reason")?;
    let sequence: i64 = row.try_get("", "last_sequence")?;
    Ok(Some(Schedule {
        state: schedules::State::from_code(&state).unwrap_or(schedules::State::Stopped),
        stop_reason: reason.as_deref().and_then(schedules::StopReason::from_code),
        every_minutes: row.try_get("", "every_minutes")?,
        threshold: row.try_get("", "threshold")?,
        group_by: row.try_get("", "group_by")?,
        severity: row.try_get::<String>("", "severity")?.parse().unwrap_or_default(),
        window_minutes: row.try_get("", "window_minutes")?,
        quiet_minutes: row.try_get("", "quiet_minutes")?,
        longest_delay_minutes: row.try_get("", "longest_delay_minutes")?,
        reach_agency_id: row.try_get("", "reach_agency_id")?,
        revision: row.try_get("", "revision")?,
        last_sequence: u64::try_from(sequence).unwrap_or_default(),
        next_run_at: row.try_get("", "next_run_at")?,
        last_run_at: row.try_get("", "last_run_at")?,
        last_matches: row.try_get("", "last_matches")?,
        last_alert_at: row.try_get("", "last_alert_at")?,
        quiet_matches: row.try_get("", "quiet_matches")?,
        error_key: row.try_get("", "error_key")?,
        error_words: row.try_get("", "error_words")?,
        error_at: row.try_get("", "error_at")?,
        unread_days: row.try_get("", "unread_days")?,
        unread_at: row.try_get("", "unread_at")?,
    }))
}

/// Writes the parts that people set; who owns it and since when stays as it was.
pub(super) async fn save(tx: &Tx<'_>, saved: &SavedSearch) -> Result<(), Error> {
    let sql = "INSERT INTO saved_searches (id, kind, name, name_fold, name_sort, description, query_text, time_range, \
        time_from, time_to, column_names, sharing, owner_id, agency_id, created_at, updated_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) \
        ON CONFLICT (id) DO UPDATE SET name = excluded.name, name_fold = excluded.name_fold, \
        name_sort = excluded.name_sort, description = excluded.description, query_text = excluded.query_text, \
        time_range = excluded.time_range, time_from = excluded.time_from, time_to = excluded.time_to, \
        column_names = excluded.column_names, sharing = excluded.sharing, updated_at = excluded.updated_at";
    let values: [Value; 16] = [
        saved.id.as_str().into(),
        saved.kind.code().into(),
        saved.name.as_str().into(),
        fold(&format!("{} {}", saved.name, saved.description)).into(),
        sort_key(&saved.name).into(),
        saved.description.as_str().into(),
        saved.text.as_str().into(),
        saved.range.as_str().into(),
        saved.from.into(),
        saved.to.into(),
        saved.columns.join(",").into(),
        saved.sharing.code().into(),
        saved.owner_id.as_str().into(),
        saved.agency_id.clone().into(),
        saved.created_at.into(),
        saved.updated_at.into(),
    ];
    execute(tx, sql, values).await?;
    Ok(())
}

pub(super) async fn delete(tx: &Tx<'_>, id: &str) -> Result<(), Error> {
    execute(tx, "DELETE FROM search_schedules WHERE saved_search_id = $1", [id.into()]).await?;
    execute(tx, "DELETE FROM saved_searches WHERE id = $1", [id.into()]).await?;
    Ok(())
}

/// Runs a statement; gives how many rows it changed.
pub(super) async fn execute<const N: usize>(tx: &Tx<'_>, sql: &str, values: [Value; N]) -> Result<u64, Error> {
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
    Ok(tx.execute_raw(statement).await?.rows_affected())
}
