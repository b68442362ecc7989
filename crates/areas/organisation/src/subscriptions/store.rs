//! Rows of wishes and habits.

use super::{Digest, Habits, Subscription, cell};
use kit::clock::Micros;
use kit::id::new_id;
use kit::{Connection, Error, Lang, Personal, Tx};
use sea_orm::{ConnectionTrait, QueryResult, Statement, Value};

fn own(connection: &impl Connection) -> Result<String, Error> {
    connection.scope().person_id().map(ToOwned::to_owned).ok_or(Error::Forbidden("notices"))
}

async fn rows(connection: &impl Connection, sql: &str, values: Vec<Value>) -> Result<Vec<QueryResult>, Error> {
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    Ok(connection.query_all_raw(statement).await?)
}

/// Own wishes.
pub async fn of_person(connection: &impl Connection) -> Result<Vec<Subscription>, Error> {
    let sql = "SELECT id, channel_id, kinds, address FROM notice_subscriptions WHERE person_id = $1 ORDER BY id";
    let found = rows(connection, sql, vec![own(connection)?.into()]).await?;
    found
        .iter()
        .map(|row| {
            let (id, address): (String, String) = (row.try_get("", "id")?, row.try_get("", "address")?);
            Ok(Subscription {
                channel_id: row.try_get("", "channel_id")?,
                kinds: row.try_get("", "kinds")?,
                address: Personal::opened(connection.keys(), cell(&id), &address),
            })
        })
        .collect()
}

/// Own habits.
pub async fn habits_of(connection: &impl Connection) -> Result<Habits, Error> {
    let sql = "SELECT quiet_from, quiet_until, digest, lang FROM notice_habits WHERE person_id = $1";
    let found = rows(connection, sql, vec![own(connection)?.into()]).await?;
    found.first().map_or_else(|| Ok(Habits::default()), habits)
}

/// Columns may be empty where somebody has no habits.
fn habits(row: &QueryResult) -> Result<Habits, Error> {
    let (from, until): (Option<i64>, Option<i64>) = (row.try_get("", "quiet_from")?, row.try_get("", "quiet_until")?);
    let (digest, lang): (Option<String>, Option<String>) = (row.try_get("", "digest")?, row.try_get("", "lang")?);
    Ok(Habits {
        quiet: from.zip(until),
        digest: digest.as_deref().and_then(Digest::from_code).unwrap_or_default(),
        lang: lang.as_deref().and_then(Lang::from_code).unwrap_or_default(),
    })
}

/// A person who wants a kind of news on a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanting {
    pub(crate) person_id: String,
    pub(crate) channel_id: String,
    pub(crate) habits: Habits,
}

/// Who of these people wants a kind of news, and where. Channels out of use, and those of an agency that the person has
/// left, do not count. Whatever the scope: the program plans.
pub(crate) async fn wanting(
    connection: &impl Connection,
    people: &[String],
    kind: &str,
) -> Result<Vec<Wanting>, Error> {
    let mut found = Vec::new();
    // Databases take so many values at once; nobody tells more people than that often.
    for some in people.chunks(500) {
        let places: Vec<_> = (1..=some.len()).map(|place| format!("${place}")).collect();
        let sql = format!(
            "SELECT notice_subscriptions.person_id, notice_subscriptions.channel_id, notice_subscriptions.kinds, \
             notice_habits.quiet_from, notice_habits.quiet_until, notice_habits.digest, notice_habits.lang \
             FROM notice_subscriptions \
             JOIN people ON people.id = notice_subscriptions.person_id AND people.active \
             JOIN notice_channels ON notice_channels.id = notice_subscriptions.channel_id AND notice_channels.active \
             JOIN agency_closure ON agency_closure.ancestor_id = notice_channels.agency_id \
             AND agency_closure.descendant_id = people.agency_id \
             LEFT JOIN notice_habits ON notice_habits.person_id = notice_subscriptions.person_id \
             WHERE notice_subscriptions.person_id IN ({}) ORDER BY notice_subscriptions.id",
            places.join(", ")
        );
        let values = some.iter().map(|id| id.as_str().into()).collect();
        for row in rows(connection, &sql, values).await? {
            let kinds: String = row.try_get("", "kinds")?;
            if crate::channels::holds(&kinds, kind) {
                let habits = habits(&row)?;
                found.push(Wanting {
                    person_id: row.try_get("", "person_id")?,
                    channel_id: row.try_get("", "channel_id")?,
                    habits,
                });
            }
        }
    }
    Ok(found)
}

