//! Rows of systems. Every query keeps to the scope of its connection.

use super::{Hosting, NewSystem, State, System, cell};
use kit::error::Error;
use kit::fold::{fold, sort_key};
use kit::sealed::KeyRing;
use kit::{Connection, Personal, Tx};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::{QueryResult, Statement, Value};

#[expect(unreachable_pub, reason = "the derive makes its types public; the module is not")]
mod entity {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "systems")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        pub code: String,
        pub name: String,
        pub name_fold: String,
        pub name_sort: String,
        pub agency_id: String,
        pub operator_id: Option<String>,
        pub operator: String,
        pub specialised_unit_id: Option<String>,
        pub specialised_unit: String,
        pub purpose: String,
        pub users: String,
        pub user_count: Option<i64>,
        pub service_scope: String,
        pub public_information: bool,
        pub private_information: bool,
        pub personal_information: bool,
        pub basic_subjects: Option<i64>,
        pub sensitive_subjects: Option<i64>,
        pub level: i64,
        pub level_decision: Option<String>,
        pub state: String,
        pub hosting_kind: String,
        pub hosting: String,
        pub backup: String,
        pub services: String,
        pub operating_system: String,
        pub security_measures: String,
        pub domains: String,
        pub public_addresses: String,
        pub network_ranges: String,
        pub search_fold: String,
        pub contact_name: String,
        pub contact_title: String,
        pub contact_phone: String,
        pub contact_email: String,
        pub critical: bool,
        pub secret: bool,
        pub version: i64,
        pub created_at: i64,
        pub updated_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

const SELECT: &str = "SELECT s.id, s.code, s.name, s.agency_id, a.name AS agency_name, a.code AS agency_code, \
    s.operator_id, o.name AS operator_name, o.code AS operator_code, s.operator, s.specialised_unit_id, u.name AS specialised_unit_name, \
    u.code AS specialised_unit_code, s.specialised_unit, \
    s.purpose, s.users, s.user_count, s.service_scope, s.public_information, s.private_information, \
    s.personal_information, s.basic_subjects, s.sensitive_subjects, s.level, s.level_decision, s.state, \
    s.hosting_kind, s.hosting, s.backup, s.services, s.operating_system, s.security_measures, s.domains, \
    s.public_addresses, s.network_ranges, s.contact_name, s.contact_title, s.contact_phone, s.contact_email, \
    s.critical, s.secret, s.version FROM systems s JOIN agencies a ON a.id = s.agency_id \
    LEFT JOIN agencies o ON o.id = s.operator_id LEFT JOIN agencies u ON u.id = s.specialised_unit_id";

/// What a list asks for; empty fields ask for nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Words in name, code, agency, and in what else is known of it by name: who runs it, domains, addresses, place.
    /// Accents and case do not matter.
    pub words: String,
    pub level: Option<i64>,
    pub state: Option<State>,
    pub hosting: Option<Hosting>,
    pub agency_id: Option<String>,
}

/// Systems in scope that pass the filter, by agency and name in Vietnamese order.
pub async fn list(connection: &impl Connection, filter: &Filter) -> Result<Vec<System>, Error> {
    let mut conditions = vec![connection.scope().agency_condition("s.agency_id")];
    let mut values: Vec<Value> = Vec::new();
    for word in fold(&filter.words).split_whitespace() {
        values.push(format!("%{}%", word.replace(['%', '_'], " ")).into());
        let place = values.len();
        let columns = ["s.name_fold", "LOWER(s.code)", "a.name_fold", "s.search_fold"];
        conditions.push(format!("({})", columns.map(|column| format!("{column} LIKE ${place}")).join(" OR ")));
    }
    if let Some(level) = filter.level {
        values.push(level.into());
        conditions.push(format!("s.level = ${}", values.len()));
    }
    if let Some(state) = filter.state {
        values.push(state.code().into());
        conditions.push(format!("s.state = ${}", values.len()));
    }
    if let Some(hosting) = filter.hosting {
        values.push(hosting.code().into());
        conditions.push(format!("s.hosting_kind = ${}", values.len()));
    }
    if let Some(agency_id) = &filter.agency_id {
        values.push(agency_id.clone().into());
        conditions.push(format!("s.agency_id = ${}", values.len()));
    }
    let sql = format!("{SELECT} WHERE {} ORDER BY a.name_sort, s.name_sort, s.code", conditions.join(" AND "));
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    let rows = connection.query_all_raw(statement).await?;
    rows.iter().map(|row| system(row, connection.keys())).collect()
}

