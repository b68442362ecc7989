//! Alerts of indicators, seen from the alert: the indicator stands where the rule stands otherwise.

use super::{Listed, store};
use crate::alerts::Alert;
use crate::alerts::grouping::RuleFacts;
use kit::locale::texts;
use kit::page::Severity;
use kit::{Capability, Connection, Error, Lang};
use std::sync::Arc;

/// What a rule's identifier begins with where the rule is an indicator.
const PREFIX: &str = "indicator:";
/// Lists shown with an alert.
const MOST_LISTS: u64 = 20;

/// Identifier of the rule of an indicator.
pub fn rule_id(indicator_id: &str) -> String {
    format!("{PREFIX}{indicator_id}")
}

/// The indicator's identity, where an alert or rule id is of one.
pub fn indicator_of(rule_id: &str) -> Option<&str> {
    rule_id.strip_prefix(PREFIX)
}

/// What is said of the indicator of an alert on lists that the asker may see: `None` for other alerts.
pub async fn of_alert(connection: &impl Connection, alert: &Alert) -> Result<Option<Vec<Listed>>, Error> {
    let Some(id) = indicator_of(&alert.rule_id) else { return Ok(None) };
    if !connection.scope().may(Capability::ViewRules) {
        return Ok(Some(Vec::new()));
    }
    let filter = store::Filter { indicator_id: Some(id.to_owned()), ..store::Filter::default() };
    store::rows(connection, &filter, MOST_LISTS, 0).await.map(Some)
}

/// Where a rule opens too many groups: the rule itself, or all indicators together, since a list can hold every address of a
/// flood.
pub(crate) fn flood_of(rule: &Arc<RuleFacts>) -> Arc<RuleFacts> {
    if indicator_of(&rule.id).is_none() {
        return Arc::clone(rule);
    }
    Arc::new(RuleFacts {
        id: format!("{PREFIX}*"),
        title: texts().text(Lang::En, "indicator-alert-many"),
        title_vi: Some(texts().text(Lang::Vi, "indicator-alert-many")),
        level: Severity::Medium,
        techniques: Vec::new(),
        tactics: Vec::new(),
    })
}
