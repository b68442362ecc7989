//! Rows of sessions. The cookie's token is kept as a hash only; a session is over when it was ended, stood
//! idle too long, or reached its absolute end.

use super::providers::{Came, PROVIDER};
use super::standing::Due;
use crate::audit;
use crate::elevations::foreign_events_count;
use crate::people;
use crate::people::reach::Wish;
use crate::policies::{FOREIGN_EVENTS, SessionLimits};
use kit::clock::{Micros, SECOND};
use kit::id::new_id;
use kit::{Capability, Connection, Error, Tx};
use sea_orm::{ConnectionTrait, FromQueryResult, Statement, Value};
use serde_json::json;

const COLUMNS: &str = "id, person_id, csrf, acting_agency_id, acting_everywhere, created_at, seen_at, expires_at, ended_at, \
     origin, browser, method, confirmed_at";

/// One session.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct SessionRow {
    pub id: String,
    pub person_id: String,
    pub csrf: String,
    /// Agency the person chose to act for.
    pub acting_agency_id: Option<String>,
    /// The person chose to act for the whole centre.
    pub acting_everywhere: bool,
    pub created_at: Micros,
    pub seen_at: Micros,
    pub expires_at: Micros,
    pub ended_at: Option<Micros>,
    pub origin: String,
    pub browser: String,
    /// How it began: `password`, `password+app`, `password+recovery-code`, `password+passkey`, `passkey`, `link`;
    /// `provider`, `provider+app` and so on, and `provider+second-factor` where the provider has seen two.
    pub method: String,
    /// When its person last proved who it is.
    pub confirmed_at: Micros,
}

impl SessionRow {
    /// Reach the person chose to act for.
    pub(super) fn wish(&self) -> Wish<'_> {
        match &self.acting_agency_id {
            Some(id) => Wish::Agency(id),
            None if self.acting_everywhere => Wish::WholeCentre,
            None => Wish::None,
        }
    }

    /// Key of the words for how it began.
    pub fn method_key(&self) -> String {
        format!("session-method-{}", self.method.replace('+', "-"))
    }

    /// Whether the session lasts at `now`, with so many seconds of idleness allowed.
    pub fn lasts(&self, now: Micros, idle: i64) -> bool {
        self.ended_at.is_none() && now < self.expires_at && now - self.seen_at < idle * SECOND
    }
}

/// A session just made, or gone on under a new token: the only place where its token is.
#[derive(Clone, PartialEq, Eq)]
pub struct NewSession {
    pub token: String,
    /// Seconds until its absolute end.
    pub seconds: i64,
    /// What must be done before anything else.
    pub due: Option<Due>,
}

impl NewSession {
    pub(super) fn due(self, due: Option<Due>) -> Self {
        Self { due, ..self }
    }
}

impl std::fmt::Debug for NewSession {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("NewSession").field("seconds", &self.seconds).finish_non_exhaustive()
    }
}

async fn execute(tx: &Tx<'_>, sql: &str, values: Vec<Value>) -> Result<u64, Error> {
    let done = tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    Ok(done.rows_affected())
}

/// Begins a session. It acts for what the person chose last.
pub(super) async fn begin(
    tx: &Tx<'_>,
    person_id: &str,
    (method, origin): (&str, &super::Origin),
    limits: &SessionLimits,
    now: Micros,
) -> Result<NewSession, Error> {
    let token = super::secret()?;
    let sql = "INSERT INTO sessions (id, token_hash, person_id, csrf, acting_agency_id, acting_everywhere, created_at, \
               seen_at, expires_at, ended_at, origin, browser, method, confirmed_at) \
               VALUES ($1,$2,$3,$4,$10,$11,$5,$5,$6,NULL,$7,$8,$9,$5)";
    let last = last_of(tx, person_id).await?;
    let (agency, everywhere) = last.map_or((None, false), |row| (row.acting_agency_id, row.acting_everywhere));
    let values = vec![
        new_id(now).into(),
        super::hash_of(&token).into(),
        person_id.into(),
        super::secret()?.into(),
        now.into(),
        (now + limits.absolute * SECOND).into(),
        origin.text().into(),
        origin.browser.as_str().into(),
        method.into(),
        agency.into(),
        everywhere.into(),
    ];
    execute(tx, sql, values).await?;
    let surplus = format!(
        "UPDATE sessions SET ended_at = $1 WHERE person_id = $2 AND ended_at IS NULL AND id NOT IN \
         (SELECT id FROM sessions WHERE person_id = $2 AND ended_at IS NULL ORDER BY created_at DESC, id DESC LIMIT {})",
        limits.at_most.max(1)
    );
    execute(tx, &surplus, vec![now.into(), person_id.into()]).await?;
    // Ended sessions of the past are of no use; the trail has their beginning and end.
    let old = "DELETE FROM sessions WHERE person_id = $1 AND expires_at < $2";
    execute(tx, old, vec![person_id.into(), (now - limits.absolute * SECOND).into()]).await?;
    Ok(NewSession { token, seconds: limits.absolute, due: None })
}

