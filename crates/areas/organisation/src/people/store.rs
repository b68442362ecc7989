//! Rows of people and their roles.

use super::{Grant, NewPerson, Person, PersonChange, cell};
use crate::agencies;
use crate::conditions::Conditions;
use crate::policies::{Policies, Reach};
use kit::clock::Micros;
use kit::fold::{fold, sort_key};
use kit::{Capability, Connection, Error, Tx};
use sea_orm::{ConnectionTrait, FromQueryResult, Statement, Value};
use std::collections::{BTreeMap, BTreeSet};

const SELECT: &str = "SELECT people.id, people.account, people.full_name, people.agency_id, agencies.name AS agency_name, \
                      people.title, people.signs_as, people.phone, people.email, people.kind, people.active, people.created_at \
                      FROM people JOIN agencies ON agencies.id = people.agency_id";

const GRANTS: &str = "SELECT person_roles.id, person_roles.person_id, person_roles.role, person_roles.agency_id, \
                      agencies.name AS agency_name, (agencies.parent_id IS NULL) AS at_root, \
                      person_roles.starts_at, person_roles.ends_at \
                      FROM person_roles JOIN agencies ON agencies.id = person_roles.agency_id";

/// What a list is narrowed to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PersonFilter {
    /// Words in the name or the account, without regard to accents.
    pub text: String,
    /// Only people of this agency and those below it.
    pub under: String,
    pub role: String,
    /// Type of the account.
    pub kind: String,
    pub active: Option<bool>,
    /// Time at which the role must hold.
    pub now: Micros,
}

impl PersonFilter {
    fn conditions(&self, connection: &impl Connection) -> Conditions {
        let mut conditions = Conditions::default();
        conditions.plain(connection.scope().agency_condition("people.agency_id"));
        conditions.words(&["people.name_fold", "people.account"], &self.text);
        if !self.under.is_empty() {
            let piece = "people.agency_id IN (SELECT descendant_id FROM agency_closure WHERE ancestor_id = ?)";
            conditions.with(piece, self.under.as_str());
        }
        if !self.role.is_empty() {
            let piece = format!(
                "people.id IN (SELECT person_id FROM person_roles WHERE role = ? AND starts_at <= {now} \
                 AND (ends_at IS NULL OR ends_at > {now}))",
                now = self.now
            );
            conditions.with(&piece, self.role.as_str());
        }
        if !self.kind.is_empty() {
            conditions.with("people.kind = ?", self.kind.as_str());
        }
        if let Some(active) = self.active {
            conditions.with("people.active = ?", active);
        }
        conditions
    }
}

async fn select(connection: &impl Connection, rest: &str, values: Vec<Value>) -> Result<Vec<Person>, Error> {
    let statement =
        Statement::from_sql_and_values(connection.get_database_backend(), format!("{SELECT} {rest}"), values);
    let people = Person::find_by_statement(statement).all(connection).await?;
    let keys = connection.keys();
    let opened = people.into_iter().map(|person| Person {
        phone: person.phone.open(keys, cell("phone", &person.id)),
        email: person.email.open(keys, cell("email", &person.id)),
        ..person
    });
    Ok(opened.collect())
}

/// People in scope by agency, both in Vietnamese order of name.
pub async fn list(
    connection: &impl Connection,
    filter: &PersonFilter,
    limit: u64,
    offset: u64,
) -> Result<Vec<Person>, Error> {
    connection.scope().require(Capability::ViewPeople)?;
    let conditions = filter.conditions(connection);
    let rest = format!(
        "{} ORDER BY agencies.name_sort, people.name_sort, people.id LIMIT {limit} OFFSET {offset}",
        conditions.sql()
    );
    select(connection, &rest, conditions.values()).await
}

/// How many people in scope the filter keeps.
pub async fn count(connection: &impl Connection, filter: &PersonFilter) -> Result<u64, Error> {
    connection.scope().require(Capability::ViewPeople)?;
    let conditions = filter.conditions(connection);
    let sql = format!("SELECT COUNT(*) AS found FROM people {}", conditions.sql());
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, conditions.values());
    let row = connection.query_one_raw(statement).await?;
    Ok(row.map(|row| row.try_get::<i64>("", "found")).transpose()?.and_then(|n| u64::try_from(n).ok()).unwrap_or(0))
}

