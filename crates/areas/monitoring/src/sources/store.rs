//! Rows of sources, assignments and status. A source is seen by whoever sees the agency it is assigned to now;
//! sources without an agency are seen by those who see the whole centre.

use super::{Assignment, Rhythm, SolutionGroup, Source, SourceKind, SourceState, minutes};
use kit::clock::Micros;
use kit::{Connection, Error, Tx};
use sea_orm::{ConnectionTrait, FromQueryResult, QueryResult, Statement, Value};
use std::collections::HashSet;

const COLUMNS: &str = "s.id, s.name, s.kind, s.state, s.sender_key, s.match_listener, s.match_network, s.match_host, s.match_certificate, s.clock_ahead, \
    s.format, s.header, s.time_zone, s.year_default, s.expected, s.rhythm, s.solution_group, \
    s.max_silence_minutes, s.note, s.created_at, s.updated_at";

/// The assignment that holds now; there is at most one per source.
const CURRENT: &str = "LEFT JOIN source_assignments a ON a.source_id = s.id AND a.valid_to IS NULL";

pub(super) fn source(row: &QueryResult) -> Result<Source, Error> {
    Ok(Source {
        id: row.try_get("", "id")?,
        name: row.try_get("", "name")?,
        kind: SourceKind::from_code(&row.try_get::<String>("", "kind")?).unwrap_or_default(),
        state: SourceState::from_code(&row.try_get::<String>("", "state")?).unwrap_or(SourceState::Unassigned),
        sender_key: row.try_get("", "sender_key")?,
        match_listener: row.try_get("", "match_listener")?,
        match_network: row.try_get("", "match_network")?,
        match_host: row.try_get("", "match_host")?,
        match_certificate: row.try_get("", "match_certificate")?,
        clock_ahead: row.try_get("", "clock_ahead")?,
        format: row.try_get("", "format")?,
        header: row.try_get("", "header")?,
        time_zone: row.try_get("", "time_zone")?,
        year_default: row.try_get("", "year_default")?,
        expected: row.try_get("", "expected")?,
        rhythm: Rhythm::from_code(&row.try_get::<String>("", "rhythm")?).unwrap_or_default(),
        solution_group: SolutionGroup::from_code(
            &row.try_get::<Option<String>>("", "solution_group")?.unwrap_or_default(),
        ),
        max_silence_minutes: row.try_get("", "max_silence_minutes")?,
        note: row.try_get("", "note")?,
        created_at: row.try_get("", "created_at")?,
        updated_at: row.try_get("", "updated_at")?,
    })
}

/// A source with its owner and what was last heard, as lists show it.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    pub source: Source,
    pub agency_id: Option<String>,
    pub agency_name: Option<String>,
    pub system_id: Option<String>,
    pub system_name: Option<String>,
    pub system_level: Option<i64>,
    pub status: Status,
}

/// What was heard of a source.
#[derive(Debug, Clone, Default, PartialEq, FromQueryResult)]
pub struct Status {
    pub first_seen: Option<Micros>,
    pub last_seen: Option<Micros>,
    pub last_live: Option<Micros>,
    pub last_event_time: Option<Micros>,
    /// Median of arrival minus event time, microseconds.
    pub lag: Option<Micros>,
    pub rate_per_minute: f64,
    pub events: i64,
    pub not_understood: i64,
    pub silent_since: Option<Micros>,
    pub flood_since: Option<Micros>,
    /// Number of its last record; 0 for none.
    pub last_sequence: i64,
}

/// Narrows a list of sources; empty narrows nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceFilter {
    pub states: Vec<SourceState>,
    pub agency_id: Option<String>,
    pub system_id: Option<String>,
    /// Only sources that are expected and silent.
    pub silent: bool,
    /// Words in the name, host or network; accents ignored.
    pub words: String,
}

