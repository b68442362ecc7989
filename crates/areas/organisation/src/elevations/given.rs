//! Rows that left without a second person, added up over a while for each person with all keys that this person made: many
//! small files are one large one, and so are the pages of a program, by however many keys. A key for which more was granted
//! counts for itself. They are kept by minute in the database, so that a restart forgets none.

use super::store;
use crate::api_keys;
use crate::policies::{EXPORT, ElevationKind};
use kit::clock::{MINUTE, Micros};
use kit::scope::Actor;
use kit::{Connection, Error, Tx};
use sea_orm::{ConnectionTrait, Statement, Value};

/// For whom rows count, and how many may leave at once and within the window.
struct Account {
    subject: String,
    /// The key by which they leave, where they count for its maker: told on its page.
    by_key: Option<String>,
    at_once: u64,
    in_window: u64,
}

/// A key counts for whoever made it, so that more keys give no more rows; one for which more was granted for itself.
async fn account(connection: &impl Connection, kind: &ElevationKind, now: Micros) -> Result<Account, Error> {
    let actor = connection.scope().actor();
    let everybody = |subject, by_key| Account { subject, by_key, at_once: kind.rows, in_window: kind.window_rows };
    let Actor::Key { id, .. } = actor else { return Ok(everybody(actor.id(), None)) };
    let granted = match kind.id == EXPORT {
        true => store::granted_to_keys(connection, Some(&**id), now).await?.remove(&**id),
        false => None,
    };
    if let Some(grant) = granted {
        let at_once = grant.rows.max(kind.rows);
        return Ok(Account { subject: actor.id(), by_key: None, at_once, in_window: grant.rows });
    }
    // One that was made on the machine itself has nobody behind it.
    Ok(match api_keys::maker_of(connection, id).await? {
        Some(maker) => everybody(maker, Some(actor.id())),
        None => everybody(actor.id(), None),
    })
}

/// How many rows of a kind may still leave at `now` without a second person, in one act.
pub(super) async fn left(connection: &impl Connection, kind: &ElevationKind, now: Micros) -> Result<u64, Error> {
    let account = account(connection, kind, now).await?;
    if kind.window_rows == 0 {
        return Ok(account.at_once);
    }
    let given = given(connection, &account.subject, kind, now).await?;
    Ok(account.at_once.min(account.in_window.saturating_sub(given)))
}

/// How many rows of a kind have left for a person or a key within the window before `now`.
pub(super) async fn given(
    connection: &impl Connection,
    subject: &str,
    kind: &ElevationKind,
    now: Micros,
) -> Result<u64, Error> {
    let sql = "SELECT CAST(COALESCE(SUM(given), 0) AS BIGINT) AS found FROM given_rows \
               WHERE subject = $1 AND kind = $2 AND minute > $3";
    let values: [Value; 3] = [subject.into(), kind.id.as_str().into(), begin(kind, now).into()];
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    let row = connection.query_one_raw(statement).await?;
    let found: Option<i64> = row.map(|row| row.try_get("", "found")).transpose()?;
    Ok(found.and_then(|found| u64::try_from(found).ok()).unwrap_or_default())
}

/// Minutes that began later count at `now`.
fn begin(kind: &ElevationKind, now: Micros) -> Micros {
    now - kind.window() - MINUTE
}

/// Counts rows that are about to leave; `false`, and nothing is counted, where they are too many or every one needs somebody.
pub(super) async fn take(tx: &Tx<'_>, kind: &ElevationKind, rows: u64, now: Micros) -> Result<bool, Error> {
    let Account { subject, by_key, at_once, in_window } = account(tx, kind, now).await?;
    if at_once == 0 || rows > at_once {
        return Ok(false);
    }
    if rows == 0 || kind.window_rows == 0 {
        return Ok(true);
    }
    let key = || -> Vec<Value> { vec![subject.as_str().into(), kind.id.as_str().into()] };
    let lock = "INSERT INTO given_rows (subject, kind, minute, given) VALUES ($1, $2, 0, 0) \
                ON CONFLICT (subject, kind, minute) DO NOTHING";
    execute(tx, lock, key()).await?;
    execute(tx, "UPDATE given_rows SET given = 0 WHERE subject = $1 AND kind = $2 AND minute = 0", key()).await?;
    if given(tx, &subject, kind, now).await?.saturating_add(rows) > in_window {
        return Ok(false);
    }
    note(tx, kind, &subject, rows, now).await?;
    if let Some(key) = by_key {
        note(tx, kind, &key, rows, now).await?;
    }
    Ok(true)
}

/// Adds rows of this minute, and forgets those of long ago.
async fn note(tx: &Tx<'_>, kind: &ElevationKind, subject: &str, rows: u64, now: Micros) -> Result<(), Error> {
    let key = || -> Vec<Value> { vec![subject.into(), kind.id.as_str().into()] };
    let forget = "DELETE FROM given_rows WHERE subject = $1 AND kind = $2 AND minute > 0 AND minute <= $3";
    execute(tx, forget, [key(), vec![begin(kind, now).into()]].concat()).await?;
    let add = "INSERT INTO given_rows (subject, kind, minute, given) VALUES ($1, $2, $3, $4) \
               ON CONFLICT (subject, kind, minute) DO UPDATE SET given = given_rows.given + excluded.given";
    let minute = now - now.rem_euclid(MINUTE);
    let rows = i64::try_from(rows).unwrap_or(i64::MAX);
    execute(tx, add, [key(), vec![minute.into(), rows.into()]].concat()).await
}

async fn execute(tx: &Tx<'_>, sql: &str, values: Vec<Value>) -> Result<(), Error> {
    tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    Ok(())
}