/// One person in scope; [`Error::NotFound`] otherwise. Oneself is always in scope.
pub async fn find(connection: &impl Connection, id: &str) -> Result<Person, Error> {
    let scope = connection.scope();
    if scope.person_id() == Some(id) {
        return select(connection, "WHERE people.id = $1", vec![id.into()]).await?.pop().ok_or(Error::NotFound);
    }
    scope.require(Capability::ViewPeople)?;
    let rest = format!("WHERE people.id = $1 AND {}", scope.agency_condition("people.agency_id"));
    select(connection, &rest, vec![id.into()]).await?.pop().ok_or(Error::NotFound)
}

/// One person in scope by account.
pub async fn by_account(connection: &impl Connection, account: &str) -> Result<Option<Person>, Error> {
    connection.scope().require(Capability::ViewPeople)?;
    let rest = format!("WHERE people.account = $1 AND {}", connection.scope().agency_condition("people.agency_id"));
    Ok(select(connection, &rest, vec![account.to_lowercase().into()]).await?.pop())
}

/// Whoever holds the account, for sign-in alone.
pub(crate) async fn signing_in(connection: &impl Connection, account: &str) -> Result<Option<Person>, Error> {
    Ok(select(connection, "WHERE people.account = $1", vec![account.into()]).await?.pop())
}

/// Whoever has the identifier, for sessions alone.
pub(crate) async fn signed_in(connection: &impl Connection, id: &str) -> Result<Option<Person>, Error> {
    Ok(select(connection, "WHERE people.id = $1", vec![id.into()]).await?.pop())
}

/// Whether an account is taken, wherever its holder belongs: accounts are unique in the whole centre.
pub(super) async fn account_is_taken(connection: &impl Connection, account: &str) -> Result<bool, Error> {
    Ok(signing_in(connection, account).await?.is_some())
}

/// Name of a person whose identifier another record holds (assignee, author). The name alone, whatever the
/// scope: an agency may know who handles its alert.
pub async fn name_of(connection: &impl Connection, id: &str) -> Result<Option<String>, Error> {
    Ok(signed_in(connection, id).await?.map(|person| person.full_name))
}

/// Roles of a person in scope (or one's own), present, past and to come, newest start first.
pub async fn grants_of(connection: &impl Connection, person_id: &str) -> Result<Vec<Grant>, Error> {
    let scope = connection.scope();
    let sql = format!(
        "{GRANTS} JOIN people ON people.id = person_roles.person_id \
         WHERE person_roles.person_id = $1 AND (people.id = $2 OR {}) \
         ORDER BY person_roles.starts_at DESC, person_roles.id",
        scope.agency_condition("people.agency_id")
    );
    let values = [person_id.into(), scope.person_id().unwrap_or_default().into()];
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    Ok(Grant::find_by_statement(statement).all(connection).await?)
}

/// Whether the account is open, and its roles, of each of these people in scope. Who is not there has no entry.
pub(crate) async fn roles_of_each(
    connection: &impl Connection,
    ids: &BTreeSet<&str>,
) -> Result<BTreeMap<String, (bool, Vec<Grant>)>, Error> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let places: Vec<_> = (1..=ids.len()).map(|place| format!("${place}")).collect();
    let among =
        format!("people.id IN ({}) AND {}", places.join(", "), connection.scope().agency_condition("people.agency_id"));
    let values: Vec<Value> = ids.iter().map(|id| (*id).into()).collect();
    let asked = |sql| Statement::from_sql_and_values(connection.get_database_backend(), sql, values.clone());
    let mut found = BTreeMap::new();
    for row in connection.query_all_raw(asked(format!("SELECT id, active FROM people WHERE {among}"))).await? {
        let id: String = row.try_get("", "id")?;
        found.insert(id, (row.try_get("", "active")?, Vec::new()));
    }
    let grants = format!("{GRANTS} JOIN people ON people.id = person_roles.person_id WHERE {among}");
    for grant in Grant::find_by_statement(asked(grants)).all(connection).await? {
        if let Some((_, grants)) = found.get_mut(&grant.person_id) {
            grants.push(grant);
        }
    }
    Ok(found)
}

pub(super) async fn grant(connection: &impl Connection, id: &str) -> Result<Option<Grant>, Error> {
    let sql = format!("{GRANTS} WHERE person_roles.id = $1");
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, [id.into()]);
    Ok(Grant::find_by_statement(statement).one(connection).await?)
}

