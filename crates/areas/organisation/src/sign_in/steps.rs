//! What the server remembers between two requests of signing in or of adding a second factor: that a password was
//! right, a challenge, a secret not yet confirmed. Found by the secret of a cookie, for a short while, and used once.

use kit::clock::{Micros, SECOND};
use kit::{Connection, Error, Tx};
use sea_orm::{ConnectionTrait, FromQueryResult, Statement, Value};

/// What is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The password was right, or a provider vouches; the second factor is waited for.
    SecondFactor,
    /// A challenge for a passkey that signs in or confirms.
    Passkey,
    /// A challenge for a passkey that is added.
    NewPasskey,
    /// Somebody is at a provider of accounts.
    Provider,
    /// A secret of an authenticator app, sealed, until its first code comes.
    NewApp,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::SecondFactor => "second-factor",
            Self::Passkey => "passkey",
            Self::NewPasskey => "new-passkey",
            Self::Provider => "provider",
            Self::NewApp => "new-app",
        }
    }
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub(super) struct Step {
    pub(super) person_id: Option<String>,
    pub(super) state: String,
}

/// The cookie of a step that begins.
#[derive(Clone, PartialEq, Eq)]
pub struct NewStep {
    pub token: String,
    /// Seconds until it is forgotten.
    pub seconds: i64,
}

impl std::fmt::Debug for NewStep {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("NewStep").field("seconds", &self.seconds).finish_non_exhaustive()
    }
}

async fn execute(tx: &Tx<'_>, sql: &str, values: Vec<Value>) -> Result<(), Error> {
    tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    Ok(())
}

/// Remembers a step for so many seconds, in place of one of the same kind; forgets those whose time is over.
pub(super) async fn put(
    tx: &Tx<'_>,
    token: &str,
    kind: Kind,
    step: &Step,
    seconds: i64,
    now: Micros,
) -> Result<(), Error> {
    execute(tx, "DELETE FROM sign_in_steps WHERE expires_at <= $1", vec![now.into()]).await?;
    let sql = "INSERT INTO sign_in_steps (token_hash, kind, person_id, state, expires_at) VALUES ($1, $2, $3, $4, $5) \
               ON CONFLICT (token_hash, kind) DO UPDATE SET person_id = excluded.person_id, state = excluded.state, \
               expires_at = excluded.expires_at";
    let values = vec![
        super::hash_of(token).into(),
        kind.name().into(),
        step.person_id.clone().into(),
        step.state.as_str().into(),
        (now + seconds * SECOND).into(),
    ];
    execute(tx, sql, values).await
}

/// Looks at a step and leaves it.
pub(super) async fn find(
    connection: &impl Connection,
    token: &str,
    kind: Kind,
    now: Micros,
) -> Result<Option<Step>, Error> {
    let sql = "SELECT person_id, state FROM sign_in_steps WHERE token_hash = $1 AND kind = $2 AND expires_at > $3";
    let values = [super::hash_of(token).into(), kind.name().into(), now.into()];
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    Ok(Step::find_by_statement(statement).one(connection).await?)
}

/// Takes a step away: whoever comes second finds nothing.
pub(super) async fn take(tx: &Tx<'_>, token: &str, kind: Kind, now: Micros) -> Result<Option<Step>, Error> {
    let sql = "DELETE FROM sign_in_steps WHERE token_hash = $1 AND kind = $2 AND expires_at > $3 \
               RETURNING person_id, state";
    let values = [super::hash_of(token).into(), kind.name().into(), now.into()];
    let row = tx.query_one_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    row.map(|row| Ok(Step { person_id: row.try_get("", "person_id")?, state: row.try_get("", "state")? })).transpose()
}

/// Forgets what is under way for a person.
pub(super) async fn forget(tx: &Tx<'_>, person_id: &str) -> Result<(), Error> {
    execute(tx, "DELETE FROM sign_in_steps WHERE person_id = $1", vec![person_id.into()]).await
}