impl SourceFilter {
    fn conditions(&self, connection: &impl Connection, values: &mut Vec<Value>) -> String {
        let mut conditions = vec![connection.scope().agency_condition("a.agency_id")];
        let mut with = |text: &str, value: Value| {
            values.push(value);
            conditions.push(text.replace("$?", &format!("${}", values.len())));
        };
        if let Some(agency) = &self.agency_id {
            with("a.agency_id = $?", agency.clone().into());
        }
        if let Some(system) = &self.system_id {
            with("a.system_id = $?", system.clone().into());
        }
        for word in kit::fold::fold(&self.words).split_whitespace() {
            let like = format!("%{}%", word.replace(['%', '_'], " "));
            with("(s.name_fold LIKE $? OR s.match_host LIKE $? OR s.match_network LIKE $?)", like.into());
        }
        if self.silent {
            conditions.push("t.silent_since IS NOT NULL".to_owned());
        }
        if !self.states.is_empty() {
            let states: Vec<_> = self.states.iter().map(|state| format!("'{}'", state.code())).collect();
            conditions.push(format!("s.state IN ({})", states.join(", ")));
        }
        conditions.join(" AND ")
    }
}

/// Sources with owner and status: unassigned ones first (the busiest on top), then by agency and name.
pub async fn list(
    connection: &impl Connection,
    filter: &SourceFilter,
    limit: u64,
    offset: u64,
) -> Result<Vec<Listed>, Error> {
    let mut values = Vec::new();
    let conditions = filter.conditions(connection, &mut values);
    let sql = format!(
        "SELECT {COLUMNS}, {STATUS}, {OWNER} FROM sources s {CURRENT} {JOINS} WHERE {conditions} \
         ORDER BY CASE WHEN s.state = 'unassigned' THEN 0 ELSE 1 END, g.name_sort, \
         CASE WHEN s.state = 'unassigned' THEN -t.events ELSE 0 END, s.name_sort, s.id LIMIT {limit} OFFSET {offset}"
    );
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    connection.query_all_raw(statement).await?.iter().map(listed).collect()
}

const STATUS: &str = "t.first_seen, t.last_seen, t.last_live, t.last_event_time, t.lag, t.rate_per_minute, t.events, \
    t.not_understood, t.silent_since, t.flood_since, t.last_sequence";
const OWNER: &str = "a.agency_id, g.name AS agency_name, a.system_id, y.name AS system_name, y.level AS system_level";
const JOINS: &str = "JOIN source_status t ON t.source_id = s.id LEFT JOIN agencies g ON g.id = a.agency_id \
    LEFT JOIN systems y ON y.id = a.system_id";

fn listed(row: &QueryResult) -> Result<Listed, Error> {
    Ok(Listed {
        source: source(row)?,
        agency_id: row.try_get("", "agency_id")?,
        agency_name: row.try_get("", "agency_name")?,
        system_id: row.try_get("", "system_id")?,
        system_name: row.try_get("", "system_name")?,
        system_level: row.try_get("", "system_level")?,
        status: Status::from_query_result(row, "")?,
    })
}

/// How many sources the filter keeps.
pub async fn count(connection: &impl Connection, filter: &SourceFilter) -> Result<u64, Error> {
    let mut values = Vec::new();
    let conditions = filter.conditions(connection, &mut values);
    let sql = format!(
        "SELECT COUNT(*) AS found FROM sources s {CURRENT} JOIN source_status t ON t.source_id = s.id WHERE {conditions}"
    );
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    let row = connection.query_one_raw(statement).await?;
    let found: i64 = row.map(|row| row.try_get("", "found")).transpose()?.unwrap_or(0);
    Ok(u64::try_from(found).unwrap_or_default())
}

/// One source with owner and status, [`Error::NotFound`] where the scope does not reach it.
pub async fn get(connection: &impl Connection, id: &str) -> Result<Listed, Error> {
    let condition = connection.scope().agency_condition("a.agency_id");
    let sql =
        format!("SELECT {COLUMNS}, {STATUS}, {OWNER} FROM sources s {CURRENT} {JOINS} WHERE s.id = $1 AND {condition}");
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, [id.into()]);
    connection.query_one_raw(statement).await?.as_ref().map(listed).transpose()?.ok_or(Error::NotFound)
}