/// Where a person is reached at a gateway, and in which language the person is told. For the sender alone.
pub(crate) async fn address_of(
    connection: &impl Connection,
    person_id: &str,
    channel_id: &str,
) -> Result<(Personal, Lang), Error> {
    let sql = "SELECT people.id AS person, notice_subscriptions.id AS subscription, notice_subscriptions.address, \
               notice_habits.quiet_from, notice_habits.quiet_until, notice_habits.digest, notice_habits.lang \
               FROM people \
               LEFT JOIN notice_subscriptions ON notice_subscriptions.person_id = people.id \
               AND notice_subscriptions.channel_id = $2 \
               LEFT JOIN notice_habits ON notice_habits.person_id = people.id WHERE people.id = $1";
    let found = rows(connection, sql, vec![person_id.into(), channel_id.into()]).await?;
    let Some(row) = found.first() else { return Err(Error::NotFound) };
    let (id, address): (Option<String>, Option<String>) =
        (row.try_get("", "subscription")?, row.try_get("", "address")?);
    let address = match (id, address) {
        (Some(id), Some(address)) => Personal::opened(connection.keys(), cell(&id), &address),
        _ => Personal::default(),
    };
    Ok((address, habits(row)?.lang))
}

async fn execute(tx: &Tx<'_>, sql: &str, values: Vec<Value>) -> Result<(), Error> {
    tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    Ok(())
}

/// Own wish for a channel; no kinds take it away.
pub(super) async fn set(tx: &Tx<'_>, channel_id: &str, kinds: &str, address: &str, now: Micros) -> Result<(), Error> {
    let person = own(tx)?;
    // The address is sealed for its row, so a wish keeps its identifier.
    let sql = "SELECT id FROM notice_subscriptions WHERE person_id = $1 AND channel_id = $2";
    let found = rows(tx, sql, vec![person.as_str().into(), channel_id.into()]).await?;
    let id: Option<String> = found.first().map(|row| row.try_get("", "id")).transpose()?;
    match (id, kinds.is_empty() && address.is_empty()) {
        (None, true) => Ok(()),
        (Some(id), true) => execute(tx, "DELETE FROM notice_subscriptions WHERE id = $1", vec![id.into()]).await,
        (Some(id), false) => {
            let sql = "UPDATE notice_subscriptions SET kinds = $1, address = $2, updated_at = $3 WHERE id = $4";
            let sealed = tx.keys().seal(cell(&id), address)?;
            execute(tx, sql, vec![kinds.into(), sealed.into(), now.into(), id.as_str().into()]).await
        }
        (None, false) => {
            let id = new_id(now);
            let sql = "INSERT INTO notice_subscriptions (id, person_id, channel_id, kinds, address, updated_at) \
                       VALUES ($1,$2,$3,$4,$5,$6)";
            let sealed = tx.keys().seal(cell(&id), address)?;
            let values =
                vec![id.as_str().into(), person.into(), channel_id.into(), kinds.into(), sealed.into(), now.into()];
            execute(tx, sql, values).await
        }
    }
}

/// Own habits.
pub(super) async fn set_habits(tx: &Tx<'_>, habits: &Habits, now: Micros) -> Result<(), Error> {
    let sql = "INSERT INTO notice_habits (person_id, quiet_from, quiet_until, digest, lang, updated_at) \
               VALUES ($1,$2,$3,$4,$5,$6) ON CONFLICT (person_id) DO UPDATE SET quiet_from = excluded.quiet_from, \
               quiet_until = excluded.quiet_until, digest = excluded.digest, lang = excluded.lang, \
               updated_at = excluded.updated_at";
    let values = vec![
        own(tx)?.into(),
        habits.quiet.map(|(from, _)| from).into(),
        habits.quiet.map(|(_, until)| until).into(),
        habits.digest.code().into(),
        habits.lang.code().into(),
        now.into(),
    ];
    execute(tx, sql, values).await
}
