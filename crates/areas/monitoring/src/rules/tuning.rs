//! What people decided about rules, as the pipeline applies it to matches.

use super::states::{Decisions, RuleState, store};
use kit::{Connection, Error};

/// One reading of what was decided.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tuning {
    decisions: Decisions,
}

impl Tuning {
    pub async fn read(connection: &impl Connection) -> Result<Self, Error> {
        Ok(Self { decisions: store::all(connection).await? })
    }

    pub fn state(&self, rule_id: &str) -> RuleState {
        self.decisions.state(rule_id)
    }
}