/// One system in scope.
pub async fn find(connection: &impl Connection, id: &str) -> Result<System, Error> {
    let sql = format!("{SELECT} WHERE s.id = $1 AND {}", connection.scope().agency_condition("s.agency_id"));
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, [id.into()]);
    let row = connection.query_one_raw(statement).await?.ok_or(Error::NotFound)?;
    system(&row, connection.keys())
}

/// One system in scope by its code.
pub async fn by_code(connection: &impl Connection, code: &str) -> Result<Option<System>, Error> {
    let sql = format!("{SELECT} WHERE s.code = $1 AND {}", connection.scope().agency_condition("s.agency_id"));
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, [code.into()]);
    let row = connection.query_one_raw(statement).await?;
    row.map(|row| system(&row, connection.keys())).transpose()
}

/// Name of an agency that a system within reach names.
pub(super) async fn name_of_agency(connection: &impl Connection, id: &str) -> Result<Option<String>, Error> {
    let sql = format!(
        "SELECT name FROM agencies WHERE id = $1 AND EXISTS (SELECT 1 FROM systems s WHERE \
         (s.operator_id = $1 OR s.specialised_unit_id = $1) AND {})",
        connection.scope().agency_condition("s.agency_id")
    );
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, [id.into()]);
    let row = connection.query_one_raw(statement).await?;
    Ok(row.map(|row| row.try_get("", "name")).transpose()?)
}

/// Whether a code is taken by another system, anywhere: codes are unique in the province.
pub(super) async fn code_taken(tx: &Tx<'_>, code: &str, except: &str) -> Result<bool, Error> {
    let taken = entity::Entity::find()
        .filter(entity::Column::Code.eq(code))
        .filter(entity::Column::Id.ne(except))
        .count(tx)
        .await?;
    Ok(taken > 0)
}

/// How many systems an agency has.
pub(super) async fn count_of_agency(tx: &Tx<'_>, agency_id: &str) -> Result<u64, Error> {
    Ok(entity::Entity::find().filter(entity::Column::AgencyId.eq(agency_id)).count(tx).await?)
}

