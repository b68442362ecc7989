//! Rows of experts, in the scope of the agency whose register it is.

use super::{Expert, ExpertData, cell};
use crate::conditions::Conditions;
use kit::clock::Micros;
use kit::fold::{fold, sort_key};
use kit::{Capability, Connection, Error, Tx};
use sea_orm::{ConnectionTrait, FromQueryResult, Statement, Value};

const SELECT: &str = "SELECT experts.id, experts.agency_id, agencies.name AS agency_name, experts.full_name, \
                      experts.workplace, experts.fields, experts.phone, experts.night_phone, experts.night_call, \
                      experts.email, experts.at_night, experts.agreed_until, experts.active \
                      FROM experts JOIN agencies ON agencies.id = experts.agency_id";

/// What a list is narrowed to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExpertFilter {
    /// Words in the name or in the fields.
    pub text: String,
    /// Only those who may be called at night.
    pub at_night: bool,
    /// Only those who may be called at this time at all.
    pub at: Option<Micros>,
}

impl ExpertFilter {
    fn conditions(&self, connection: &impl Connection) -> Conditions {
        let mut conditions = Conditions::default();
        conditions.plain(connection.scope().agency_condition("experts.agency_id"));
        conditions.words(&["experts.name_fold", "experts.fields_fold"], &self.text);
        if self.at_night {
            conditions.with("experts.at_night = ?", true);
        }
        if let Some(at) = self.at {
            conditions.with("experts.active = ?", true);
            conditions.with("(experts.agreed_until IS NULL OR experts.agreed_until > ?)", at);
        }
        conditions
    }
}

async fn select(connection: &impl Connection, rest: &str, values: Vec<Value>) -> Result<Vec<Expert>, Error> {
    connection.scope().require(Capability::ViewPeople)?;
    let statement =
        Statement::from_sql_and_values(connection.get_database_backend(), format!("{SELECT} {rest}"), values);
    let found = Expert::find_by_statement(statement).all(connection).await?;
    let keys = connection.keys();
    let opened = found.into_iter().map(|expert| Expert {
        phone: expert.phone.open(keys, cell("phone", &expert.id)),
        night_phone: expert.night_phone.open(keys, cell("night_phone", &expert.id)),
        night_call: expert.night_call.open(keys, cell("night_call", &expert.id)),
        email: expert.email.open(keys, cell("email", &expert.id)),
        ..expert
    });
    Ok(opened.collect())
}

/// Experts in scope in Vietnamese order of name.
pub async fn list(
    connection: &impl Connection,
    filter: &ExpertFilter,
    limit: u64,
    offset: u64,
) -> Result<Vec<Expert>, Error> {
    let conditions = filter.conditions(connection);
    let rest = format!("{} ORDER BY experts.name_sort, experts.id LIMIT {limit} OFFSET {offset}", conditions.sql());
    select(connection, &rest, conditions.values()).await
}

pub async fn count(connection: &impl Connection, filter: &ExpertFilter) -> Result<u64, Error> {
    connection.scope().require(Capability::ViewPeople)?;
    let conditions = filter.conditions(connection);
    let sql = format!("SELECT COUNT(*) AS found FROM experts {}", conditions.sql());
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, conditions.values());
    let row = connection.query_one_raw(statement).await?;
    Ok(row.map(|row| row.try_get::<i64>("", "found")).transpose()?.and_then(|n| u64::try_from(n).ok()).unwrap_or(0))
}

/// One expert in scope; [`Error::NotFound`] otherwise.
pub async fn find(connection: &impl Connection, id: &str) -> Result<Expert, Error> {
    let rest = format!("WHERE experts.id = $1 AND {}", connection.scope().agency_condition("experts.agency_id"));
    select(connection, &rest, vec![id.into()]).await?.pop().ok_or(Error::NotFound)
}

async fn execute(tx: &Tx<'_>, sql: &str, values: Vec<Value>) -> Result<(), Error> {
    tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    Ok(())
}

pub(super) async fn insert(tx: &Tx<'_>, id: &str, data: &ExpertData, now: Micros) -> Result<(), Error> {
    let sql = "INSERT INTO experts (id, agency_id, full_name, name_fold, name_sort, workplace, fields, fields_fold, \
               phone, night_phone, night_call, email, at_night, agreed_until, active, created_at, updated_at) \
               VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$16)";
    let mut values = row(tx, id, data)?;
    values.push(true.into());
    values.push(now.into());
    execute(tx, sql, values).await
}

pub(super) async fn update(tx: &Tx<'_>, id: &str, data: &ExpertData, now: Micros) -> Result<(), Error> {
    let sql = "UPDATE experts SET agency_id = $2, full_name = $3, name_fold = $4, name_sort = $5, workplace = $6, \
               fields = $7, fields_fold = $8, phone = $9, night_phone = $10, night_call = $11, email = $12, \
               at_night = $13, agreed_until = $14, updated_at = $15 WHERE id = $1";
    let mut values = row(tx, id, data)?;
    values.push(now.into());
    execute(tx, sql, values).await
}

/// The fourteen values that an entry and a change have in common.
fn row(tx: &Tx<'_>, id: &str, data: &ExpertData) -> Result<Vec<Value>, Error> {
    let seal = |column: &str, text: &str| tx.keys().seal(cell(column, id), text);
    Ok(vec![
        id.into(),
        data.agency_id.as_str().into(),
        data.full_name.as_str().into(),
        fold(&data.full_name).into(),
        sort_key(&data.full_name).into(),
        data.workplace.as_str().into(),
        data.fields.as_str().into(),
        fold(&data.fields).into(),
        seal("phone", &data.phone)?.into(),
        seal("night_phone", &data.night_phone)?.into(),
        seal("night_call", &data.night_call)?.into(),
        seal("email", &data.email)?.into(),
        data.at_night.into(),
        data.agreed_until.into(),
    ])
}

pub(super) async fn set_active(tx: &Tx<'_>, id: &str, active: bool, now: Micros) -> Result<(), Error> {
    let sql = "UPDATE experts SET active = $1, updated_at = $2 WHERE id = $3";
    execute(tx, sql, vec![active.into(), now.into(), id.into()]).await
}