/// The session of a person that was used last, also one that has ended.
async fn last_of(connection: &impl Connection, person_id: &str) -> Result<Option<SessionRow>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM sessions WHERE person_id = $1 ORDER BY seen_at DESC, id DESC LIMIT 1");
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, [person_id.into()]);
    Ok(SessionRow::find_by_statement(statement).one(connection).await?)
}

pub(super) async fn by_token(connection: &impl Connection, token: &str) -> Result<Option<SessionRow>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM sessions WHERE token_hash = $1");
    let values = [super::hash_of(token).into()];
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    Ok(SessionRow::find_by_statement(statement).one(connection).await?)
}

/// The session of a request, and how many elevations open raw events of other agencies to its person at `now`: hardly
/// anybody has one, so nothing else is asked for them.
pub(super) async fn of_request(
    connection: &impl Connection,
    token: &str,
    now: Micros,
) -> Result<Option<(SessionRow, i64)>, Error> {
    let elevations = foreign_events_count("sessions.person_id", 2, 3);
    let sql = format!("SELECT {COLUMNS}, {elevations} AS elevations FROM sessions WHERE token_hash = $1");
    let values: [Value; 3] = [super::hash_of(token).into(), FOREIGN_EVENTS.into(), now.into()];
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    let Some(row) = connection.query_one_raw(statement).await? else { return Ok(None) };
    Ok(Some((SessionRow::from_query_result(&row, "")?, row.try_get("", "elevations")?)))
}

pub(super) async fn saw(tx: &Tx<'_>, id: &str, now: Micros) -> Result<(), Error> {
    let sql = "UPDATE sessions SET seen_at = $1 WHERE id = $2 AND seen_at < $1";
    execute(tx, sql, vec![now.into(), id.into()]).await.map(|_| ())
}

/// `None`: the whole centre.
pub(super) async fn act_for(tx: &Tx<'_>, token: &str, agency_id: Option<&str>) -> Result<(), Error> {
    let sql =
        "UPDATE sessions SET acting_agency_id = $1, acting_everywhere = $4 WHERE token_hash = $2 AND person_id = $3";
    let own = own(tx)?;
    let agency = agency_id.map(ToOwned::to_owned);
    execute(tx, sql, vec![agency.into(), super::hash_of(token).into(), own.into(), agency_id.is_none().into()])
        .await
        .map(|_| ())
}

fn own(connection: &impl Connection) -> Result<String, Error> {
    connection.scope().person_id().map(ToOwned::to_owned).ok_or(Error::Forbidden("sessions"))
}

/// Own sessions that have not ended, last used first. Idle ones are left out by `idle` seconds.
pub async fn own_sessions(connection: &impl Connection, now: Micros, idle: i64) -> Result<Vec<SessionRow>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM sessions WHERE person_id = $1 AND ended_at IS NULL ORDER BY seen_at DESC, id DESC"
    );
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, [own(connection)?.into()]);
    let mut sessions = SessionRow::find_by_statement(statement).all(connection).await?;
    sessions.retain(|session| session.lasts(now, idle));
    Ok(sessions)
}

/// Ends one own session.
pub async fn end_session(tx: &Tx<'_>, now: Micros, id: &str) -> Result<(), Error> {
    let own = own(tx)?;
    let sql = "UPDATE sessions SET ended_at = $1 WHERE id = $2 AND person_id = $3 AND ended_at IS NULL";
    if execute(tx, sql, vec![now.into(), id.into(), own.as_str().into()]).await? == 0 {
        return Err(Error::NotFound);
    }
    let agency = people::signed_in(tx, &own).await?.map(|person| person.agency_id);
    audit::record(tx, now, "session.end", "person", &own, agency.as_deref(), json!({ "session": id })).await
}

