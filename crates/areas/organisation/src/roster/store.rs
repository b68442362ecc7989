//! Rows of the roster.

use super::{NewShift, Shift};
use crate::people::cell;
use kit::clock::Micros;
use kit::{Connection, Error, Tx};
use sea_orm::{ConnectionTrait, FromQueryResult, Statement, Value};

const SELECT: &str = "SELECT duty_shifts.id, duty_shifts.agency_id, agencies.name AS agency_name, duty_shifts.person_id, \
                      people.full_name AS person_name, people.phone, duty_shifts.post, duty_shifts.starts_at, \
                      duty_shifts.ends_at, duty_shifts.note, duty_shifts.note_at, duty_shifts.note_by \
                      FROM duty_shifts JOIN people ON people.id = duty_shifts.person_id \
                      JOIN agencies ON agencies.id = duty_shifts.agency_id";

async fn select(connection: &impl Connection, rest: &str, values: Vec<Value>) -> Result<Vec<Shift>, Error> {
    let statement =
        Statement::from_sql_and_values(connection.get_database_backend(), format!("{SELECT} {rest}"), values);
    let shifts = Shift::find_by_statement(statement).all(connection).await?;
    let keys = connection.keys();
    let opened = shifts
        .into_iter()
        .map(|shift| Shift { phone: shift.phone.open(keys, cell("phone", &shift.person_id)), ..shift });
    Ok(opened.collect())
}

/// Rosters in scope, and the centre's own: an officer of a commune must know whom to call there.
fn seen(connection: &impl Connection) -> String {
    let condition = connection.scope().agency_condition("duty_shifts.agency_id");
    format!("({condition} OR agencies.parent_id IS NULL)")
}

/// Who is on watch at `now`, and until when, in the order of posts' end.
pub async fn on_duty(connection: &impl Connection, now: Micros) -> Result<Vec<Shift>, Error> {
    let rest = format!(
        "WHERE duty_shifts.starts_at <= $1 AND duty_shifts.ends_at > $1 AND {} \
         ORDER BY agencies.parent_id IS NOT NULL, duty_shifts.ends_at, people.name_sort",
        seen(connection)
    );
    select(connection, &rest, vec![now.into()]).await
}

/// The shifts that begin next, all that begin at the same moment.
pub async fn next_shifts(connection: &impl Connection, now: Micros) -> Result<Vec<Shift>, Error> {
    let rest = format!(
        "WHERE duty_shifts.starts_at > $1 AND {} ORDER BY duty_shifts.starts_at, people.name_sort LIMIT 20",
        seen(connection)
    );
    let mut shifts = select(connection, &rest, vec![now.into()]).await?;
    if let Some(first) = shifts.first().map(|shift| shift.starts_at) {
        shifts.retain(|shift| shift.starts_at == first);
    }
    Ok(shifts)
}

/// Shifts in scope that touch the span, in order of start.
pub async fn between(connection: &impl Connection, from: Micros, until: Micros) -> Result<Vec<Shift>, Error> {
    let rest = format!(
        "WHERE duty_shifts.starts_at < $1 AND duty_shifts.ends_at > $2 AND {} \
         ORDER BY duty_shifts.starts_at, people.name_sort LIMIT 2000",
        connection.scope().agency_condition("duty_shifts.agency_id")
    );
    select(connection, &rest, vec![until.into(), from.into()]).await
}

/// The newest handover note in scope.
pub async fn last_note(connection: &impl Connection) -> Result<Option<Shift>, Error> {
    let rest = format!(
        "WHERE duty_shifts.note_at IS NOT NULL AND {} ORDER BY duty_shifts.note_at DESC, duty_shifts.id DESC LIMIT 1",
        connection.scope().agency_condition("duty_shifts.agency_id")
    );
    Ok(select(connection, &rest, vec![]).await?.pop())
}

/// One shift in scope.
pub async fn find(connection: &impl Connection, id: &str) -> Result<Shift, Error> {
    let rest =
        format!("WHERE duty_shifts.id = $1 AND {}", connection.scope().agency_condition("duty_shifts.agency_id"));
    select(connection, &rest, vec![id.into()]).await?.pop().ok_or(Error::NotFound)
}

