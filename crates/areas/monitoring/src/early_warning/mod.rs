//! Early warning: what is normal for a source, a machine, an account or a pair of addresses is learnt from its own events
//! (`engines/baseline`), and what is unusual becomes an alert whose rule is the detector, with what normal was. Detectors and
//! their figures are content (`content/monitoring/early-warning.toml`, read by `policy`); rows are in `store`.

pub mod account;
mod api;
pub mod chart;
pub mod evaluation;
pub(crate) mod pages;
pub mod policy;
mod programs;
pub mod store;
pub mod tables;
pub mod watch;

use crate::alerts::{Alert, Entity};
use baseline::Anomaly;
use kit::clock::Micros;
use kit::locale::texts;
use kit::page::Address;
use kit::web::Routes;
use kit::{Connection, Error, Lang};

pub fn routes() -> Routes {
    pages::routes().merge(api::routes())
}

/// What identifiers of detectors begin with, and so of the rules of their alerts.
pub const PREFIX: &str = "early-";

/// Name of a detector for people, also of one that is no longer set; nothing for other rules.
pub fn title_of(id: &str, lang: Lang) -> Option<String> {
    id.starts_with(PREFIX).then(|| texts().text(lang, id))
}

/// Where what a detector found is listed.
pub fn address_of(id: &str) -> String {
    Address::parse("/early-warning").with("detector", id).to_string()
}

/// Something unusual, as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Warning {
    pub id: String,
    pub detector: String,
    pub agency_id: Option<String>,
    pub source_id: String,
    pub entity: Entity,
    /// The event with which it became unusual.
    pub sequence: u64,
    pub time: Micros,
    pub anomaly: Anomaly,
}

/// What was unusual where the alert is of a detector; the newest first.
pub async fn of_alert(connection: &impl Connection, alert: &Alert) -> Result<Vec<Warning>, Error> {
    if !alert.rule_id.starts_with(PREFIX) {
        return Ok(Vec::new());
    }
    store::of_alert(connection, alert).await
}