/// Every assignment of a source, newest first.
pub async fn assignments(connection: &impl Connection, source_id: &str) -> Result<Vec<Assignment>, Error> {
    let condition = connection.scope().agency_condition("agency_id");
    let sql = format!(
        "SELECT id, source_id, system_id, agency_id, valid_from, valid_to, recorded_at, recorded_by \
         FROM source_assignments WHERE source_id = $1 AND {condition} ORDER BY valid_from DESC, id DESC"
    );
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, [source_id.into()]);
    connection.query_all_raw(statement).await?.iter().map(assignment).collect()
}

fn assignment(row: &QueryResult) -> Result<Assignment, Error> {
    Ok(Assignment {
        id: row.try_get("", "id")?,
        source_id: row.try_get("", "source_id")?,
        system_id: row.try_get("", "system_id")?,
        agency_id: row.try_get("", "agency_id")?,
        valid_from: row.try_get("", "valid_from")?,
        valid_to: row.try_get("", "valid_to")?,
        recorded_at: row.try_get("", "recorded_at")?,
        recorded_by: row.try_get("", "recorded_by")?,
    })
}

/// Sources that a scope may read events of, `None` for all. Events carry a source id only (`settled` 9): this is
/// what event queries are narrowed to.
pub async fn visible_ids(connection: &impl Connection) -> Result<Option<std::collections::BTreeSet<String>>, Error> {
    if matches!(connection.scope().event_agencies(), kit::scope::Agencies::All) {
        return Ok(None);
    }
    let condition = connection.scope().event_condition("agency_id");
    let sql = format!("SELECT source_id FROM source_assignments WHERE valid_to IS NULL AND {condition}");
    let rows = connection.query_all_raw(Statement::from_string(connection.get_database_backend(), sql)).await?;
    let ids = rows.iter().map(|row| row.try_get("", "source_id")).collect::<Result<_, _>>()?;
    Ok(Some(ids))
}

/// Writes a source, new or changed; a new one gets its empty status.
pub(super) async fn save(tx: &Tx<'_>, source: &Source, by: &str) -> Result<(), Error> {
    let sql = "INSERT INTO sources (id, name, name_fold, name_sort, kind, state, sender_key, match_listener, \
        match_network, match_host, format, header, time_zone, year_default, expected, max_silence_minutes, note, \
        created_at, created_by, updated_at, rhythm, solution_group, match_certificate, \
        clock_ahead) \
        VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19,$20,$21,$22,$23,$24) \
        ON CONFLICT (id) DO UPDATE SET name = excluded.name, name_fold = excluded.name_fold, \
        name_sort = excluded.name_sort, kind = excluded.kind, state = excluded.state, \
        match_listener = excluded.match_listener, match_network = excluded.match_network, \
        match_host = excluded.match_host, format = excluded.format, header = excluded.header, \
        time_zone = excluded.time_zone, year_default = excluded.year_default, expected = excluded.expected, \
        max_silence_minutes = excluded.max_silence_minutes, note = excluded.note, updated_at = excluded.updated_at, \
        rhythm = excluded.rhythm, solution_group = excluded.solution_group, \
        match_certificate = excluded.match_certificate, clock_ahead = excluded.clock_ahead";
    let values: [Value; 24] = [
        source.id.as_str().into(),
        source.name.as_str().into(),
        kit::fold::fold(&source.name).into(),
        kit::fold::sort_key(&source.name).into(),
        source.kind.code().into(),
        source.state.code().into(),
        source.sender_key.clone().into(),
        source.match_listener.clone().into(),
        source.match_network.clone().into(),
        source.match_host.clone().into(),
        source.format.clone().into(),
        source.header.clone().into(),
        source.time_zone.clone().into(),
        source.year_default.into(),
        source.expected.into(),
        source.max_silence_minutes.into(),
        source.note.as_str().into(),
        source.created_at.into(),
        by.into(),
        source.updated_at.into(),
        source.rhythm.code().into(),
        source.solution_group.map(SolutionGroup::code).into(),
        source.match_certificate.clone().into(),
        source.clock_ahead.into(),
    ];
    execute(tx, sql, values).await?;
    expect(tx, source).await?;
    let sql = "INSERT INTO source_status (source_id, rate_per_minute, events, not_understood, last_sequence) \
        VALUES ($1, 0, 0, 0, 0) ON CONFLICT (source_id) DO NOTHING";
    execute(tx, sql, [source.id.as_str().into()]).await
}