pub(super) async fn insert(tx: &Tx<'_>, id: &str, new: &NewSystem, now: i64) -> Result<(), Error> {
    let mut row = active(tx, id, new)?;
    row.id = Set(id.to_owned());
    row.version = Set(1);
    row.created_at = Set(now);
    row.updated_at = Set(now);
    entity::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// Writes over the version that the form was built on; `false` if somebody was faster.
pub(super) async fn update(tx: &Tx<'_>, id: &str, new: &NewSystem, now: i64) -> Result<bool, Error> {
    let mut row = active(tx, id, new)?;
    row.version = Set(new.version + 1);
    row.updated_at = Set(now);
    let done = entity::Entity::update_many()
        .set(row)
        .filter(entity::Column::Id.eq(id))
        .filter(entity::Column::Version.eq(new.version))
        .exec(tx)
        .await?;
    Ok(done.rows_affected == 1)
}

/// What may be nothing.
fn named(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

/// What quick search looks into besides name, code and owner, folded.
fn searched(new: &NewSystem) -> String {
    let told = [
        &new.operator,
        &new.specialised_unit,
        &new.hosting,
        &new.services,
        &new.domains,
        &new.public_addresses,
        &new.network_ranges,
        &new.purpose,
    ];
    fold(&told.map(String::as_str).join(" "))
}

fn active(tx: &Tx<'_>, id: &str, new: &NewSystem) -> Result<entity::ActiveModel, Error> {
    Ok(entity::ActiveModel {
        code: Set(new.code.clone()),
        name: Set(new.name.clone()),
        name_fold: Set(fold(&new.name)),
        name_sort: Set(sort_key(&new.name)),
        agency_id: Set(new.agency_id.clone()),
        operator_id: Set(named(&new.operator_id)),
        operator: Set(new.operator.clone()),
        specialised_unit_id: Set(named(&new.specialised_unit_id)),
        specialised_unit: Set(new.specialised_unit.clone()),
        purpose: Set(new.purpose.clone()),
        users: Set(new.users.clone()),
        user_count: Set(new.user_count.parse().ok()),
        service_scope: Set(new.service_scope.clone()),
        public_information: Set(new.public_information),
        private_information: Set(new.private_information),
        personal_information: Set(new.personal_information),
        basic_subjects: Set(new.basic_subjects.parse().ok()),
        sensitive_subjects: Set(new.sensitive_subjects.parse().ok()),
        level: Set(new.level),
        level_decision: Set(named(&new.level_decision)),
        state: Set(new.state.clone()),
        hosting_kind: Set(new.hosting_kind.clone()),
        hosting: Set(new.hosting.clone()),
        backup: Set(new.backup.clone()),
        services: Set(new.services.clone()),
        operating_system: Set(new.operating_system.clone()),
        security_measures: Set(new.security_measures.clone()),
        domains: Set(new.domains.clone()),
        public_addresses: Set(new.public_addresses.clone()),
        network_ranges: Set(new.network_ranges.clone()),
        search_fold: Set(searched(new)),
        contact_name: Set(new.contact_name.clone()),
        contact_title: Set(new.contact_title.clone()),
        contact_phone: Set(tx.keys().seal(cell("contact_phone", id), &new.contact_phone)?),
        contact_email: Set(tx.keys().seal(cell("contact_email", id), &new.contact_email)?),
        critical: Set(new.critical),
        secret: Set(new.secret),
        ..Default::default()
    })
}

fn system(row: &QueryResult, keys: &KeyRing) -> Result<System, Error> {
    let id: String = row.try_get("", "id")?;
    let personal = |column: &str| -> Result<Personal, Error> {
        Ok(Personal::opened(keys, cell(column, &id), &row.try_get::<String>("", column)?))
    };
    Ok(System {
        code: row.try_get("", "code")?,
        name: row.try_get("", "name")?,
        agency_id: row.try_get("", "agency_id")?,
        agency_name: row.try_get("", "agency_name")?,
        agency_code: row.try_get("", "agency_code")?,
        operator_id: row.try_get("", "operator_id")?,
        operator_name: row.try_get::<Option<String>>("", "operator_name")?.unwrap_or_default(),
        operator_code: row.try_get::<Option<String>>("", "operator_code")?.unwrap_or_default(),
        operator: row.try_get("", "operator")?,
        specialised_unit_id: row.try_get("", "specialised_unit_id")?,
        specialised_unit_name: row.try_get::<Option<String>>("", "specialised_unit_name")?.unwrap_or_default(),
        specialised_unit_code: row.try_get::<Option<String>>("", "specialised_unit_code")?.unwrap_or_default(),
        specialised_unit: row.try_get("", "specialised_unit")?,
        purpose: row.try_get("", "purpose")?,
        users: row.try_get("", "users")?,
        user_count: row.try_get("", "user_count")?,
        service_scope: row.try_get("", "service_scope")?,
        public_information: row.try_get("", "public_information")?,
        private_information: row.try_get("", "private_information")?,
        personal_information: row.try_get("", "personal_information")?,
        basic_subjects: row.try_get("", "basic_subjects")?,
        sensitive_subjects: row.try_get("", "sensitive_subjects")?,
        level: row.try_get("", "level")?,
        level_decision: row.try_get("", "level_decision")?,
        state: row.try_get("", "state")?,
        hosting_kind: row.try_get("", "hosting_kind")?,
        hosting: row.try_get("", "hosting")?,
        backup: row.try_get("", "backup")?,
        services: row.try_get("", "services")?,
        operating_system: row.try_get("", "operating_system")?,
        security_measures: row.try_get("", "security_measures")?,
        domains: row.try_get("", "domains")?,
        public_addresses: row.try_get("", "public_addresses")?,
        network_ranges: row.try_get("", "network_ranges")?,
        contact_name: row.try_get("", "contact_name")?,
        contact_title: row.try_get("", "contact_title")?,
        contact_phone: personal("contact_phone")?,
        contact_email: personal("contact_email")?,
        critical: row.try_get("", "critical")?,
        secret: row.try_get("", "secret")?,
        version: row.try_get("", "version")?,
        id,
    })
}
