//! Rows of incumbents and their leave, always in the scope of the agency.

use super::{Absence, Incumbent};
use kit::clock::Micros;
use kit::{Capability, Connection, Error, Tx};
use sea_orm::{ConnectionTrait, FromQueryResult, Statement, Value};

const SELECT: &str = "SELECT incumbents.id, incumbents.agency_id, incumbents.person_id, people.full_name AS person_name, \
                      incumbents.post, incumbents.decision, incumbents.starts_at, incumbents.ends_at \
                      FROM incumbents JOIN people ON people.id = incumbents.person_id";

const ABSENCES: &str = "SELECT incumbent_absences.id, incumbent_absences.incumbent_id, incumbent_absences.substitute_id, \
                        people.full_name AS substitute_name, incumbent_absences.starts_at, incumbent_absences.ends_at \
                        FROM incumbent_absences JOIN people ON people.id = incumbent_absences.substitute_id";

async fn select(connection: &impl Connection, rest: &str, values: Vec<Value>) -> Result<Vec<Incumbent>, Error> {
    let scope = connection.scope();
    scope.require(Capability::ViewPeople)?;
    let sql = format!(
        "{SELECT} WHERE {} AND {rest} ORDER BY incumbents.starts_at DESC, incumbents.id",
        scope.agency_condition("incumbents.agency_id")
    );
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    Ok(Incumbent::find_by_statement(statement).all(connection).await?)
}

/// Everybody who holds, held or will hold a post at an agency in scope, newest first.
pub async fn of_agency(connection: &impl Connection, agency_id: &str) -> Result<Vec<Incumbent>, Error> {
    select(connection, "incumbents.agency_id = $1", vec![agency_id.into()]).await
}

/// Everybody in scope who holds a post at `at`.
pub async fn holding(connection: &impl Connection, at: Micros) -> Result<Vec<Incumbent>, Error> {
    let rest = "incumbents.starts_at <= $1 AND (incumbents.ends_at IS NULL OR incumbents.ends_at > $1)";
    select(connection, rest, vec![at.into()]).await
}

pub(super) async fn find(connection: &impl Connection, id: &str) -> Result<Incumbent, Error> {
    select(connection, "incumbents.id = $1", vec![id.into()]).await?.pop().ok_or(Error::NotFound)
}

/// Leave in scope that is not over at `at`; `agency_id` empty: of every agency.
pub async fn absences_of(connection: &impl Connection, agency_id: &str, at: Micros) -> Result<Vec<Absence>, Error> {
    let scope = connection.scope();
    scope.require(Capability::ViewPeople)?;
    let sql = format!(
        "{ABSENCES} WHERE {} AND incumbent_absences.ends_at > $1 AND ($2 = '' OR incumbent_absences.agency_id = $2) \
         ORDER BY incumbent_absences.starts_at, incumbent_absences.id LIMIT 5000",
        scope.agency_condition("incumbent_absences.agency_id")
    );
    let values = [at.into(), agency_id.into()];
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    Ok(Absence::find_by_statement(statement).all(connection).await?)
}

/// Leave of a person that is not over at `at`, from posts at every agency in scope: who is away is away everywhere.
pub(super) async fn leave_of(connection: &impl Connection, person_id: &str, at: Micros) -> Result<Vec<Absence>, Error> {
    let scope = connection.scope();
    scope.require(Capability::ViewPeople)?;
    let sql = format!(
        "{ABSENCES} JOIN incumbents ON incumbents.id = incumbent_absences.incumbent_id \
         WHERE {} AND incumbents.person_id = $1 AND incumbent_absences.ends_at > $2 \
         ORDER BY incumbent_absences.starts_at, incumbent_absences.id",
        scope.agency_condition("incumbent_absences.agency_id")
    );
    let values = [person_id.into(), at.into()];
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    Ok(Absence::find_by_statement(statement).all(connection).await?)
}

async fn execute(tx: &Tx<'_>, sql: &str, values: Vec<Value>) -> Result<(), Error> {
    tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    Ok(())
}

pub(super) async fn insert(tx: &Tx<'_>, incumbent: &Incumbent, now: Micros) -> Result<(), Error> {
    let sql = "INSERT INTO incumbents (id, agency_id, person_id, post, decision, starts_at, ends_at, created_at) \
               VALUES ($1,$2,$3,$4,$5,$6,$7,$8)";
    let values = vec![
        incumbent.id.as_str().into(),
        incumbent.agency_id.as_str().into(),
        incumbent.person_id.as_str().into(),
        incumbent.post.as_str().into(),
        incumbent.decision.as_str().into(),
        incumbent.starts_at.into(),
        incumbent.ends_at.into(),
        now.into(),
    ];
    execute(tx, sql, values).await
}

pub(super) async fn set_end(tx: &Tx<'_>, id: &str, end: Micros) -> Result<(), Error> {
    execute(tx, "UPDATE incumbents SET ends_at = $1 WHERE id = $2", vec![end.into(), id.into()]).await
}

pub(super) async fn insert_absence(tx: &Tx<'_>, agency_id: &str, absence: &Absence, now: Micros) -> Result<(), Error> {
    let sql = "INSERT INTO incumbent_absences (id, incumbent_id, agency_id, substitute_id, starts_at, ends_at, created_at) \
               VALUES ($1,$2,$3,$4,$5,$6,$7)";
    let values = vec![
        absence.id.as_str().into(),
        absence.incumbent_id.as_str().into(),
        agency_id.into(),
        absence.substitute_id.as_str().into(),
        absence.starts_at.into(),
        absence.ends_at.into(),
        now.into(),
    ];
    execute(tx, sql, values).await
}

/// Leave ends at `end`; before it has begun it never was.
pub(super) async fn end_absence(tx: &Tx<'_>, absence: &Absence, end: Micros) -> Result<(), Error> {
    if absence.starts_at >= end {
        return execute(tx, "DELETE FROM incumbent_absences WHERE id = $1", vec![absence.id.as_str().into()]).await;
    }
    let sql = "UPDATE incumbent_absences SET ends_at = $1 WHERE id = $2";
    execute(tx, sql, vec![end.into(), absence.id.as_str().into()]).await
}