/// What is expected of a source from its last change on; what was expected before stays.
async fn expect(tx: &Tx<'_>, source: &Source) -> Result<(), Error> {
    let expected = source.expected && source.state == SourceState::Registered;
    let (rhythm, minutes) = (source.rhythm.code(), source.max_silence_minutes);
    let sql = "SELECT expected, rhythm, max_silence_minutes FROM source_expectations \
        WHERE source_id = $1 AND valid_to IS NULL";
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, [source.id.as_str().into()]);
    if let Some(row) = tx.query_one_raw(statement).await? {
        let held: (bool, String, i64) =
            (row.try_get("", "expected")?, row.try_get("", "rhythm")?, row.try_get("", "max_silence_minutes")?);
        if held == (expected, rhythm.to_owned(), minutes) {
            return Ok(());
        }
    }
    let sql = "UPDATE source_expectations SET valid_to = $2 WHERE source_id = $1 AND valid_to IS NULL";
    execute(tx, sql, [source.id.as_str().into(), source.updated_at.into()]).await?;
    let sql = "INSERT INTO source_expectations (source_id, valid_from, valid_to, expected, rhythm, max_silence_minutes) \
        VALUES ($1, $2, NULL, $3, $4, $5) ON CONFLICT (source_id, valid_from) DO UPDATE SET valid_to = NULL, \
        expected = excluded.expected, rhythm = excluded.rhythm, max_silence_minutes = excluded.max_silence_minutes";
    let values = [source.id.as_str().into(), source.updated_at.into(), expected.into(), rhythm.into(), minutes.into()];
    execute(tx, sql, values).await
}

/// Ends what holds from `at` on and begins something new there; an assignment from the beginning (`at` = 0)
/// replaces everything before it.
pub(super) async fn assign(tx: &Tx<'_>, new: &Assignment) -> Result<(), Error> {
    let sql = "DELETE FROM source_assignments WHERE source_id = $1 AND valid_from >= $2";
    execute(tx, sql, [new.source_id.as_str().into(), new.valid_from.into()]).await?;
    let sql = "UPDATE source_assignments SET valid_to = $2 \
        WHERE source_id = $1 AND (valid_to IS NULL OR valid_to > $2)";
    execute(tx, sql, [new.source_id.as_str().into(), new.valid_from.into()]).await?;
    let sql = "INSERT INTO source_assignments (id, source_id, system_id, agency_id, valid_from, valid_to, recorded_at, \
        recorded_by) VALUES ($1,$2,$3,$4,$5,$6,$7,$8)";
    let values = [
        new.id.as_str().into(),
        new.source_id.as_str().into(),
        new.system_id.clone().into(),
        new.agency_id.as_str().into(),
        new.valid_from.into(),
        new.valid_to.into(),
        new.recorded_at.into(),
        new.recorded_by.as_str().into(),
    ];
    execute(tx, sql, values).await?;
    recount(tx, new).await
}

/// A source that was somebody's before this was known: coverage is counted again from its first day on.
async fn recount(tx: &Tx<'_>, new: &Assignment) -> Result<(), Error> {
    let Some(system_id) = &new.system_id else { return Ok(()) };
    let sql = "SELECT MIN(hour_start) AS first FROM source_presence WHERE source_id = $1";
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, [new.source_id.as_str().into()]);
    let row = tx.query_one_raw(statement).await?;
    let first: Option<Micros> = row.map(|row| row.try_get("", "first")).transpose()?.flatten();
    let today = minutes::day_of(new.recorded_at);
    let Some(from) = first.map(|first| minutes::day_of(first.max(new.valid_from))).filter(|from| *from < today) else {
        return Ok(());
    };
    let sql = "INSERT INTO coverage_stale (system_id, from_day) VALUES ($1, $2) ON CONFLICT (system_id) DO UPDATE SET \
        from_day = CASE WHEN coverage_stale.from_day < excluded.from_day THEN coverage_stale.from_day \
        ELSE excluded.from_day END";
    execute(tx, sql, [system_id.as_str().into(), from.into()]).await
}