/// Grants of a person that this giver gave and that last beyond `now`.
pub(super) async fn given_by(
    connection: &impl Connection,
    person_id: &str,
    by: &str,
    now: Micros,
) -> Result<Vec<Grant>, Error> {
    let sql = format!(
        "{GRANTS} WHERE person_roles.person_id = $1 AND person_roles.granted_by = $2 \
         AND (person_roles.ends_at IS NULL OR person_roles.ends_at > {now})"
    );
    let values = [person_id.into(), by.into()];
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    Ok(Grant::find_by_statement(statement).all(connection).await?)
}

/// Grants that hold at `now` of several people, for a list.
pub(super) async fn grants_of_all(
    connection: &impl Connection,
    people: &[Person],
    now: Micros,
) -> Result<Vec<Grant>, Error> {
    if people.is_empty() {
        return Ok(Vec::new());
    }
    let places: Vec<_> = (1..=people.len()).map(|place| format!("${place}")).collect();
    let sql = format!(
        "{GRANTS} WHERE person_roles.person_id IN ({}) AND person_roles.starts_at <= {now} \
         AND (person_roles.ends_at IS NULL OR person_roles.ends_at > {now})",
        places.join(", ")
    );
    let values: Vec<Value> = people.iter().map(|person| person.id.as_str().into()).collect();
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    Ok(Grant::find_by_statement(statement).all(connection).await?)
}

/// Active people who hold `role` at `now`, at `agency_id` or above it (`None`: anywhere). For messages; not
/// narrowed by the scope, because an alert of an agency must reach the centre.
pub(crate) async fn with_role(
    connection: &impl Connection,
    role: &str,
    agency_id: Option<&str>,
    now: Micros,
) -> Result<Vec<String>, Error> {
    let mut conditions = Conditions::default();
    conditions.plain("people.active");
    conditions.plain(format!(
        "person_roles.starts_at <= {now} AND (person_roles.ends_at IS NULL OR person_roles.ends_at > {now})"
    ));
    conditions.with("person_roles.role = ?", role);
    if let Some(agency) = agency_id {
        let piece = "person_roles.agency_id IN (SELECT ancestor_id FROM agency_closure WHERE descendant_id = ?)";
        conditions.with(piece, agency);
    }
    let sql = format!(
        "SELECT DISTINCT people.id AS id FROM people JOIN person_roles ON person_roles.person_id = people.id {} ORDER BY id",
        conditions.sql()
    );
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, conditions.values());
    let rows = connection.query_all_raw(statement).await?;
    rows.iter().map(|row| Ok(row.try_get("", "id")?)).collect()
}

/// Active people who hold `role` for this very agency at `now`: who belong to it, or were given the role at it. Who
/// holds it further up reaches the agency but does not stand for it. Not narrowed by the scope.
pub async fn heads_of(
    connection: &impl Connection,
    role: &str,
    agency_id: &str,
    now: Micros,
) -> Result<Vec<String>, Error> {
    let sql = format!(
        "SELECT DISTINCT people.id AS id FROM people JOIN person_roles ON person_roles.person_id = people.id \
         JOIN agency_closure ON agency_closure.ancestor_id = person_roles.agency_id AND descendant_id = $2 \
         WHERE people.active AND person_roles.role = $1 AND person_roles.starts_at <= {now} \
         AND (person_roles.ends_at IS NULL OR person_roles.ends_at > {now}) \
         AND (people.agency_id = $2 OR person_roles.agency_id = $2) ORDER BY id"
    );
    let values = [role.into(), agency_id.into()];
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    let rows = connection.query_all_raw(statement).await?;
    rows.iter().map(|row| Ok(row.try_get("", "id")?)).collect()
}

/// Identifier and name of everyone who may do something for an agency: choices for "assign to". An agency's
/// own people and the centre's, never those of a neighbour.
pub async fn who_may(
    connection: &impl Connection,
    policies: &Policies,
    capability: Capability,
    agency_id: &str,
    now: Micros,
) -> Result<Vec<(String, String)>, Error> {
    agencies::require_in_scope(connection, agency_id).await?;
    let mut ids = Vec::new();
    for role in policies.roles_with(capability) {
        let at = (role.reach == Reach::Subtree).then_some(agency_id);
        ids.extend(with_role(connection, &role.id, at, now).await?);
    }
    ids.sort();
    ids.dedup();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let places: Vec<_> = (1..=ids.len()).map(|place| format!("${place}")).collect();
    let rest = format!("WHERE people.id IN ({}) ORDER BY people.name_sort", places.join(", "));
    let people = select(connection, &rest, ids.into_iter().map(Value::from).collect()).await?;
    Ok(people.into_iter().map(|person| (person.id, person.full_name)).collect())
}

