//! What people decided about rules, as the pipeline applies it to matches. It is read whole, but only where something was
//! decided since: every decision counts a revision on in its own transaction.

use super::exceptions::{self, InForce};
use super::states::{self, Decisions, RuleState};
use crate::suppressions::{self, Window};
use detection::Rule;
use kit::clock::{DAY, HOUR, Micros};
use kit::{Connection, Error, Tx};
use sea_orm::{ConnectionTrait, Statement};
use std::collections::HashMap;
use std::sync::Arc;

/// Name of the revision of states, exceptions and suppressions.
const NAME: &str = "tuning";

/// What a reading goes by: a newer one is needed where any of these is another.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Revision {
    decisions: i64,
    /// Exceptions of an agency hold for everything below it.
    agencies_changed: i64,
    agencies: i64,
    /// What ended is let go of once an hour.
    hour: i64,
}

/// One reading of what was decided.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tuning {
    revision: Revision,
    decisions: Decisions,
    exceptions: HashMap<String, Vec<InForce>>,
    windows: Vec<Arc<Window>>,
}

impl Tuning {
    pub async fn read(connection: &impl Connection, now: Micros) -> Result<Self, Error> {
        let revision = revision(connection, now).await?;
        Self::read_at(connection, revision, now).await
    }

    /// The decisions as they are now; nothing where they are these.
    pub async fn read_newer(&self, connection: &impl Connection, now: Micros) -> Result<Option<Self>, Error> {
        let revision = revision(connection, now).await?;
        if revision == self.revision {
            return Ok(None);
        }
        Self::read_at(connection, revision, now).await.map(Some)
    }

    /// The revision was read before: what is decided meanwhile is read again, and never missed.
    async fn read_at(connection: &impl Connection, revision: Revision, now: Micros) -> Result<Self, Error> {
        // What arrived a while ago may only now be evaluated, so what ended a while ago is needed as well.
        let exceptions = exceptions::store::in_force(connection, now - DAY).await?;
        let windows = suppressions::store::windows(connection, now - DAY).await?;
        Ok(Self { revision, decisions: states::store::all(connection).await?, exceptions, windows })
    }

    pub fn state(&self, rule_id: &str) -> RuleState {
        self.decisions.state(rule_id)
    }

    /// How a rule of the engine works.
    pub fn state_of(&self, rule: &Rule) -> RuleState {
        self.decisions.state_of(rule)
    }

    pub fn exceptions(&self, rule_id: &str) -> &[InForce] {
        self.exceptions.get(rule_id).map_or(&[], Vec::as_slice)
    }

    /// Suppressions of a rule, and those of all.
    pub(crate) fn windows(&self, rule_id: &str) -> impl Iterator<Item = &Arc<Window>> {
        self.windows.iter().filter(move |window| window.is_of(rule_id))
    }
}

async fn revision(connection: &impl Connection, now: Micros) -> Result<Revision, Error> {
    let sql = "SELECT (SELECT revision FROM rule_decisions WHERE name = $1) AS decisions, \
               (SELECT MAX(updated_at) FROM agencies) AS agencies_changed, \
               (SELECT COUNT(*) FROM agency_closure) AS agencies";
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, [NAME.into()]);
    let row = connection.query_one_raw(statement).await?.ok_or_else(|| Error::internal("no revision of decisions"))?;
    let number = |name: &str| Ok::<_, Error>(row.try_get::<Option<i64>>("", name)?.unwrap_or_default());
    Ok(Revision {
        decisions: number("decisions")?,
        agencies_changed: number("agencies_changed")?,
        agencies: number("agencies")?,
        hour: now.div_euclid(HOUR),
    })
}

/// Something was decided in this transaction.
pub(crate) async fn count_on(tx: &Tx<'_>) -> Result<(), Error> {
    let sql = "INSERT INTO rule_decisions (name, revision) VALUES ($1, 1) \
               ON CONFLICT (name) DO UPDATE SET revision = rule_decisions.revision + 1";
    tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, [NAME.into()])).await?;
    Ok(())
}