/// The session has a second factor from now on: the one just added in it.
pub(super) async fn strengthen(tx: &Tx<'_>, token: &str, kind: &str) -> Result<(), Error> {
    let sql = "UPDATE sessions SET method = $1 WHERE token_hash = $2 AND method = $3";
    for first in ["password", PROVIDER] {
        let values = vec![format!("{first}+{kind}").into(), super::hash_of(token).into(), first.into()];
        execute(tx, sql, values).await?;
    }
    Ok(())
}

/// A session came from a provider of accounts.
pub(super) async fn came(tx: &Tx<'_>, token: &str, came: &Came) -> Result<(), Error> {
    let sql = "UPDATE sessions SET issuer = $1, issuer_session = $2 WHERE token_hash = $3";
    let values = vec![came.issuer().into(), came.session().into(), super::hash_of(token).into()];
    execute(tx, sql, values).await.map(|_| ())
}

/// Ends the sessions that came from a provider: those of one of its sessions, of a person, or of both. Whose they were,
/// once for each session.
pub(super) async fn end_from(
    tx: &Tx<'_>,
    issuer: &str,
    session: Option<&str>,
    person_id: Option<&str>,
    now: Micros,
) -> Result<Vec<String>, Error> {
    let mut sql = "UPDATE sessions SET ended_at = $1 WHERE ended_at IS NULL AND issuer = $2".to_owned();
    let mut values: Vec<Value> = vec![now.into(), issuer.into()];
    for (column, value) in [("issuer_session", session), ("person_id", person_id)] {
        if let Some(value) = value {
            values.push(value.into());
            sql += &format!(" AND {column} = ${}", values.len());
        }
    }
    if issuer.is_empty() || values.len() == 2 {
        return Ok(Vec::new());
    }
    sql += " RETURNING person_id";
    let rows = tx.query_all_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    rows.iter().map(|row| Ok(row.try_get("", "person_id")?)).collect()
}

/// Its person has just proven again who it is: the session goes on under a new token, and the one before opens nothing.
pub(super) async fn confirm(tx: &Tx<'_>, token: &str, now: Micros) -> Result<NewSession, Error> {
    let fresh = super::secret()?;
    let sql = "UPDATE sessions SET confirmed_at = $1, token_hash = $2 \
               WHERE token_hash = $3 AND person_id = $4 AND ended_at IS NULL RETURNING expires_at";
    let values = [now.into(), super::hash_of(&fresh).into(), super::hash_of(token).into(), own(tx)?.into()];
    let row = tx.query_one_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    let expires_at: Micros = row.ok_or(Error::Unauthenticated)?.try_get("", "expires_at")?;
    Ok(NewSession { token: fresh, seconds: (expires_at - now).max(0) / SECOND, due: None })
}

/// Ends one session whoever has it; whether it lasted until now.
pub(super) async fn end(tx: &Tx<'_>, id: &str, now: Micros) -> Result<bool, Error> {
    let sql = "UPDATE sessions SET ended_at = $1 WHERE id = $2 AND ended_at IS NULL";
    Ok(execute(tx, sql, vec![now.into(), id.into()]).await? > 0)
}

/// Ends every session of a person; returns how many there were.
pub async fn end_sessions_of(tx: &Tx<'_>, person_id: &str, now: Micros) -> Result<u64, Error> {
    let sql = "UPDATE sessions SET ended_at = $1 WHERE person_id = $2 AND ended_at IS NULL";
    execute(tx, sql, vec![now.into(), person_id.into()]).await
}

/// Ends the sessions of everybody; returns how many there were.
pub async fn end_all_sessions(tx: &Tx<'_>, now: Micros) -> Result<u64, Error> {
    tx.scope().require(Capability::Administer)?;
    execute(tx, "UPDATE sessions SET ended_at = $1 WHERE ended_at IS NULL", vec![now.into()]).await
}

/// Ends every session of a person but the one with this token.
pub(super) async fn end_others(tx: &Tx<'_>, person_id: &str, token: &str, now: Micros) -> Result<u64, Error> {
    let sql = "UPDATE sessions SET ended_at = $1 WHERE person_id = $2 AND token_hash <> $3 AND ended_at IS NULL";
    execute(tx, sql, vec![now.into(), person_id.into(), super::hash_of(token).into()]).await
}
