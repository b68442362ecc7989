//! What people decided about rules, as the pipeline applies it to matches.

use super::exceptions::{self, InForce};
use super::states::{self, Decisions, RuleState};
use kit::clock::{DAY, Micros};
use kit::{Connection, Error};
use std::collections::HashMap;

/// One reading of what was decided.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tuning {
    decisions: Decisions,
    exceptions: HashMap<String, Vec<InForce>>,
}

impl Tuning {
    pub async fn read(connection: &impl Connection, now: Micros) -> Result<Self, Error> {
        // What arrived a while ago may only now be evaluated, so what ended a while ago is needed as well.
        let exceptions = exceptions::store::in_force(connection, now - DAY).await?;
        Ok(Self { decisions: states::store::all(connection).await?, exceptions })
    }

    pub fn state(&self, rule_id: &str) -> RuleState {
        self.decisions.state(rule_id)
    }

    pub fn exceptions(&self, rule_id: &str) -> &[InForce] {
        self.exceptions.get(rule_id).map_or(&[], Vec::as_slice)
    }
}
