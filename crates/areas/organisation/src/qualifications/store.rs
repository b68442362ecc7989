//! Rows of qualifications, in the scope of the person's agency.

use super::{Qualification, cell};
use crate::conditions::Conditions;
use kit::clock::Micros;
use kit::fold::fold;
use kit::{Capability, Connection, Error, Tx};
use sea_orm::{ConnectionTrait, FromQueryResult, Statement, Value};

const FROM: &str = "FROM qualifications JOIN people ON people.id = qualifications.person_id \
                    JOIN agencies ON agencies.id = people.agency_id";

const COLUMNS: &str = "qualifications.id, qualifications.person_id, people.full_name AS person_name, people.agency_id, \
                       agencies.name AS agency_name, qualifications.kind, qualifications.name, qualifications.issuer, \
                       qualifications.number, qualifications.obtained_at, qualifications.expires_at";

/// What a list is narrowed to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QualificationFilter {
    /// Words in the name of the qualification or of the person.
    pub text: String,
    pub person_id: String,
    /// Only what has run out, or will have, at this time.
    pub ends_before: Option<Micros>,
}

impl QualificationFilter {
    fn conditions(&self, connection: &impl Connection) -> Conditions {
        let scope = connection.scope();
        let mut conditions = Conditions::default();
        // One's own are always in scope.
        match scope.person_id() {
            Some(own) if self.person_id == own => {}
            _ => conditions.plain(scope.agency_condition("people.agency_id")),
        }
        conditions.words(&["qualifications.name_fold", "people.name_fold"], &self.text);
        if !self.person_id.is_empty() {
            conditions.with("qualifications.person_id = ?", self.person_id.as_str());
        }
        if let Some(before) = self.ends_before {
            conditions.with("qualifications.expires_at <= ?", before);
        }
        conditions
    }

    fn require(&self, connection: &impl Connection) -> Result<(), Error> {
        let scope = connection.scope();
        if scope.person_id().is_some_and(|own| own == self.person_id) {
            return Ok(());
        }
        scope.require(Capability::ViewPeople)
    }
}

/// In scope, what runs out first on top.
pub async fn list(
    connection: &impl Connection,
    filter: &QualificationFilter,
    limit: u64,
    offset: u64,
) -> Result<Vec<Qualification>, Error> {
    filter.require(connection)?;
    let conditions = filter.conditions(connection);
    let sql = format!(
        "SELECT {COLUMNS} {FROM} {} ORDER BY CASE WHEN qualifications.expires_at IS NULL THEN 1 ELSE 0 END, \
         qualifications.expires_at, qualifications.id LIMIT {limit} OFFSET {offset}",
        conditions.sql()
    );
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, conditions.values());
    let found = Qualification::find_by_statement(statement).all(connection).await?;
    let keys = connection.keys();
    let opened = found.into_iter().map(|one| Qualification { number: one.number.open(keys, cell(&one.id)), ..one });
    Ok(opened.collect())
}

pub async fn count(connection: &impl Connection, filter: &QualificationFilter) -> Result<u64, Error> {
    filter.require(connection)?;
    let conditions = filter.conditions(connection);
    let sql = format!("SELECT COUNT(*) AS found {FROM} {}", conditions.sql());
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, conditions.values());
    let row = connection.query_one_raw(statement).await?;
    Ok(row.map(|row| row.try_get::<i64>("", "found")).transpose()?.and_then(|n| u64::try_from(n).ok()).unwrap_or(0))
}

async fn execute(tx: &Tx<'_>, sql: &str, values: Vec<Value>) -> Result<(), Error> {
    tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    Ok(())
}

pub(super) async fn insert(tx: &Tx<'_>, id: &str, new: &super::NewQualification, now: Micros) -> Result<(), Error> {
    let sql = "INSERT INTO qualifications (id, person_id, kind, name, name_fold, issuer, number, obtained_at, \
               expires_at, created_at) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10)";
    let values = vec![
        id.into(),
        new.person_id.as_str().into(),
        new.kind.as_str().into(),
        new.name.as_str().into(),
        fold(&new.name).into(),
        new.issuer.as_str().into(),
        tx.keys().seal(cell(id), &new.number)?.into(),
        new.obtained_at.into(),
        new.expires_at.into(),
        now.into(),
    ];
    execute(tx, sql, values).await
}

pub(super) async fn delete(tx: &Tx<'_>, id: &str) -> Result<(), Error> {
    execute(tx, "DELETE FROM qualifications WHERE id = $1", vec![id.into()]).await
}
