//! Reckoning the clocks of an incident anew, in the transaction that changed a fact.

use super::{Clock, Duty, Facts, clocks, store};
use crate::incidents::store as incident_store;
use crate::incidents::{Incident, KnownTime, TimeKind};
use crate::law::{Law, law};
use kit::clock::Micros;
use kit::{Connection, Error, Tx};

pub use store::{RunningClock, count_running, running};

/// What is known of an incident, as duties ask.
pub async fn facts(connection: &impl Connection, incident: &Incident) -> Result<Facts, Error> {
    let times = incident_store::times(connection, &incident.id).await?;
    let sendings = store::sendings(connection, &incident.id).await?;
    Ok(Facts { sendings, ..facts_of(incident, &times, law()) })
}

/// The same without what was sent; pure.
pub fn facts_of(incident: &Incident, times: &[KnownTime], law: &Law) -> Facts {
    let at = |kind| times.iter().find(|time| time.kind == kind).map(|time| time.at);
    let level = incident.severity.as_deref().and_then(|id| law.scale()?.level(id));
    Facts {
        occurred: at(TimeKind::Occurred),
        detected: at(TimeKind::Detected),
        seen: at(TimeKind::Seen),
        classified: incident.severity_set_at,
        contained: incident.contained_at,
        serious: level.map(|level| level.serious),
        signs: incident.signs.iter().cloned().collect(),
        system_level: incident.system_level,
        false_alarm: incident.false_alarm,
        sendings: Vec::new(),
    }
}

/// The clocks of an incident as they stand at `now`, with their duties, the stricter first.
pub async fn clocks_of(
    connection: &impl Connection,
    incident: &Incident,
    now: Micros,
) -> Result<Vec<(&'static Duty, Clock)>, Error> {
    Ok(with_duties(clocks(&law().duties, &law().calendar, &facts(connection, incident).await?, now)))
}

/// Reckons the clocks of an incident and keeps them. Called by every change of a fact that a duty asks for.
pub async fn refresh(tx: &Tx<'_>, now: Micros, incident_id: &str) -> Result<(), Error> {
    let incident = incident_store::find(tx, incident_id).await?;
    let clocks = clocks_of(tx, &incident, now).await?;
    store::replace(tx, incident_id, &incident.agency_id, &clocks, now).await
}

/// Reckons the clocks of all open incidents, after the law has changed. Called at start.
pub async fn refresh_all(tx: &Tx<'_>, now: Micros) -> Result<usize, Error> {
    let ids = store::open_incident_ids(tx).await?;
    for id in &ids {
        refresh(tx, now, id).await?;
    }
    Ok(ids.len())
}

fn with_duties(clocks: Vec<Clock>) -> Vec<(&'static Duty, Clock)> {
    clocks.into_iter().filter_map(|clock| Some((law().duty(&clock.duty)?, clock))).collect()
}