pub(crate) async fn execute<const N: usize>(tx: &Tx<'_>, sql: &str, values: [Value; N]) -> Result<(), Error> {
    tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    Ok(())
}

/// Everything the resolver needs: every source that is not retired with its current owner and the level of its
/// system. Needs a scope over the whole centre.
pub(super) async fn all_for_binding(connection: &impl Connection) -> Result<Vec<Bound>, Error> {
    let sql = format!(
        "SELECT {COLUMNS}, a.agency_id, a.system_id, y.level AS system_level, t.last_sequence \
         FROM sources s {CURRENT} JOIN source_status t ON t.source_id = s.id \
         LEFT JOIN systems y ON y.id = a.system_id"
    );
    let rows = connection.query_all_raw(Statement::from_string(connection.get_database_backend(), sql)).await?;
    rows.iter()
        .map(|row| {
            Ok(Bound {
                source: source(row)?,
                agency_id: row.try_get("", "agency_id")?,
                system_id: row.try_get("", "system_id")?,
                system_level: row.try_get("", "system_level")?,
                last_sequence: row.try_get("", "last_sequence")?,
            })
        })
        .collect()
}

/// Sources that belong or belonged to systems, each with the highest level of these. Needs a scope over the whole
/// centre.
pub async fn highest_levels(connection: &impl Connection) -> Result<Vec<(String, i64)>, Error> {
    let sql = "SELECT a.source_id, MAX(y.level) AS level FROM source_assignments a \
        JOIN systems y ON y.id = a.system_id GROUP BY a.source_id ORDER BY a.source_id";
    let rows = connection.query_all_raw(Statement::from_string(connection.get_database_backend(), sql)).await?;
    rows.iter().map(|row| Ok((row.try_get("", "source_id")?, row.try_get("", "level")?))).collect()
}

/// Every agency with each one above it, and itself. For the program, whatever the scope.
pub(crate) async fn agencies_above(connection: &impl Connection) -> Result<HashSet<(String, String)>, Error> {
    let sql = "SELECT descendant_id, ancestor_id FROM agency_closure";
    let rows = connection.query_all_raw(Statement::from_string(connection.get_database_backend(), sql)).await?;
    rows.iter().map(|row| Ok((row.try_get("", "descendant_id")?, row.try_get("", "ancestor_id")?))).collect()
}

/// Agencies in the scope of the connection.
pub(super) async fn agencies_in_scope(connection: &impl Connection) -> Result<HashSet<String>, Error> {
    let sql = format!("SELECT id FROM agencies WHERE {}", connection.scope().agency_condition("id"));
    let rows = connection.query_all_raw(Statement::from_string(connection.get_database_backend(), sql)).await?;
    rows.iter().map(|row| Ok(row.try_get("", "id")?)).collect()
}

/// A source as the resolver loads it.
#[derive(Debug, Clone)]
pub(super) struct Bound {
    pub(super) source: Source,
    pub(super) agency_id: Option<String>,
    pub(super) system_id: Option<String>,
    pub(super) system_level: Option<i64>,
    pub(super) last_sequence: i64,
}

/// Changes whenever a source, an assignment or the level of a system did.
pub(crate) async fn revision(connection: &impl Connection) -> Result<String, Error> {
    let sql = "SELECT (SELECT COUNT(*) FROM sources) AS sources, (SELECT MAX(updated_at) FROM sources) AS changed, \
        (SELECT MAX(recorded_at) FROM source_assignments) AS assigned, \
        (SELECT COUNT(*) FROM source_assignments) AS assignments, \
        (SELECT CAST(SUM(version) AS BIGINT) FROM systems) AS levels, \
        (SELECT COUNT(*) FROM agency_closure) AS agencies";
    let row = connection.query_one_raw(Statement::from_string(connection.get_database_backend(), sql)).await?;
    let Some(row) = row else { return Ok(String::new()) };
    let number = |name: &str| row.try_get::<Option<i64>>("", name).ok().flatten().unwrap_or_default();
    Ok(format!(
        "{}.{}.{}.{}.{}.{}",
        number("sources"),
        number("changed"),
        number("assigned"),
        number("assignments"),
        number("levels"),
        number("agencies")
    ))
}