/// Whether one of two agencies lies above the other in the tree. Not narrowed by the scope.
pub(super) async fn lie_together(connection: &impl Connection, one: &str, other: &str) -> Result<bool, Error> {
    let sql = "SELECT ancestor_id FROM agency_closure WHERE (ancestor_id = $1 AND descendant_id = $2) \
               OR (ancestor_id = $2 AND descendant_id = $1) LIMIT 1";
    let values = [one.into(), other.into()];
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    Ok(connection.query_one_raw(statement).await?.is_some())
}

async fn execute(tx: &Tx<'_>, sql: &str, values: Vec<Value>) -> Result<(), Error> {
    tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    Ok(())
}

pub(super) async fn insert(tx: &Tx<'_>, id: &str, new: &NewPerson, now: Micros) -> Result<(), Error> {
    let sql = "INSERT INTO people (id, account, full_name, name_fold, name_sort, agency_id, title, phone, email, \
               active, disabled_at, created_at, updated_at, signs_as, kind, opened_at) \
               VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,NULL,$11,$12,$13,$14,$11)";
    let values = vec![
        id.into(),
        new.account.as_str().into(),
        new.full_name.as_str().into(),
        fold(&new.full_name).into(),
        sort_key(&new.full_name).into(),
        new.agency_id.as_str().into(),
        new.title.as_str().into(),
        tx.keys().seal(cell("phone", id), &new.phone)?.into(),
        tx.keys().seal(cell("email", id), &new.email)?.into(),
        true.into(),
        now.into(),
        now.into(),
        new.signs_as.as_str().into(),
        new.kind.as_str().into(),
    ];
    execute(tx, sql, values).await
}

pub(super) async fn update(tx: &Tx<'_>, id: &str, change: &PersonChange, now: Micros) -> Result<(), Error> {
    let sql = "UPDATE people SET full_name = $1, name_fold = $2, name_sort = $3, agency_id = $4, title = $5, \
               phone = $6, email = $7, updated_at = $8, signs_as = $10, kind = $11 WHERE id = $9";
    let values = vec![
        change.full_name.as_str().into(),
        fold(&change.full_name).into(),
        sort_key(&change.full_name).into(),
        change.agency_id.as_str().into(),
        change.title.as_str().into(),
        tx.keys().seal(cell("phone", id), &change.phone)?.into(),
        tx.keys().seal(cell("email", id), &change.email)?.into(),
        now.into(),
        id.into(),
        change.signs_as.as_str().into(),
        change.kind.as_str().into(),
    ];
    execute(tx, sql, values).await
}

pub(super) async fn set_active(tx: &Tx<'_>, id: &str, active: bool, now: Micros) -> Result<(), Error> {
    // Days without use count anew from the day of opening.
    let opened = if active { ", opened_at = $3" } else { "" };
    let sql = format!("UPDATE people SET active = $1, disabled_at = $2, updated_at = $3{opened} WHERE id = $4");
    let disabled_at = (!active).then_some(now);
    execute(tx, &sql, vec![active.into(), disabled_at.into(), now.into(), id.into()]).await
}

pub(super) async fn insert_grant(tx: &Tx<'_>, grant: &Grant, by: &str, now: Micros) -> Result<(), Error> {
    let sql = "INSERT INTO person_roles (id, person_id, role, agency_id, starts_at, ends_at, granted_by, granted_at) \
               VALUES ($1,$2,$3,$4,$5,$6,$7,$8)";
    let values = vec![
        grant.id.as_str().into(),
        grant.person_id.as_str().into(),
        grant.role.as_str().into(),
        grant.agency_id.as_str().into(),
        grant.starts_at.into(),
        grant.ends_at.into(),
        by.into(),
        now.into(),
    ];
    execute(tx, sql, values).await
}

pub(super) async fn end_grant(tx: &Tx<'_>, id: &str, end: Micros) -> Result<(), Error> {
    execute(tx, "UPDATE person_roles SET ends_at = $1 WHERE id = $2", vec![end.into(), id.into()]).await
}