/// Identifiers of active people on the centre's watch at `now`, whatever the scope: news of an agency goes to
/// them. Those at posts `on_call` are among them only while nobody else is on watch.
pub(crate) async fn people_on_watch(
    connection: &impl Connection,
    on_call: &[String],
    now: Micros,
) -> Result<Vec<String>, Error> {
    let rest = "WHERE duty_shifts.starts_at <= $1 AND duty_shifts.ends_at > $1 AND people.active \
                AND agencies.parent_id IS NULL";
    let shifts = select(connection, rest, vec![now.into()]).await?;
    let waits = |shift: &Shift| on_call.contains(&shift.post);
    let nobody_else = shifts.iter().all(waits);
    let told = shifts.into_iter().filter(|shift| nobody_else || !waits(shift));
    let mut people: Vec<_> = told.map(|shift| shift.person_id).collect();
    people.sort();
    people.dedup();
    Ok(people)
}

/// Agencies and the active people of their rosters who stand at one of these posts at `now`, whatever the scope.
pub(crate) async fn standing_at_posts(
    connection: &impl Connection,
    posts: &[String],
    now: Micros,
) -> Result<Vec<(String, String)>, Error> {
    if posts.is_empty() {
        return Ok(Vec::new());
    }
    let rest =
        "WHERE duty_shifts.starts_at <= $1 AND duty_shifts.ends_at > $1 AND people.active ORDER BY duty_shifts.id";
    let shifts = select(connection, rest, vec![now.into()]).await?;
    let there = shifts.into_iter().filter(|shift| posts.contains(&shift.post));
    Ok(there.map(|shift| (shift.agency_id, shift.person_id)).collect())
}

/// The person's shift that runs at `now`, or the last that ended no longer than `grace` ago: the one to write a
/// note for.
pub(super) async fn latest_of(
    connection: &impl Connection,
    person_id: &str,
    now: Micros,
    grace: Micros,
) -> Result<Option<Shift>, Error> {
    let rest = format!(
        "WHERE duty_shifts.person_id = $1 AND duty_shifts.starts_at <= $2 AND duty_shifts.ends_at > $3 AND {} \
         ORDER BY duty_shifts.starts_at DESC LIMIT 1",
        connection.scope().agency_condition("duty_shifts.agency_id")
    );
    Ok(select(connection, &rest, vec![person_id.into(), now.into(), (now - grace).into()]).await?.pop())
}

/// Whether the person has a shift that touches the span, at any agency.
pub(super) async fn is_busy(
    connection: &impl Connection,
    person_id: &str,
    from: Micros,
    until: Micros,
) -> Result<bool, Error> {
    let rest = "WHERE duty_shifts.person_id = $1 AND duty_shifts.starts_at < $2 AND duty_shifts.ends_at > $3";
    Ok(!select(connection, rest, vec![person_id.into(), until.into(), from.into()]).await?.is_empty())
}

async fn execute(tx: &Tx<'_>, sql: &str, values: Vec<Value>) -> Result<(), Error> {
    tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    Ok(())
}

pub(super) async fn insert(tx: &Tx<'_>, id: &str, new: &NewShift, now: Micros) -> Result<(), Error> {
    let sql = "INSERT INTO duty_shifts (id, agency_id, person_id, post, starts_at, ends_at, note, note_at, note_by, \
               created_at) VALUES ($1,$2,$3,$4,$5,$6,'',NULL,'',$7)";
    let values = vec![
        id.into(),
        new.agency_id.as_str().into(),
        new.person_id.as_str().into(),
        new.post.as_str().into(),
        new.starts_at.into(),
        new.ends_at.into(),
        now.into(),
    ];
    execute(tx, sql, values).await
}

pub(super) async fn delete(tx: &Tx<'_>, id: &str) -> Result<(), Error> {
    execute(tx, "DELETE FROM duty_shifts WHERE id = $1", vec![id.into()]).await
}

pub(super) async fn set_note(tx: &Tx<'_>, id: &str, note: &str, by: &str, now: Micros) -> Result<(), Error> {
    let sql = "UPDATE duty_shifts SET note = $1, note_at = $2, note_by = $3 WHERE id = $4";
    execute(tx, sql, vec![note.into(), now.into(), by.into(), id.into()]).await
}
